import move from '../../../shaders/shuffle/move.wgsl';
import moveBlock from '../../../shaders/shuffle/move_block.wgsl';
import moveHalf from '../../../shaders/shuffle/move_half.wgsl';
import moveRow from '../../../shaders/shuffle/move_row.wgsl';
import moveRowHalf from '../../../shaders/shuffle/move_row_half.wgsl';
import { UpsampleError } from '../../check.ts';
import { type Adapter, BYTES, type Plan, product, type TensorSpec } from '../../plan.ts';
import type { Kernel } from '../../shader.ts';
import { partsOf } from '../resample/box.ts';
import { checkBuffers, dispatches } from '../slices.ts';
import type { ShuffleCall } from './arguments.ts';
import { axesOf, inWords, leadOf, length, offsets, runOf, type Split, splitOf, UNIT } from './axes.ts';

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
  /** Words that one store has, which stand in one row. */
  readonly store: 1 | 4;
}

const VEC4 = { word: 'vec4<u32>', bytes: 16 } as const;
const VECTORS: Way = {
  name: 'move_block vec4',
  why: 'elements stay together: 4 columns of 4 rows of 16 bytes',
  kernel: moveBlock,
  ...VEC4,
  block: 4,
  store: 1,
};
const VECTOR: Way = { name: 'move vec4', why: 'elements stay together: 16 bytes at a time', kernel: move, ...VEC4, block: 1, store: 1 };
const ROWS: Way = { name: 'move_row', why: '4 columns of 4 rows, stored as vectors', kernel: moveRow, bytes: 4, block: 4, store: 4 };
const BLOCKS: Way = { name: 'move_block', why: '4 columns of 4 rows, rows of any length', kernel: moveBlock, word: 'u32', bytes: 4, block: 4, store: 1 };
const WORDS: Way = { name: 'move', why: 'the plain copy, a word at a time', kernel: move, word: 'u32', bytes: 4, block: 1, store: 1 };
const HALF_ROWS: Way = { name: 'move_row_half', why: '4 columns of 4 rows of 2 bytes, stored as vectors', kernel: moveRowHalf, bytes: 2, block: 4, store: 4 };
const HALVES: Way = { name: 'move_half', why: 'the plain copy of 2-byte elements, a pair at a time', kernel: moveHalf, bytes: 2, block: 1, store: 1 };

/** Rows of a plane, and columns of a row, that have their offsets in a table. */
const MOST = 2 ** 14;

/** Every admissible plan, best first for the adapter.
 * @param most rows of a plane and columns of a row that have their offsets in a table; what is left are outer axes
 * @throws UpsampleError `limit-exceeded` when a tensor cannot be bound, not even in windows */
export function shufflePlans(call: ShuffleCall, adapter: Adapter, most = Math.min(MOST, adapter.limits.binding / 64)): Plan[] {
  const { op, x, shape } = call;
  const { binding } = adapter.limits;
  const width = BYTES[x.dtype];
  const output: TensorSpec = { shape, dtype: x.dtype, layout: x.layout, skew: 0 };
  const bare = { outputs: { output }, scratch: {} };
  checkBuffers(op, bare.outputs, adapter);
  if (product(shape) === 0) return [{ ...bare, name: 'empty', why: 'nothing to compute', tables: {}, steps: [] }];

  const { lead, rest } = leadOf(axesOf(call), most);
  const each = product(shape) / lead.size;
  const parts = partsOf(call, lead.size, each, each, adapter);
  const aligned = (size: number) => parts.every((s) => (s.at.x * width) % size === 0 && (s.at.y * width) % size === 0);
  const fits = (size: number) => (runOf(rest) * width) % size === 0 && aligned(size);
  const windows = parts.length > 1;

  const plan = ({ name, why, kernel, word, bytes, block, store }: Way): Plan | undefined => {
    const unit = bytes / width;
    const all = inWords([lead, ...rest], unit);
    const split = windows ? splitOf(all[0]!, all.slice(1), most) : splitOf(UNIT, all, most);
    const size = [length(split.rows), length(split.columns)] as const;
    if (size[1] % store || !parts.every((s) => s.at.y % (unit * store) === 0)) return undefined;
    const [rows, columns] = size.map((n) => Math.ceil(n / block)) as [number, number];
    const { at, build } = tableOf(split, block, store);
    if (4 * at.end > binding) return undefined;
    const [, b, c] = split.outer;
    const half = kernel === moveHalf;
    const steps = parts.flatMap((s) => {
      const count = (windows ? s.count : 1) * b.size * c.size * rows * columns;
      return dispatches(
        {
          kernel,
          types: word ? { word } : {},
          constants: {},
          params: {
            x_step: split.outer.map((a) => a.x),
            rows,
            y_step: split.outer.map((a) => a.y / store),
            columns,
            inner: [b.size, c.size],
            parts: [at.to / block, at.columns / block],
            size,
            x_at: s.at.x / unit,
            y_at: half ? s.at.y / 2 : s.at.y / unit / store,
          },
          bind: { ...s.bind, table: 'table' },
          count: half ? Math.ceil(count / 2) : count,
        },
        adapter,
      );
    });
    return { ...bare, name, why, tables: onDemand(build), steps };
  };
  const pairs = width === 2 && !fits(4);
  // On a CPU an invocation should do much; on a GPU neighbours should store neighbouring words.
  const vectors = fits(16) ? (adapter.software ? [VECTORS, VECTOR] : [VECTOR, VECTORS]) : [];
  const ways = [...vectors, ...(pairs ? [HALF_ROWS, HALVES] : [ROWS, BLOCKS, WORDS])];
  const plans = ways.map(plan).filter((p) => p !== undefined);
  if (!plans.length)
    throw new UpsampleError('limit-exceeded', op, `no plan for [${x.shape.join(', ')}] to [${shape.join(', ')}] fits bindings of ${binding} bytes`);
  return plans;
}

/** Offsets of rows in x, of rows in y, and of columns in x, each from a multiple of `block` on. */
function tableOf({ rows, columns }: Split, block: number, store: number) {
  // Rows in the order of x: an invocation then reads neighbours. A plain copy is in the order of y, as pairs of halves need it.
  const sorted = block > 1 ? rows.toSorted((a, b) => b.x - a.x) : rows;
  const to = Math.ceil(length(rows) / block) * block;
  const at = { to, columns: 2 * to, end: 2 * to + Math.ceil(length(columns) / block) * block };
  const build = () => {
    const table = new Uint32Array(at.end);
    table.set(offsets(sorted, 'x'));
    const stores = offsets(sorted, 'y').map((y) => y / store);
    table.set(stores, at.to);
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
