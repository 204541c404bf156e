import map from '../../../shaders/conv/map.wgsl';
import map1x8 from '../../../shaders/conv/map_1x8.wgsl';
import map4x8 from '../../../shaders/conv/map_4x8.wgsl';
import map8x4 from '../../../shaders/conv/map_8x4.wgsl';
import map8x8 from '../../../shaders/conv/map_8x8.wgsl';
import map32x4 from '../../../shaders/conv/map_32x4.wgsl';
import map64x64 from '../../../shaders/conv/map_64x64.wgsl';
import map128x64 from '../../../shaders/conv/map_128x64.wgsl';
import mapDepthwise from '../../../shaders/conv/map_depthwise.wgsl';
import mapLine from '../../../shaders/conv/map_line.wgsl';
import pack from '../../../shaders/conv/pack.wgsl';
import { type Adapter, product, type Step } from '../../plan.ts';
import type { Kernel } from '../../shader.ts';
import { dispatches, type Slice } from '../slices.ts';
import type { FilterView } from './call.ts';
import type { Geometry, Strides } from './geometry.ts';
import { type Direction, type MapClass, type MapShape, mapShape } from './phases.ts';
import { batches, groups, lanes, type Place, shared, workgroup } from './window.ts';

/** The filter of a map: where it lies, and its strides as [smallChannels, largeChannels/groups, taps]. */
export interface Weights {
  readonly name: string;
  readonly dtype: 'f32' | 'f16';
  readonly view: Omit<FilterView, 'size'>;
  readonly at: number;
}

/** What a map reads and writes. */
export interface MapJob {
  readonly op: string;
  /** Prefix of the job's tables and scratch buffers. */
  readonly id: string;
  readonly geometry: Geometry;
  readonly direction: Direction;
  readonly x: Place;
  readonly w: Weights;
  readonly b: { readonly name: string; readonly dtype: 'f32' | 'f16'; readonly at: number } | null;
  readonly y: Place;
  readonly act: { readonly ACT: number; readonly SLOPE: number };
}

/** Part of a plan: how one map is carried out. */
export interface Part {
  readonly name: string;
  readonly why: string;
  /** Estimated work: multiply-adds with what their loads cost. */
  readonly cost: number;
  readonly steps: readonly Step[];
  /** Steps that depend on the weights alone, and the buffers they fill. */
  readonly once: readonly Step[];
  readonly kept: Readonly<Record<string, number>>;
  readonly scratch: Readonly<Record<string, number>>;
  readonly tables: Readonly<Record<string, Uint32Array>>;
}

/** Multiply-adds of one dispatch at most. */
const MOST = 1e9;

/** The table of a class, in units of four words, as lib/phase.wgsl reads it. */
function tableOf(c: MapClass, padded: number, more: readonly number[]): { table: Uint32Array; lists: number[]; rowList: number } {
  const words: number[] = [];
  const lists = c.phases.map((axis) => {
    const at = words.length / 4;
    for (const p of axis) words.push(p.positions, p.i0, p.o0, p.t0);
    return at;
  });
  const rowList = words.length / 4;
  for (const r of c.rows) words.push(r.channel, ...r.o0, 0, ...r.t0);
  for (let i = c.rows.length; i < padded; i++) words.push(-1, 0, 0, 0, 0, 0, 0, 0);
  words.push(...more);
  return { table: Uint32Array.from(words), lists, rowList };
}

/** Channels per group of x and y, and the filter's strides in their terms. */
function roles({ geometry: g, direction, w }: MapJob) {
  const small = g.smallChannels / g.groups;
  const large = g.largeChannels / g.groups;
  return direction === 'gather'
    ? { depth: large, channels: small, row: w.view.batch, channel: w.view.channel, group: small * w.view.batch }
    : { depth: small, channels: large, row: w.view.channel, channel: w.view.batch, group: small * w.view.batch };
}

const sizes = (g: Geometry, direction: Direction) => ({
  x: g.axes.map((a) => (direction === 'gather' ? a.large : a.small)),
  y: g.axes.map((a) => (direction === 'gather' ? a.small : a.large)),
});

const strideList = ({ batch, axes }: Strides) => [batch, ...axes];

/** Params of lib/phase.wgsl. */
function paramsOf(job: MapJob, shape: MapShape, c: MapClass, at: { lists: number[]; rowList: number }, s: Slice<'x' | 'y'>) {
  const { depth, channels } = roles(job);
  const { x, y } = sizes(job.geometry, job.direction);
  return {
    ...{ taps: c.taps, i_step: shape.iStep, i_tap: shape.iTap, o_step: shape.oStep, t_step: shape.tStep },
    ...{ x_size: x, depth, x_stride: strideList(job.x.strides), y_stride: strideList(job.y.strides), y_size: y, channels },
    ...{ phases: c.phases.map((p) => p.length), lists: at.lists, row_list: at.rowList, row_count: c.rows.length, batch: s.count },
    ...{ x_channel: job.x.strides.channel, y_channel: job.y.strides.channel, x_at: s.at.x, y_at: s.at.y, bias: Number(!!job.b), b_at: job.b?.at ?? 0 },
  };
}

const types = (job: MapJob) => ({ real_x: job.x.dtype, real_b: job.b?.dtype ?? job.w.dtype, real_y: job.y.dtype });
const phasesOf = (c: MapClass) => product(c.phases.map((p) => p.length));

/** How a plan reads the filter as it lies: one output at a time, which always works, or neighbours of a line, or those of four channels. */
type Direct = 'plain' | 'line' | 'depthwise';

function directMap(job: MapJob, adapter: Adapter, way: Direct): Part {
  const { geometry: g } = job;
  const { depth, channels, row, channel, group } = roles(job);
  const shape = mapShape(g, job.direction, false, channels);
  const width = sizes(g, job.direction).y[2]!;
  const fours = way === 'depthwise';
  const narrow = { plain: 1, line: 8, depthwise: 4 }[way];
  const wide = width > narrow * shape.oStep[2];
  const per = wide && way !== 'plain' ? 2 * narrow : narrow;
  const slide = shape.iStep[2] === 1 && Math.abs(shape.iTap[2]) === 1;
  // Invocations of a workgroup read the same weights, 4 channels at a time; the next 4 of their inputs are near in the cache.
  const quads = 4;
  const { real_x, real_b, real_y } = types(job);
  const real_w = job.w.dtype;
  const flags = { SLIDE: Number(slide), WIDE: Number(wide) };
  const tables: Record<string, Uint32Array> = {};
  const steps = shape.classes.flatMap((c, i) => {
    const { table, ...at } = tableOf(c, channels, [...job.w.view.axes, row, channel, group, 0, 0]);
    const name = `${job.id}table${i}`;
    tables[name] = table;
    const ways = {
      plain: { kernel: map, types: { real_x, real_w, real_b, real_y }, constants: {} },
      line: { kernel: mapLine, types: { real_x, real_w, real_b, real_y }, constants: flags },
      depthwise: {
        kernel: mapDepthwise,
        types: { real_w, real_b, num: 'vec4f' },
        constants: { ...flags, TAPS: Math.min(c.taps[2], 4), QUADS: quads },
      },
    }[way];
    return batches(job, adapter).flatMap((s) => {
      const blocks = s.count * across(c, per);
      const size = workgroup(blocks, adapter);
      const columns = Math.ceil(blocks / size);
      const count = Math.ceil(fours ? g.groups / (4 * quads) : g.groups) * phasesOf(c) * channels * columns;
      const most = MOST / Math.max(product(c.taps) * depth * size * per * (fours ? 4 * quads : 1), 1);
      const params = { ...paramsOf(job, shape, c, at, s), rows: channels, row_blocks: channels, columns, lanes: size, w_at: job.w.at };
      const four = (list: readonly number[]) => list.map((n) => n / 4);
      const cells = fours && { x_stride: four(params.x_stride), y_stride: four(params.y_stride), x_at: s.at.x / 4, y_at: s.at.y / 4, channels: g.groups / 4 };
      return groups(count, adapter.limits.groups, most).map(
        ({ base, grid }): Step => ({
          ...ways,
          constants: { WORKGROUP: size, ...ways.constants, ...job.act },
          params: { ...params, ...cells, count, base },
          bind: { x: s.bind.x, w: job.w.name, b: job.b?.name ?? job.w.name, table: name, y: s.bind.y },
          grid,
        }),
      );
    });
  });
  const part = { steps, once: [], kept: {}, scratch: {}, tables };
  const cost = (load: (taps: number) => number, tap: number) =>
    shape.classes.reduce(
      (sum, c) => sum + g.groups * phasesOf(c) * channels * g.batch * across(c, per) * (product(c.taps) * (depth * load(c.taps[2]) + tap) + 1.5 * per + 60),
      0,
    );
  if (way === 'plain') return { ...part, name: way, why: 'one output at a time, the filter as it lies', cost: cost(() => 2, 16) };
  // A value that slides in, a weight, and the products themselves.
  const all = slide ? cost((taps) => 2 + per / taps + per / 5, 2) : cost(() => 1 + per, 4);
  // On a GPU neighbours in a line are not neighbours in a load; no measurement asks for a line there yet.
  if (way === 'line') return { ...part, name: way, why: `${per} neighbours of a line, the filter as it lies`, cost: (adapter.software ? 1 : 3) * all };
  return {
    ...part,
    name: way,
    why: `4 channels of ${per} neighbours of a line, the filter as it lies`,
    cost: adapter.software ? all / 4 : Number.POSITIVE_INFINITY,
  };
}

/** Blocks of `per` columns, none of which reaches over the end of a line. */
const across = ({ phases: [d, h, w] }: MapClass, per: number) => {
  const most = (list: readonly { positions: number }[]) => Math.max(...list.map((p) => p.positions));
  return most(d) * most(h) * Math.ceil(most(w) / per);
};

/** The plain plan. */
export const plainMap = (job: MapJob, adapter: Adapter): Part => directMap(job, adapter, 'plain');
/** The plan for groups of few channels, which have nothing to share: what a block saves in loads, a line saves by its neighbours. */
export const lineMap = (job: MapJob, adapter: Adapter): Part => directMap(job, adapter, 'line');
/** The plan for groups of one channel whose neighbours are neighbours in memory: four at a time, where they lie in fours. Of f32 alone: with vectors of f16 a
 * software adapter's compiler took 2 to 6 seconds. */
export function depthwiseMap(job: MapJob, adapter: Adapter): Part | null {
  const { groups, smallChannels, largeChannels } = job.geometry;
  const fours = [job.x, job.y].every(({ dtype, strides, at }) => dtype === 'f32' && strides.channel === 1 && at % 4 === 0);
  return fours && groups % 4 === 0 && smallChannels === groups && largeChannels === groups ? directMap(job, adapter, 'depthwise') : null;
}

/** A block of outputs of one invocation, or (`tile`) of a workgroup of 256 through its memory. */
interface Block {
  readonly rows: number;
  readonly columns: number;
  readonly tile: boolean;
  /** Whether invocations of a workgroup share rows, whatever the size of the map. */
  readonly shared?: true;
  /** Loads that one channel of one tap costs: for registers one a row and one a column; for tiles a share of the products. */
  readonly load: number;
}

/** Loads that a map costs, those of rows and columns that fill up blocks included. A tap costs about 16 for its addresses, an output 1.5 and a block 60;
 * measured on software adapters, where loads are what products wait for. */
const costOf = (shape: MapShape, depth: number, g: Geometry, { rows, columns, tile, shared, load }: Block, adapter: Adapter): number =>
  shape.classes.reduce((sum, c) => {
    const across = Math.ceil((g.batch * c.positions) / columns);
    const per = tile ? { size: 1, lanes: 1 } : lanes(across, adapter, shared);
    const deep = per.size / per.lanes;
    const blocks = Math.ceil(c.rows.length / rows / deep) * deep * Math.ceil(across / per.lanes) * per.lanes;
    const invocations = tile ? 256 : 1;
    const each = product(c.taps) * (depth * load + 16 * invocations) + 1.5 * Math.min(rows, c.rows.length) * columns + 60 * invocations;
    return sum + g.groups * phasesOf(c) * blocks * each;
  }, 0);

interface Packed extends Block {
  readonly kernel: Kernel;
  readonly constants?: Readonly<Record<string, number>>;
}

/** The packed kernels. A tile's share differs: barriers are dear on a CPU. */
const blocks = (adapter: Adapter): readonly Packed[] => [
  ...shared(adapter).map(({ rows, constants }) => ({
    ...{ kernel: map32x4, rows, columns: 4, tile: false, shared: true as const, constants },
    load: 4 + rows * (constants.EIGHT ? 0.25 : 0.6), // measured: 2.6 and 1.4 times as fast as 8x8
  })),
  { kernel: map8x8, rows: 8, columns: 8, tile: false, load: 16 },
  { kernel: map8x4, rows: 8, columns: 4, tile: false, load: 12 },
  { kernel: map4x8, rows: 4, columns: 8, tile: false, load: 12 },
  { kernel: map1x8, rows: 1, columns: 8, tile: false, load: 9 },
  { kernel: map64x64, rows: 64, columns: 64, tile: true, load: 64 * 64 * (adapter.software ? 0.45 : 0.12) },
  { kernel: map128x64, rows: 128, columns: 64, tile: true, load: 128 * 64 * (adapter.software ? 0.45 : 0.1) },
];

/** Rows of a filter in packed order, a block of `rows` at a time. */
function packing(job: MapJob, shape: MapShape, rows: number, adapter: Adapter) {
  const { depth, row, channel, group } = roles(job);
  const name = `${job.id}packed`;
  const tables: Record<string, Uint32Array> = {};
  const once: Step[] = [];
  let end = 0;
  const places = shape.classes.map((c, i) => {
    const padded = Math.ceil(c.rows.length / rows) * rows;
    const { table, ...at } = tableOf(c, padded, []);
    const tableName = `${job.id}table${i}`;
    tables[tableName] = table;
    const begin = end;
    const taps = product(c.taps);
    if (taps) {
      const count = job.geometry.groups * phasesOf(c) * padded * depth;
      end += count * taps;
      once.push(
        ...dispatches(
          {
            kernel: pack,
            types: { real_w: job.w.dtype },
            constants: { ROWS: rows },
            params: {
              ...{
                taps: c.taps,
                t_step: shape.tStep,
                steps: job.w.view.axes,
                row,
                phases: c.phases.map((p) => p.length),
                channel,
                lists: at.lists,
                group,
                depth,
                rows: padded,
              },
              ...{ row_list: at.rowList, w_at: job.w.at, packed_at: begin },
            },
            bind: { w: job.w.name, table: tableName, packed: name },
            count,
          },
          adapter,
          MOST / taps,
        ),
      );
    }
    return { c, padded, begin, at, tableName };
  });
  const bytes = Math.max(end * 4, 16);
  return { name, bytes, once, tables, places };
}

/** Bytes of a filter in packed order. */
const packedBytes = (shape: MapShape, depth: number, g: Geometry, rows: number): number =>
  4 * shape.classes.reduce((n, c) => n + g.groups * phasesOf(c) * Math.ceil(c.rows.length / rows) * rows * depth * product(c.taps), 0);

/** Plans that keep a block of outputs in registers or in workgroup memory and read packed weights: the best `most`, best first. */
export function blockMaps(job: MapJob, adapter: Adapter, most: number): Part[] {
  const { geometry: g } = job;
  const { depth, channels } = roles(job);
  const room = Math.min(adapter.limits.binding, adapter.limits.buffer);
  const shapes = [mapShape(g, job.direction, false, channels)];
  if (job.direction === 'scatter' && g.axes.some((a) => a.stride > 1)) shapes.push(mapShape(g, job.direction, true, channels));
  return shapes
    .flatMap((shape, i) => blocks(adapter).map((block) => ({ shape, block, stacked: i > 0, cost: costOf(shape, depth, g, block, adapter) })))
    .filter(({ shape, block }) => packedBytes(shape, depth, g, block.rows) <= room && shape.classes.every((c) => c.rows.length <= 2 ** 16))
    .filter(({ shape, block }) => !block.tile || shape.classes.some((c) => c.rows.length * 4 >= block.rows)) // no tile that is mostly empty
    .sort((a, b) => a.cost - b.cost)
    .slice(0, most)
    .map(({ shape, block, stacked, cost }): Part => {
      const { rows, columns, tile } = block;
      const packed = packing(job, shape, rows, adapter);
      const how = `${rows} rows x ${columns} columns ${tile ? 'through workgroup memory' : `in registers${block.shared ? ', shared loads' : ''}`}`;
      return {
        name: `${rows}x${columns}${stacked ? ' stacked' : ''}`,
        why: `${how}, ${stacked ? 'phases as rows, ' : ''}packed weights`,
        cost,
        steps: blockSteps(job, shape, block, packed, adapter),
        once: packed.once,
        kept: { [packed.name]: packed.bytes },
        scratch: {},
        tables: packed.tables,
      };
    });
}

/** The dispatches of a packed kernel: one or more a class and slice. */
const blockSteps = (
  job: MapJob,
  shape: MapShape,
  { kernel, rows, columns: per, tile, shared, constants }: Packed,
  packed: ReturnType<typeof packing>,
  adapter: Adapter,
): Step[] =>
  packed.places.flatMap(({ c, padded, begin, at, tableName }) =>
    batches(job, adapter).flatMap((s) => {
      const { depth } = roles(job);
      const across = Math.ceil((s.count * c.positions) / per);
      const { size, lanes: wide } = tile ? { size: 1, lanes: 1 } : lanes(across, adapter, shared);
      const columns = Math.ceil(across / wide);
      const rowBlocks = Math.ceil(padded / rows / (size / wide));
      const count = job.geometry.groups * phasesOf(c) * rowBlocks * columns;
      const most = MOST / Math.max(product(c.taps) * depth * rows * per * size, 1);
      return groups(count, adapter.limits.groups, most).map(
        ({ base, grid }): Step => ({
          kernel,
          types: types(job),
          constants: { ...(!tile && { WORKGROUP: size }), ...constants, ...job.act },
          params: { ...paramsOf(job, shape, c, at, s), rows: rowBlocks, row_blocks: padded / rows, columns, lanes: wide, w_at: begin / rows, count, base },
          bind: { x: s.bind.x, w: packed.name, b: job.b?.name ?? job.w.name, table: tableName, y: s.bind.y },
          grid,
        }),
      );
    }),
  );
