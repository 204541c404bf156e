import { afterEach, expect, test, vi } from 'vitest';
import { convCases } from '../../demo/bench/cases/conv.ts';
import { cases } from '../../demo/bench/cases/index.ts';
import { inputsOf, toLayout } from '../../demo/bench/inputs.ts';
import type { Entry, Library } from '../../demo/bench/library.ts';
import { race } from '../../demo/bench/race.ts';
import { exactIn, exactOf } from '../../demo/bench/reference/exact.ts';
import { cells, headers, markdown } from '../../demo/bench/report.ts';
import { visit } from '../../demo/bench/row.ts';
import { openBench } from '../../demo/bench/run.ts';

const OPTIONS = { visits: 1, rounds: 2, mostRounds: 2, roundMs: 1, mostMs: 1000, mostCallMs: 1000 };

test('nhwc puts channels last', () => {
  expect([...toLayout(Float32Array.of(1, 2, 3, 4, 5, 6), [1, 2, 3], 'nhwc')]).toEqual([1, 4, 2, 5, 3, 6]);
});

test('a filter has both channel axes last, as the shape says that lies in memory', () => {
  expect([...toLayout(Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8), [2, 2, 2], 'nhwc', true)]).toEqual([1, 5, 3, 7, 2, 6, 4, 8]);
  expect([...toLayout(Float32Array.of(1, 2, 3, 4), [2, 1, 2], 'nhwc', true)]).toEqual([1, 3, 2, 4]);
});

const entry = (library: string, call: Entry['call'], rest: Partial<Entry> = {}): Entry => ({
  ...{ library, kind: 'call', layout: 'nchw', call, flush() {}, result: async () => new Float32Array(), close() {} },
  ...rest,
});

/** A clock that only the entries move. */
function clock() {
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  return (ms: () => number) => () => {
    now += ms();
  };
}
afterEach(() => {
  vi.restoreAllMocks();
});
const done = async () => {};

test('a row that takes long has six rounds', async () => {
  const lasts = clock();
  const slow = entry(
    'ours',
    lasts(() => 20),
  );
  const options = { visits: 1, rounds: 9, mostRounds: 9, roundMs: 1 };
  expect(await race([slow], { ...options, mostMs: 60_000 }, done)).toEqual([new Array(9).fill(20)]);
  expect(await race([slow], { ...options, mostMs: 30 }, done)).toEqual([new Array(6).fill(20)]);
  expect(await race([slow], { ...options, mostMs: 10, visits: 3 }, done)).toEqual([[20, 20]]);
});

test('a round has as many calls as make it last, and the entries take turns', async () => {
  const lasts = clock();
  const turns: string[] = [];
  const one = (name: string, ms: number) =>
    entry(
      name,
      lasts(() => {
        if (turns.at(-1) !== name) turns.push(name);
        return ms;
      }),
    );
  let calls = 0;
  const quick = one('ours', 0.5);
  const counted = entry('ours', () => {
    calls++;
    quick.call();
  });
  const times = await race([counted, one('tfjs', 30)], { visits: 1, rounds: 3, mostRounds: 3, roundMs: 20, mostMs: 60_000 }, done);
  expect(times).toEqual([
    [0.5, 0.5, 0.5],
    [30, 30, 30],
  ]);
  expect(calls).toBeGreaterThanOrEqual(3 * 40);
  expect(turns.slice(-6)).toEqual(['ours', 'tfjs', 'ours', 'tfjs', 'ours', 'tfjs']);
});

test.each([
  ['even', () => 20, 6],
  ['5 % slower', () => 21, 6],
  ['three times slower', () => 60, 2],
  ['a third', () => 7, 2],
])('a peer that is %s has as many rounds as that needs', async (_, theirs, rounds) => {
  const lasts = clock();
  const times = await race(
    [
      entry(
        'ours',
        lasts(() => 20),
      ),
      entry('tfjs', lasts(theirs)),
    ],
    { visits: 1, rounds: 2, mostRounds: 6, roundMs: 1, mostMs: 60_000 },
    done,
  );
  expect(times.map((t) => t.length)).toEqual([rounds, rounds]);
});

test('a peer on both sides of 1 has more rounds', async () => {
  const lasts = clock();
  let i = 0;
  const unsteady = lasts(() => (i++ % 2 ? 10 : 40));
  const times = await race(
    [
      entry(
        'ours',
        lasts(() => 20),
      ),
      entry('tfjs', unsteady),
    ],
    { visits: 1, rounds: 2, mostRounds: 6, roundMs: 1, mostMs: 60_000 },
    done,
  );
  expect(times[1]!.length).toBe(6);
});

test('libraries that cannot, fail, are wrong, or take too long for a second call are told apart, and the run goes on', async () => {
  const [one] = convCases as [(typeof convCases)[0]];
  const size = one.output.reduce((a, b) => a * b, 1);
  const library = (name: string, enter: Library['enter']): Library => ({ name, version: '', layouts: ['nchw'], enter });
  const zeros = async () => new Float32Array(size);
  const wait = clock()(() => 30);
  const late = () => {
    wait();
    return zeros();
  };
  const libraries = [
    library('unable', async () => 'no such thing'),
    library('throwing', async () => {
      throw new Error('cannot enter\nat some line');
    }),
    library('failing', async () => [
      entry('failing', () => {
        throw new Error('cannot run');
      }),
    ]),
    library('wrong', async () => [entry('wrong', () => {}, { result: zeros })]),
    library('slow', async () => [entry('slow', wait, { result: late })]),
    library('slow to check', async () => [entry('slow to check', () => {}, { result: late })]),
  ];
  const row = await visit(one, libraries, { ...OPTIONS, mostCallMs: 10 }, done);
  expect(row.missing).toEqual({ unable: 'no such thing', throwing: 'cannot enter', failing: 'cannot run' });
  const [wrong, slow, other] = row.timings;
  expect(wrong).toMatchObject({ library: 'wrong', wrong: true, error: 1, times: [] });
  expect(slow).toMatchObject({ library: 'slow', times: [], once: 30 });
  expect(other!.once).toBeUndefined();
});

test('a later visit makes those that raced anew, and its rounds count with the others', async () => {
  const [one] = convCases as [(typeof convCases)[0]];
  const { values } = exactIn(exactOf(one, inputsOf(one)), one, 'nchw');
  const lasts = clock();
  const entered: string[] = [];
  const closed: string[] = [];
  const library = (name: string, ms: readonly number[], result = async () => Float32Array.from(values)): Library => ({
    ...{ name, version: '', layouts: ['nchw'] as const },
    enter: async () => {
      entered.push(name);
      const visits = entered.filter((n) => n === name).length;
      return [
        entry(
          name,
          lasts(() => ms[visits - 1]!),
          { result, close: () => void closed.push(name) },
        ),
      ];
    },
  });
  const libraries = [library('ours', [10, 20]), library('tfjs', [30, 40]), library('wrong', [1], async () => new Float32Array(values.length))];
  const options = { ...OPTIONS, visits: 2, mostRounds: 2 };
  const first = await visit(one, libraries, options, done);
  expect(first.timings[1]).toMatchObject({ times: [30, 30], spread: { median: 30, low: 30, high: 30 }, ratio: { median: 3, low: 3, high: 3 } });
  const both = await visit(one, libraries, options, done, first);
  expect(both.timings[0]).toMatchObject({ times: [10, 10, 20, 20] });
  expect(both.timings[1]).toMatchObject({ times: [30, 30, 40, 40], ratio: { median: 2.5, low: 2, high: 3 }, best: 3, first: first.timings[1]!.first });
  expect(both.timings[2]).toEqual(first.timings[2]);
  expect(entered).toEqual(['ours', 'tfjs', 'wrong', 'ours', 'tfjs']);
  expect(closed).toEqual(entered);
});

test('the smallest rows run, are right, and fill the table', async () => {
  const bench = await openBench();
  const report = await bench.run({ ...OPTIONS, visits: 2, only: 'tiny', peers: [] });
  bench.close();
  expect(report.rows.length).toBe(cases.filter(({ name }) => name.includes('tiny')).length);
  expect(report.roofs.length).toBe(2);
  for (const row of report.rows) {
    expect(row.missing).toEqual({});
    expect(cells(row, report).length).toBe(headers(report).length);
    for (const timing of row.timings) {
      expect(timing.ratio).toBeUndefined();
      expect(timing.error).toBeLessThan(1e-6);
      expect(timing.times.length).toBe(4);
    }
  }
  expect(markdown(report)).toContain(report.rows[0]!.name);
});
