import type { Roof } from './index.ts';

/** What bounds a row from below. */
export interface Floor {
  /** Milliseconds that nothing on this adapter can undercut; a row that stays in a cache can, where copies bound it. */
  readonly ms: number;
  readonly bound: 'multiply-add' | 'copy';
}

/** The longer of doing a row's arithmetic at the rate of bare multiply-adds and moving its bytes at the rate of a copy. */
export function floorOf(flops: number, bytes: number, { fma, copy }: Pick<Roof, 'fma' | 'copy'>): Floor {
  const arithmetic = flops / 1e6 / fma.median;
  const traffic = bytes / 1e6 / copy.median;
  return arithmetic > traffic ? { ms: arithmetic, bound: 'multiply-add' } : { ms: traffic, bound: 'copy' };
}

/** The rate of `flops` in `ms`, as a fraction of our product of matrices. */
export const ofGemm = (flops: number, ms: number, { gemm }: Pick<Roof, 'gemm'>): number => flops / 1e6 / ms / gemm.median;
