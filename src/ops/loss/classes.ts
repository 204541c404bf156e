import classesKernel from '../../../shaders/loss/classes.wgsl';
import classesSlope from '../../../shaders/loss/classes_slope.wgsl';
import ratio from '../../../shaders/loss/ratio.wgsl';
import weigh from '../../../shaders/loss/weigh.wgsl';
import { UpsampleError } from '../../check.ts';
import { type Adapter, type Plan, product, type Step, type TensorSpec } from '../../plan.ts';
import { stridesOf } from '../pointwise/broadcast.ts';
import { type Deal, deals, folds, WHY } from '../reduce/fold.ts';
import { type Cut, checkBuffers, cutOf, dispatches, type Slice, slices } from '../slices.ts';
import { lossSpec } from './arguments.ts';
import type { ClassesCall } from './call.ts';

/** Exponentials of one dispatch, to keep it short on software adapters. */
const MOST_WORK = 2 ** 28;

/** Runs of samples whose tensors fit bindings: x, labels, and those of `more`, with elements of a position or of a sample. */
function parts({ op, x, labels }: ClassesCall, more: Readonly<Record<string, Cut>>, adapter: Adapter): Slice<string>[] {
  const [sample, positions] = [x, labels].map((t) => product(t.shape.slice(1))) as [number, number];
  return slices(op, x.shape[0]!, { x: cutOf('x', x, sample), labels: cutOf('labels', labels, positions), ...more }, adapter);
}

/** What the kernels know of x and of labels. */
function common({ x, weight, ignoreIndex }: ClassesCall, { first, count, bind, at }: Slice<string>) {
  const [, classes = 1] = x.shape;
  const positions = product(x.shape.slice(2));
  const strides = stridesOf(x.shape, x.layout);
  return {
    count: count * positions,
    first: first * positions,
    params: {
      ...{ classes, positions, sample: classes * positions, class_: strides[1]!, position: x.layout === 'nhwc' && x.shape.length > 2 ? classes : 1 },
      ...{ ignored: ignoreIndex >>> 0, x_at: at['x']!, labels_at: at['labels']!, weight_at: weight?.skew ?? 0, nan: Number.NaN },
    },
    bind: { x: bind['x']!, labels: bind['labels']!, weight: weight ? 'weight' : bind['labels']! },
    types: { real_x: x.dtype, real_w: weight?.dtype ?? 'f32' },
  };
}

/** Refuses sums over positions that no binding can hold. */
function partBytes(op: string, bytes: number, { limits }: Adapter): number {
  const most = Math.min(limits.binding, limits.buffer);
  if (bytes > most) throw new UpsampleError('limit-exceeded', op, `the losses of all positions need ${bytes} bytes; the device allows bindings of ${most}`);
  return Math.max(bytes, 4);
}

const MAKE = { tables: {} };

/** Every admissible plan of cross entropy, best first. */
export function classesPlans(call: ClassesCall, adapter: Adapter): Plan[] {
  const { op, x, labels, weight, reduction } = call;
  const output = lossSpec({ ...labels, dtype: x.dtype }, reduction);
  const outputs = { output };
  checkBuffers(op, outputs, adapter);
  const all = product(labels.shape);
  const [each, mean] = [reduction === 'none', reduction === 'mean'];
  const bytes = each ? 0 : partBytes(op, all * (mean ? 8 : 4), adapter);
  const positions = product(x.shape.slice(2));
  const written: Record<string, Cut> = each ? { y: cutOf('output', output, positions) } : {};
  const steps = parts(call, written, adapter).flatMap((part): Step[] => {
    const { count, first, params, bind, types } = common(call, part);
    const y = each ? { bind: part.bind['y']!, at: part.at['y']! } : { bind: 'part', at: first };
    return dispatches(
      {
        kernel: classesKernel,
        types: { ...types, real_y: each ? x.dtype : 'f32' },
        constants: { WEIGHTED: Number(!!weight), TOTAL: Number(mean) },
        params: { ...params, y_at: y.at, total: all + first },
        bind: { ...bind, y: y.bind },
        count,
      },
      adapter,
      MOST_WORK / x.shape[1]!,
    );
  });
  if (each) return [{ name: all ? 'plain' : 'empty', why: 'one position an invocation', outputs, scratch: {}, ...MAKE, steps }];
  const plan = (deal: Deal): Plan => {
    const groups = [...(mean ? [{ size: 2, summed: false }] : []), { size: all, summed: true }];
    const what = { pair: 0, p: { name: 'part', dtype: 'f32', skew: 0 } } as const;
    const sum = folds(op, 'fold', what, groups, { name: mean ? 'sums' : 'output', dtype: 'f32', scale: 1 }, deal, adapter);
    const divide: Step = { kernel: ratio, types: {}, constants: {}, params: { y_at: 0 }, bind: { part: 'sums', y: 'output' }, grid: [1, 1, 1] };
    const scratch = { part: bytes, ...sum.scratch, ...(mean && { sums: 8 }) };
    return { name: deal, why: WHY[deal], outputs, scratch, ...MAKE, steps: [...steps, ...sum.steps, ...(mean ? [divide] : [])] };
  };
  return deals(adapter).map(plan);
}

/** Every admissible plan of its gradient, and with `g` of what that is in x, best first. */
export function classesBackwardPlans(call: ClassesCall, adapter: Adapter): Plan[] {
  const { op, x, labels, weight, ignoreIndex, reduction, dy, g } = call;
  const output: TensorSpec = { ...x, skew: 0 };
  const outputs = { output };
  checkBuffers(op, outputs, adapter);
  const all = product(labels.shape);
  const [each, mean] = [reduction === 'none', reduction === 'mean'];
  const WEIGHTED = Number(!!weight);
  const positions = product(x.shape.slice(2));
  const sample = x.shape[1]! * positions;
  const more = { y: cutOf('output', output, sample), ...(each && { dy: cutOf('dy', dy!, positions) }), ...(g && { g: cutOf('g', g, sample) }) };
  const slopes = parts(call, more, adapter).flatMap((part): Step[] => {
    const { count, params, bind, types } = common(call, part);
    const from = (name: string) => ({ bind: part.bind[name]!, at: part.at[name]! });
    const [back, twice, y] = [each ? from('dy') : { bind: 'dy', at: dy!.skew }, from(g ? 'g' : 'x'), from('y')];
    return dispatches(
      {
        kernel: classesSlope,
        types: { ...types, real_dy: dy!.dtype },
        constants: { WEIGHTED, TOTAL: Number(mean), EACH: Number(each), TWICE: Number(!!g) },
        params: { ...params, dy_at: back.at, g_at: twice.at, y_at: y.at },
        bind: { ...bind, dy: back.bind, g: twice.bind, total: mean ? 'total' : bind.labels, y: y.bind },
        count,
      },
      adapter,
      MOST_WORK / x.shape[1]!,
    );
  });
  const plain = { name: slopes.length ? 'plain' : 'empty', why: 'one position an invocation', outputs, scratch: {}, ...MAKE, steps: slopes };
  if (!mean || !slopes.length) return [plain];
  const bytes = partBytes(op, all * 4, adapter);
  const weights = dispatches(
    {
      kernel: weigh,
      types: { real_w: weight?.dtype ?? 'f32' },
      constants: { WEIGHTED },
      params: {
        ...{ classes: x.shape[1]!, ignored: ignoreIndex >>> 0, labels_at: labels.skew, weight_at: weight?.skew ?? 0 },
        y_at: 0,
        nan: Number.NaN,
      },
      bind: { labels: 'labels', weight: weight ? 'weight' : 'labels', y: 'part' },
      count: all,
    },
    adapter,
  );
  return deals(adapter).map((deal) => {
    const what = { pair: 0, p: { name: 'part', dtype: 'f32', skew: 0 } } as const;
    const sum = folds(op, 'fold', what, [{ size: all, summed: true }], { name: 'total', dtype: 'f32', scale: 1 }, deal, adapter);
    return { ...plain, name: deal, why: WHY[deal], scratch: { part: bytes, ...sum.scratch, total: 4 }, steps: [...weights, ...sum.steps, ...slopes] };
  });
}
