import move from '../../../shaders/shuffle/move.wgsl';
import moveHalf from '../../../shaders/shuffle/move_half.wgsl';
import moveRow from '../../../shaders/shuffle/move_row.wgsl';
import moveRowHalf from '../../../shaders/shuffle/move_row_half.wgsl';
import { UpsampleError } from '../../check.ts';
import type { Kernel } from '../../kernel.ts';
import { type Adapter, BYTES, type Plan, type TensorSpec } from '../../plan.ts';
import { product } from '../conv/geometry.ts';
import { dispatches, slices } from '../resample/box.ts';
import type { ShuffleCall } from './arguments.ts';
import { axesOf, inWords, leadOf, length, offsets, runOf, type Split, splitOf } from './axes.ts';

/** A kernel and its units. */
interface Way {
  readonly name: string;
  readonly why: string;
  readonly kernel: Kernel;
  readonly word?: string;
  /** Bytes that move as one. */
  readonly bytes: number;
  /** Rows and columns of an invocation. */
  readonly block: 1 | 4;
}

const VECTORS: Way = { name: 'move vec4', why: 'runs of elements stay together: 16 bytes at a time', kernel: move, word: 'vec4<u32>', bytes: 16, block: 1 };
const ROWS: Way = { name: 'move_row', why: '4 columns of 4 rows at a time, stored as vectors', kernel: moveRow, bytes: 4, block: 4 };
const HALF_ROWS: Way = {
  name: 'move_row_half',
  why: '4 columns of 4 rows of 2-byte elements at a time, stored as vectors',
  kernel: moveRowHalf,
  bytes: 2,
  block: 4,
};
const WORDS: Way = { name: 'move', why: 'the plain copy, a word at a time', kernel: move, word: 'u32', bytes: 4, block: 1 };
const HALVES: Way = { name: 'move_half', why: 'the plain copy of 2-byte elements, a pair at a time', kernel: moveHalf, bytes: 2, block: 1 };

/** Rows of a plane, and columns of a row, that have their offsets in a table. */
const MOST = 2 ** 14;

/** Every admissible plan, best first for the adapter.
 * @throws UpsampleError `limit-exceeded` when a tensor cannot be bound, not even in windows */
export function shufflePlans(call: ShuffleCall, adapter: Adapter): Plan[] {
  const { op, x, shape } = call;
  const { binding, buffer } = adapter.limits;
  const width = BYTES[x.dtype];
  const bytes = product(shape) * width;
  if (bytes > buffer)
    throw new UpsampleError('limit-exceeded', op, `the result [${shape.join(', ')}] needs ${bytes} bytes; the device allows buffers of ${buffer}`);
  const output: TensorSpec = { shape, dtype: x.dtype, layout: x.layout, skew: 0 };
  const bare = { outputs: { output }, scratch: {} };
  if (bytes === 0) return [{ ...bare, name: 'empty', why: 'nothing to compute', tables: {}, steps: [] }];

  const most = Math.min(MOST, binding / 64);
  const { lead, rest } = leadOf(axesOf(call), most);
  const each = product(shape) / lead.size;
  const parts = slices(call, lead.size, each, each, adapter);
  const aligned = (size: number) => parts.every((s) => (s.xAt * width) % size === 0 && (s.yAt * width) % size === 0);
  const fits = (size: number) => (runOf(rest) * width) % size === 0 && aligned(size);

  const plan = ({ name, why, kernel, word, bytes, block }: Way): Plan | undefined => {
    const unit = bytes / width;
    const split = splitOf({ ...lead, x: lead.x / unit, y: lead.y / unit }, inWords(rest, unit), most);
    const columns = length(split.columns) / block;
    if (!Number.isInteger(columns) || (block > 1 && !parts.every((s) => s.yAt % (unit * block) === 0))) return undefined;
    const lines = length(split.rows);
    const rows = Math.ceil(lines / block);
    const { at, build } = tableOf(split, rows, block);
    if (4 * at.end > binding) return undefined;
    const [, b, c] = split.outer;
    const steps = dispatches(parts, adapter, Number.POSITIVE_INFINITY, (s) => {
      const count = s.outer * b.size * c.size * rows * columns;
      return {
        kernel,
        types: word ? { word } : {},
        constants: {},
        params: {
          x_step: split.outer.map((a) => a.x),
          rows,
          y_step: split.outer.map((a) => a.y / block),
          columns,
          inner: [b.size, c.size],
          parts: [at.to / block, at.columns / block],
          lines,
          x_at: s.xAt / unit,
          y_at: kernel === moveHalf ? s.yAt / 2 : s.yAt / unit / block,
        },
        bind: { x: s.x, table: 'table', y: s.y },
        count: kernel === moveHalf ? Math.ceil(count / 2) : count,
      };
    });
    return { ...bare, name, why, tables: onDemand(build), steps };
  };
  const pairs = width === 2 && !fits(4);
  const ways = [...(fits(16) ? [VECTORS] : []), ...(pairs ? [HALF_ROWS, HALVES] : [ROWS, WORDS])];
  const plans = ways.map(plan).filter((p) => p !== undefined);
  if (!plans.length)
    throw new UpsampleError('limit-exceeded', op, `no plan for [${x.shape.join(', ')}] to [${shape.join(', ')}] fits bindings of ${binding} bytes`);
  return plans;
}

/** Offsets of rows in x, of rows in y, and of columns in x, each from a multiple of `block` on. */
function tableOf({ rows, columns }: Split, blocks: number, block: number) {
  // Rows in the order of x: an invocation then reads neighbours. Pairs of halves are written in the order of y.
  const sorted = block > 1 ? rows.toSorted((a, b) => b.x - a.x) : rows;
  const at = { to: blocks * block, columns: 2 * blocks * block, end: 2 * blocks * block + length(columns) };
  const build = () => {
    const table = new Uint32Array(at.end);
    table.set(offsets(sorted, 'x'));
    table.set(
      offsets(sorted, 'y').map((y) => y / block),
      at.to,
    );
    table.set(offsets(columns, 'x'), at.columns);
    return table;
  };
  return { at, build };
}

/** A table that is built when it is first asked for. */
function onDemand(build: () => Uint32Array): { readonly table: Uint32Array } {
  let built: Uint32Array | undefined;
  return {
    get table() {
      built ??= build();
      return built;
    },
  };
}
