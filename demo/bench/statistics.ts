/** The middle one, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = (sorted.length - 1) / 2;
  return (sorted[Math.floor(half)]! + sorted[Math.ceil(half)]!) / 2;
}

export interface Spread {
  readonly median: number;
  /** Lowest and highest. */
  readonly low: number;
  readonly high: number;
}

export const spread = (values: readonly number[]): Spread => ({ median: median(values), low: Math.min(...values), high: Math.max(...values) });

/** A peer's fastest round over ours: what others do with the machine meanwhile touches it least. */
export const best = (peer: readonly number[], ours: readonly number[]): number => Math.min(...peer) / Math.min(...ours);

/** A peer's times over ours, round by round: both ran within the same moment, so a machine that slows down moves both. */
export const ratios = (peer: readonly number[], ours: readonly number[]): number[] => peer.map((t, i) => t / ours[i]!);
