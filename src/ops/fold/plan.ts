import fold from '../../../shaders/fold/fold.wgsl';
import foldRow from '../../../shaders/fold/fold_row.wgsl';
import unfold from '../../../shaders/fold/unfold.wgsl';
import unfoldHalf from '../../../shaders/fold/unfold_half.wgsl';
import unfoldWindow from '../../../shaders/fold/unfold_window.wgsl';
import { UpsampleError } from '../../check.ts';
import { type Adapter, BYTES, type Plan, product, type TensorSpec } from '../../plan.ts';
import { type ConvAxis, stridesOf, threeAxes } from '../conv/geometry.ts';
import { partsOf } from '../resample/box.ts';
import { checkBuffers, dispatches, type Slice } from '../slices.ts';
import type { FoldCall } from './arguments.ts';
import { blocksOf, type Lists, listsOf, mostOf, packed } from './lists.ts';

/** Elements that one dispatch moves or adds at most. */
const MOST = 1e9;

/** Every admissible plan, best first for the adapter.
 * @throws UpsampleError `limit-exceeded` when a tensor or a table cannot be bound, not even in windows */
export function foldPlans(call: FoldCall, adapter: Adapter): Plan[] {
  const { op, x, shape } = call;
  const { binding } = adapter.limits;
  const output: TensorSpec = { shape, dtype: x.dtype, layout: x.layout, skew: 0 };
  const bare = { outputs: { output }, scratch: {}, tables: {} };
  checkBuffers(op, bare.outputs, adapter);
  if (product(shape) === 0) return [{ ...bare, name: 'empty', why: 'nothing to compute', steps: [] }];
  const box = boxOf(call);
  const parts = partsOf(call, box.batch, call.fold ? box.columns : box.image, call.fold ? box.image : box.columns, adapter);
  const plans = (call.fold ? folds : unfolds)(call, box, parts, adapter).map((plan): Plan => ({ ...bare, ...plan }));
  const fit = plans.filter((plan) => Object.values(plan.tables).every((t) => t.byteLength <= binding));
  if (!fit.length) throw new UpsampleError('limit-exceeded', op, `the tables of [${shape.join(', ')}] exceed a binding of ${binding} bytes`);
  return fit;
}

/** Image and columns of a call: where channels come first they are part of the batch, since the channels of both follow one another. */
interface Box {
  readonly batch: number;
  readonly channels: number;
  readonly taps: number;
  readonly windows: number;
  /** Elements of one of the batch. */
  readonly image: number;
  readonly columns: number;
  readonly last: boolean;
}

function boxOf({ x, shape, axes, fold: back }: FoldCall): Box {
  const [n, c, ...size] = (back ? shape : x.shape) as [number, number, ...number[]];
  const last = x.layout === 'nhwc';
  const [batch, channels] = last ? [n, c] : [n * c, 1];
  const taps = product(axes.map((a) => a.kernel));
  const windows = product(axes.map((a) => a.small));
  return { batch, channels, taps, windows, image: channels * product(size), columns: channels * taps * windows, last };
}

type Made = Pick<Plan, 'name' | 'why' | 'steps'> & Partial<Pick<Plan, 'tables'>>;

/** Plans that copy windows into columns. */
function unfolds({ x, axes }: FoldCall, box: Box, parts: readonly Slice<'x' | 'y'>[], adapter: Adapter): Made[] {
  const three = threeAxes(axes);
  const all = (name: keyof ConvAxis) => three.map((a) => a[name]);
  const half = BYTES[x.dtype] === 2;
  const steps = (kernel: Plan['steps'][number]['kernel'], each: number) =>
    parts.flatMap((s) =>
      dispatches(
        {
          kernel,
          types: {},
          constants: { LAST: Number(box.last) },
          params: {
            x_size: all('large'),
            channels: box.channels,
            y_size: all('small'),
            windows: box.windows,
            stride: all('stride'),
            x_batch: box.image,
            dilation: all('dilation'),
            pad: all('pad'),
            kernel: all('kernel'),
            taps: box.taps,
            x_step: stridesOf(x.shape, x.layout).axes,
            x_at: s.at.x,
            y_at: half ? s.at.y / 2 : s.at.y,
          },
          bind: s.bind,
          count: Math.ceil((s.count * each) / (half ? 2 : 1)),
        },
        adapter,
        (MOST * each) / box.columns,
      ),
    );
  if (half) return [{ name: 'unfold_half', why: 'the plain copy of 2-byte elements, a pair at a time', steps: steps(unfoldHalf, box.columns) }];
  return [
    { name: 'unfold_window', why: 'all taps of a window at a time', steps: steps(unfoldWindow, box.channels * box.windows) },
    { name: 'unfold', why: 'the plain copy, a word at a time', steps: steps(unfold, box.columns) },
  ];
}

/** Plans that add up columns: each output gathers what windows have of it. */
function folds({ x, axes }: FoldCall, box: Box, parts: readonly Slice<'x' | 'y'>[], adapter: Adapter): Made[] {
  const three = threeAxes(axes);
  // Steps of a tap and of a window in x: [taps, windows] in memory, or [windows, channels, taps].
  const [tap, window] = box.last ? [1, box.channels * box.taps] : [box.windows, 1];
  const lists = three.map((axis, i) => {
    const after = three.slice(i + 1);
    return listsOf(axis, tap * product(after.map((a) => a.kernel)), window * product(after.map((a) => a.small)));
  }) as [Lists, Lists, Lists];
  const size = three.map((a) => a.large) as [number, number, number];
  const most = lists.map(mostOf);
  const params = { size, channels: box.channels, x_batch: box.columns, taps: box.last ? box.taps : 0 };
  const types = { real: x.dtype };
  const plain = packed(lists);
  const rows = packed(lists.slice(0, 2));
  const blocks = Math.ceil(size[2] / 4);
  const TAPS = Math.max(most[2]!, 1);
  return [
    {
      name: 'fold_row',
      why: `4 neighbours at a time, of up to ${most.join(' x ')} taps`,
      tables: { table: rows.table, columns: blocksOf(lists[2], TAPS) },
      steps: parts.flatMap((s) =>
        dispatches(
          {
            kernel: foldRow,
            types,
            constants: { TAPS },
            params: { ...params, lists: rows.at, blocks, x_at: s.at.x, y_at: s.at.y },
            bind: { ...s.bind, table: 'table', columns: 'columns' },
            count: s.count * size[0] * size[1] * blocks * box.channels,
          },
          adapter,
          MOST / (4 * product(most)),
        ),
      ),
    },
    {
      name: 'fold',
      why: 'the plain sum, one output at a time',
      tables: { table: plain.table },
      steps: parts.flatMap((s) =>
        dispatches(
          {
            kernel: fold,
            types,
            constants: {},
            params: { ...params, lists: plain.at, x_at: s.at.x, y_at: s.at.y },
            bind: { ...s.bind, table: 'table' },
            count: s.count * box.image,
          },
          adapter,
          MOST / product(most),
        ),
      ),
    },
  ];
}
