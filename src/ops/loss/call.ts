import type { TensorSpec } from '../../plan.ts';

/** What is made of the losses of the elements: their mean, their sum, or nothing. */
export type Reduction = 'mean' | 'sum' | 'none';

/** Losses of two tensors, element by element. */
export type PairLoss = 'mse' | 'l1' | 'bceWithLogits';

/** A loss of x and a target, or its gradients. */
export interface LossCall {
  readonly op: string;
  readonly name: PairLoss;
  readonly x: TensorSpec;
  /** A number stands for a tensor filled with it. */
  readonly target: TensorSpec | number;
  readonly reduction: Reduction;
  /** Gradient of the loss, for a backward call, and what it computes. */
  readonly dy?: TensorSpec;
  readonly gradients?: readonly ('dx' | 'dtarget')[];
}

/** Cross entropy of scores and class labels, or its gradient. */
export interface ClassesCall {
  readonly op: string;
  /** [N, C, ...spatial] */
  readonly x: TensorSpec;
  /** [N, ...spatial], u32 or i32. */
  readonly labels: TensorSpec;
  /** [C] */
  readonly weight: TensorSpec | null;
  readonly ignoreIndex: number;
  readonly reduction: Reduction;
  readonly dy?: TensorSpec;
  /** Gradient of the gradient, for what the gradient is in x. */
  readonly g?: TensorSpec;
}
