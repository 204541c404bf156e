import { type Operation, operation } from '../../op.ts';
import type { TensorSpec } from '../../plan.ts';
import { type FoldCall, type FoldOptions, foldBackwardCall, foldCall, type UnfoldOptions, unfoldBackwardCall, unfoldCall } from './arguments.ts';
import { foldPlans } from './plan.ts';

export type { FoldOptions, UnfoldOptions } from './arguments.ts';

const forward = <O extends object>(op: string, check: (op: string, x: TensorSpec, options: O) => FoldCall): Operation<[options: O], O> =>
  operation(
    op,
    (name: string, x: TensorSpec, options: O = {} as O) => check(name, x, options), // left out, the sentence says what is missing
    foldPlans,
    (options: O): [O] => [options],
  );

/** `y[n, c*K + t, o] = x[n, c, o*stride - pad + t*dilation]`, 0 outside, bit for bit: the elements of every window as a column (im2col).
 * @param x [N, C, L], [N, C, H, W] or [N, C, D, H, W], any dtype
 * @param options `kernelSize`, K taps in all; `stride` 1, `padding` 0 (one, one an axis, or pairs [begin, end]), `dilation` 1
 * @returns [N, C*K, windows]: `floor((size + pads - dilation*(kernel-1) - 1)/stride) + 1` windows an axis, row-major, in the layout and dtype of x
 * @throws UpsampleError `invalid-argument`, `limit-exceeded`, `disposed`, `device-mismatch`, `device-lost`
 * Source: PyTorch Unfold. */
export const unfold: Operation<[options: UnfoldOptions], UnfoldOptions> = /*#__PURE__*/ forward('unfold', unfoldCall);

/** `dx[n, c, i] = sum over windows o and taps t at i of dy[n, c*K + t, o]`: the gradient of `unfold`, a fold. Deterministic.
 * @param dy gradient of the result, f32 or f16
 * @param inputShape shape of the forward input
 * @param options as given to `unfold`
 * @throws UpsampleError as `unfold` */
export const unfoldBackward: Operation<
  [inputShape: readonly number[], options: UnfoldOptions],
  UnfoldOptions & { /** [N, C, ...spatial] of the forward input. */ inputShape: readonly number[] }
> = /*#__PURE__*/ operation(
  'unfoldBackward',
  (op: string, dy: TensorSpec, inputShape: readonly number[], options: UnfoldOptions = {} as UnfoldOptions) => unfoldBackwardCall(op, dy, inputShape, options),
  foldPlans,
  ({ inputShape, ...options }): [readonly number[], UnfoldOptions] => [inputShape, options],
);

/** `y[n, c, i] = sum over windows o and taps t with o*stride - pad + t*dilation = i of x[n, c*K + t, o]`: columns back in their places, overlaps added up
 * (col2im), the transpose of `unfold`. Deterministic.
 * @param x [N, C*K, windows], f32 or f16
 * @param options `outputSize` [L], [H, W] or [D, H, W]; `kernelSize`, `stride` 1, `padding` 0, `dilation` 1 as of `unfold`
 * @returns [N, C, ...outputSize], in the layout and dtype of x; 0 where no window reaches
 * @throws UpsampleError as `unfold`
 * Source: PyTorch Fold; ONNX Col2Im-18. */
export const fold: Operation<[options: FoldOptions], FoldOptions> = /*#__PURE__*/ forward('fold', foldCall);

/** `dx[n, c*K + t, o] = dy[n, c, o*stride - pad + t*dilation]`: the gradient of `fold`, an unfold.
 * @param dy gradient of the result, f32 or f16
 * @param options as given to `fold`
 * @throws UpsampleError as `unfold` */
export const foldBackward: Operation<[options: FoldOptions], FoldOptions> = /*#__PURE__*/ forward('foldBackward', foldBackwardCall);
