import type { Measured, Row } from '../row.ts';
import type { Roof } from './index.ts';

/** Denominators, in GB/s and GFLOP/s. */
export type Rates = Record<'copy' | 'fma' | 'gemm', number>;

/** The best that was measured: an adapter that is slower for a moment has not become a slower adapter. */
export function ratesOf(roofs: readonly Roof[]): Rates {
  const most = (name: keyof Rates) => Math.max(...roofs.map((roof) => roof[name].median));
  return { copy: most('copy'), fma: most('fma'), gemm: most('gemm') };
}

/** What bounds a row from below. */
export interface Floor {
  /** Milliseconds that nothing on this adapter can undercut; a row that stays in a cache can, where copies bound it. */
  readonly ms: number;
  readonly bound: 'multiply-add' | 'copy';
}

/** The longer of doing a row's arithmetic at the rate of bare multiply-adds and moving its bytes at the rate of a copy. */
export function floorOf(flops: number, bytes: number, { fma, copy }: Pick<Rates, 'fma' | 'copy'>): Floor {
  const arithmetic = flops / 1e6 / fma;
  const traffic = bytes / 1e6 / copy;
  return arithmetic > traffic ? { ms: arithmetic, bound: 'multiply-add' } : { ms: traffic, bound: 'copy' };
}

/** A row beside the denominators. Several steps in one row have no floor of their own. */
export function placed(row: Measured, rates: Rates): Row {
  const { flops = 0, bytes, family } = row;
  const floor = floorOf(flops, bytes, rates);
  const timings = row.timings.map((timing) => {
    const { library, kind, spread } = timing;
    if (library !== 'ours' || kind === 'f32' || !spread || family === 'train') return timing;
    const ofGemm = family === 'conv' && flops ? { ofGemm: flops / 1e6 / spread.median / rates.gemm } : {};
    return { ...timing, ofRoof: floor.ms / spread.median, ...ofGemm };
  });
  return { ...row, floor, timings };
}
