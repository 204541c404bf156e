import type { TensorSpec } from '../../plan.ts';

/** A sum or a mean over axes, or its transpose. */
export interface ReduceCall {
  readonly op: string;
  /** The tensor that is summed, also of a backward call. */
  readonly full: TensorSpec;
  readonly axes: readonly number[];
  /** Its sum. */
  readonly sum: TensorSpec;
  readonly mean: boolean;
  /** What the call reads: `full`, or backwards `sum`. */
  readonly x: TensorSpec;
}

/** Softmax or its logarithm along one axis, or its gradient. */
export interface SoftmaxCall {
  readonly op: string;
  /** The argument; backwards the result of the forward call. */
  readonly x: TensorSpec;
  readonly log: boolean;
  readonly axis: number;
  readonly dy?: TensorSpec;
}
