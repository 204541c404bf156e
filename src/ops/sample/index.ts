import type { Context } from '../../context.ts';
import { checkTensor, type Explanation, eager, explanation, type Prepared, type PrepareSpec, prepared } from '../../op.ts';
import type { DType } from '../../plan.ts';
import type { Tensor } from '../../tensor.ts';
import { type GridSampleOptions, sampleBackwardCall, sampleCall } from './arguments.ts';
import type { SampleCall, SampleGradient } from './call.ts';
import { sampleGradientPlans } from './gradient.ts';
import { samplePlans } from './plan.ts';

export type { GridSampleOptions } from './arguments.ts';
export type { PaddingMode, SampleGradient, SampleMode } from './call.ts';

/** What `gridSample.prepare` is given: shape, dtype and layout of x, and of the grid. */
export interface GridSampleSpec extends PrepareSpec, GridSampleOptions {
  /** [N, outH, outW, 2] or [N, outD, outH, outW, 3] */
  gridShape: readonly number[];
  /** Default `'f32'`. */
  gridDtype?: DType | undefined;
}

/** Which gradients are wanted. */
export interface GridSampleGradients<G extends SampleGradient> {
  /** Default both: `['dx', 'dgrid']`. */
  gradients?: readonly G[] | undefined;
}

/** A sampling: called at once, prepared for a caller's encoder, or explained. */
export interface GridSample {
  (x: Tensor, grid: Tensor, options?: GridSampleOptions): Tensor;
  /** Compiles and allocates everything that `encode(encoder, { input, grid, output })` needs. */
  prepare(ctx: Context, spec: GridSampleSpec): Promise<Prepared<'input' | 'grid' | 'output'>>;
  /** Which plan a call would run, and why; computes nothing. */
  explain(ctx: Context, spec: GridSampleSpec): Explanation;
}

/** The gradients of a sampling. */
export interface GridSampleBackward {
  <G extends SampleGradient = SampleGradient>(dy: Tensor, x: Tensor, grid: Tensor, options?: GridSampleOptions & GridSampleGradients<G>): Record<G, Tensor>;
  /** Compiles and allocates everything that `encode(encoder, { dy, x, grid, dx, dgrid })` needs, without the gradient that is not wanted. */
  prepare<G extends SampleGradient = SampleGradient>(ctx: Context, spec: GridSampleSpec & GridSampleGradients<G>): Promise<Prepared<'dy' | 'x' | 'grid' | G>>;
  /** Which plan a call would run, and why; computes nothing. */
  explain(ctx: Context, spec: GridSampleSpec & GridSampleGradients<SampleGradient>): Explanation;
}

/** Checks the spec of `prepare` and `explain`. */
function complete(op: string, ctx: Context, spec: GridSampleSpec): SampleCall {
  const { shape, dtype = 'f32', layout = 'nchw', gridShape, gridDtype = 'f32', ...options } = spec;
  ctx.alive(op);
  const x = ctx.checkSpec(op, shape, { dtype, layout });
  const grid = ctx.checkSpec(op, gridShape, { dtype: gridDtype });
  return sampleCall(op, { ...x, skew: 0 }, { ...grid, skew: 0 }, options);
}

function completeBackward(op: string, ctx: Context, spec: GridSampleSpec & GridSampleGradients<SampleGradient>): SampleCall {
  const { gradients, ...rest } = spec;
  const call = complete(op, ctx, rest);
  return sampleBackwardCall(call.y, call, gradients);
}

const FORWARD = 'gridSample';
const BACKWARD = 'gridSampleBackward';

/** `y[n,c,s] = sum over pixels p near (x, y[, z]) = grid[n,s] of w(p - position) * x[n,c,p]`: each output reads x where the grid says.
 * The coordinate -1 is the first pixel's outer edge and 1 the last one's: position `((g + 1)*size - 1)/2`; with `alignCorners` their centres: `(g + 1)/2*(size - 1)`.
 * @param x [N, C, H, W] or [N, C, D, H, W], f32 or f16
 * @param grid [N, outH, outW, 2] or [N, outD, outH, outW, 3], x (along W) first; f32, or f16 as x has. Coordinates are computed in f32; f16 places a sample to
 *   half a pixel in 2,000 only. NaN counts as far below -1, infinities as far outside: no position is ever read outside x.
 * @param options `mode` `'bilinear'` (in three dimensions trilinear), `'nearest'` (half to even), `'bicubic'` (a = -0.75); `paddingMode` `'zeros'`, `'border'`,
 *   `'reflection'` (about the outer edges, with `alignCorners` about the centres), which bicubic applies to each of its taps; `alignCorners` false
 * @returns [N, C, outH, outW] or [N, C, outD, outH, outW], in the layout and dtype of x
 * @throws UpsampleError `invalid-argument`, `limit-exceeded`, `disposed`, `device-mismatch`, `device-lost`
 * Source: PyTorch F.grid_sample; ONNX GridSample-22 (linear, nearest, cubic; bicubic of volumes is an extension of both). */
export const gridSample: GridSample = /*#__PURE__*/ Object.assign(
  (x: Tensor, grid: Tensor, options: GridSampleOptions = {}): Tensor => {
    checkTensor(FORWARD, 'x', x);
    const { ctx } = x;
    ctx.alive(FORWARD);
    checkTensor(FORWARD, 'grid', grid, ctx);
    const call = sampleCall(FORWARD, x.spec, grid.spec, options);
    return eager(
      FORWARD,
      [x, grid, options],
      { input: x, grid },
      call,
      () => samplePlans(call, ctx.adapter)[0]!,
      (outputs) => outputs['output']!,
    );
  },
  {
    explain: (ctx: Context, spec: GridSampleSpec): Explanation => {
      const call = complete(FORWARD, ctx, spec);
      return explanation(samplePlans(call, ctx.adapter), { input: call.x, grid: call.grid });
    },
    prepare: async (ctx: Context, spec: GridSampleSpec): Promise<Prepared<'input' | 'grid' | 'output'>> => {
      const call = complete(FORWARD, ctx, spec);
      return prepared(ctx, FORWARD, samplePlans(call, ctx.adapter), { input: call.x, grid: call.grid });
    },
  },
);

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
export const gridSampleBackward: GridSampleBackward = /*#__PURE__*/ Object.assign(
  <G extends SampleGradient = SampleGradient>(
    dy: Tensor,
    x: Tensor,
    grid: Tensor,
    options: GridSampleOptions & GridSampleGradients<G> = {},
  ): Record<G, Tensor> => {
    checkTensor(BACKWARD, 'dy', dy);
    const { ctx } = dy;
    ctx.alive(BACKWARD);
    checkTensor(BACKWARD, 'x', x, ctx);
    checkTensor(BACKWARD, 'grid', grid, ctx);
    const { gradients, ...rest } = options ?? {};
    const call = sampleBackwardCall(dy.spec, sampleCall(BACKWARD, x.spec, grid.spec, options && rest), gradients);
    return eager(
      BACKWARD,
      [dy, x, grid, options],
      { dy, x, grid },
      call,
      () => sampleGradientPlans(call, ctx.adapter)[0]!,
      (outputs) => outputs as Record<G, Tensor>,
    );
  },
  {
    explain: (ctx: Context, spec: GridSampleSpec & GridSampleGradients<SampleGradient>): Explanation => {
      const call = completeBackward(BACKWARD, ctx, spec);
      return explanation(sampleGradientPlans(call, ctx.adapter), { dy: call.dy!, x: call.x, grid: call.grid });
    },
    prepare: async <G extends SampleGradient = SampleGradient>(
      ctx: Context,
      spec: GridSampleSpec & GridSampleGradients<G>,
    ): Promise<Prepared<'dy' | 'x' | 'grid' | G>> => {
      const call = completeBackward(BACKWARD, ctx, spec);
      return prepared(ctx, BACKWARD, sampleGradientPlans(call, ctx.adapter), { dy: call.dy!, x: call.x, grid: call.grid });
    },
  },
);
