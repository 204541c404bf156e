// tfjs's kernels, computed by our operations: their inputs and attributes in our words.
import { conv2dBackward, convTranspose2d } from '../../ops/conv/index.ts';
import { maxUnpool2d, maxUnpool2dBackward } from '../../ops/pool/index.ts';
import { type ResizeOptions, resize, resizeBackward } from '../../ops/resample/index.ts';
import type { Layout } from '../../plan.ts';
import type { Tensor } from '../../tensor.ts';
import { fromMemory } from '../memory.ts';
import type { Attributes, Tfjs } from './types.ts';

/** A call of a kernel. */
export interface Job {
  readonly attrs: Attributes;
  /** Shape of an input, in the order of memory. */
  shape(name: string): readonly number[];
  /** An input as a tensor; without a layout in the order of memory. */
  take(name: string, layout?: Layout): Tensor;
  /** A tensor that is not read. */
  blank(shape: readonly number[]): Tensor;
  readonly convInfo: Tfjs['backend_util']['computeConv2DInfo'];
}

type Compute = (job: Job) => Tensor;

const nhwc = (shape: readonly number[]) => fromMemory(shape, 'nhwc');

/** tfjs's coordinates in ONNX's words. */
function coordinates({ alignCorners, halfPixelCenters }: Attributes, nearest: boolean): ResizeOptions {
  if (nearest)
    return {
      coordinateTransformationMode: halfPixelCenters ? 'tf_half_pixel_for_nn' : alignCorners ? 'align_corners' : 'asymmetric',
      nearestMode: alignCorners ? 'round_prefer_ceil' : 'floor',
    };
  return { coordinateTransformationMode: halfPixelCenters ? 'half_pixel' : alignCorners ? 'align_corners' : 'asymmetric' };
}

/** TensorFlow's two cubics: Keys's, renormalised at the border, with half-pixel centres, and the older one, clamped, without. */
const cubic = (attrs: Attributes): ResizeOptions => ({
  mode: 'cubic',
  ...coordinates(attrs, false),
  ...(attrs['halfPixelCenters'] ? { cubicCoeffA: -0.5, excludeOutside: true } : { cubicCoeffA: -0.75 }),
});

const resizeGradient =
  (options: (attrs: Attributes) => ResizeOptions): Compute =>
  ({ attrs, shape, take }) =>
    resizeBackward(take('dy', 'nhwc'), nhwc(shape('images')), { ...options(attrs), axes: [2, 3], sizes: shape('dy').slice(1, 3) });

/** What tfjs computes of a convolution's attributes: sizes, strides, and the padding that comes first. */
function geometry({ attrs, convInfo }: Job, input: unknown, filter: readonly number[]) {
  const layout: Layout = attrs['dataFormat'] === 'NCHW' ? 'nchw' : 'nhwc';
  const { strides, pad, dimRoundingMode } = attrs;
  const info = convInfo(input, filter, strides, 1, pad, dimRoundingMode, false, layout === 'nchw' ? 'channelsFirst' : 'channelsLast');
  const axes = [
    [info.inHeight, info.outHeight, info.filterHeight, info.strideHeight, info.padInfo.top],
    [info.inWidth, info.outWidth, info.filterWidth, info.strideWidth, info.padInfo.left],
  ] as const;
  // What the last window needs beyond the input; where it is less than 0, elements at the end that no window reaches.
  const beyond = axes.map(([large, small, kernel, stride, begin]) => (small - 1) * stride + kernel - begin - large);
  return {
    layout,
    options: { stride: axes.map((a) => a[3]), padding: axes.map((a, i): [number, number] => [a[4], Math.max(beyond[i]!, 0)]) },
    rest: beyond.map((n) => Math.max(-n, 0)),
  };
}

function unpooling(attrs: Attributes) {
  const { kernelSize, strides, padding, outputSize } = attrs as Record<string, number[]>;
  const [top, bottom, left, right] = padding as [number, number, number, number];
  const pairs: [number, number][] = [
    [top, bottom],
    [left, right],
  ];
  return { kernelSize: kernelSize!, stride: strides!, padding: pairs, outputSize: outputSize!, indexFormat: 'tf' as const };
}

/** Kernels that replace tfjs's own. */
const REPLACED = {
  ResizeBilinearGrad: resizeGradient((attrs) => ({ mode: 'linear', ...coordinates(attrs, false) })),
  ResizeNearestNeighborGrad: resizeGradient((attrs) => ({ mode: 'nearest', ...coordinates(attrs, true) })),
  Conv2DBackpropInput: (job) => {
    const { layout, options, rest } = geometry(job, job.attrs['inputShape'], job.shape('filter'));
    return convTranspose2d(job.take('dy', layout), job.take('filter'), { ...options, outputPadding: rest, filterLayout: 'hwoi' });
  },
  Conv2DBackpropFilter: (job) => {
    const filterShape = job.attrs['filterShape'] as number[];
    const { layout, options } = geometry(job, job.shape('x'), filterShape);
    const w = job.blank(filterShape);
    return conv2dBackward(job.take('dy', layout), job.take('x', layout), w, { ...options, filterLayout: 'hwio', gradients: ['dw'] }).dw;
  },
} satisfies Record<string, Compute>;

/** Kernels that tfjs lacks. */
const ADDED = {
  ResizeBicubic: ({ attrs, take }) => resize(take('images', 'nhwc'), { ...cubic(attrs), axes: [2, 3], sizes: attrs['size'] as number[] }),
  ResizeBicubicGrad: resizeGradient(cubic),
  MaxUnpool: ({ attrs, take }) => maxUnpool2d(take('x', 'nhwc'), take('indices', 'nhwc'), unpooling(attrs)),
  MaxUnpoolGrad: ({ attrs, take }) => maxUnpool2dBackward(take('dy', 'nhwc'), take('indices', 'nhwc'), unpooling(attrs)),
} satisfies Record<string, Compute>;

export const KERNELS = { ...REPLACED, ...ADDED };
export type Added = keyof typeof ADDED;
export type Kernel = keyof typeof KERNELS;
