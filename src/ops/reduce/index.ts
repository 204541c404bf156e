import { type Operation, operation, type PrepareSpec } from '../../op.ts';
import type { Tensor } from '../../tensor.ts';
import { type Several, several } from '../several.ts';
import { type ReduceOptions, reduceCall, type SoftmaxOptions, type SpreadOptions, softmaxCall, spreadCall } from './arguments.ts';
import type { ReduceCall, SoftmaxCall } from './call.ts';
import { reducePlans, spreadPlans } from './plan.ts';
import { softmaxPlans } from './softmax.ts';

export type { ReduceOptions, SoftmaxOptions, SpreadOptions } from './arguments.ts';

/** Shape of the forward input. */
interface Backward {
  readonly inputShape: readonly number[];
}

const reduce = (op: string, mean: boolean): Operation<[options?: ReduceOptions], ReduceOptions> =>
  operation<[options?: ReduceOptions], ReduceOptions, ReduceCall>(op, reduceCall(mean), reducePlans, (options) => [options]);
const spread = (op: string, mean: boolean): Operation<[inputShape: readonly number[], options?: SpreadOptions], SpreadOptions & Backward> =>
  operation<[inputShape: readonly number[], options?: SpreadOptions], SpreadOptions & Backward, ReduceCall>(
    op,
    spreadCall(mean),
    spreadPlans,
    ({ inputShape, ...options }) => [inputShape, options],
  );

/** The sum over `axes`, in a fixed order: parts of at most 256 elements, then sums of parts.
 * @param x any shape, f32 or f16; sums are f32
 * @param options `axes` all, negative ones from the end; `keepDims` false: whether they stay with size 1
 * @returns the sum, in the dtype of x; `nchw` where batch or channels are gone
 * @throws UpsampleError `invalid-argument`, `limit-exceeded`, `disposed`, `device-mismatch`, `device-lost`
 * Source: PyTorch sum; ONNX ReduceSum. */
export const sum: Operation<[options?: ReduceOptions], ReduceOptions> = /*#__PURE__*/ reduce('sum', false);
/** `dx = dy` wherever an element went into its sum: the transpose of `sum`.
 * @param dy gradient of the sum
 * @param inputShape shape of the forward input
 * @param options as given to `sum`; `inputLayout` that of dy: give it where the forward input was `nhwc` and dy is not
 * @returns dx, of `inputShape`, in the dtype of dy
 * @throws UpsampleError as `sum` */
export const sumBackward: Operation<[inputShape: readonly number[], options?: SpreadOptions], SpreadOptions & Backward> = /*#__PURE__*/ spread(
  'sumBackward',
  false,
);
/** The mean over `axes`: `sum` divided by the number of elements in each. Arguments as `sum`.
 * @throws UpsampleError as `sum`, `invalid-argument` also where there is nothing to take the mean of
 * Source: PyTorch mean; ONNX ReduceMean. */
export const mean: Operation<[options?: ReduceOptions], ReduceOptions> = /*#__PURE__*/ reduce('mean', true);
/** `dx = dy / n` wherever one of n elements went into its mean: the transpose of `mean`. Arguments as `sumBackward`.
 * @throws UpsampleError as `mean` */
export const meanBackward: Operation<[inputShape: readonly number[], options?: SpreadOptions], SpreadOptions & Backward> = /*#__PURE__*/ spread(
  'meanBackward',
  true,
);

/** Softmax or its logarithm. */
export type Softmax = Operation<[options?: SoftmaxOptions], SoftmaxOptions>;
/** Its gradient, from the result of the forward call. */
export type SoftmaxBackward = Several<
  [dy: Tensor, y: Tensor, options?: SoftmaxOptions],
  { dy: PrepareSpec; y: PrepareSpec } & SoftmaxOptions,
  Tensor,
  'dy' | 'y' | 'output'
>;

const forward = (op: string, log: boolean): Softmax =>
  operation<[options?: SoftmaxOptions], SoftmaxOptions, SoftmaxCall>(
    op,
    (name, x, options = {}) => softmaxCall(log)(name, { x }, options),
    softmaxPlans,
    (options) => [options],
  );
const backward = (op: string, log: boolean): SoftmaxBackward => several(op, { tensors: ['dy', 'y'], check: softmaxCall(log), plans: softmaxPlans });

/** `y[c] = exp(x[c] - m) / (sum over d of exp(x[d] - m))` along one axis, m the largest.
 * @param x any shape, f32 or f16
 * @param options `axis` 1, the channels, whatever the layout; negative from the end
 * @returns y, in the shape, layout and dtype of x
 * @throws UpsampleError `invalid-argument`, `limit-exceeded`, `disposed`, `device-mismatch`, `device-lost`
 * Source: PyTorch softmax; ONNX Softmax-13. */
export const softmax: Softmax = /*#__PURE__*/ forward('softmax', false);
/** `dx[c] = y[c] * (dy[c] - sum over d of dy[d] * y[d])`: the gradient of `softmax`.
 * @param dy gradient of the result
 * @param y the result of the forward call, not its argument
 * @param options as given to `softmax`
 * @returns dx, in the shape, layout and dtype of y
 * @throws UpsampleError as `softmax` */
export const softmaxBackward: SoftmaxBackward = /*#__PURE__*/ backward('softmaxBackward', false);
/** `y[c] = x[c] - m - log(sum over d of exp(x[d] - m))` along one axis, m the largest. Arguments as `softmax`.
 * @throws UpsampleError as `softmax`
 * Source: PyTorch log_softmax. */
export const logSoftmax: Softmax = /*#__PURE__*/ forward('logSoftmax', true);
/** `dx[c] = dy[c] - exp(y[c]) * sum over d of dy[d]`: the gradient of `logSoftmax`. Arguments as `softmaxBackward`.
 * @throws UpsampleError as `softmax` */
export const logSoftmaxBackward: SoftmaxBackward = /*#__PURE__*/ backward('logSoftmaxBackward', true);
