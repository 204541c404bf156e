import type { Context } from '../../context.ts';
import type { Explanation, Prepared, PrepareSpec } from '../../op.ts';
import type { Tensor } from '../../tensor.ts';
import { type GradientOf, type Several, several } from '../several.ts';
import { type LinearGradient, linearBackwardCall, linearCall, type MatmulGradient, type MatmulOptions, matmulBackwardCall, matmulCall } from './arguments.ts';
import { matmulPlans } from './plan.ts';

export type { LinearGradient, MatmulGradient, MatmulOptions } from './arguments.ts';

const all = (outputs: Record<string, Tensor>) => outputs;

type Matmul = Several<[a: Tensor, b: Tensor, options?: MatmulOptions], { a: PrepareSpec; b: PrepareSpec } & MatmulOptions, Tensor, 'a' | 'b' | 'output'>;
/** Which gradients are wanted. */
interface Chosen<G extends string> {
  gradients?: readonly G[] | undefined;
}
type MatmulBackwardSpec = { dy: PrepareSpec; a: PrepareSpec; b: PrepareSpec } & MatmulOptions;
/** The gradients of a product. */
export interface MatmulBackward {
  <G extends MatmulGradient = MatmulGradient>(dy: Tensor, a: Tensor, b: Tensor, options?: MatmulOptions & Chosen<G>): Record<G, Tensor>;
  /** Compiles and allocates everything that `encode` needs. */
  prepare<G extends MatmulGradient = MatmulGradient>(ctx: Context, spec: MatmulBackwardSpec & Chosen<G>): Promise<Prepared<'dy' | 'a' | 'b' | G>>;
  /** Which plan a call would run, and why; computes nothing. */
  explain(ctx: Context, spec: MatmulBackwardSpec & Chosen<MatmulGradient>): Explanation;
}

/** `y[i,m,n] = sum over k of a[i,m,k] * b[i,k,n]`: products of matrices, over a batch of them.
 * @param a [..., M, K], or [..., K, M] with `transposeA`; f32 or f16
 * @param b [..., K, N], or [..., N, K] with `transposeB`; the leading axes of a, or none in one of them, which is then one matrix for all
 * @param options `transposeA` false, `transposeB` false
 * @returns [..., M, N], in the dtype of a
 * @throws UpsampleError `invalid-argument`, `limit-exceeded`, `disposed`, `device-mismatch`, `device-lost`
 * Source: PyTorch matmul, without its broadcasting of single leading axes. */
export const matmul: Matmul = /*#__PURE__*/ several('matmul', { tensors: ['a', 'b'], check: matmulCall, plans: matmulPlans });
/** The gradients of `matmul`, products again: `da = dy bᵀ`, `db = aᵀ dy`, in the shapes of a and b; of one matrix for all, summed over the batch.
 * @param dy gradient of the result
 * @param a as given to `matmul`
 * @param b as given to `matmul`
 * @param options as given to `matmul`; `gradients` `['da', 'db']`
 * @returns those of `{ da, db }` that are wanted. Deterministic.
 * @throws UpsampleError as `matmul` */
export const matmulBackward: MatmulBackward = /*#__PURE__*/ several('matmulBackward', {
  tensors: ['dy', 'a', 'b'],
  check: matmulBackwardCall,
  plans: matmulPlans,
  result: all,
}) as unknown as MatmulBackward;

/** The bias of `linear`: a tensor, or for `prepare` and `explain` what it is. */
interface Biased<T> {
  /** [outFeatures]; default none. */
  bias?: T | undefined;
}
type Linear = Several<
  [x: Tensor, w: Tensor, options?: Biased<Tensor>],
  { x: PrepareSpec; w: PrepareSpec } & Biased<PrepareSpec>,
  Tensor,
  'x' | 'w' | 'output',
  'bias'
>;
type LinearBackwardSpec = { dy: PrepareSpec; x: PrepareSpec; w: PrepareSpec } & Biased<PrepareSpec>;
/** The gradients of a linear layer: where `gradients` does not say otherwise, that of the bias where it is given. */
export interface LinearBackward {
  <G extends LinearGradient>(dy: Tensor, x: Tensor, w: Tensor, options: Biased<Tensor> & { gradients: readonly G[] }): Record<G, Tensor>;
  <B extends Tensor | undefined = undefined>(
    dy: Tensor,
    x: Tensor,
    w: Tensor,
    options?: Biased<Tensor> & { bias?: B; gradients?: undefined },
  ): { dx: Tensor; dw: Tensor } & GradientOf<'db', B>;
  (dy: Tensor, x: Tensor, w: Tensor, options: Biased<Tensor> & Chosen<LinearGradient>): Partial<Record<LinearGradient, Tensor>>;
  /** Compiles and allocates everything that `encode` needs. */
  prepare<G extends LinearGradient>(ctx: Context, spec: LinearBackwardSpec & { gradients: readonly G[] }): Promise<Prepared<'dy' | 'x' | 'w' | G, 'bias'>>;
  prepare(ctx: Context, spec: LinearBackwardSpec & { gradients?: undefined }): Promise<Prepared<'dy' | 'x' | 'w' | 'dx' | 'dw', 'bias' | 'db'>>;
  prepare(ctx: Context, spec: LinearBackwardSpec & Chosen<LinearGradient>): Promise<Prepared<'dy' | 'x' | 'w', 'bias' | LinearGradient>>;
  /** Which plan a call would run, and why; computes nothing. */
  explain(ctx: Context, spec: LinearBackwardSpec & Chosen<LinearGradient>): Explanation;
}

/** `y[...,o] = bias[o] + sum over i of x[...,i] * w[o,i]`.
 * @param x [..., inFeatures], f32 or f16
 * @param w [outFeatures, inFeatures]
 * @param options `bias` [outFeatures], none
 * @returns [..., outFeatures], in the dtype of x
 * @throws UpsampleError as `matmul`
 * Source: PyTorch F.linear; ONNX Gemm-13 with transB. */
export const linear: Linear = /*#__PURE__*/ several('linear', { tensors: ['x', 'w'], optional: ['bias'], check: linearCall, plans: matmulPlans });
/** The gradients of `linear`: `dx = dy w`, `dw = dyᵀ x`, `db = sum of dy over all but its last axis`.
 * @param dy gradient of the result
 * @param x the input of the forward call
 * @param w its weights
 * @param options as given to `linear`; `gradients` `['dx', 'dw']`, and `'db'` where there is a bias
 * @returns those of `{ dx, dw, db }` that are wanted. Deterministic.
 * @throws UpsampleError as `matmul` */
export const linearBackward: LinearBackward = /*#__PURE__*/ several('linearBackward', {
  tensors: ['dy', 'x', 'w'],
  optional: ['bias'],
  check: linearBackwardCall,
  plans: matmulPlans,
  result: all,
}) as unknown as LinearBackward;
