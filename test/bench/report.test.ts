import { expect, test } from 'vitest';
import { cells, disagreements, headers, markdown } from '../../demo/bench/report.ts';
import type { Roof } from '../../demo/bench/roof/index.ts';
import { floorOf, placed, ratesOf } from '../../demo/bench/roof/roofline.ts';
import type { Row, Timing } from '../../demo/bench/row.ts';
import { type Report, THOROUGH } from '../../demo/bench/run.ts';
import { best, median, ratios, spread } from '../../demo/bench/statistics.ts';

const at = (median: number) => ({ median, low: median * 0.9, high: median * 1.1 });
const roof: Roof = { copy: at(100), fma: at(1000), gemm: at(500), gemmOf: { size: 512, plan: '8x8' } };

test('a spread is the middle one, the lowest and the highest', () => {
  expect(spread([5, 1, 3, 2, 4])).toEqual({ median: 3, low: 1, high: 5 });
  expect(spread([2, 1])).toEqual({ median: 1.5, low: 1, high: 2 });
  expect(median([7])).toBe(7);
});

test('factors are theirs over ours, round by round and of the fastest', () => {
  expect(ratios([4, 9, 2], [2, 3, 4])).toEqual([2, 3, 0.5]);
  expect(best([4, 9, 2], [2, 3, 4])).toBe(1);
});

const timing = (library: string, kind: Timing['kind'], layout: Timing['layout'], rest: Partial<Timing> = {}): Timing => ({
  ...{ library, kind, layout, first: 12, error: 1e-7, wrong: false, times: [1], spread: at(4) },
  ...rest,
});
const raced = (median: number) => ({ ratio: at(median), best: median * 2 });

test('denominators are the best of those before and after', () => {
  expect(ratesOf([roof, { ...roof, copy: at(120), gemm: at(400) }])).toEqual({ copy: 120, fma: 1000, gemm: 500 });
});

test('a floor is the longer of arithmetic and traffic, in ms', () => {
  // 1000 GFLOP/s and 100 GB/s: ten operations a byte bound a row by either
  const rates = ratesOf([roof]);
  expect(floorOf(2e9, 1e8, rates)).toEqual({ ms: 2, bound: 'multiply-add' });
  expect(floorOf(0.5e9, 1e8, rates)).toEqual({ ms: 1, bound: 'copy' });
  expect(floorOf(0, 5e7, rates)).toEqual({ ms: 0.5, bound: 'copy' });
});

test('our calls are placed beside the denominators, convolutions beside the matrix product too', () => {
  const timings = [timing('ours', 'call', 'nchw'), timing('ours', 'f32', 'nchw'), timing('tfjs', 'call', 'nhwc')];
  const row = { name: '', group: '', family: 'conv', bytes: 1e8, flops: 2e9, timings, missing: {} } as const;
  const of = (one: Parameters<typeof placed>[0]) => placed(one, ratesOf([roof])).timings.map(({ ofRoof, ofGemm }) => [ofRoof, ofGemm]);
  const none = [undefined, undefined];
  expect(of(row)).toEqual([[0.5, 1], none, none]);
  expect(of({ ...row, family: 'pool' })).toEqual([[0.5, undefined], none, none]);
  expect(of({ ...row, family: 'train' })).toEqual([none, none, none]);
  expect(of({ ...row, timings: [{ ...timings[0]!, spread: undefined as never }] })).toEqual([none]);
  expect(placed(row, ratesOf([roof])).floor).toEqual({ ms: 2, bound: 'multiply-add' });
});

const rows: readonly Row[] = [
  {
    ...{ name: 'enlarge', group: 'convT', family: 'conv', bytes: 1e6, flops: 2e9, floor: { ms: 2, bound: 'multiply-add' }, missing: { ort: 'no such thing' } },
    timings: [
      timing('ours', 'call', 'nchw', { plan: 'blocks', ofRoof: 0.5, ofGemm: 0.75 }),
      timing('ours', 'call', 'nhwc', { plan: 'tiles', ofRoof: 0.25, ofGemm: 0.5 }),
      timing('tfjs', 'call', 'nhwc', raced(3)),
    ],
  },
  {
    ...{ name: 'enlarge backward', group: 'convT dx', family: 'conv', bytes: 1e6, flops: 2e9, floor: { ms: 2, bound: 'multiply-add' }, missing: {} },
    timings: [
      timing('ours', 'call', 'nchw', { ofRoof: 1 }),
      timing('tfjs', 'call', 'nhwc', { error: 0.64, wrong: true, times: [] }),
      timing('ort', 'call', 'nchw', { once: 25_100, times: [] }),
    ],
  },
  {
    ...{ name: 'f16 copy', group: 'f16 copy', family: 'resample', bytes: 1e6, floor: { ms: 1, bound: 'copy' }, missing: { tfjs: 'no f16' } },
    timings: [timing('ours', 'call', 'nchw', { ofRoof: 0.9 }), timing('ours', 'f32', 'nchw', raced(1.8)), timing('ort', 'call', 'nchw', raced(0.5))],
  },
];
const report: Report = {
  ...{ adapter: 'a card', software: false, features: ['shader-f16'], agent: 'a test', cores: 2, date: '2026-01-02T03:04:05Z' },
  options: { ...THOROUGH, peers: ['tfjs', 'ort'] },
  versions: { ours: '1.0.0', tfjs: '2.0.0', ort: '3.0.0' },
  roofs: [roof, { ...roof, copy: at(90) }],
  rows,
};
const cell = (row: Row, title: string) => cells(row, report)[headers(report).indexOf(title)];

test('a row says its factors, fractions and plans', () => {
  const [row] = rows as [Row, Row, Row];
  expect(cell(row, 'row')).toBe('enlarge');
  expect(cell(row, 'vs tfjs')).toBe('3.00× (2.70–3.30; best 6.00)');
  expect(cell(row, 'vs ort')).toBe('no such thing');
  expect(cell(row, 'ours nchw, ms')).toBe('4.00 (3.60–4.40)');
  expect(cell(row, 'of roofline')).toBe('0.50 / 0.25 (multiply-add)');
  expect(cell(row, 'of matmul')).toBe('0.75 / 0.50');
  expect(cell(row, 'GFLOP/s')).toBe('500 / 500 / 500 / –');
  expect(cell(row, 'plan')).toBe('blocks / tiles');
  expect(cell(row, 'first call, ms')).toBe('12.0 / 12.0 / 12.0 / –');
});

test('a peer that is wrong, or too slow to be repeated, says so in place of a time', () => {
  const [, row] = rows as [Row, Row, Row];
  for (const title of ['vs tfjs', 'tfjs nhwc, ms']) expect(cell(row, title)).toBe('wrong by 0.64');
  for (const title of ['vs ort', 'ORT nchw, ms']) expect(cell(row, title)).toBe('one call takes 25.1 s');
});

test('an f16 row stands beside our own f32', () => {
  const [, , row] = rows as [Row, Row, Row];
  expect(cell(row, 'vs own f32 or apart')).toBe('1.80× (1.62–1.98; best 3.60)');
  expect(cell(row, 'GFLOP')).toBe('–');
});

test('every row fills the table, and the summary names means, slow rows and fractions', () => {
  const text = markdown(report);
  const table = text.split('\n').filter((line) => line.startsWith('|'));
  expect(table.length).toBe(2 + rows.length);
  for (const line of table) expect(line.split(' | ').length).toBe(headers(report).length);
  expect(text).toContain('vs tfjs: geometric mean 3.00× (best rounds 6.00×) over 1 rows; below 1×: none');
  expect(text).toContain('vs ort: geometric mean 0.50× (best rounds 1.00×) over 1 rows; below 1×: f16 copy (0.50×)');
  expect(text).toContain('f16 vs our own f32, nchw, bound by copy: geometric mean 1.80×');
  expect(text).toContain('of the roofline, geometric mean (range) of the better layout: convT 0.50 (0.50–0.50); convT dx 1.00');
  expect(text).toContain('of our matmul, geometric mean (range) of the better layout: convT 0.75 (0.75–0.75)');
  expect(text).toContain('before: Copy 100 GB/s, multiply-add 1000 GFLOP/s, our matmul of 512³ 500 GFLOP/s (plan 8x8)');
  expect(text).toContain('after: Copy 90.0 GB/s');
});

test('two runs disagree where their spreads do not meet', () => {
  const again = (median: number): Report => {
    const [row] = rows as [Row];
    return { ...report, rows: [{ ...row, timings: row.timings.map((t) => (t.ratio ? { ...t, ...raced(median) } : t)) }] };
  };
  expect(disagreements(report, again(3.5))).toEqual([]);
  expect(disagreements(report, again(2))).toEqual(['enlarge, tfjs nhwc: 3.00× (2.70–3.30; best 6.00) and 2.00× (1.80–2.20; best 4.00)']);
  expect(disagreements(report, { ...report, rows: [] })).toEqual([]);
});
