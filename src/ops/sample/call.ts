import type { TensorSpec } from '../../plan.ts';

export type SampleMode = 'bilinear' | 'nearest' | 'bicubic';
export type PaddingMode = 'zeros' | 'border' | 'reflection';
export type SampleGradient = 'dx' | 'dgrid';

/** A sampling with its arguments checked and completed, as plain data: what plans and the reference work from. */
export interface SampleCall {
  readonly op: string;
  readonly x: TensorSpec;
  readonly grid: TensorSpec;
  /** The result of the forward map. */
  readonly y: TensorSpec;
  /** Of a backward call. */
  readonly dy: TensorSpec | null;
  readonly mode: SampleMode;
  readonly paddingMode: PaddingMode;
  readonly alignCorners: boolean;
  /** What a backward call computes. */
  readonly gradients: readonly SampleGradient[];
}

/** Taps along an axis. */
export const tapsOf = ({ mode }: SampleCall): number => ({ nearest: 1, bilinear: 2, bicubic: 4 })[mode];
