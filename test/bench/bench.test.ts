import { expect, test } from 'vitest';
import { count, lies } from '../../demo/bench/cases/case.ts';
import { convCases } from '../../demo/bench/cases/conv.ts';
import { cases } from '../../demo/bench/cases/index.ts';
import { inputsOf, toLayout } from '../../demo/bench/inputs.ts';
import type { Entry } from '../../demo/bench/library.ts';
import { optionsOf } from '../../demo/bench/ours/conv.ts';
import { race } from '../../demo/bench/race.ts';
import { errorOf } from '../../demo/bench/reference/index.ts';
import { cells, headers, markdown } from '../../demo/bench/report.ts';
import { openBench } from '../../demo/bench/run.ts';
import { spread } from '../../demo/bench/statistics.ts';
import { convCall, convTransposeCall, resizeConvCall } from '../../src/ops/conv/arguments.ts';
import { multiplyAdds } from '../../src/ops/conv/geometry.ts';

test('row names are unique', () => {
  expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
});

test('median and quartiles', () => {
  expect(spread([5, 1, 3, 2, 4])).toEqual({ median: 3, low: 2, high: 4 });
  expect(spread([1, 2])).toEqual({ median: 1.5, low: 1.25, high: 1.75 });
});

test('nhwc puts channels last', () => {
  expect([...toLayout(Float32Array.of(1, 2, 3, 4, 5, 6), [1, 2, 3], 'nhwc')]).toEqual([1, 4, 2, 5, 3, 6]);
});

test('a filter has both channel axes last, as the shape says that lies in memory', () => {
  const [one] = convCases;
  expect([...toLayout(Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8), [2, 2, 2], 'nhwc', true)]).toEqual([1, 5, 3, 7, 2, 6, 4, 8]);
  expect([...toLayout(Float32Array.of(1, 2, 3, 4), [2, 1, 2], 'nhwc', true)]).toEqual([1, 3, 2, 4]);
  expect(lies({ ...one!, inputs: { w: [5, 6, 7, 8] }, filters: ['w'] }, 'w', 'nhwc')).toEqual([7, 8, 6, 5]);
});

test.each(convCases.map((one) => [one.name, one] as const))('%s: shapes are those of the operation, and a software adapter can run it', (_, one) => {
  const spec = (shape: readonly number[]) => ({ shape, dtype: 'f32', layout: 'nchw', skew: 0 }) as const;
  const check = { conv: convCall, convTranspose: convTransposeCall, resizeConv: resizeConvCall }[one.op] as typeof convCall;
  const call = check(one.op, one.x.length - 2, { x: spec(one.x), w: spec(one.w), bias: null }, optionsOf(one) as object);
  expect(call.y.shape).toEqual(one.y);
  expect(2 * multiplyAdds(call.geometry)).toBeLessThan(0.31e9);
});

test('a row that takes long has three rounds', async () => {
  const slow = { library: 'ours', kind: 'call', layout: 'nchw', call: () => new Promise<void>((done) => setTimeout(done, 20)), flush() {} } as unknown as Entry;
  const options = { rounds: 9, mostRounds: 9, roundMs: 1 };
  const many = await race([slow], { ...options, mostMs: 60_000 }, async () => {});
  const few = await race([slow], { ...options, mostMs: 1 }, async () => {});
  expect([many[0]!.length, few[0]!.length]).toEqual([9, 3]);
});

test('a quick run has rows of every family', () => {
  const quick = cases.filter((one) => one.quick);
  expect(quick.length).toBeLessThan(cases.length / 3);
  for (const family of new Set(cases.map((one) => one.family))) expect(quick.some((one) => one.family === family)).toBe(true);
});

test('an error is relative, and a NaN or a missing element is infinite', () => {
  const exact = Float64Array.of(0, -4, 2);
  expect(errorOf([0, -4, 1], exact)).toBe(0.25);
  expect(errorOf([0, Number.NaN, 2], exact)).toBe(Number.POSITIVE_INFINITY);
  expect(errorOf([0, -4], exact)).toBe(Number.POSITIVE_INFINITY);
});

test('inputs repeat and have the shape of the case', () => {
  for (const one of cases.filter(({ name }) => name.includes('tiny'))) {
    const { x } = inputsOf(one);
    expect(x!.length).toBe(count(one.inputs['x']!));
    expect(inputsOf(one)['x']).toEqual(x);
  }
});

test('the smallest rows run, are right, and fill the table', async () => {
  const bench = await openBench();
  const report = await bench.run({ only: 'tiny', peers: [], rounds: 2, mostRounds: 2, roundMs: 1, mostMs: 1000, mostCallMs: 1000 });
  bench.close();
  expect(report.rows.length).toBeGreaterThan(0);
  for (const row of report.rows) {
    expect(cells(row, report).length).toBe(headers(report).length);
    for (const timing of row.timings) {
      expect(timing.ratio).toBeUndefined();
      expect(timing.error).toBeLessThan(1e-6);
      expect(timing.times.length).toBe(2);
    }
  }
  expect(markdown(report)).toContain(report.rows[0]!.name);
});
