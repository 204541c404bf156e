// Rearrangements aimed at code paths: every rank, factors of 1 and primes, channel counts of words, pairs and vectors, both orders, layouts and directions.
import type { ShuffleOrder } from '../../src/index.ts';
import type { DType, Layout } from '../../src/plan.ts';

/** A rearrangement by its deep side: the wide side follows. */
export interface Example {
  /** Output channels of the pixel shuffle. */
  readonly channels: number;
  readonly batch: number;
  /** Spatial size of the deep side. */
  readonly size: readonly number[];
  readonly factors: readonly number[];
  readonly order: ShuffleOrder;
  readonly layout: Layout;
  readonly dtype: DType;
  readonly unshuffle: boolean;
}

const product = (list: readonly number[]) => list.reduce((a, b) => a * b, 1);
export const deepOf = ({ batch, channels, size, factors }: Example): number[] => [batch, channels * product(factors), ...size];
export const wideOf = ({ batch, channels, size, factors }: Example): number[] => [batch, channels, ...size.map((s, i) => s * factors[i]!)];
export const titleOf = (e: Example): string =>
  `${e.unshuffle ? 'unshuffle to' : 'shuffle from'} [${deepOf(e)}] by ${e.factors} ${e.order} ${e.layout} ${e.dtype}`;

const PLACES: readonly (readonly [channels: number, batch: number, size: readonly number[], factors: readonly number[]])[] = [
  [1, 1, [1], [1]],
  [3, 2, [5], [2]],
  [4, 1, [8], [4]],
  [2, 3, [7], [8]],
  [5, 1, [12], [1]],
  [1, 1, [1, 1], [2, 2]],
  [2, 1, [1, 2], [2, 2]],
  [3, 2, [5, 7], [2, 2]],
  [3, 1, [4, 4], [4, 4]],
  [4, 2, [3, 8], [2, 2]],
  [8, 1, [5, 4], [3, 3]],
  [5, 1, [4, 6], [3, 2]],
  [7, 3, [3, 5], [1, 4]],
  [2, 1, [6, 3], [4, 1]],
  [12, 1, [7, 2], [1, 1]],
  [1, 2, [2, 2, 2], [2, 2, 2]],
  [3, 1, [3, 2, 5], [2, 3, 1]],
  [4, 2, [2, 3, 4], [2, 2, 2]],
  [2, 1, [3, 3, 3], [1, 3, 2]],
];

const all = (dtypes: readonly DType[]): Example[] =>
  PLACES.flatMap(([channels, batch, size, factors], i) =>
    (['CRD', 'DCR'] as const).flatMap((order) =>
      (['nchw', 'nhwc'] as const).flatMap((layout) =>
        [false, true].map((unshuffle) => ({ channels, batch, size, factors, order, layout, dtype: dtypes[i % dtypes.length]!, unshuffle })),
      ),
    ),
  );

/** Every combination of place, order, layout and direction. */
export const EXAMPLES: readonly Example[] = [...all(['f32']), ...all(['u32', 'i32']).filter((_, i) => i % 3 === 0)];
export const HALVES: readonly Example[] = all(['f16']);

/** Beyond one binding of 64 KiB: windows of the first axis, tables in parts. */
export const WIDE: readonly Example[] = [
  { channels: 3, batch: 5, size: [32, 32], factors: [2, 2] },
  { channels: 16, batch: 1, size: [30, 33], factors: [2, 2] },
  { channels: 1, batch: 2, size: [6000], factors: [2] },
  { channels: 2, batch: 3, size: [5, 11, 13], factors: [2, 2, 2] },
].flatMap((e) =>
  (['CRD', 'DCR'] as const).flatMap((order) =>
    (['nchw', 'nhwc'] as const).flatMap((layout) => [false, true].map((unshuffle) => ({ ...e, order, layout, dtype: 'f32' as const, unshuffle }))),
  ),
);
