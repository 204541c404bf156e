import { withoutGradients } from '../../check.ts';
import type { Context } from '../../context.ts';
import type { Explanation, Prepared, PrepareSpec } from '../../op.ts';
import type { TensorSpec } from '../../plan.ts';
import type { Tensor } from '../../tensor.ts';
import { type Given, type Several, several } from '../several.ts';
import { type GridSampleOptions, sampleBackwardCall, sampleCall } from './arguments.ts';
import type { SampleCall, SampleGradient } from './call.ts';
import { sampleGradientPlans } from './gradient.ts';
import { samplePlans } from './plan.ts';

export type { GridSampleOptions } from './arguments.ts';
export type { PaddingMode, SampleGradient, SampleMode } from './call.ts';

/** What `gridSample.prepare` is given: the options, and each tensor's shape, dtype and layout. */
export interface GridSampleSpec extends GridSampleOptions {
  /** [N, C, H, W] or [N, C, D, H, W] */
  x: PrepareSpec;
  /** [N, outH, outW, 2] or [N, outD, outH, outW, 3] */
  grid: PrepareSpec;
}
/** The same of `gridSampleBackward`. */
export interface GridSampleBackwardSpec<G extends SampleGradient = SampleGradient> extends GridSampleSpec, GridSampleGradients<G> {
  /** [N, C, ...out] */
  dy: PrepareSpec;
}

/** Which gradients are wanted. */
export interface GridSampleGradients<G extends SampleGradient> {
  /** Default both: `['dx', 'dgrid']`. */
  gradients?: readonly G[] | undefined;
}

/** The gradients of a sampling: called at once, prepared for a caller's encoder, or explained. */
export interface GridSampleBackward {
  <G extends SampleGradient = SampleGradient>(dy: Tensor, x: Tensor, grid: Tensor, options?: GridSampleOptions & GridSampleGradients<G>): Record<G, Tensor>;
  /** Compiles and allocates everything that `encode(encoder, { dy, x, grid, dx, dgrid })` needs, without the gradient that is not wanted. */
  prepare<G extends SampleGradient = SampleGradient>(ctx: Context, spec: GridSampleBackwardSpec<G>): Promise<Prepared<'dy' | 'x' | 'grid' | G>>;
  /** Which plan a call would run, and why; computes nothing. */
  explain(ctx: Context, spec: GridSampleBackwardSpec): Explanation;
}

const spec = (given: Given, name: string) => given[name] as TensorSpec;

/** `y[n,c,s] = sum over pixels p near (x, y[, z]) = grid[n,s] of w(p - position) * x[n,c,p]`: each output reads x where the grid says.
 * The coordinate -1 is the first pixel's outer edge and 1 the last one's: position `((g + 1)*size - 1)/2`; with `alignCorners` their centres: `(g + 1)/2*(size - 1)`.
 * @param x [N, C, H, W] or [N, C, D, H, W], f32 or f16
 * @param grid [N, outH, outW, 2] or [N, outD, outH, outW, 3], x (along W) first; f32, or f16 as x has. Coordinates are computed in f32. Those of f16 are up to 2^-11
 *   apart, half a pixel of 2,048. NaN counts as far below -1, infinities as far outside; nothing but pixels of x is ever read.
 * @param options `mode` `'bilinear'` (in three dimensions trilinear), `'nearest'` (half to even), `'bicubic'` (a = -0.75); `paddingMode` `'zeros'`, `'border'`,
 *   `'reflection'` (about the outer edges, with `alignCorners` about the centres), which bicubic applies to each of its taps; `alignCorners` false
 * @returns [N, C, outH, outW] or [N, C, outD, outH, outW], in the layout and dtype of x
 * @throws UpsampleError `invalid-argument`, `limit-exceeded`, `disposed`, `device-mismatch`, `device-lost`
 * Source: PyTorch F.grid_sample; ONNX GridSample-22 (linear, nearest, cubic; bicubic of volumes is an extension of both). */
export const gridSample: Several<[x: Tensor, grid: Tensor, options?: GridSampleOptions], GridSampleSpec, Tensor, 'x' | 'grid' | 'output'> =
  /*#__PURE__*/ several('gridSample', {
    tensors: ['x', 'grid'],
    check: (op, given, options: GridSampleOptions): SampleCall => sampleCall(op, spec(given, 'x'), spec(given, 'grid'), options),
    plans: samplePlans,
  });

/** The gradients of `gridSample`: `dx`, its transpose, and `dgrid`, by the coordinates. Both are sums in a fixed order: for dx the samples are sorted by the
 * pixel that they lie in.
 * Nearest gives dgrid = 0. A coordinate that border or reflection clips gives 0 there, a reflected one the opposite sign; at a pixel's centre the slope of the
 * right-hand side counts.
 * @param dy gradient of the result, [N, C, ...out], in the dtype of x
 * @param x the input of the forward call
 * @param grid its grid
 * @param options as given to `gridSample`; `gradients` `['dx', 'dgrid']`
 * @returns those of `{ dx, dgrid }` that are wanted, like x and grid in shape, dtype and layout. Deterministic.
 * @throws UpsampleError as `gridSample` */
export const gridSampleBackward: GridSampleBackward = /*#__PURE__*/ several('gridSampleBackward', {
  tensors: ['dy', 'x', 'grid'],
  check: (op, given, options: GridSampleOptions & GridSampleGradients<SampleGradient>): SampleCall => {
    const { gradients, rest } = withoutGradients<GridSampleOptions>(options);
    return sampleBackwardCall(spec(given, 'dy'), sampleCall(op, spec(given, 'x'), spec(given, 'grid'), rest), gradients);
  },
  plans: sampleGradientPlans,
  result: (outputs) => outputs,
}) as GridSampleBackward;
