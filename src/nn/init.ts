// Initial values of parameters. Shapes are PyTorch's: [outChannels, inChannels/groups, ...kernel] of a convolution, [inChannels, outChannels/groups, ...kernel]
// of a transposed one, [out, in] of a linear layer.

import { checkOptions, checkShape, finite, refuse, show } from '../check.ts';
import type { Context, TensorOptions } from '../context.ts';
import { type IcnrOptions, icnr } from '../ops/shuffle/icnr.ts';
import { product } from '../plan.ts';
import type { Tensor } from '../tensor.ts';
import { Random } from './random.ts';

export interface InitOptions extends TensorOptions {
  /** Where random numbers come from, or the seed of new ones; default another seed each time. */
  random?: Random | number | undefined;
}
export interface UniformOptions extends InitOptions {
  /** Default 0. */
  min?: number | undefined;
  /** Default 1. */
  max?: number | undefined;
}
export interface NormalOptions extends InitOptions {
  /** Default 0. */
  mean?: number | undefined;
  /** Standard deviation; default 1. */
  std?: number | undefined;
}
export interface HeOptions extends InitOptions {
  /** What keeps its variance: activations (`'in'`, default: shape[1] times the kernel) or gradients (`'out'`: shape[0] times the kernel); or the number itself. */
  fan?: 'in' | 'out' | number | undefined;
  /** Slope of the leaky relu that follows; default 0, relu. */
  negativeSlope?: number | undefined;
}
export interface XavierOptions extends InitOptions {
  /** Default 1; PyTorch takes 5/3 before tanh. */
  gain?: number | undefined;
}
export interface TorchOptions extends InitOptions {
  /** Shape of the weights, for a bias; default the shape itself. */
  of?: readonly number[] | undefined;
}

const COMMON = ['random', 'dtype', 'layout'];

/** Numbers that meet one element of a result, and that one element of the input meets. */
function fans(op: string, shape: readonly number[]): { in: number; out: number } {
  const list = checkShape(op, 'shape', shape);
  if (list.length < 2) refuse(op, `shape ${show(list)} has rank ${list.length}`, 'expected weights: [outChannels, inChannels, ...kernel]');
  const taps = product(list.slice(2));
  return { in: list[1]! * taps, out: list[0]! * taps };
}

/** One over the square root of a fan, 0 where nothing is connected. */
const scale = (fan: number) => (fan > 0 ? 1 / Math.sqrt(fan) : 0);

function filled(op: string, ctx: Context, shape: readonly number[], options: InitOptions, draw: (random: Random) => number): Tensor {
  const { random, dtype, layout } = options;
  const list = checkShape(op, 'shape', shape);
  const source = random instanceof Random ? random : new Random(random);
  const data = Float32Array.from({ length: product(list) }, () => draw(source));
  return ctx.tensor(data, list, { ...(dtype && { dtype }), ...(layout && { layout }) });
}

const flat = (op: string, ctx: Context, shape: readonly number[], options: InitOptions, bound: number, middle = 0) =>
  filled(op, ctx, shape, options, (random) => middle + bound * (2 * random.uniform() - 1));
const bell = (op: string, ctx: Context, shape: readonly number[], options: InitOptions, std: number, mean = 0) =>
  filled(op, ctx, shape, options, (random) => mean + std * random.normal());

/** Numbers from `min` 0 to `max` 1, all equally likely. */
export function uniform(ctx: Context, shape: readonly number[], options: UniformOptions = {}): Tensor {
  const op = 'uniform';
  checkOptions(op, options, [...COMMON, 'min', 'max']);
  const min = finite(op, 'min', options.min, 0);
  const max = finite(op, 'max', options.max, 1);
  if (max < min) refuse(op, `max ${max} is below min ${min}`, 'expected min <= max');
  return filled(op, ctx, shape, options, (random) => min + (max - min) * random.uniform());
}

/** Numbers of the normal distribution: `mean` 0, `std` 1. */
export function normal(ctx: Context, shape: readonly number[], options: NormalOptions = {}): Tensor {
  const op = 'normal';
  checkOptions(op, options, [...COMMON, 'mean', 'std']);
  return bell(op, ctx, shape, options, finite(op, 'std', options.std, 1), finite(op, 'mean', options.mean, 0));
}

/** Standard deviation that relu layers ask for: sqrt(2 / (1 + slope^2) / fan). */
function heStd(op: string, shape: readonly number[], options: HeOptions, more: readonly string[] = []): number {
  checkOptions(op, options, [...COMMON, ...more, 'fan', 'negativeSlope']);
  const { fan = 'in' } = options;
  const both = fans(op, shape);
  if (fan !== 'in' && fan !== 'out' && !(typeof fan === 'number' && fan > 0)) refuse(op, `fan is ${show(fan)}`, "expected 'in', 'out' or a number above 0");
  return Math.sqrt(2 / (1 + finite(op, 'negativeSlope', options.negativeSlope, 0) ** 2)) * scale(typeof fan === 'number' ? fan : both[fan]);
}

/** He's (Kaiming's) normal distribution, with standard deviation `sqrt(2 / fan)`: for layers that relu follows.
 * @param shape of the weights
 * @param options `fan` `'in'`, `negativeSlope` 0, `random` new numbers each time, `dtype`, `layout`
 * Source: arXiv:1502.01852; PyTorch kaiming_normal_. */
export function heNormal(ctx: Context, shape: readonly number[], options: HeOptions = {}): Tensor {
  return bell('heNormal', ctx, shape, options, heStd('heNormal', shape, options));
}

/** He's (Kaiming's) uniform distribution, from -b to b with `b = sqrt(6 / fan)`. As `heNormal`. */
export function heUniform(ctx: Context, shape: readonly number[], options: HeOptions = {}): Tensor {
  return flat('heUniform', ctx, shape, options, Math.sqrt(3) * heStd('heUniform', shape, options));
}

function xavierStd(op: string, shape: readonly number[], options: XavierOptions): number {
  checkOptions(op, options, [...COMMON, 'gain']);
  const both = fans(op, shape);
  return finite(op, 'gain', options.gain, 1) * Math.SQRT2 * scale(both.in + both.out);
}

/** Xavier's (Glorot's) normal distribution, with standard deviation `gain * sqrt(2 / (fanIn + fanOut))`: for tanh and sigmoid.
 * @param options `gain` 1, `random`, `dtype`, `layout`
 * Source: Glorot and Bengio 2010; PyTorch xavier_normal_. */
export function xavierNormal(ctx: Context, shape: readonly number[], options: XavierOptions = {}): Tensor {
  return bell('xavierNormal', ctx, shape, options, xavierStd('xavierNormal', shape, options));
}

/** Xavier's (Glorot's) uniform distribution, from -b to b with `b = gain * sqrt(6 / (fanIn + fanOut))`. As `xavierNormal`. */
export function xavierUniform(ctx: Context, shape: readonly number[], options: XavierOptions = {}): Tensor {
  return flat('xavierUniform', ctx, shape, options, Math.sqrt(3) * xavierStd('xavierUniform', shape, options));
}

/** `normal` with standard deviation 0.02: weights of a DCGAN; with `mean` 1 the factors of its batch norms.
 * Source: arXiv:1511.06434. */
export function dcganNormal(ctx: Context, shape: readonly number[], options: Omit<NormalOptions, 'std'> = {}): Tensor {
  checkOptions('dcganNormal', options, [...COMMON, 'mean']);
  return normal(ctx, shape, { ...options, std: 0.02 });
}

/** What PyTorch gives its convolutions, transposed ones and linear layers: from -b to b with `b = 1/sqrt(shape[1] times the kernel)`.
 * @param options `of` for a bias: the shape of the weights, whose b it shares
 * Source: PyTorch nn.Conv2d, nn.ConvTranspose2d, nn.Linear. */
export function torchUniform(ctx: Context, shape: readonly number[], options: TorchOptions = {}): Tensor {
  const op = 'torchUniform';
  checkOptions(op, options, [...COMMON, 'of']);
  return flat(op, ctx, shape, options, scale(fans(op, options.of ?? shape).in));
}

/** Weights of a transposed convolution that enlarges bilinearly (linearly, trilinearly): each channel from itself alone, `w[t] = 1 - |t/f - c|` an axis with
 * `f = floor((k+1)/2)`, `c = (2f - 1 - f%2) / 2f`. For stride s a kernel of 2s - s%2 and padding floor((k-s)/2).
 * @param shape [channels, channels/groups, ...kernel]
 * Source: the upsampling layers of fully convolutional networks, arXiv:1411.4038. */
export function bilinearFilter(ctx: Context, shape: readonly number[], options: TensorOptions = {}): Tensor {
  const op = 'bilinearFilter';
  checkOptions(op, options, ['dtype', 'layout']);
  const [channels = 0, perGroup = 0, ...kernel] = checkShape(op, 'shape', shape);
  if (!kernel.length) refuse(op, `shape ${show(shape)} has no spatial axis`, 'expected [channels, channels/groups, ...kernel]');
  if (!perGroup || channels % perGroup) refuse(op, `shape ${show(shape)}`, 'expected channels in whole groups: [channels, channels/groups, ...kernel]');
  const taps = product(kernel);
  const data = new Float32Array(channels * perGroup * taps);
  for (let c = 0; c < channels; c++)
    for (let t = 0; t < taps; t++) {
      let weight = 1;
      for (let axis = kernel.length - 1, rest = t; axis >= 0; axis--) {
        const k = kernel[axis]!;
        const f = Math.floor((k + 1) / 2);
        weight *= 1 - Math.abs((rest % k) / f - (2 * f - 1 - (f % 2)) / (2 * f));
        rest = Math.floor(rest / k);
      }
      data[options.layout === 'nhwc' ? (c * taps + t) * perGroup + (c % perGroup) : (c * perGroup + (c % perGroup)) * taps + t] = weight;
    }
  return ctx.tensor(data, shape, options);
}

/** `heNormal` for the convolution before a pixel shuffle: all channels of one output channel begin alike, so that the layer begins as nearest enlargement
 * without checkerboards.
 * @param shape [outChannels*cell, inChannels/groups, ...kernel]
 * @param options `upscaleFactor` and `order` as given to `pixelShuffle`; else as `heNormal`
 * Source: arXiv:1707.02937. */
export function icnrNormal(ctx: Context, shape: readonly number[], options: HeOptions & Omit<IcnrOptions, 'draw'>): Tensor {
  const op = 'icnrNormal';
  const { upscaleFactor, order, random, dtype, layout } = options ?? {};
  const std = heStd(op, shape, options, ['upscaleFactor', 'order']);
  const source = random instanceof Random ? random : new Random(random);
  const draw = (list: readonly number[]) => Float32Array.from({ length: product(list) }, () => std * source.normal());
  return ctx.tensor(icnr(shape, { upscaleFactor, ...(order && { order }), draw }), shape, { ...(dtype && { dtype }), ...(layout && { layout }) });
}
