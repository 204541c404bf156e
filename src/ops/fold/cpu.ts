// The reference: the same checks as the kernels, and the definition, window by window.

import { type Plain, type PlainResult, specOf } from '../../plain.ts';
import { type Layout, product, type TensorSpec } from '../../plan.ts';
import { type FoldCall, type FoldOptions, foldBackwardCall, foldCall, type UnfoldOptions, unfoldBackwardCall, unfoldCall } from './arguments.ts';

/** The digits of a number in a row-major shape. */
const digits = (n: number, shape: readonly number[]) => shape.map((size, i) => Math.floor(n / product(shape.slice(i + 1))) % size);

/** Where element `place` of channel c lies among channels and places. */
const at = (layout: Layout, n: number, c: number, channels: number, place: number, places: number) =>
  layout === 'nchw' ? (n * channels + c) * places + place : (n * places + place) * channels + c;

function slide({ x, shape, axes, fold: back }: FoldCall, data: ArrayLike<number>): PlainResult {
  const { layout, dtype } = x;
  const [batch, channels, ...size] = (back ? shape : x.shape) as [number, number, ...number[]];
  const [kernel, windows] = [axes.map((a) => a.kernel), axes.map((a) => a.small)];
  const [taps, places, plane] = [product(kernel), product(windows), product(size)];
  const out = new Float64Array(product(shape));
  for (let t = 0; t < taps; t++) {
    const tap = digits(t, kernel);
    for (let o = 0; o < places; o++) {
      const place = digits(o, windows).map((w, i) => w * axes[i]!.stride - axes[i]!.pad + tap[i]! * axes[i]!.dilation);
      if (place.some((p, i) => p < 0 || p >= size[i]!)) continue;
      const inside = place.reduce((sum, p, i) => sum * size[i]! + p, 0);
      for (let n = 0; n < batch; n++)
        for (let c = 0; c < channels; c++) {
          const element = at(layout, n, c, channels, inside, plane);
          const column = at(layout, n, c * taps + t, channels * taps, o, places);
          if (back) out[element]! += data[column]!;
          else out[column] = data[element]!;
        }
    }
  }
  return { data: out, shape, layout, dtype };
}

const forward =
  <O>(op: string, check: (op: string, x: TensorSpec, options: O) => FoldCall, name = 'x'): ((x: Plain, options: O) => PlainResult) =>
  (x, options = {} as O) =>
    slide(check(op, specOf(op, name, x), options), x.data);

// Each as its namesake on the GPU.
export const unfold = /*#__PURE__*/ forward<UnfoldOptions>('unfold', unfoldCall);
export const fold = /*#__PURE__*/ forward<FoldOptions>('fold', foldCall);
export const foldBackward = /*#__PURE__*/ forward<FoldOptions>('foldBackward', foldBackwardCall, 'dy');
export const unfoldBackward: (dy: Plain, inputShape: readonly number[], options: UnfoldOptions) => PlainResult = (
  dy,
  inputShape,
  options = {} as UnfoldOptions,
) => slide(unfoldBackwardCall('unfoldBackward', specOf('unfoldBackward', 'dy', dy), inputShape, options), dy.data);
