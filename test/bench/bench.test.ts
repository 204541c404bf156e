import { expect, test } from 'vitest';
import { count } from '../../demo/bench/cases/case.ts';
import { cases } from '../../demo/bench/cases/index.ts';
import { inputsOf, toLayout } from '../../demo/bench/inputs.ts';
import { errorOf } from '../../demo/bench/reference/index.ts';
import { cells, headers, markdown } from '../../demo/bench/report.ts';
import { openBench } from '../../demo/bench/run.ts';
import { spread } from '../../demo/bench/statistics.ts';

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
  const report = await bench.run({ only: 'tiny', peers: [], rounds: 2, mostRounds: 2, roundMs: 1, mostMs: 1000 });
  bench.close();
  expect(report.rows.length).toBeGreaterThan(0);
  for (const row of report.rows) {
    expect(cells(row, report).length).toBe(headers(report).length);
    for (const timing of row.timings) {
      expect(timing.error).toBeLessThan(1e-6);
      expect(timing.times.length).toBe(2);
    }
  }
  expect(markdown(report)).toContain(report.rows[0]!.name);
});
