import { checkOptions, checkShape, countElements, flag, oneOf, refuse, show } from '../../check.ts';
import { BYTES, type Layout, product, type TensorSpec } from '../../plan.ts';
import { checkReal, checkSame } from '../pointwise/broadcast.ts';
import type { Given } from '../several.ts';
import type { ReduceCall, SoftmaxCall } from './call.ts';

export interface ReduceOptions {
  /** Axes that are summed over, negative from the end; default all. */
  axes?: readonly number[] | undefined;
  /** Whether they stay, with size 1; default false. */
  keepDims?: boolean | undefined;
}

export interface SpreadOptions extends ReduceOptions {
  /** Layout of the forward input where the sum has none of its own; default that of dy. */
  inputLayout?: Layout | undefined;
}

export interface SoftmaxOptions {
  /** Axis along which the results add up to 1, negative from the end; default 1, the channels. */
  axis?: number | undefined;
}

function axisOf(op: string, name: string, axis: unknown, rank: number): number {
  if (typeof axis !== 'number' || !Number.isInteger(axis) || axis < -rank || axis >= rank)
    refuse(op, `${name} ${show(axis)}`, rank ? `expected whole numbers from ${-rank} to ${rank - 1}` : 'the tensor has no axes');
  return axis < 0 ? axis + rank : axis;
}

/** Whether the order in memory depends on the layout. */
const has = ({ shape }: { readonly shape: readonly number[] }) => shape.length > 2;

/** The sum's shape, and its layout: that of x while it has a batch and channels, else none. */
function sumOf(op: string, x: TensorSpec, axes: readonly number[], keepDims: boolean): TensorSpec {
  const summed = (axis: number) => axes.includes(axis);
  const shape = keepDims ? x.shape.map((n, axis) => (summed(axis) ? 1 : n)) : x.shape.filter((_, axis) => !summed(axis));
  const channelsLast = x.layout === 'nhwc' && has(x);
  const spatial = x.shape.some((n, axis) => axis > 1 && !summed(axis) && n > 1);
  if (channelsLast && !keepDims && summed(0) && !summed(1) && x.shape[1]! > 1 && spatial)
    refuse(op, `without its batch axis the sum of an nhwc tensor [${x.shape.join(', ')}] has no layout`, 'use keepDims');
  const kept = keepDims || (!summed(0) && !summed(1));
  return { shape, dtype: x.dtype, layout: kept && has({ shape }) ? x.layout : 'nchw', skew: 0 };
}

/** Completes the arguments of `sum` and `mean`. */
export const reduceCall =
  (mean: boolean) =>
  (op: string, x: TensorSpec, options: ReduceOptions = {}): ReduceCall => {
    checkOptions(op, options, ['axes', 'keepDims']);
    checkReal(op, 'x', x);
    const rank = x.shape.length;
    const given: unknown = options.axes;
    if (given !== undefined && !Array.isArray(given)) refuse(op, `axes is ${show(given)}`, 'expected an array of axes');
    const axes = given === undefined ? x.shape.map((_, i) => i) : given.map((axis) => axisOf(op, 'axes contains', axis, rank));
    if (new Set(axes).size !== axes.length) refuse(op, `axes ${show(options.axes)} names an axis twice`, 'expected each axis once');
    const sum = sumOf(op, x, axes, flag(op, 'keepDims', options.keepDims));
    const n = product(axes.map((axis) => x.shape[axis]!));
    if (mean && n === 0 && product(sum.shape) > 0) refuse(op, `x [${x.shape.join(', ')}] has no elements`, 'expected some to take the mean of');
    return { op, full: x, axes: [...axes].sort((a, b) => a - b), sum, mean, x };
  };

/** Completes the arguments of their transposes. */
export const spreadCall =
  (mean: boolean) =>
  (op: string, dy: TensorSpec, inputShape: readonly number[], options: SpreadOptions = {}): ReduceCall => {
    checkOptions(op, options, ['axes', 'keepDims', 'inputLayout']);
    checkReal(op, 'dy', dy);
    const { inputLayout, ...rest } = options;
    const shape = checkShape(op, 'inputShape', inputShape);
    countElements(op, 'the result', shape, BYTES[dy.dtype]);
    const layout = oneOf(op, 'inputLayout', inputLayout, ['nchw', 'nhwc'] as const, dy.layout);
    const call = reduceCall(mean)(op, { shape, dtype: dy.dtype, layout, skew: 0 }, rest);
    checkSame(op, 'dy', dy, 'the sum', call.sum);
    return { ...call, x: dy };
  };

/** Completes the arguments of `softmax` and `logSoftmax`; of their gradients y is the result. */
export const softmaxCall =
  (log: boolean) =>
  (op: string, { x, y, dy }: Given, options: SoftmaxOptions): SoftmaxCall => {
    checkOptions(op, options, ['axis']);
    const input = (x ?? y) as TensorSpec;
    const back = dy as TensorSpec | undefined;
    if (back) checkReal(op, 'dy', back);
    checkReal(op, back ? 'y' : 'x', input, back);
    if (back) checkSame(op, 'y', input, 'dy', back);
    const rank = input.shape.length;
    const { axis = 1 } = options;
    return { op, x: input, log, axis: axisOf(op, 'axis is', axis, rank), ...(back && { dy: back }) };
  };
