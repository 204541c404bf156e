import type { Context } from '../../context.ts';
import type { Explanation, Prepared, PrepareSpec } from '../../op.ts';
import type { Tensor } from '../../tensor.ts';
import type { Chosen } from '../pointwise/arguments.ts';
import { type Several, several } from '../several.ts';
import { type CrossEntropyOptions, classesCall, type LossOptions, lossBackwardCall, lossCall } from './arguments.ts';
import type { ClassesCall, LossCall, PairLoss } from './call.ts';
import { classesBackwardPlans, classesPlans } from './classes.ts';
import { lossBackwardPlans, lossPlans } from './plan.ts';

export type { CrossEntropyOptions, LossOptions } from './arguments.ts';
export type { Reduction } from './call.ts';

/** A loss of x and a target; a number as target stands for a tensor filled with it. */
export type Loss = Several<
  [x: Tensor, target: Tensor | number, options?: LossOptions],
  { x: PrepareSpec; target: PrepareSpec | number } & LossOptions,
  Tensor,
  'x' | 'output',
  'target'
>;
type LossGradient = 'dx' | 'dtarget';
type LossBackwardSpec = { dy: PrepareSpec; x: PrepareSpec; target: PrepareSpec | number } & LossOptions;
/** Its gradients: of x, where `gradients` does not say otherwise. */
export interface LossBackward {
  <G extends LossGradient = 'dx'>(dy: Tensor, x: Tensor, target: Tensor | number, options?: LossOptions & Chosen<G>): Record<G, Tensor>;
  /** Compiles and allocates everything that `encode` needs. */
  prepare<G extends LossGradient = 'dx'>(ctx: Context, spec: LossBackwardSpec & Chosen<G>): Promise<Prepared<'dy' | 'x' | G, 'target'>>;
  /** Which plan a call would run, and why; computes nothing. */
  explain(ctx: Context, spec: LossBackwardSpec & Chosen<LossGradient>): Explanation;
}

const loss = (name: PairLoss): Loss =>
  several<
    [x: Tensor, target: Tensor | number, options?: LossOptions],
    { x: PrepareSpec; target: PrepareSpec | number } & LossOptions,
    Tensor,
    'x' | 'output',
    LossCall,
    'target'
  >(name, { tensors: ['x', 'target'], numbers: ['target'], check: lossCall(name), plans: lossPlans });
const lossBackward = (name: PairLoss): LossBackward =>
  several(`${name}Backward`, {
    ...{ tensors: ['dy', 'x', 'target'], numbers: ['target'] },
    ...{ check: lossBackwardCall(name), plans: lossBackwardPlans, result: (outputs) => outputs },
  }) as unknown as LossBackward;

/** `(x - target)^2`, the mean over all elements.
 * @param x any shape, f32 or f16
 * @param target shape, dtype and layout of x, or a number, which is rounded to f32
 * @param options `reduction` `'mean'`, `'sum'`, or `'none'`: all of them, like x
 * @returns one f32 number, of shape [], whatever the dtype of x
 * @throws UpsampleError `invalid-argument`, `limit-exceeded`, `disposed`, `device-mismatch`, `device-lost`
 * Source: PyTorch MSELoss. */
export const mse: Loss = /*#__PURE__*/ loss('mse');
/** The gradients of `mse`: `dx = 2 * dy * (x - target)`, divided by their number for the mean; `dtarget = -dx`.
 * @param dy gradient of the loss: one number, or one an element where there was no reduction
 * @param x as given to `mse`
 * @param target as given to `mse`
 * @param options as given to `mse`; `gradients` `['dx']`, or `'dtarget'` too where the target is a tensor
 * @returns those of `{ dx, dtarget }` that are wanted, in the shape, layout and dtype of x
 * @throws UpsampleError as `mse` */
export const mseBackward: LossBackward = /*#__PURE__*/ lossBackward('mse');

/** `|x - target|`, the mean over all elements. Arguments as `mse`.
 * @throws UpsampleError as `mse`
 * Source: PyTorch L1Loss. */
export const l1: Loss = /*#__PURE__*/ loss('l1');
/** The gradients of `l1`: `dx = dy * sign(x - target)`, 0 where they are equal, divided by their number for the mean; `dtarget = -dx`. Arguments as `mseBackward`.
 * @throws UpsampleError as `mse` */
export const l1Backward: LossBackward = /*#__PURE__*/ lossBackward('l1');

/** `-target * log(sigmoid(x)) - (1 - target) * log(1 - sigmoid(x))` as `max(x, 0) - x * target + log(1 + exp(-|x|))`, the mean over all elements.
 * @param x logits. Other arguments as `mse`
 * @throws UpsampleError as `mse`
 * Source: PyTorch BCEWithLogitsLoss. */
export const bceWithLogits: Loss = /*#__PURE__*/ loss('bceWithLogits');
/** The gradients of `bceWithLogits`: `dx = dy * (sigmoid(x) - target)`, `dtarget = -dy * x`, divided by their number for the mean. Arguments as `mseBackward`.
 * @throws UpsampleError as `mse` */
export const bceWithLogitsBackward: LossBackward = /*#__PURE__*/ lossBackward('bceWithLogits');

/** Weights of classes. */
export interface Weighted {
  /** [C], f32 or f16, one a class; default all 1. */
  weight?: Tensor | undefined;
}
/** The same without data. */
export interface WeightedSpec {
  weight?: PrepareSpec | undefined;
}

const parts = { optional: ['weight'], check: classesCall };

/** `weight[t] * (log(sum over c of exp(x[n,c,p])) - x[n,t,p])`, `t = labels[n,p]`; the mean is the sum over positions divided by the sum of their weights.
 * @param x scores [N, C, ...spatial], f32 or f16
 * @param labels [N, ...spatial], i32 or u32, `nchw`. A label that is no class, and not `ignoreIndex`, makes the loss and its position's gradient NaN
 * @param options `weight` [C], default 1; `ignoreIndex` -100: positions with this label count nothing; `reduction` `'mean'`, `'sum'`, or `'none'`: like labels, in
 *   the dtype of x. A mean over nothing but ignored positions is 0 / 0
 * @returns one f32 number, of shape []
 * @throws UpsampleError `invalid-argument`, `limit-exceeded`, `disposed`, `device-mismatch`, `device-lost`
 * Source: PyTorch CrossEntropyLoss. */
export const crossEntropy: Several<
  [x: Tensor, labels: Tensor, options?: CrossEntropyOptions & Weighted],
  { x: PrepareSpec; labels: PrepareSpec } & CrossEntropyOptions & WeightedSpec,
  Tensor,
  'x' | 'labels' | 'output',
  'weight'
> = /*#__PURE__*/ several<
  [x: Tensor, labels: Tensor, options?: CrossEntropyOptions & Weighted],
  { x: PrepareSpec; labels: PrepareSpec } & CrossEntropyOptions & WeightedSpec,
  Tensor,
  'x' | 'labels' | 'output',
  ClassesCall,
  'weight'
>('crossEntropy', { tensors: ['x', 'labels'], ...parts, plans: classesPlans });

/** The gradient of `crossEntropy`: `dx[n,c,p] = dy * weight[t] / total * (softmax(x)[n,c,p] - [c = t])`, 0 where ignored; total
 * is the sum of the weights for the mean, else 1.
 * @param dy gradient of the loss: one number, or one a position where there was no reduction
 * @param x as given to `crossEntropy`
 * @param labels as given to `crossEntropy`
 * @param options as given to `crossEntropy`
 * @returns dx, in the shape, layout and dtype of x
 * @throws UpsampleError as `crossEntropy` */
export const crossEntropyBackward: Several<
  [dy: Tensor, x: Tensor, labels: Tensor, options?: CrossEntropyOptions & Weighted],
  { dy: PrepareSpec; x: PrepareSpec; labels: PrepareSpec } & CrossEntropyOptions & WeightedSpec,
  Tensor,
  'dy' | 'x' | 'labels' | 'output',
  'weight'
> = /*#__PURE__*/ several('crossEntropyBackward', { tensors: ['dy', 'x', 'labels'], ...parts, plans: classesBackwardPlans });

/** What a gradient g of `crossEntropyBackward(dy, x, labels)` is in x: `dy * weight[t] / total * s * (g - sum over c of g * s)`, `s = softmax(x)`.
 * (In dy it is the sum of `g * crossEntropyBackward(1, x, labels)`.)
 * @param g gradient of what `crossEntropyBackward` returned, in the shape, layout and dtype of x
 * @param dy as given to it
 * @param x as given to it
 * @param labels as given to it
 * @param options as given to it
 * @returns the gradient in x, in the shape, layout and dtype of x
 * @throws UpsampleError as `crossEntropy` */
export const crossEntropyDoubleBackward: Several<
  [g: Tensor, dy: Tensor, x: Tensor, labels: Tensor, options?: CrossEntropyOptions & Weighted],
  { g: PrepareSpec; dy: PrepareSpec; x: PrepareSpec; labels: PrepareSpec } & CrossEntropyOptions & WeightedSpec,
  Tensor,
  'g' | 'dy' | 'x' | 'labels' | 'output',
  'weight'
> = /*#__PURE__*/ several('crossEntropyDoubleBackward', { tensors: ['g', 'dy', 'x', 'labels'], ...parts, plans: classesBackwardPlans });
