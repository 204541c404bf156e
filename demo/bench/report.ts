import type { Row, Timing } from './row.ts';
import type { Report } from './run.ts';
import type { Spread } from './statistics.ts';

const digits = (value: number) => (value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2));
const significant = (value: number) => String(Number(value.toPrecision(value >= 100 ? 3 : 2)));
const ms = ({ median, low, high }: Spread) => `${digits(median)} (${digits(low)}–${digits(high)})`;
const factor = ({ ratio, best }: Timing) => ratio && `${digits(ratio.median)}× (${digits(ratio.low)}–${digits(ratio.high)}; best ${digits(best!)})`;

/** Columns of the table, in the order of the libraries. */
const COLUMNS = [
  { title: 'ours nchw', of: { library: 'ours', kind: 'call', layout: 'nchw' } },
  { title: 'ours nhwc', of: { library: 'ours', kind: 'call', layout: 'nhwc' } },
  { title: 'encode nchw', of: { library: 'ours', kind: 'encode', layout: 'nchw' } },
  { title: 'encode nhwc', of: { library: 'ours', kind: 'encode', layout: 'nhwc' } },
  { title: 'tfjs nhwc', of: { library: 'tfjs', kind: 'call', layout: 'nhwc' } },
  { title: 'ORT nchw', of: { library: 'ort', kind: 'call', layout: 'nchw' } },
] as const;

const find = (row: Row, { library, kind, layout }: Pick<Timing, 'library' | 'kind' | 'layout'>) =>
  row.timings.find((t) => t.library === library && t.kind === kind && t.layout === layout);

const cell = (row: Row, library: string, timing: Timing | undefined, show: (t: Timing) => string | undefined) => {
  if (!timing) return row.missing[library] ?? '–';
  return timing.wrong ? `wrong by ${timing.error.toPrecision(2)}` : (show(timing) ?? '–');
};

/** The header of the table that `cells` fills. */
export const headers = (report: Report): string[] => {
  const peers = Object.keys(report.versions).filter((name) => name !== 'ours');
  return [
    'row',
    ...peers.map((name) => `vs ${name}`),
    ...shown(report).map(({ title }) => `${title}, ms`),
    'of copy',
    'GFLOP',
    'GFLOP/s',
    'first call, ms',
    'error',
    'plan',
  ];
};

const shown = ({ versions }: Report) => COLUMNS.filter(({ of }) => of.library in versions);

/** One row of the table, as text. */
export function cells(row: Row, report: Report): string[] {
  const peers = Object.keys(report.versions).filter((name) => name !== 'ours');
  const calls = shown(report)
    .filter(({ of }) => of.kind === 'call')
    .map(({ of }) => find(row, of));
  const ours = calls.filter((t) => t?.library === 'ours');
  const each = (timings: typeof calls, show: (t: Timing) => string | undefined) => timings.map((t) => (t && show(t)) ?? '–').join(' / ');
  return [
    row.name,
    ...peers.map((name) =>
      cell(
        row,
        name,
        row.timings.find((t) => t.library === name),
        factor,
      ),
    ),
    ...shown(report).map(({ of }) => cell(row, of.library, find(row, of), (t) => t.spread && ms(t.spread))),
    each(ours, (t) => t.ofCopy?.toFixed(2)),
    row.flops ? significant(row.flops / 1e9) : '–',
    row.flops ? each(calls, (t) => t.spread && significant(row.flops! / 1e6 / t.spread.median)) : '–',
    each(calls, (t) => digits(t.first)),
    each(calls, (t) => (t.error ? t.error.toExponential(0) : '0')),
    each(ours, (t) => t.plan),
  ];
}

const line = (texts: readonly string[]) => `| ${texts.join(' | ')} |`;

const geometric = (values: readonly number[]) => Math.exp(values.reduce((sum, v) => sum + Math.log(v), 0) / values.length);

interface Raced {
  readonly row: Row;
  readonly ratio: number;
  readonly best: number;
}

const racedOf = (rows: readonly Row[], wanted: (t: Timing) => boolean): Raced[] =>
  rows.flatMap((row) => row.timings.filter((t) => wanted(t) && t.ratio).map((t) => ({ row, ratio: t.ratio!.median, best: t.best! })));

const means = (raced: readonly Raced[]) => {
  const slower = raced.filter(({ ratio }) => ratio < 1).map(({ row, ratio }) => `${row.name} (${digits(ratio)}×)`);
  const mean = (pick: (r: Raced) => number) => digits(geometric(raced.map(pick)));
  return `geometric mean ${mean((r) => r.ratio)}× (best rounds ${mean((r) => r.best)}×) over ${raced.length} rows; below 1×: ${slower.join(', ') || 'none'}`;
};

/** Geometric means of the speedups by group of rows, and the rows that are slower. */
function summary({ rows, versions }: Report): string[] {
  const groups = [...new Set(rows.map(({ group }) => group))];
  const peers = Object.keys(versions).filter((name) => name !== 'ours');
  const lines = peers.flatMap((name) => {
    const raced = racedOf(rows, (t) => t.library === name);
    if (!raced.length) return [`vs ${name}: no rows`];
    const parts = groups.map((group) => ({ group, of: raced.filter(({ row }) => row.group === group) })).filter(({ of }) => of.length);
    return [`vs ${name}: ${means(raced)}`, ...(parts.length > 1 ? parts.map(({ group, of }) => `vs ${name}, ${group}: ${means(of)}`) : [])];
  });
  for (const layout of ['nchw', 'nhwc']) {
    const apart = racedOf(rows, (t) => t.kind === 'apart' && t.layout === layout);
    if (apart.length) lines.push(`folded vs our own nearest, then conv2d, ${layout}: ${means(apart)}`);
  }
  return lines;
}

/** The whole report as Markdown. */
export function markdown(report: Report): string {
  const { adapter, agent, cores, versions, roofs, rows, options } = report;
  const head = headers(report);
  const rate = (pick: (roof: Report['roofs'][number]) => Spread, unit: string) => `${roofs.map((roof) => digits(pick(roof).median)).join(' and ')} ${unit}`;
  return [
    `${adapter}; ${cores} cores; ${agent}`,
    `${Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ')}; copy ${rate((r) => r.copy, 'GB/s')}, multiply-add ${rate((r) => r.fma, 'GFLOP/s')} (before and after)`,
    `ms a call: median (quartiles) of ${options.rounds} to ${options.mostRounds} interleaved rounds of at least ${options.roundMs} ms; × is their time over ours in the same layout: median of the rounds (quartiles; fastest round over fastest round)`,
    'the last columns in the order of the columns before them: nchw / nhwc / peers; error is the largest, relative to the largest exact value',
    '',
    line(head),
    line(head.map((_, i) => (i ? '---:' : '---'))),
    ...rows.map((row) => line(cells(row, report))),
    '',
    ...summary(report).map((text) => `- ${text}`),
  ].join('\n');
}
