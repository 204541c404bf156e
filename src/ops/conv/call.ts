import type { TensorSpec } from '../../plan.ts';
import type { Geometry, Strides } from './geometry.ts';

/** What is applied to every output after the bias. */
export type Activation = 'relu' | 'leakyRelu' | 'tanh' | 'sigmoid' | 'silu' | 'gelu';

export type Gradient = 'dx' | 'dw' | 'db';

/** A filter as kernels see it: `batch` steps from one channel of the small side to the next, `channel` from one of the large side
 * (within a group), `axes` from tap to tap. */
export interface FilterView extends Strides {
  /** Elements. */
  readonly size: number;
}

/** A convolution with its arguments checked and completed, as plain data: what plans and the reference work from. */
export interface ConvCall {
  readonly op: string;
  readonly backward: boolean;
  /** Whether x is the small side. */
  readonly transposed: boolean;
  readonly geometry: Geometry;
  readonly x: TensorSpec;
  readonly w: TensorSpec;
  readonly bias: TensorSpec | null;
  /** The result of the forward map. */
  readonly y: TensorSpec;
  readonly dy: TensorSpec | null;
  readonly filter: FilterView;
  /** Nearest scale factors that are folded into the filter: the stride of each axis, before which the filter has kernel - scale + 1 taps. */
  readonly fold: boolean;
  readonly activation: Activation | null;
  readonly negativeSlope: number;
  /** What a backward call computes. */
  readonly gradients: readonly Gradient[];
}
