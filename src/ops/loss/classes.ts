import classesKernel from '../../../shaders/loss/classes.wgsl';
import classesSlope from '../../../shaders/loss/classes_slope.wgsl';
import ratio from '../../../shaders/loss/ratio.wgsl';
import weigh from '../../../shaders/loss/weigh.wgsl';
import { UpsampleError } from '../../check.ts';
import { type Adapter, BYTES, cover, type Plan, product, type Step, type TensorSpec } from '../../plan.ts';
import { stridesOf } from '../pointwise/broadcast.ts';
import { stretchOf } from '../pointwise/cells.ts';
import { type Deal, deals, folds, WHY } from '../reduce/fold.ts';
import { checkBuffers } from '../slices.ts';
import { lossSpec } from './arguments.ts';
import type { ClassesCall } from './call.ts';

/** Exponentials of one dispatch, to keep it short on software adapters. */
const MOST_WORK = 2 ** 28;

/** Samples whose x fits a binding. */
interface Part {
  readonly from: number;
  readonly samples: number;
}

/** Cuts the batch so that x fits bindings. */
function parts({ op, x, labels }: ClassesCall, { limits }: Adapter): Part[] {
  const [n = 0] = x.shape;
  const each = product(x.shape.slice(1)) * BYTES[x.dtype];
  const whole = (product(x.shape) + x.skew) * BYTES[x.dtype] <= limits.binding && (product(labels.shape) + labels.skew) * 4 <= limits.binding;
  const bytes = Math.max(each, product(labels.shape.slice(1)) * 4);
  const most = whole ? n : Math.floor((limits.binding - 512) / bytes);
  if (most < 1 && n)
    throw new UpsampleError('limit-exceeded', op, `one sample of ${bytes} bytes exceeds a storage binding; the device allows ${limits.binding} bytes`);
  const list: Part[] = [];
  for (let from = 0; from < n; from += most) list.push({ from, samples: Math.min(most, n - from) });
  return list;
}

/** What the kernels know of x and of labels. */
function common({ x, labels, weight, ignoreIndex }: ClassesCall, { from, samples }: Part, { limits }: Adapter) {
  const [, classes = 1] = x.shape;
  const positions = product(x.shape.slice(2));
  const strides = stridesOf(x.shape, x.layout);
  const sample = classes * positions;
  const input = stretchOf('x', x.dtype, x.skew, from * sample, samples * sample, limits);
  const label = stretchOf('labels', labels.dtype, labels.skew, from * positions, samples * positions, limits);
  return {
    count: samples * positions,
    first: from * positions,
    sample,
    input,
    params: {
      ...{ classes, positions, sample, class_: strides[1]!, position: x.layout === 'nhwc' && x.shape.length > 2 ? classes : 1 },
      ...{ ignored: ignoreIndex >>> 0, x_at: input.at, labels_at: label.at, weight_at: weight?.skew ?? 0, nan: Number.NaN },
    },
    bind: { x: input.bind, labels: label.bind, weight: weight ? 'weight' : label.bind },
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
  const { limits } = adapter;
  const [each, mean] = [reduction === 'none', reduction === 'mean'];
  const bytes = each ? 0 : partBytes(op, all * (mean ? 8 : 4), adapter);
  const steps = parts(call, adapter).flatMap((part): Step[] => {
    const { count, first, params, bind, types } = common(call, part, adapter);
    const y = each ? stretchOf('output', x.dtype, 0, first, count, limits) : { bind: 'part', at: first };
    return cover(count, limits.groups, MOST_WORK / x.shape[1]!).map(({ base, grid }) => ({
      kernel: classesKernel,
      types: { ...types, real_y: each ? x.dtype : 'f32' },
      constants: { WEIGHTED: Number(!!weight), TOTAL: Number(mean) },
      params: { ...params, y_at: y.at, total: all + first, count, base },
      bind: { ...bind, y: y.bind },
      grid,
    }));
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
  const { limits } = adapter;
  const [each, mean] = [reduction === 'none', reduction === 'mean'];
  const WEIGHTED = Number(!!weight);
  const slopes = parts(call, adapter).flatMap((part): Step[] => {
    const { count, first, sample, input, params, bind, types } = common(call, part, adapter);
    const elements = part.samples * sample;
    const back = each ? stretchOf('dy', dy!.dtype, dy!.skew, first, count, limits) : { bind: 'dy', at: dy!.skew };
    const twice = g ? stretchOf('g', g.dtype, g.skew, part.from * sample, elements, limits) : input;
    const y = stretchOf('output', x.dtype, 0, part.from * sample, elements, limits);
    return cover(count, limits.groups, MOST_WORK / x.shape[1]!).map(({ base, grid }) => ({
      kernel: classesSlope,
      types: { ...types, real_dy: dy!.dtype },
      constants: { WEIGHTED, TOTAL: Number(mean), EACH: Number(each), TWICE: Number(!!g) },
      params: { ...params, dy_at: back.at, g_at: twice.at, y_at: y.at, count, base },
      bind: { ...bind, dy: back.bind, g: twice.bind, total: mean ? 'total' : bind.labels, y: y.bind },
      grid,
    }));
  });
  const plain = { name: slopes.length ? 'plain' : 'empty', why: 'one position an invocation', outputs, scratch: {}, ...MAKE, steps: slopes };
  if (!mean || !slopes.length) return [plain];
  const bytes = partBytes(op, all * 4, adapter);
  const label = stretchOf('labels', labels.dtype, labels.skew, 0, all, limits);
  const weights = cover(all, limits.groups).map(
    ({ base, grid }): Step => ({
      kernel: weigh,
      types: { real_w: weight?.dtype ?? 'f32' },
      constants: { WEIGHTED },
      params: {
        ...{ classes: x.shape[1]!, ignored: ignoreIndex >>> 0, labels_at: label.at, weight_at: weight?.skew ?? 0 },
        y_at: 0,
        nan: Number.NaN,
        count: all,
        base,
      },
      bind: { labels: label.bind, weight: weight ? 'weight' : label.bind, y: 'part' },
      grid,
    }),
  );
  return deals(adapter).map((deal) => {
    const what = { pair: 0, p: { name: 'part', dtype: 'f32', skew: 0 } } as const;
    const sum = folds(op, 'fold', what, [{ size: all, summed: true }], { name: 'total', dtype: 'f32', scale: 1 }, deal, adapter);
    return { ...plain, name: deal, why: WHY[deal], scratch: { part: bytes, ...sum.scratch, total: 4 }, steps: [...weights, ...sum.steps, ...slopes] };
  });
}
