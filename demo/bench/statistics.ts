/** Sorted position q in [0, 1], linear between neighbours. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const low = Math.floor(at);
  const below = sorted[low]!;
  return below + ((sorted[low + 1] ?? below) - below) * (at - low);
}

export interface Spread {
  readonly median: number;
  /** First and third quartile. */
  readonly low: number;
  readonly high: number;
}

export const spread = (values: readonly number[]): Spread => ({ median: quantile(values, 0.5), low: quantile(values, 0.25), high: quantile(values, 0.75) });

/** A peer's fastest round over ours: what others do with the machine meanwhile touches it least. */
export const best = (peer: readonly number[], ours: readonly number[]): number => Math.min(...peer) / Math.min(...ours);

/** A peer's times over ours, round by round: both ran within the same moment, so a machine that slows down moves both. */
export const ratios = (peer: readonly number[], ours: readonly number[]): number[] => peer.map((t, i) => t / ours[i]!);
