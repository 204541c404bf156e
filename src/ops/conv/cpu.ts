// The reference: the same checks and geometry as the kernels, in float64, one multiply-add after another.

import { withoutGradients } from '../../check.ts';
import { type Plain, type PlainResult, specOf } from '../../plain.ts';
import { product, type TensorSpec } from '../../plan.ts';
import { activate, derivative } from './activation.ts';
import {
  type ConvOptions,
  type ConvTensors,
  type ConvTransposeOptions,
  convBackwardCall,
  convCall,
  convTransposeCall,
  type ResizeConvOptions,
  resizeConvCall,
} from './arguments.ts';
import type { ConvCall, Gradient } from './call.ts';
import { type Geometry, inside, type Strides, stridesOf } from './geometry.ts';

type Numbers = Float64Array<ArrayBuffer>;

/** Visits [outer, channels, D, H, W] in that order with each element's place in memory. */
function visit(sizes: readonly number[], { batch, channel, axes }: Strides, each: (at: number, i: number) => void): void {
  const [n = 0, c = 0, d = 0, h = 0, w = 0] = sizes;
  let i = 0;
  for (let a = 0; a < n; a++)
    for (let b = 0; b < c; b++)
      for (let z = 0; z < d; z++)
        for (let y = 0; y < h; y++) for (let x = 0; x < w; x++) each(a * batch + b * channel + z * axes[0] + y * axes[1] + x * axes[2], i++);
}

function gatherFrom(data: ArrayLike<number>, sizes: readonly number[], strides: Strides): Numbers {
  const out = new Float64Array(product(sizes));
  visit(sizes, strides, (at, i) => {
    out[i] = data[at]!;
  });
  return out;
}

function scatterTo(data: Numbers, sizes: readonly number[], strides: Strides): Numbers {
  const out = new Float64Array(data.length);
  visit(sizes, strides, (at, i) => {
    out[at] = data[i]!;
  });
  return out;
}

/** Calls `line(small, large, w, count, step)` for every run of pairs along the last axis: element numbers of its first pair and of the weight. */
function lines(g: Geometry, line: (small: number, large: number, w: number, count: number, step: number) => void): void {
  const [D, H, W] = g.axes;
  const smallPlane = D.small * H.small * W.small;
  const largePlane = D.large * H.large * W.large;
  const perSmall = g.smallChannels / g.groups;
  const perLarge = g.largeChannels / g.groups;
  for (let n = 0; n < g.batch; n++)
    for (let a = 0; a < g.smallChannels; a++) {
      const group = Math.floor(a / perSmall);
      const small = (n * g.smallChannels + a) * smallPlane;
      for (let b = 0; b < perLarge; b++) {
        const large = (n * g.largeChannels + group * perLarge + b) * largePlane;
        let w = (a * perLarge + b) * D.kernel * H.kernel * W.kernel;
        for (let td = 0; td < D.kernel; td++) {
          const [d0, d1] = inside(D, td);
          for (let th = 0; th < H.kernel; th++) {
            const [h0, h1] = inside(H, th);
            for (let tw = 0; tw < W.kernel; tw++, w++) {
              const [w0, w1] = inside(W, tw);
              if (w1 <= w0) continue;
              for (let jd = d0; jd < d1; jd++) {
                const id = jd * D.stride - D.pad + td * D.dilation;
                for (let jh = h0; jh < h1; jh++) {
                  const ih = jh * H.stride - H.pad + th * H.dilation;
                  const iw = w0 * W.stride - W.pad + tw * W.dilation;
                  line(small + (jd * H.small + jh) * W.small + w0, large + (id * H.large + ih) * W.large + iw, w, w1 - w0, W.stride);
                }
              }
            }
          }
        }
      }
    }
}

const smallSizes = (g: Geometry) => [g.batch, g.smallChannels, ...g.axes.map((a) => a.small)];
const largeSizes = (g: Geometry) => [g.batch, g.largeChannels, ...g.axes.map((a) => a.large)];
const filterSizes = (g: Geometry) => [g.smallChannels, g.largeChannels / g.groups, ...g.axes.map((a) => a.kernel)];

/** C: large to small. */
function shrink(g: Geometry, large: Numbers, w: Numbers): Numbers {
  const small = new Float64Array(product(smallSizes(g)));
  lines(g, (s, l, at, count, step) => {
    const v = w[at]!;
    for (let j = 0; j < count; j++) small[s + j]! += v * large[l + j * step]!;
  });
  return small;
}

/** Its transpose: small to large. */
function enlarge(g: Geometry, small: Numbers, w: Numbers): Numbers {
  const large = new Float64Array(product(largeSizes(g)));
  lines(g, (s, l, at, count, step) => {
    const v = w[at]!;
    for (let j = 0; j < count; j++) large[l + j * step]! += v * small[s + j]!;
  });
  return large;
}

/** The gradient of the filter. */
function correlate(g: Geometry, small: Numbers, large: Numbers): Numbers {
  const dw = new Float64Array(product(filterSizes(g)));
  lines(g, (s, l, at, count, step) => {
    let sum = 0;
    for (let j = 0; j < count; j++) sum += small[s + j]! * large[l + j * step]!;
    dw[at]! += sum;
  });
  return dw;
}

/** Pairs (element of the folded filter, element of the filter it sums up): W'[u] = sum over r < scale of w[k - 1 - u + r], channels swapped. */
function folding(g: Geometry, each: (folded: number, at: number) => void): void {
  const perIn = g.smallChannels / g.groups;
  const perOut = g.largeChannels / g.groups;
  const k = g.axes.map((a) => a.kernel - a.stride + 1);
  let folded = 0;
  for (let ci = 0; ci < g.smallChannels; ci++)
    for (let co = 0; co < perOut; co++) {
      const group = Math.floor(ci / perIn);
      const base = ((group * perOut + co) * perIn + (ci % perIn)) * product(k);
      const [D, H, W] = g.axes;
      const taps = (axis: number, u: number) =>
        Array.from({ length: g.axes[axis]!.stride }, (_, r) => k[axis]! - 1 - u + r).filter((t) => t >= 0 && t < k[axis]!);
      for (let d = 0; d < D.kernel; d++)
        for (let h = 0; h < H.kernel; h++)
          for (let w = 0; w < W.kernel; w++, folded++)
            for (const td of taps(0, d)) for (const th of taps(1, h)) for (const tw of taps(2, w)) each(folded, base + (td * k[1]! + th) * k[2]! + tw);
    }
}

/** The filter's own sizes in [batch, channel, taps] of its view: before folding where there is one. */
const viewSizes = ({ geometry: g, fold }: ConvCall) =>
  fold ? [g.largeChannels, g.smallChannels / g.groups, ...g.axes.map((a) => a.kernel - a.stride + 1)] : filterSizes(g);

function weightsOf(call: ConvCall, data: ArrayLike<number>): Numbers {
  const w = gatherFrom(data, viewSizes(call), call.filter);
  if (!call.fold) return w;
  const folded = new Float64Array(product(filterSizes(call.geometry)));
  folding(call.geometry, (to, from) => {
    folded[to]! += w[from]!;
  });
  return folded;
}

/** The result before the activation, and the tensors as [N, C, D, H, W]. */
function linear(call: ConvCall, xData: ArrayLike<number>, wData: ArrayLike<number>, bias: ArrayLike<number> | undefined) {
  const { geometry: g, transposed } = call;
  const x = gatherFrom(xData, transposed ? smallSizes(g) : largeSizes(g), stridesOf(call.x.shape, call.x.layout));
  const w = weightsOf(call, wData);
  const z = transposed ? enlarge(g, x, w) : shrink(g, x, w);
  const plane = product(call.y.shape.slice(2));
  const channels = call.y.shape[1]!;
  if (bias) for (let i = 0; i < z.length; i++) z[i]! += bias[Math.floor(i / plane) % channels]!;
  return { x, w, z };
}

const result = (data: Numbers, { shape, layout, dtype }: TensorSpec): PlainResult => ({ data, shape, layout, dtype });
const five = (shape: readonly number[]) => [...shape.slice(0, 2), ...[1, 1, 1, ...shape.slice(2)].slice(-3)];

function forwardOf(call: ConvCall, x: Plain, w: Plain, bias: Plain | undefined): PlainResult {
  const { z } = linear(call, x.data, w.data, bias?.data);
  const y = z.map((v) => activate(call.activation, call.negativeSlope, v));
  return result(scatterTo(y, five(call.y.shape), stridesOf(call.y.shape, call.y.layout)), call.y);
}

/** Gradients of the reference. */
export type PlainGradients = Partial<Record<Gradient, PlainResult>>;

function backwardOf(call: ConvCall, dyPlain: Plain, xPlain: Plain, wPlain: Plain, bias: Plain | undefined): Required<PlainGradients> {
  const { geometry: g, transposed, gradients } = call;
  const dy = gatherFrom(dyPlain.data, five(call.y.shape), stridesOf(call.y.shape, call.dy!.layout));
  const { x, w, z } = linear(call, xPlain.data, wPlain.data, bias?.data);
  if (call.activation) for (let i = 0; i < dy.length; i++) dy[i]! *= derivative(call.activation, call.negativeSlope, z[i]!);
  const out: PlainGradients = {};
  if (gradients.includes('dx')) {
    const dx = transposed ? shrink(g, dy, w) : enlarge(g, dy, w);
    out.dx = result(scatterTo(dx, five(call.x.shape), stridesOf(call.x.shape, call.x.layout)), call.x);
  }
  if (gradients.includes('dw')) {
    const full = transposed ? correlate(g, x, dy) : correlate(g, dy, x);
    let dw = full;
    if (call.fold) {
      dw = new Float64Array(product(viewSizes(call)));
      folding(g, (from, to) => {
        dw[to]! += full[from]!;
      });
    }
    out.dw = result(scatterTo(dw, viewSizes(call), call.filter), call.w);
  }
  if (gradients.includes('db')) {
    const channels = call.y.shape[1]!;
    const plane = product(call.y.shape.slice(2));
    const db = new Float64Array(channels);
    dy.forEach((v, i) => {
      db[Math.floor(i / plane) % channels]! += v;
    });
    out.db = result(db, { shape: [channels], dtype: call.x.dtype, layout: 'nchw', skew: 0 });
  }
  return out as Required<PlainGradients>;
}

type Check<O> = (op: string, spatial: number, tensors: ConvTensors, options: O) => ConvCall;
interface Biased {
  bias?: Plain | undefined;
}
interface Chosen<G extends Gradient> {
  gradients?: readonly G[] | undefined;
}
/** The last argument: a scale factor must be said. */
type Last<O, All> = O extends ResizeConvOptions ? [options: All] : [options?: All];
type Forward<O> = (x: Plain, w: Plain, ...options: Last<O, O & Biased>) => PlainResult;
type Backward<O> = <G extends Gradient = Gradient>(dy: Plain, x: Plain, w: Plain, ...options: Last<O, O & Biased & Chosen<G>>) => Record<G, PlainResult>;

const tensorsOf = (op: string, x: Plain, w: Plain, bias: Plain | undefined): ConvTensors => ({
  x: specOf(op, 'x', x),
  w: specOf(op, 'weight', w),
  bias: bias === undefined ? null : specOf(op, 'bias', bias),
});

const forward =
  <O extends object>(op: string, spatial: number, check: Check<O>): Forward<O> =>
  (x: Plain, w: Plain, options: O & Biased = {} as O & Biased): PlainResult =>
    forwardOf(check(op, spatial, tensorsOf(op, x, w, options?.bias), options), x, w, options.bias);

const backward =
  <O extends object>(op: string, spatial: number, check: Check<O>): Backward<O> =>
  (dy: Plain, x: Plain, w: Plain, options: O & Biased & Chosen<Gradient> = {} as O & Biased & Chosen<Gradient>): Required<PlainGradients> => {
    const { gradients, rest } = withoutGradients<O>(options);
    const call = convBackwardCall(specOf(op, 'dy', dy), check(op, spatial, tensorsOf(op, x, w, options?.bias), rest), gradients);
    return backwardOf(call, dy, x, w, options.bias);
  };

type C = ConvOptions;
type T = ConvTransposeOptions;
type R = ResizeConvOptions;
// Each as its namesake on the GPU.
export const conv1d = /*#__PURE__*/ forward<C>('conv1d', 1, convCall);
export const conv2d = /*#__PURE__*/ forward<C>('conv2d', 2, convCall);
export const conv3d = /*#__PURE__*/ forward<C>('conv3d', 3, convCall);
export const convTranspose1d = /*#__PURE__*/ forward<T>('convTranspose1d', 1, convTransposeCall);
export const convTranspose2d = /*#__PURE__*/ forward<T>('convTranspose2d', 2, convTransposeCall);
export const convTranspose3d = /*#__PURE__*/ forward<T>('convTranspose3d', 3, convTransposeCall);
export const resizeConv2d = /*#__PURE__*/ forward<R>('resizeConv2d', 2, resizeConvCall);
export const conv1dBackward = /*#__PURE__*/ backward<C>('conv1dBackward', 1, convCall);
export const conv2dBackward = /*#__PURE__*/ backward<C>('conv2dBackward', 2, convCall);
export const conv3dBackward = /*#__PURE__*/ backward<C>('conv3dBackward', 3, convCall);
export const convTranspose1dBackward = /*#__PURE__*/ backward<T>('convTranspose1dBackward', 1, convTransposeCall);
export const convTranspose2dBackward = /*#__PURE__*/ backward<T>('convTranspose2dBackward', 2, convTransposeCall);
export const convTranspose3dBackward = /*#__PURE__*/ backward<T>('convTranspose3dBackward', 3, convTransposeCall);
export const resizeConv2dBackward = /*#__PURE__*/ backward<R>('resizeConv2dBackward', 2, resizeConvCall);
