import block8x8 from '../../../shaders/matmul/block_8x8.wgsl';
import block32x4 from '../../../shaders/matmul/block_32x4.wgsl';
import plain from '../../../shaders/matmul/plain.wgsl';
import sum from '../../../shaders/matmul/sum.wgsl';
import tile64x64 from '../../../shaders/matmul/tile_64x64.wgsl';
import { UpsampleError } from '../../check.ts';
import { type Adapter, BYTES, cover, type Plan, product, type Step } from '../../plan.ts';
import type { Kernel } from '../../shader.ts';
import { biasGradient } from '../conv/correlate.ts';
import { groups, shared, workgroup } from '../conv/window.ts';
import { checkBuffers, dispatches } from '../slices.ts';
import type { MatmulCall, Product } from './call.ts';
import { runs } from './window.ts';

/** Multiply-adds of one dispatch at most. */
const MOST = 1e9;
/** Bytes of partial sums at most. */
const MOST_PARTIAL = 2 ** 26;
/** Invocations that keep an adapter busy, and the least depths of a slice that are worth an addition more. */
const BUSY = 4096;
const LEAST = 256;

/** A block of the result: of one invocation, or (`tile`) of a workgroup. */
interface Way {
  readonly name: string;
  readonly why: string;
  readonly kernel: Kernel;
  readonly rows: number;
  readonly columns: number;
  /** Invocations of a workgroup that has one block of rows; 0 where each invocation has its own. */
  group(columns: number): number;
  /** Whether a block is a workgroup's. */
  readonly tile?: true;
  readonly constants?: Readonly<Record<string, number>>;
  /** What an element costs: barriers are dear on a CPU, loads everywhere. */
  readonly each: number;
}

const waysOf = (adapter: Adapter): readonly Way[] => {
  const apart = () => 0;
  return [
    ...shared(adapter).map(
      ({ rows, constants }): Way => ({
        ...{ name: `${rows}x4`, why: `${rows} rows x 4 columns in registers, shared loads`, kernel: block32x4, rows, columns: 4, constants },
        ...{ group: (columns: number) => workgroup(Math.ceil(columns / 4), adapter), each: rows > 16 ? 0.13 : 0.17 },
      }),
    ),
    { name: '8x8', why: '8 rows x 8 columns in registers', kernel: block8x8, rows: 8, columns: 8, group: apart, each: 0.3 },
    {
      ...{ name: '64x64', why: '64 rows x 64 columns through workgroup memory', kernel: tile64x64, rows: 64, columns: 64, group: () => 1, tile: true },
      each: adapter.software ? 1 : 0.15,
    },
    { name: 'plain', why: 'one element at a time', kernel: plain, rows: 1, columns: 1, group: apart, each: 1 },
  ];
};

/** Elements that a way computes, those that fill up its blocks included, by what each costs. */
const costOf = (way: Way, { products }: MatmulCall): number =>
  products.reduce((n, p) => {
    const across = way.columns * (way.tile ? 1 : Math.max(way.group(p.columns), 1));
    return n + Math.ceil(p.rows / way.rows) * way.rows * Math.ceil(p.columns / across) * across * p.batch * (p.depth + 1) * way.each;
  }, 0);

/** Every admissible plan, best first for the adapter.
 * @throws UpsampleError `limit-exceeded` when a tensor cannot be bound, not even in windows */
export function matmulPlans(call: MatmulCall, adapter: Adapter): Plan[] {
  const { op, inputs, outputs, products } = call;
  checkBuffers(op, outputs, adapter);
  const flops = 2 * products.reduce((n, p) => n + p.batch * p.rows * p.columns * p.depth, 0);
  if (Object.values(outputs).every((t) => product(t.shape) === 0))
    return [{ name: 'empty', why: 'nothing to compute', outputs, scratch: {}, tables: {}, steps: [], flops: 0 }];
  const dtype = Object.values(inputs)[0]!.dtype;
  const db = call.sum && columnSum(call.sum, call, dtype as 'f32' | 'f16', adapter);
  const all = waysOf(adapter);
  const ways = products.some((p) => p.rows * p.columns * p.depth) ? all.toSorted((a, b) => costOf(a, call) - costOf(b, call)) : all.slice(-1);
  return ways.map((way) => {
    const parts = products.filter((p) => p.rows * p.columns * p.batch || p.over).map((p, i) => partOf(way, p, `part${i}`, call, adapter));
    const slices = Math.max(1, ...parts.map((p) => p.slices));
    return {
      ...{ name: way.name, why: slices > 1 ? `${way.why}, up to ${slices} slices of the sum` : way.why, outputs, tables: {}, flops },
      scratch: Object.assign({}, ...parts.map((p) => p.scratch), db?.scratch),
      steps: [...parts.flatMap((p) => p.steps), ...(db?.steps ?? [])],
    };
  });
}

/** db: dy summed over its rows. */
function columnSum({ rows, columns }: { rows: number; columns: number }, { op, inputs }: MatmulCall, dtype: 'f32' | 'f16', adapter: Adapter) {
  if (rows === 0) {
    const steps = dispatches(
      {
        kernel: sum,
        types: { real_b: dtype, real_c: dtype },
        constants: {},
        params: { slices: 0, columns, biased: 0, bias_at: 0, c_at: 0 },
        bind: { part: 'none', bias: 'dy', c: 'db' },
        count: columns,
      },
      adapter,
    );
    return { steps, scratch: { none: 4 } };
  }
  const axis = { large: 1, small: 1, kernel: 1, stride: 1, dilation: 1, pad: 0 };
  const one = { batch: 1, groups: 1, smallChannels: columns, largeChannels: columns, axes: [axis, axis, axis] as const };
  const place = (name: string, at: number) => ({ name, dtype, at, strides: { batch: rows * columns, channel: 1, axes: [0, 0, columns] as const } });
  return biasGradient({ op, id: 'db', geometry: one, dy: place('dy', inputs['dy']!.skew), channels: columns, positions: rows, db: place('db', 0) }, adapter);
}

/** The dispatches of one product: runs over windows, or slices of the sum and their addition. */
function partOf(
  way: Way,
  job: Product,
  part: string,
  { op, inputs, outputs }: MatmulCall,
  adapter: Adapter,
): { steps: Step[]; scratch: Plan['scratch']; slices: number } {
  const { limits } = adapter;
  const { tile, kernel } = way;
  const group = way.group(job.columns);
  /** Columns that an invocation's or a workgroup's block has. */
  const wide = way.columns * (tile ? 1 : Math.max(group, 1));
  const { batch, rows, columns, depth, over } = job;
  const spec = (name: string) => inputs[name] ?? outputs[name]!;
  const bias = job.bias ? { bind: job.bias, at: spec(job.bias).skew, given: 1 } : { bind: job.b, at: 0, given: 0 };
  const elements = batch * rows * columns;
  const side = (name: string) => ({ name, at: spec(name).skew, width: BYTES[spec(name).dtype] });
  const found = runs(op, job, [side(job.a), side(job.b), side(job.to)], adapter);
  const room = Math.floor(Math.min(MOST_PARTIAL, limits.binding, limits.buffer) / (4 * elements));
  const blocks = Math.ceil(rows / way.rows) * Math.ceil(columns / wide) * batch * (tile ? 256 : Math.max(group, 1));
  const wanted = found.length > 1 ? 1 : Math.min(Math.ceil(BUSY / blocks), Math.floor(depth / LEAST), room);
  const perSlice = Math.ceil(depth / Math.max(wanted, 1));
  const slices = depth ? Math.ceil(depth / perSlice) : 0;
  const direct = slices === 1 && !over;
  const bytes = slices * elements * 4;
  if (!direct && bytes > Math.min(limits.binding, limits.buffer))
    throw new UpsampleError('limit-exceeded', op, `${slices * batch} partial sums need ${bytes} bytes; the device allows bindings of ${limits.binding}`);
  const real = { real_a: spec(job.a).dtype, real_b: spec(job.b).dtype };
  const steps = (slices ? found : []).flatMap((run): Step[] => {
    const [a, b, c] = run.places as [(typeof run.places)[0], (typeof run.places)[0], (typeof run.places)[0]];
    const across = [Math.ceil(columns / wide), Math.ceil(run.rows / way.rows)] as const;
    const count = across[0] * across[1] * run.batch * slices;
    const most = MOST / (perSlice * way.rows * wide);
    const parts = group ? groups(count, limits.groups, most) : cover(count, limits.groups, most);
    return parts.map(({ base, grid }) => ({
      kernel,
      types: { ...real, real_c: direct ? spec(job.to).dtype : 'f32' },
      constants: way.constants ? { WORKGROUP: group, ...way.constants } : {},
      params: {
        ...{ batch: run.batch, rows: run.rows, columns, depth, per_slice: perSlice, slices, blocks: across, count, base },
        ...{ a_batch: job.aSteps[0], a_row: job.aSteps[1], a_depth: job.aSteps[2], b_batch: job.bSteps[0], b_depth: job.bSteps[1], b_column: job.bSteps[2] },
        ...{ a_at: a.at, b_at: b.at, c_at: direct ? c.at : 0, biased: direct ? bias.given : 0, bias_at: bias.at },
      },
      bind: { a: a.bind, b: b.bind, bias: bias.bind, c: direct ? c.bind : part },
      grid,
    }));
  });
  if (direct) return { steps, scratch: {}, slices };
  const terms = over ? slices * batch : slices;
  const count = over ? rows * columns : elements;
  const added = dispatches(
    {
      kernel: sum,
      types: { real_b: real.real_b, real_c: spec(job.to).dtype },
      constants: {},
      params: { slices: terms, columns, biased: bias.given, bias_at: bias.at, c_at: 0 },
      bind: { part, bias: bias.bind, c: job.to },
      count,
    },
    adapter,
    MOST / Math.max(terms, 1),
  );
  return { steps: [...steps, ...added], scratch: { [part]: Math.max(bytes, 4) }, slices };
}
