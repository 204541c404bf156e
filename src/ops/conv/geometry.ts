import { product } from '../../plan.ts';

export type Triple = readonly [number, number, number];

/** One spatial axis of a convolution: small[j] = sum over t of large[j*stride - pad + t*dilation] * w[t]. A convolution maps
 * large to small, a transposed one small to large; padding at the end and output padding are implied by the sizes. */
export interface ConvAxis {
  readonly large: number;
  readonly small: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  /** Zeros before large[0]. */
  readonly pad: number;
}

/** A convolution without its data: three axes (unit axes first), channels and groups. The filter is [smallChannels, largeChannels/groups, ...kernel]. */
export interface Geometry {
  readonly batch: number;
  readonly groups: number;
  readonly smallChannels: number;
  readonly largeChannels: number;
  readonly axes: readonly [ConvAxis, ConvAxis, ConvAxis];
}

const UNIT: ConvAxis = { large: 1, small: 1, kernel: 1, stride: 1, dilation: 1, pad: 0 };

/** 1D and 2D as 3D. */
export const threeAxes = (axes: readonly ConvAxis[]): Geometry['axes'] =>
  [...new Array<ConvAxis>(3 - axes.length).fill(UNIT), ...axes] as unknown as Geometry['axes'];

export const span = (kernel: number, dilation: number): number => dilation * (kernel - 1) + 1;
export const gcd = (a: number, b: number): number => (b ? gcd(b, a % b) : a);

/** Multiply-adds of the map on pairs that exist: taps inside the tensor. */
export function multiplyAdds({ batch, groups, smallChannels, largeChannels, axes }: Geometry): number {
  const pairs = axes.map(({ large, small, kernel, stride, dilation, pad }) => {
    let n = 0;
    for (let t = 0; t < kernel; t++) {
      const [from, to] = inside({ large, small, kernel, stride, dilation, pad }, t);
      n += Math.max(to - from, 0);
    }
    return n;
  });
  return (batch * smallChannels * largeChannels * product(pairs)) / groups;
}

/** The positions j of small, from <= j < to, whose tap t lies inside large. */
export function inside({ large, small, stride, dilation, pad }: ConvAxis, t: number): readonly [number, number] {
  const from = Math.max(Math.ceil((pad - t * dilation) / stride), 0);
  const to = Math.min(Math.floor((large - 1 + pad - t * dilation) / stride) + 1, small);
  return [from, to];
}

/** Where a tensor's elements lie, in elements: batch, channel, D, H, W. */
export interface Strides {
  readonly batch: number;
  readonly channel: number;
  readonly axes: Triple;
}

/** Strides of [N, C, ...spatial] in memory. */
export function stridesOf(shape: readonly number[], layout: 'nchw' | 'nhwc'): Strides {
  const spatial = shape.slice(2);
  const channels = shape[1]!;
  const plane = product(spatial);
  const inner = layout === 'nchw' ? 1 : channels;
  const axes = spatial.map((_, i) => product(spatial.slice(i + 1)) * inner);
  return {
    batch: plane * channels,
    channel: layout === 'nchw' ? plane : 1,
    axes: [...new Array<number>(3 - axes.length).fill(0), ...axes] as unknown as Triple,
  };
}
