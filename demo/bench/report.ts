import type { Roof } from './roof/index.ts';
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
  if (timing.wrong) return `wrong by ${timing.error.toPrecision(2)}`;
  return timing.once ? `one call takes ${digits(timing.once / 1000)} s` : (show(timing) ?? '–');
};

/** Our own call in other forms: the same row in f32, or as several operations. */
const isOwn = ({ library, kind }: Timing) => library === 'ours' && (kind === 'f32' || kind === 'apart');

const peersOf = ({ versions }: Report) => Object.keys(versions).filter((name) => name !== 'ours');
const shown = ({ versions }: Report) => COLUMNS.filter(({ of }) => of.library in versions);

/** The header of the table that `cells` fills. */
export const headers = (report: Report): string[] => [
  'row',
  ...peersOf(report).map((name) => `vs ${name}`),
  'vs own f32 or apart',
  ...shown(report).map(({ title }) => `${title}, ms`),
  'of roofline',
  'of matmul',
  'GFLOP',
  'GFLOP/s',
  'first call, ms',
  'error',
  'plan',
];

/** One row of the table, as text. */
export function cells(row: Row, report: Report): string[] {
  const calls = shown(report)
    .filter(({ of }) => of.kind === 'call')
    .map(({ of }) => find(row, of));
  const ours = calls.filter((t) => t?.library === 'ours');
  const each = (timings: typeof calls, show: (t: Timing) => string | undefined) => {
    const texts = timings.map((t) => (t && show(t)) ?? '–');
    return texts.every((text) => text === '–') ? '–' : texts.join(' / ');
  };
  const ofRoof = each(ours, (t) => t.ofRoof?.toFixed(2));
  return [
    row.name,
    ...peersOf(report).map((name) =>
      cell(
        row,
        name,
        row.timings.find((t) => t.library === name),
        factor,
      ),
    ),
    each(row.timings.filter(isOwn), factor),
    ...shown(report).map(({ of }) => cell(row, of.library, find(row, of), (t) => t.spread && ms(t.spread))),
    ofRoof === '–' ? ofRoof : `${ofRoof} (${row.floor.bound})`,
    each(ours, (t) => t.ofGemm?.toFixed(2)),
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

const LAYOUTS = ['nchw', 'nhwc'] as const;

/** Geometric means of the speedups by group of rows, and the rows that are slower. */
function summary(report: Report): string[] {
  const { rows } = report;
  const groups = [...new Set(rows.map(({ group }) => group))];
  const lines = peersOf(report).flatMap((name) => {
    const raced = racedOf(rows, (t) => t.library === name);
    if (!raced.length) return [`vs ${name}: no rows`];
    const parts = groups.map((group) => ({ group, of: raced.filter(({ row }) => row.group === group) })).filter(({ of }) => of.length);
    return [`vs ${name}: ${means(raced)}`, ...(parts.length > 1 ? parts.map(({ group, of }) => `vs ${name}, ${group}: ${means(of)}`) : [])];
  });
  for (const layout of LAYOUTS) {
    const own = (kind: Timing['kind'], bound?: Row['floor']['bound']) =>
      racedOf(
        rows.filter(({ floor }) => !bound || floor.bound === bound),
        (t) => t.kind === kind && t.layout === layout,
      );
    const apart = own('apart');
    if (apart.length) lines.push(`folded vs our own nearest, then conv2d, ${layout}: ${means(apart)}`);
    for (const bound of ['copy', 'multiply-add'] as const) {
      const f32 = own('f32', bound);
      if (f32.length) lines.push(`f16 vs our own f32, ${layout}, bound by ${bound}: ${means(f32)}`);
    }
  }
  return [...lines, ...fractions(rows, groups)];
}

/** Fractions of the roofline, and of our product of matrices, by group of rows: each row in its better layout. */
function fractions(rows: readonly Row[], groups: readonly string[]): string[] {
  const better = (row: Row, pick: (t: Timing) => number | undefined) => {
    const values = row.timings.filter((t) => t.kind === 'call').flatMap((t) => pick(t) ?? []);
    return values.length ? [Math.max(...values)] : [];
  };
  const list = (pick: (t: Timing) => number | undefined) =>
    groups.flatMap((group) => {
      const values = rows.filter((row) => row.group === group).flatMap((row) => better(row, pick));
      return values.length ? [`${group} ${digits(geometric(values))} (${digits(Math.min(...values))}–${digits(Math.max(...values))})`] : [];
    });
  const texts = { 'of the roofline': list((t) => t.ofRoof), 'of our matmul': list((t) => t.ofGemm) };
  return Object.entries(texts).flatMap(([of, parts]) => (parts.length ? [`${of}, geometric mean (range) of the better layout: ${parts.join('; ')}`] : []));
}

/** What bounds rows on the adapter, in words. */
export const roofText = ({ copy, fma, gemm, gemmOf: { size, plan } }: Roof): string =>
  `Copy ${digits(copy.median)} GB/s, multiply-add ${digits(fma.median)} GFLOP/s, our matmul of ${size}³ ${digits(gemm.median)} GFLOP/s (plan ${plan})`;

/** Factors of two runs of the same rows whose ranges have nothing in common. */
export function disagreements(one: Report, other: Report): string[] {
  return one.rows.flatMap((row) => {
    const twin = other.rows.find(({ name }) => name === row.name);
    return row.timings.flatMap((a) => {
      const b = twin?.timings.find((t) => t.library === a.library && t.kind === a.kind && t.layout === a.layout);
      if (!a.ratio || !b?.ratio || (a.ratio.low <= b.ratio.high && b.ratio.low <= a.ratio.high)) return [];
      return [`${row.name}, ${a.library === 'ours' ? a.kind : a.library} ${a.layout}: ${factor(a)} and ${factor(b)}`];
    });
  });
}

/** The whole report as Markdown. */
export function markdown(report: Report): string {
  const { adapter, agent, cores, versions, roofs, rows, options, features } = report;
  const head = headers(report);
  return [
    `${adapter}; ${cores} cores; ${agent}; ${features.join(', ') || 'no optional features'}`,
    Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', '),
    ...roofs.map((roof, i) => `${i ? 'after' : 'before'}: ${roofText(roof)}`),
    `ms a call: median (range) of the interleaved rounds of ${options.visits} visits, ${options.rounds} to ${options.mostRounds} in each, of at least ${options.roundMs} ms; × is their time over ours in the same layout: median of the rounds (range; fastest round over fastest round)`,
    'of roofline: the longer of the row’s operations at the rate of bare multiply-adds and its bytes at the rate of a copy, over our time; of matmul: our operations a second over those of our product of matrices',
    'the last columns in the order of the columns before them: nchw / nhwc / peers; error is the largest, relative to the largest exact value',
    '',
    line(head),
    line(head.map((_, i) => (i ? '---:' : '---'))),
    ...rows.map((row) => line(cells(row, report))),
    '',
    ...summary(report).map((text) => `- ${text}`),
  ].join('\n');
}
