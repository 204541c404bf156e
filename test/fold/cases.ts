// Windows aimed at code paths: every rank, windows that overlap, touch, leave gaps or reach past the border, pads on one side, dilation, sizes 1 and prime.
import type { UnfoldOptions } from '../../src/index.ts';
import type { DType, Layout } from '../../src/plan.ts';

/** An unfold of an image of a shape; its fold goes back. */
export interface Example {
  readonly shape: readonly number[];
  readonly options: UnfoldOptions;
  readonly layout: Layout;
  readonly dtype: DType;
}

export const titleOf = ({ shape, options, layout, dtype }: Example): string => `[${shape}] ${JSON.stringify(options)} ${layout} ${dtype}`;

const PLACES: readonly (readonly [shape: readonly number[], options: UnfoldOptions])[] = [
  [[1, 1, 1], { kernelSize: 1 }],
  [[2, 3, 7], { kernelSize: 3 }],
  [[1, 2, 11], { kernelSize: 4, stride: 2, padding: 1 }],
  [[3, 1, 5], { kernelSize: 2, stride: 3 }],
  [[1, 5, 6], { kernelSize: 3, dilation: 2, padding: [[4, 1]] }],
  [[2, 1, 8], { kernelSize: 16, padding: 7, stride: 5 }],
  [[1, 1, 3, 3], { kernelSize: 2 }],
  [[2, 3, 5, 7], { kernelSize: 3, padding: 1 }],
  [[1, 4, 8, 8], { kernelSize: 2, stride: 2 }],
  [[2, 5, 6, 9], { kernelSize: [3, 2], stride: [2, 3], padding: [[1, 0], 2], dilation: [1, 2] }],
  [[1, 2, 4, 13], { kernelSize: [1, 5], stride: [1, 4] }],
  [[3, 2, 7, 1], { kernelSize: [7, 1] }],
  [[1, 3, 6, 6], { kernelSize: 4, stride: 2, padding: 1 }],
  [[1, 1, 5, 5], { kernelSize: 2, stride: 3, dilation: 3 }],
  [[1, 2, 3, 4, 5], { kernelSize: 2 }],
  [[2, 3, 4, 4, 3], { kernelSize: [2, 3, 1], stride: [2, 1, 2], padding: [0, 1, [0, 2]] }],
  [[1, 4, 5, 3, 6], { kernelSize: 3, padding: 1, dilation: [2, 1, 1], stride: [1, 2, 3] }],
];

const all = (dtype: DType): Example[] => PLACES.flatMap(([shape, options]) => (['nchw', 'nhwc'] as const).map((layout) => ({ shape, options, layout, dtype })));

export const EXAMPLES: readonly Example[] = all('f32');
export const HALVES: readonly Example[] = all('f16');

/** Beyond one binding of 64 KiB: windows of the batch, with channels first of the channels too. */
export const WIDE: readonly Example[] = (
  [
    [[5, 3, 20, 21], { kernelSize: 3, padding: 1 }],
    [[2, 14, 18, 18], { kernelSize: 2 }],
    [[4, 3, 500], { kernelSize: 9, padding: 4 }],
  ] as const
).flatMap(([shape, options]) => (['nchw', 'nhwc'] as const).map((layout) => ({ shape, options, layout, dtype: 'f32' })));
