import { refuse } from '../../check.ts';
import type { Context } from '../../context.ts';
import type { Explanation, Prepared, PrepareSpec } from '../../op.ts';
import type { Tensor } from '../../tensor.ts';
import { type GradientOf, type Several, several } from '../several.ts';
import { type BatchNormOptions, type GroupNormOptions, type InstanceNormOptions, normBackwardCall, normCall, type Wanted } from './arguments.ts';
import type { NormCall, NormGradient } from './call.ts';
import { normBackwardPlans, normPlans } from './plan.ts';

export type { GradientOf } from '../several.ts';
export type { BatchNormOptions, GroupNormOptions, InstanceNormOptions } from './arguments.ts';
export type { NormGradient } from './call.ts';
export { foldBatchNorm } from './fold.ts';
export type { FoldedNorm, FoldNormOptions } from './fold_call.ts';

/** Scale and shift of every channel, [C], f32 or f16; `T` is a tensor, or for `prepare` and `explain` what it is. */
export interface Affine<T = Tensor> {
  /** Default 1. */
  weight?: T | undefined;
  /** Default 0. */
  bias?: T | undefined;
}
/** Running statistics of every channel, [C], f32. In training a call writes them in place. */
export interface Running<T = Tensor> {
  runningMean?: T | undefined;
  runningVar?: T | undefined;
}

/** A normalisation: `T` are its tensors, `S` what they are for `prepare`, where they may be left out. */
type Norm<O extends object, T, S> = Several<[x: Tensor, ...Last<O, O & T>], { x: PrepareSpec } & O & S, Tensor, 'x' | 'output', keyof S & string>;
/** The last argument: groups must be said. */
type Last<O, All> = O extends GroupNormOptions ? [options: All] : [options?: All];
/** The gradients of a normalisation: where `gradients` does not say otherwise, those of weight and bias where they are given. */
interface NormBackward<O extends object, T, S> {
  <G extends NormGradient>(dy: Tensor, x: Tensor, options: O & T & { gradients: readonly G[] }): Record<G, Tensor>;
  <W extends Tensor | undefined = undefined, B extends Tensor | undefined = undefined>(
    dy: Tensor,
    x: Tensor,
    ...options: Last<O, O & T & { weight?: W; bias?: B; gradients?: undefined }>
  ): { dx: Tensor } & GradientOf<'dw', W> & GradientOf<'db', B>;
  (dy: Tensor, x: Tensor, options: O & T & Wanted): Partial<Record<NormGradient, Tensor>>;
  /** Compiles and allocates everything that `encode` needs. */
  prepare<G extends NormGradient>(
    ctx: Context,
    spec: { dy: PrepareSpec; x: PrepareSpec } & O & S & { gradients: readonly G[] },
  ): Promise<Prepared<'dy' | 'x' | G, keyof S & string>>;
  prepare(
    ctx: Context,
    spec: { dy: PrepareSpec; x: PrepareSpec } & O & S & { gradients?: undefined },
  ): Promise<Prepared<'dy' | 'x' | 'dx', (keyof S & string) | 'dw' | 'db'>>;
  prepare(ctx: Context, spec: { dy: PrepareSpec; x: PrepareSpec } & O & S & Wanted): Promise<Prepared<'dy' | 'x', (keyof S & string) | NormGradient>>;
  /** Which plan a call would run, and why; computes nothing. */
  explain(ctx: Context, spec: { dy: PrepareSpec; x: PrepareSpec } & O & S & Wanted): Explanation;
}

const optional = ['weight', 'bias', 'runningMean', 'runningVar'];
const all = (outputs: Record<string, Tensor>) => outputs;
const into = (call: NormCall) => (call.moves ? ['runningMean', 'runningVar'] : []);

type Batch = Norm<BatchNormOptions, Affine & Running, Affine<PrepareSpec> & Running<PrepareSpec>>;
type BatchBackward = NormBackward<BatchNormOptions, Affine & Running, Affine<PrepareSpec> & Running<PrepareSpec>>;

const batch: Batch = /*#__PURE__*/ several('batchNorm', { tensors: ['x'], optional, check: /*#__PURE__*/ normCall('batch'), plans: normPlans, into });

/** Both are written by one dispatch, which WebGPU refuses for one buffer, together with whatever waits beside it. */
function batchNow(x: Tensor, options?: BatchNormOptions & Affine & Running): Tensor {
  if (options?.runningMean && options.runningMean === options.runningVar) refuse('batchNorm', 'runningMean and runningVar are one tensor', 'expected two');
  return batch(x, options);
}

/** `y = (x - mean)/sqrt(var + eps) * weight + bias`, with the mean and the biased variance of each channel over batch and space, or with the running ones.
 * In training with running statistics, and only then, they are written in place: `running += momentum*(new - running)`, the new variance unbiased, n/(n-1).
 * @param x [N, C, ...spatial], f32 or f16
 * @param options `training` false; `runningMean` and `runningVar` [C] of f32, needed unless training; `weight` 1 and `bias` 0, [C]; `momentum` 0.1, `eps` 1e-5
 * @returns y, of the shape, dtype and layout of x
 * @throws UpsampleError `invalid-argument` (in training also for one value a channel), `limit-exceeded`, `disposed`, `device-mismatch`, `device-lost`
 * Source: PyTorch F.batch_norm; arXiv:1502.03167. */
export const batchNorm: Batch = /*#__PURE__*/ Object.assign(batchNow, batch);
/** The gradients of `batchNorm`; in training they pass through mean and variance, which are computed anew, and running statistics stay.
 * With r = 1/sqrt(var + eps), z = (x - mean)*r and means over a channel: `dx = weight*r*(dy - mean(dy) - z*mean(dy*z))`, `dw = sum of dy*z`, `db = sum of dy`;
 * outside training `dx = weight*r*dy`.
 * @param dy gradient of the result
 * @param x the input of the forward call
 * @param options as given to `batchNorm`; `gradients` `'dx'`, and `'dw'` and `'db'` where weight and bias are given
 * @returns those of `{ dx, dw, db }` that are wanted. Deterministic.
 * @throws UpsampleError as `batchNorm` */
export const batchNormBackward: BatchBackward = /*#__PURE__*/ several('batchNormBackward', {
  tensors: ['dy', 'x'],
  optional,
  check: /*#__PURE__*/ normBackwardCall('batch'),
  plans: normBackwardPlans,
  result: all,
}) as unknown as BatchBackward;

type Instance = Norm<InstanceNormOptions, Affine, Affine<PrepareSpec>>;
type InstanceBackward = NormBackward<InstanceNormOptions, Affine, Affine<PrepareSpec>>;

/** `y = (x - mean)/sqrt(var + eps) * weight + bias`, with the mean and the biased variance of each channel of each sample.
 * @param x [N, C, ...spatial], f32 or f16, more than one position
 * @param options `weight` 1 and `bias` 0, [C]; `eps` 1e-5
 * @returns y, of the shape, dtype and layout of x
 * @throws UpsampleError as `batchNorm`
 * Source: PyTorch F.instance_norm; arXiv:1607.08022. */
export const instanceNorm: Instance = /*#__PURE__*/ several('instanceNorm', {
  tensors: ['x'],
  optional,
  check: /*#__PURE__*/ normCall('instance'),
  plans: normPlans,
});
/** The gradients of `instanceNorm`. Arguments as `batchNormBackward`. */
export const instanceNormBackward: InstanceBackward = /*#__PURE__*/ several('instanceNormBackward', {
  tensors: ['dy', 'x'],
  optional,
  check: /*#__PURE__*/ normBackwardCall('instance'),
  plans: normBackwardPlans,
  result: all,
}) as unknown as InstanceBackward;

type Group = Norm<GroupNormOptions, Affine, Affine<PrepareSpec>>;
type GroupBackward = NormBackward<GroupNormOptions, Affine, Affine<PrepareSpec>>;

/** `y = (x - mean)/sqrt(var + eps) * weight + bias`, with the mean and the biased variance of each group of channels of each sample.
 * @param x [N, C, ...spatial], f32 or f16
 * @param options `groups`, a divisor of C; `weight` 1 and `bias` 0, [C]; `eps` 1e-5
 * @returns y, of the shape, dtype and layout of x
 * @throws UpsampleError as `batchNorm`
 * Source: PyTorch F.group_norm; arXiv:1803.08494. */
export const groupNorm: Group = /*#__PURE__*/ several('groupNorm', { tensors: ['x'], optional, check: /*#__PURE__*/ normCall('group'), plans: normPlans });
/** The gradients of `groupNorm`. Arguments as `batchNormBackward`. */
export const groupNormBackward: GroupBackward = /*#__PURE__*/ several('groupNormBackward', {
  tensors: ['dy', 'x'],
  optional,
  check: /*#__PURE__*/ normBackwardCall('group'),
  plans: normBackwardPlans,
  result: all,
}) as unknown as GroupBackward;
