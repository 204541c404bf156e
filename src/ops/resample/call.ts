import type { TensorSpec } from '../../plan.ts';
import { type AxisRule, type Rows, rowsOf, transpose } from './table.ts';

/** A resampling with its arguments checked and completed, as plain data: what plans and the reference work from. */
export interface ResampleCall {
  readonly op: string;
  /** Whether the transposed map is applied: then `x` is the gradient of the output. */
  readonly backward: boolean;
  readonly x: TensorSpec;
  /** Shape of the result. */
  readonly shape: readonly number[];
  /** One rule per axis of the tensor, as the forward map has it. */
  readonly rules: readonly AxisRule[];
  /** What an output without taps holds. */
  readonly fill: number;
}

/** The rows of every axis in the direction of the call. */
export const rowsOfCall = ({ rules, backward }: ResampleCall): Rows[] => rules.map((rule) => (backward ? transpose(rowsOf(rule)) : rowsOf(rule)));
