import gather from '../../../shaders/resample/gather.wgsl';
import pass from '../../../shaders/resample/pass.wgsl';
import tile from '../../../shaders/resample/tile.wgsl';
import tilePixel from '../../../shaders/resample/tile_pixel.wgsl';
import tileRow from '../../../shaders/resample/tile_row.wgsl';
import { type Adapter, BYTES, type Plan, product, type Step } from '../../plan.ts';
import { dispatches } from '../slices.ts';
import { type Box, outSize, partsOf, threeAxes, triple } from './box.ts';
import type { ResampleCall } from './call.ts';
import type { Make } from './move.ts';
import { blocks, blockTaps, csr, csrAll, depths, join, type Packed } from './pack.ts';
import { isIdentity, mostTaps, type Rows } from './table.ts';

/** About 1e9 multiply-adds at most in one dispatch. */
const mostOf = (taps: number) => Math.max(Math.floor(1e9 / Math.max(taps, 1)), 1);

/** Inputs that a tile may span along an axis: beyond, its table and its zeros cost more than passes. */
const WIDEST = 24;

/** Lines that a tile may add up one after another. Its error in parts of what is allowed, worst of cubics and lanczos in three
 * dimensions: 0.51 at 64 lines, as all plans; 0.88 at 192; 2.3 at 576, where the other plans, whose sums nest, have 0.71. */
const LONGEST = 64;

/** Outputs that fill fewer than 8 workgroups of tile_pixel. */
const FEW = 8 * 64 * 64;

/** Outputs from which on a tile's loops get constant bounds, up to 6 taps: a tenth faster on SwiftShader, and one more pipeline
 * for each scale. Below, and from 7 taps on, the parameters bound them, and one pipeline serves all scales. */
const LARGE = 2 ** 18;

/** Whether sums go in parts: beyond 32 taps. */
const long = (rows: readonly Rows[]) => Number(Math.max(...rows.map(mostTaps)) > 32);

/** Taps of a row that a tile has unrolled: `lib/tile.wgsl` has no more. */
const UNROLLED = 8;

/** Plans of maps that add up weighted inputs: linear, cubic, area, filters, and the gradients of all but the one-to-one maps. */
export function sumPlans(call: ResampleCall, box: Box, adapter: Adapter, make: Make): Plan[] {
  const passes = passPlan(call, box, adapter, make);
  if (box.axes.length > 3) return passes ? [passes] : [];
  const { outer, inner, axes } = threeAxes(box, call, adapter);
  const { fill } = call;
  const real = call.x.dtype;
  const types = { real };
  const xSize = triple(axes, (r) => r.inSize);
  const ySize = triple(axes, outSize);
  const parts = partsOf(call, outer, product(xSize) * inner, product(ySize) * inner, adapter);
  const fused: Plan[] = [];

  const [d, h, w] = axes as [Rows, Rows, Rows];
  if (Math.max(blockTaps(h), blockTaps(w)) <= WIDEST && mostTaps(d) * mostTaps(h) <= LONGEST) {
    const mark = fill !== 0;
    const packed = [depths(d, mark), blocks(h, mark), blocks(w, mark)] as const;
    const table = join(packed);
    const taps = packed.map((p) => p.taps) as [number, number, number];
    const grid = [Math.ceil(ySize[2] / 4), Math.ceil(ySize[1] / 4)] as const;
    const most = mostOf(taps[0] * taps[1] * (taps[2] + 4) * 4);
    const bound = (n: number) => (product(call.shape) >= LARGE && n <= 6 ? n : 0);
    const steps = (kernel: Step['kernel'], xUnit: number, yUnit: number) =>
      parts.flatMap((s) =>
        dispatches(
          {
            kernel,
            types,
            constants: { TAPS: Math.min(taps[2], UNROLLED), TAPS_D: bound(taps[0]), TAPS_H: bound(taps[1]) },
            params: {
              ...{ x_size: xSize, inner: inner / xUnit, y_size: ySize, parts: table.at.map((n) => n / 4), taps },
              ...{ blocks: grid, x_at: s.at.x / xUnit, y_at: s.at.y / yUnit, fill },
            },
            bind: { ...s.bind, table: 'table' },
            count: (s.count * ySize[0] * grid[0] * grid[1] * inner) / xUnit,
          },
          adapter,
          most,
        ),
      );
    const spans = `${taps.join('x')} inputs for 4 x 4 outputs`;
    if (inner % 4 === 0 && parts.every((s) => s.at.x % 4 === 0 && s.at.y % 4 === 0))
      fused.push(make('tile_pixel', `channels last, vectors of channels: ${spans}`, steps(tilePixel, 4, 4), { table }));
    if (inner === 1 && ySize[2] % 4 === 0 && parts.every((s) => s.at.y % 4 === 0))
      fused.push(make('tile_row', `channels first, vectors along the row: ${spans}`, steps(tileRow, 1, 4), { table }));
    const single = make('tile', `any width and channel count: ${spans}`, steps(tile, 1, 1), { table });
    // A CPU's cores share work by workgroups: vectors of channels make a quarter as many, too few for a tiny result.
    if (adapter.software && fused[0]?.name === 'tile_pixel' && product(call.shape) < FEW) fused.unshift(single);
    else fused.push(single);
  }

  const table = csrAll(axes);
  const gatherSteps = parts.flatMap((s) =>
    dispatches(
      {
        kernel: gather,
        types,
        constants: { LONG: long(axes) },
        params: { x_size: xSize, inner, y_size: ySize, rows: table.at, x_at: s.at.x, y_at: s.at.y, fill },
        bind: { ...s.bind, table: 'table' },
        count: s.count * product(ySize) * inner,
      },
      adapter,
      mostOf(axes.reduce((n, r) => n * mostTaps(r), 1)),
    ),
  );
  const plain = make('gather', 'the plain sum over all taps, one output at a time', gatherSteps, { table });

  if (!passes) return [...fused, plain];
  // Loads per output: a tile shares its inputs among 16 outputs and a few more reads for weights; a pass reads every tap
  // with its weight and moves the intermediate tensors. One axis before channels is one pass, and tiles would have no rows to share.
  const shared = (blockTaps(h) * (blockTaps(w) + 4) * mostTaps(d)) / 16 + 1;
  const oneAxis = box.axes.length === 1 && inner > 1;
  return oneAxis || passCost(box) < shared || !fused.length ? [passes, ...fused, plain] : [...fused, passes, plain];
}

const growth = (rows: Rows) => outSize(rows) / rows.inSize;
/** Passes shrink first and enlarge last, so that the tensors between them are small. */
const inOrder = ({ axes }: Box) => axes.map((_, i) => i).sort((a, b) => growth(axes[a]!) - growth(axes[b]!) || b - a);

/** Reads per final output of a chain of passes. */
function passCost(box: Box): number {
  const sizes = box.axes.map((r) => r.inSize);
  const total = product(box.axes.map(outSize));
  let cost = 0;
  for (const axis of inOrder(box)) {
    const rows = box.axes[axis]!;
    sizes[axis] = outSize(rows);
    cost += ((2 * rows.weight.length) / outSize(rows) + 1) * (product(sizes) / total);
  }
  return cost;
}

/** One pass per axis over scratch tensors of f32. Undefined where a tensor between does not fit a binding. */
function passPlan(call: ResampleCall, box: Box, adapter: Adapter, make: Make): Plan | undefined {
  const { x } = call;
  const sizes = box.axes.map((r) => r.inSize);
  const order = inOrder(box).filter((axis) => !isIdentity(box.axes[axis]!));
  const limit = Math.min(adapter.limits.binding, adapter.limits.buffer);
  if (Math.max(product(call.x.shape) + x.skew, product(call.shape)) * BYTES[x.dtype] > limit) return undefined;
  const steps: Step[] = [];
  const tables: Record<string, Packed> = {};
  const scratch: Record<string, number> = {};
  let from = 'input';
  for (const [i, axis] of order.entries()) {
    const rows = box.axes[axis]!;
    const last = i === order.length - 1;
    const xAxis = sizes[axis]!;
    sizes[axis] = outSize(rows);
    const before = box.outer * product(sizes.slice(0, axis));
    const after = product(sizes.slice(axis + 1)) * box.inner;
    const elements = before * sizes[axis]! * after;
    const to = last ? 'output' : `between${i}`;
    if (!last) {
      if (elements * 4 > limit) return undefined;
      scratch[to] = elements * 4;
    }
    const xAt = i ? 0 : x.skew;
    const unit = after % 4 === 0 && xAt % 4 === 0 ? 4 : 1;
    const vec = (type: string) => (unit === 4 ? `vec4<${type}>` : type);
    tables[`table${i}`] = csr(rows, 0);
    steps.push(
      ...dispatches(
        {
          kernel: pass,
          types: { x_type: vec(i ? 'f32' : x.dtype), y_type: vec(last ? x.dtype : 'f32'), lanes: vec('f32') },
          constants: { LONG: long([rows]) },
          params: { x_axis: xAxis, y_axis: sizes[axis]!, inner: after / unit, x_at: xAt / unit, y_at: 0, fill: call.fill },
          bind: { x: from, table: `table${i}`, y: to },
          count: elements / unit,
        },
        adapter,
        mostOf(mostTaps(rows) * unit),
      ),
    );
    from = to;
  }
  // A row without taps on one axis and the fill value on the next would be weighted again: fused kernels do that exactly.
  if (call.fill !== 0 && order.length > 1 && box.axes.length <= 3 && box.axes.some((r) => r.ptr.some((p, o) => o > 0 && p === r.ptr[o - 1]))) return undefined;
  return make('passes', `one axis at a time: ${order.map((axis) => `${mostTaps(box.axes[axis]!)} taps`).join(', ')}`, steps, tables, scratch);
}
