import correlate from '../../../shaders/conv/correlate.wgsl';
import correlate1x8 from '../../../shaders/conv/correlate_1x8.wgsl';
import correlate8x4 from '../../../shaders/conv/correlate_8x4.wgsl';
import correlate8x8 from '../../../shaders/conv/correlate_8x8.wgsl';
import correlate32x4 from '../../../shaders/conv/correlate_32x4.wgsl';
import correlateLine from '../../../shaders/conv/correlate_line.wgsl';
import sum from '../../../shaders/conv/sum.wgsl';
import total from '../../../shaders/conv/total.wgsl';
import { UpsampleError } from '../../check.ts';
import { type Adapter, product, type Step } from '../../plan.ts';
import type { Kernel } from '../../shader.ts';
import { dispatches } from '../slices.ts';
import type { Geometry } from './geometry.ts';
import type { Part, Weights } from './map.ts';
import { batches, groups, type Place, shared, workgroup } from './window.ts';

/** A filter's gradient: both sides of the map, and where the result goes. */
export interface CorrelateJob {
  readonly op: string;
  readonly id: string;
  readonly geometry: Geometry;
  readonly small: Place;
  readonly large: Place;
  readonly dw: Weights;
}

/** Multiply-adds of one dispatch at most. */
const MOST = 1e9;
/** Bytes of partial sums at most. */
const MOST_PARTIAL = 2 ** 26;
/** Invocations that keep an adapter busy, and the least terms of a slice that are worth an addition more. */
const BUSY = 4096;
const LEAST = 256;

/** A block of the result in the registers of an invocation. */
interface Block {
  readonly name: string;
  readonly why: string;
  readonly kernel: Kernel;
  readonly rows: number;
  readonly columns: number;
  /** Neighbouring taps of a line of the filter that the columns are, where they are. */
  readonly run?: number;
  /** Whether blocks of columns reach over rows and groups. */
  readonly flat?: true;
  readonly constants?: Readonly<Record<string, number>>;
  /** Loads of a position, with what else it costs in their terms. */
  readonly loads: number;
}

/** Blocks for a filter whose lines have `length` taps, and where the next position reads large `shift` taps further, 0 for anything else. */
function blocksOf(length: number, shift: number, depthwise: boolean, adapter: Adapter): Block[] {
  // One load a row and one a column, and about 6 for the place of a position. Depthwise, a block has one row and a handful of columns, and took
  // 2 to 5 times as long as one weight an invocation on both software adapters.
  const loads = (rows: number, columns: number) => (rows + columns + 6) * (depthwise ? 5 : 1);
  const run = length > 4 ? 8 : 4;
  // Runs of three leave fewer idle where four do not divide the line.
  const short = Math.ceil(length / 3) * 3 < Math.ceil(length / 4) * 4 ? 3 : 4;
  const slides = shift > 0 && length > 2;
  return [
    { name: '8x8', why: '8 channels x 8 taps in registers', kernel: correlate8x8, rows: 8, columns: 8, loads: loads(8, 8) },
    { name: '8x4', why: '8 channels x 4 taps in registers', kernel: correlate8x4, rows: 8, columns: 4, loads: loads(8, 4) },
    { name: '1x8', why: '1 channel x 8 taps in registers', kernel: correlate1x8, rows: 1, columns: 8, loads: loads(1, 8) },
    {
      ...{ name: 'line', why: 'neighbouring taps of 1 channel in registers', kernel: correlateLine, rows: 1, columns: run, run, flat: true },
      ...{ constants: { SHIFT: shift, WIDE: Number(length > 4) }, loads: 5 + (shift || run) },
    },
    ...shared(adapter).map(
      ({ rows, constants }): Block => ({
        ...{
          name: `${rows}x4`,
          why: `${rows} channels x 4 taps in registers, shared loads`,
          kernel: correlate32x4,
          rows,
          columns: 4,
          ...(slides && { run: short }),
        },
        constants: { ...constants, SHIFT: slides ? shift : 0, LENGTH: slides ? short : 4 },
        // A load takes as long as about 20 multiply-adds.
        loads: rows / (constants.EIGHT ? 8 : 4) + (slides ? shift : 4) + 6 + rows / 5,
      }),
    ),
    { name: 'plain', why: 'one weight at a time', kernel: correlate, rows: 1, columns: 1, loads: 8 },
  ];
}

/** Positions of a row of small that a line takes: short enough for slices, long enough to find a line's place rarely. */
const pieceOf = (width: number) => Math.min(width, Math.ceil(width / Math.ceil(width / 256)));

/** Plans of a filter's gradient, all with the sum cut into the same slices. */
export function correlations(job: CorrelateJob, adapter: Adapter): Part[] {
  const { geometry: g, dw, id, op } = job;
  const [D, H, W] = g.axes;
  const rows = g.smallChannels / g.groups;
  const channels = g.largeChannels / g.groups;
  const kernel = g.axes.map((a) => a.kernel);
  const taps = product(kernel);
  const elements = g.smallChannels * channels * taps;
  const piece = pieceOf(W.small);
  const pieces = Math.ceil(W.small / piece);
  const perSample = D.small * H.small * pieces;
  const windows = batches({ op, geometry: g, x: job.small, y: job.large }, adapter);
  const room = Math.floor(Math.min(MOST_PARTIAL, adapter.limits.binding, adapter.limits.buffer) / (4 * elements));

  const apart = W.stride / W.dilation;
  const found = blocksOf(W.kernel, apart === 1 || apart === 2 ? apart : 0, rows === 1 && channels === 1, adapter);
  return found.map(({ name, why, kernel: shader, rows: per, columns, run, flat, constants, loads }): Part => {
    const lines = run && (channels * taps * Math.ceil(W.kernel / run)) / W.kernel;
    const across = lines ? (flat ? g.smallChannels * lines : lines) : Math.ceil((channels * taps) / columns);
    const rowBlocks = flat ? 1 : Math.ceil(rows / per);
    const size = workgroup(across, adapter);
    const blocks = Math.ceil(across / size);
    const tiles = (flat ? 1 : g.groups) * rowBlocks * blocks * size;
    const cuts = windows.map((window) => {
      const lines = window.count * perSample;
      const depth = lines * piece;
      const wanted = Math.max(Math.min(Math.ceil(BUSY / tiles), Math.floor(depth / LEAST)), Math.ceil(depth / 2 ** 16), 1);
      const perSlice = Math.ceil(lines / Math.min(wanted, lines, Math.max(Math.floor(room / windows.length), 1)));
      return { lines, perSlice, slices: Math.ceil(lines / perSlice) };
    });
    const count = cuts.reduce((n, c) => n + c.slices, 0);
    const direct = count === 1;
    if (!direct && count > room)
      throw new UpsampleError('limit-exceeded', op, `${count} partial sums of ${elements} weights exceed a binding of ${adapter.limits.binding} bytes`);
    const partial = `${id}partial`;
    const canonical = { taps: [kernel[1]! * kernel[2]!, kernel[2]!, 1], row: channels * taps, channel: taps };
    const target = direct ? { taps: dw.view.axes, row: dw.view.batch, channel: dw.view.channel } : canonical;
    let before = 0;
    const steps = windows.flatMap((s, i) => {
      const cut = cuts[i]!;
      const count = (tiles / size) * cut.slices;
      const most = MOST / (cut.perSlice * piece * per * columns * size);
      const at = direct ? dw.at : before * elements;
      before += cut.slices;
      return groups(count, adapter.limits.groups, most).map(
        ({ base, grid }): Step => ({
          kernel: shader,
          types: { real_small: job.small.dtype, real_large: job.large.dtype, real_w: direct ? dw.dtype : 'f32' },
          constants: { WORKGROUP: size, ...constants },
          params: {
            ...{ stride: g.axes.map((a) => a.stride), dilation: g.axes.map((a) => a.dilation), pad: g.axes.map((a) => a.pad), piece },
            ...{ small_size: g.axes.map((a) => a.small), rows, large_size: g.axes.map((a) => a.large), channels, kernel, ...target, slice: elements },
            ...{ small_stride: [job.small.strides.batch, ...job.small.strides.axes], large_stride: [job.large.strides.batch, ...job.large.strides.axes] },
            ...{ small_channel: job.small.strides.channel, large_channel: job.large.strides.channel, small_at: s.at.x, large_at: s.at.y, dw_at: at },
            ...{ pieces, lines: cut.lines, per_slice: cut.perSlice, slices: cut.slices, row_blocks: rowBlocks, columns: blocks, groups: g.groups, count, base },
          },
          bind: { small: s.bind.x, large: s.bind.y, dw: direct ? dw.name : partial },
          grid,
        }),
      );
    });
    if (!direct) steps.push(...sums(partial, dw, { kernel, channels, slices: count, count: elements }, adapter));
    return {
      name,
      why: direct ? why : `${why}, ${count} slices`,
      cost: tiles * g.batch * product(g.axes.map((a) => a.small)) * loads,
      steps,
      once: [],
      kept: {},
      scratch: direct ? {} : { [partial]: count * elements * 4 },
      tables: {},
    };
  });
}

/** Adds up slices in their order; of no slices at all, writes zeros. */
export const sums = (
  partial: string,
  dw: Weights,
  size: { kernel: readonly number[]; channels: number; slices: number; count: number },
  adapter: Adapter,
): Step[] =>
  dispatches(
    {
      kernel: sum,
      types: { real_w: dw.dtype },
      constants: {},
      params: { ...size, taps: dw.view.axes, row: dw.view.batch, channel: dw.view.channel, dw_at: dw.at },
      bind: { part: partial, dw: dw.name },
      count: size.count,
    },
    adapter,
    MOST / Math.max(size.slices, 1),
  );

/** The gradient of a bias: dy summed over all but the channels, in runs of positions, slices of runs and all slices, one after another.
 * @throws UpsampleError `limit-exceeded` where not even one slice a window of dy fits a binding */
export function biasGradient(
  job: { op: string; id: string; geometry: Geometry; dy: Place; channels: number; positions: number; db: Place },
  adapter: Adapter,
): Part {
  const { id, dy, channels, positions, db } = job;
  const perRun = Math.min(positions, 1024);
  const runs = Math.ceil(positions / perRun);
  const partial = `${id}partial`;
  const windows = batches({ op: job.op, geometry: job.geometry, x: dy, y: dy }, adapter);
  const most = Math.min(MOST_PARTIAL, adapter.limits.binding, adapter.limits.buffer);
  const room = Math.floor(most / (4 * channels));
  if (windows.length > room)
    throw new UpsampleError('limit-exceeded', job.op, `${windows.length} partial sums of ${channels} channels exceed a binding of ${most} bytes`);
  const fits = job.geometry.batch * runs <= room;
  const cuts = windows.map((s) => {
    const all = s.count * runs;
    const each = fits ? 1 : Math.ceil(all / Math.floor(room / windows.length));
    return { all, each, slices: Math.ceil(all / each) };
  });
  const slices = cuts.reduce((n, c) => n + c.slices, 0);
  let before = 0;
  const steps = windows.flatMap((s, i) => {
    const { all, each, slices } = cuts[i]!;
    const at = before * channels;
    before += slices;
    return dispatches(
      {
        kernel: total,
        types: { real_y: dy.dtype },
        constants: {},
        params: {
          ...{ channels, positions, per_run: perRun, runs, all, each, sample: dy.strides.batch, channel: dy.strides.channel, position: dy.strides.axes[2] },
          ...{ y_at: s.at.x, part_at: at },
        },
        bind: { dy: s.bind.x, part: partial },
        count: slices * channels,
      },
      adapter,
      MOST / (perRun * each),
    );
  });
  const one = { name: db.name, dtype: db.dtype, view: { batch: 1, channel: 0, axes: [0, 0, 0] as const }, at: db.at };
  steps.push(...sums(partial, one, { kernel: [1, 1, 1], channels: 1, slices, count: channels }, adapter));
  const cost = job.geometry.batch * positions * channels;
  return { name: 'total', why: '', cost, steps, once: [], kept: {}, scratch: { [partial]: slices * channels * 4 }, tables: {} };
}
