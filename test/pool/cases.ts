// Geometries of poolings, aimed at code paths: windows side by side, overlapping, apart; sizes 1 and prime; ceil mode, asymmetric pads, dilation.
import type { MaxPoolOptions } from '../../src/ops/pool/arguments.ts';
import type { Layout } from '../../src/plan.ts';

export interface Geometry {
  /** Shape of the pooling's input. */
  readonly x: readonly number[];
  readonly options: MaxPoolOptions;
  readonly layout?: Layout;
}

const pairs = (...list: [number, number][]) => list;

export const GEOMETRIES: readonly Geometry[] = [
  { x: [2, 3, 8, 16], options: { kernelSize: 2 } },
  { x: [1, 5, 6, 24], options: { kernelSize: [3, 2] } },
  { x: [1, 2, 7, 8], options: { kernelSize: 2, ceilMode: true } },
  { x: [2, 3, 7, 5], options: { kernelSize: 2 } },
  { x: [1, 1, 9, 7], options: { kernelSize: 3, stride: 2, padding: 1 } },
  { x: [1, 2, 7, 8], options: { kernelSize: 3, stride: 1, padding: 1 } },
  { x: [1, 3, 11, 13], options: { kernelSize: 2, stride: 3, padding: 1, ceilMode: true } },
  { x: [1, 1, 10, 7], options: { kernelSize: [2, 3], stride: [3, 1], padding: [1, 0], dilation: [1, 2] } },
  { x: [1, 2, 5, 9], options: { kernelSize: 3, stride: [1, 2], padding: pairs([2, 0], [0, 2]) } },
  { x: [1, 2, 6, 12], options: { kernelSize: 4, stride: 1, padding: pairs([3, 3], [1, 2]) } },
  { x: [1, 2, 9, 10], options: { kernelSize: 3, stride: 2, dilation: 2 } },
  { x: [3, 1, 1, 1], options: { kernelSize: 1 } },
  { x: [1, 4, 5, 5], options: { kernelSize: 1, stride: 2 } },
  { x: [1, 1, 6, 6], options: { kernelSize: 6 } },
  { x: [1, 2, 9, 9], options: { kernelSize: 3, stride: 2, autoPad: 'SAME_LOWER' } },
  { x: [1, 2, 5, 7], options: { kernelSize: 2, stride: 3, autoPad: 'SAME_UPPER' } },
  { x: [2, 4, 6, 8], options: { kernelSize: 2 }, layout: 'nhwc' },
  { x: [1, 8, 7, 5], options: { kernelSize: 3, stride: 2, padding: 1 }, layout: 'nhwc' },
  { x: [2, 3, 5, 6], options: { kernelSize: 2, stride: 1, ceilMode: true }, layout: 'nhwc' },
  { x: [1, 4, 9, 5], options: { kernelSize: 2, stride: 2, dilation: 3, padding: 1 }, layout: 'nhwc' },
  { x: [2, 3, 16], options: { kernelSize: 2 } },
  { x: [2, 3, 10], options: { kernelSize: 4, stride: 1, padding: 2 } },
  { x: [1, 2, 12], options: { kernelSize: 3, stride: 2, padding: 1, dilation: 2 } },
  { x: [1, 4, 11], options: { kernelSize: 5, stride: 4 }, layout: 'nhwc' },
  { x: [1, 2, 4, 6, 8], options: { kernelSize: 2 } },
  { x: [1, 1, 5, 4, 6], options: { kernelSize: [2, 3, 2], stride: [2, 1, 2], padding: [1, 1, 0] } },
  { x: [1, 4, 5, 5, 4], options: { kernelSize: 2, ceilMode: true }, layout: 'nhwc' },
  { x: [1, 2, 3, 64], options: { kernelSize: 2 } },
  { x: [2, 3, 32], options: { kernelSize: 2 } },
  { x: [2, 2, 4, 6, 16], options: { kernelSize: 2 } },
  { x: [2, 3, 5, 16], options: { kernelSize: [1, 2], stride: [2, 2] } },
  { x: [2, 16, 4, 10], options: { kernelSize: 2 }, layout: 'nhwc' },
  { x: [1, 8, 3, 4, 6], options: { kernelSize: [2, 1, 2] }, layout: 'nhwc' },
  { x: [1, 8, 5, 9], options: { kernelSize: 2, stride: 3 }, layout: 'nhwc' },
];

/** Those that 2-byte elements are tested with: some, and all whose rows or pixels are vectors of them. */
export const HALVES = GEOMETRIES.filter(({ x, layout }, i) => i % 4 === 0 || (layout === 'nhwc' ? x[1]! : x.at(-1)!) % 8 === 0);

/** Whether unpooling can undo a geometry: it knows no dilation, and its padding is given as numbers or pairs. */
export const unpoolable = ({ options: { dilation = 1, autoPad } }: Geometry): boolean => dilation === 1 && autoPad === undefined;

export const titleOf = ({ x, options, layout = 'nchw' }: Geometry): string => `[${x}] ${JSON.stringify(options)} ${layout}`;
