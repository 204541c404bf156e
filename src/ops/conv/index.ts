import { checkObject, withoutGradients } from '../../check.ts';
import type { Context } from '../../context.ts';
import { checkContext, checkTensor, type Explanation, eager, explanation, type Prepared, type PrepareSpec, prepared } from '../../op.ts';
import type { Adapter, Plan, TensorSpec } from '../../plan.ts';
import { Tensor } from '../../tensor.ts';
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
import { gradientPlans } from './gradient.ts';
import { convPlans } from './plan.ts';

export type { AutoPad, ConvOptions, ConvTransposeOptions, Padding, ResizeConvOptions } from './arguments.ts';
export type { Activation, Gradient } from './call.ts';
export type { FilterLayout, TransposedFilterLayout } from './filter.ts';
export { type ConvMatrixSpec, convMatrix, type DenseMatrix } from './matrix.ts';
export { type Tuned, tune } from './tune.ts';

/** The bias of a convolution. */
export interface Biased {
  /** [outChannels]; default none. */
  bias?: Tensor | undefined;
}
/** Which gradients are wanted. */
export interface Chosen<G extends Gradient> {
  /** Default all three: `['dx', 'dw', 'db']`. */
  gradients?: readonly G[] | undefined;
}

/** What `prepare` is given: the shape, dtype and layout of x, and the weights, which are read then and there. Prepare anew when they change. */
export interface ConvPrepareSpec extends PrepareSpec {
  weight: Tensor;
}
/** The same without data, for `explain`. */
export interface ConvExplainSpec extends PrepareSpec {
  weight: Tensor | { readonly shape: readonly number[] };
}

/** The last argument: a scale factor must be said. */
type Last<O, All> = O extends ResizeConvOptions ? [options: All] : [options?: All];

/** A convolution: called at once, prepared for a caller's encoder, or explained. */
export interface ConvOperation<Options extends object> {
  (x: Tensor, w: Tensor, ...options: Last<Options, Options & Biased>): Tensor;
  /** Compiles, allocates and packs everything that `encode(encoder, { input, output })` needs. */
  prepare(ctx: Context, spec: ConvPrepareSpec & Options & Biased): Promise<Prepared>;
  /** Which plan a call would run, and why; computes nothing. */
  explain(ctx: Context, spec: ConvExplainSpec & Options & Biased): Explanation;
  /** Every admissible plan of a call, for `tune`. */
  lay(ctx: Context, spec: ConvExplainSpec & Options & Biased): Laid;
}

/** The gradients of a convolution. */
export interface ConvBackwardOperation<Options extends object> {
  <G extends Gradient = Gradient>(dy: Tensor, x: Tensor, w: Tensor, ...options: Last<Options, Options & Biased & Chosen<G>>): Record<G, Tensor>;
  /** Compiles, allocates and packs everything that `encode(encoder, { dy, x, dx, dw, db })` needs, without the gradients that are not wanted. */
  prepare<G extends Gradient = Gradient>(ctx: Context, spec: ConvPrepareSpec & Options & Biased & Chosen<G>): Promise<Prepared<'dy' | 'x' | G>>;
  /** Which plan a call would run, and why; computes nothing. */
  explain(ctx: Context, spec: ConvExplainSpec & Options & Biased & Chosen<Gradient>): Explanation;
  /** Every admissible plan of a call, for `tune`. */
  lay(ctx: Context, spec: ConvExplainSpec & Options & Biased & Chosen<Gradient>): Laid;
}

type Check<O> = (op: string, spatial: number, tensors: ConvTensors, options: O) => ConvCall;

/** The tensors of a call after the checks that need the tensors themselves. */
function specsOf(op: string, ctx: Context, x: TensorSpec, w: unknown, bias: unknown): ConvTensors {
  checkTensor(op, 'weight', w, ctx);
  if (bias !== undefined) checkTensor(op, 'bias', bias, ctx);
  return { x, w: w.spec, bias: bias ? (bias as Tensor).spec : null };
}

const withBias = (w: Tensor, bias: Tensor | undefined) => ({ w, ...(bias && { bias }) });

/** A checked call with its plans and the tensors that `encode` is given. */
export interface Laid {
  readonly call: ConvCall;
  readonly plans: readonly Plan[];
  readonly inputs: Readonly<Record<string, TensorSpec>>;
}

/** The plan that `tune` found for a call. */
const chosen = (ctx: Context, call: ConvCall) => (ctx.choices.size ? ctx.choices.get(JSON.stringify(call)) : undefined);

/** The plans of a call, the chosen one first. */
const ranked = (ctx: Context, call: ConvCall, plans: (call: ConvCall, adapter: Adapter) => Plan[], plan = chosen(ctx, call)): Plan[] =>
  plans(call, ctx.adapter).sort((a, b) => Number(b.name === plan) - Number(a.name === plan));

/** Runs a checked call: by the plan that stands first, of which alone the steps are built, or by the chosen one. */
function run<R>(
  call: ConvCall,
  args: readonly unknown[],
  inputs: Readonly<Record<string, Tensor>>,
  plans: (call: ConvCall, adapter: Adapter, most?: number) => Plan[],
  result: (outputs: Record<string, Tensor>) => R,
): R {
  const { ctx } = inputs['w']!;
  const plan = chosen(ctx, call);
  const first = () => (plan === undefined ? plans(call, ctx.adapter, 1) : ranked(ctx, call, plans, plan))[0]!;
  return eager(call.op, args, inputs, plan === undefined ? call : { ...call, plan }, first, result);
}

const SPEC = 'shape, dtype, layout, weight and the options';

/** Splits the spec of `prepare` and `explain`, and checks it. */
function complete<O extends object>(op: string, spatial: number, check: Check<O>, ctx: Context, spec: ConvExplainSpec & O & Biased) {
  checkContext(op, ctx);
  checkObject(op, 'spec', spec, SPEC);
  const { shape, dtype = 'f32', layout = 'nchw', weight, ...options } = spec;
  const x = { ...ctx.checkSpec(op, shape, { dtype, layout }), skew: 0 };
  const w: TensorSpec = weight instanceof Tensor ? weight.spec : { ...ctx.checkSpec(op, weight?.shape, { dtype }), skew: 0 };
  const { bias } = options;
  if (bias !== undefined) checkTensor(op, 'bias', bias, ctx);
  return check(op, spatial, { x, w, bias: bias?.spec ?? null }, options as unknown as O);
}

/** `explain` and `prepare` of an operation, from what lays a call out. */
const described = <S extends ConvExplainSpec & Biased, Io extends string>(op: string, lay: (ctx: Context, spec: S) => Laid) => ({
  lay,
  explain: (ctx: Context, spec: S): Explanation => {
    const { call, plans, inputs } = lay(ctx, spec);
    return explanation(plans, { ...inputs, w: call.w, ...(call.bias && { bias: call.bias }) });
  },
  prepare: async (ctx: Context, spec: S & { weight: Tensor }): Promise<Prepared<Io>> => {
    checkContext(op, ctx);
    checkObject(op, 'spec', spec, SPEC);
    specsOf(op, ctx, spec.weight?.spec, spec.weight, spec.bias);
    const { plans, inputs } = lay(ctx, spec);
    return prepared(ctx, op, plans, inputs, withBias(spec.weight, spec.bias));
  },
});

function forward<O extends object>(op: string, spatial: number, check: Check<O>): ConvOperation<O> {
  const now = (x: Tensor, w: Tensor, options: O & Biased = {} as O & Biased): Tensor => {
    checkTensor(op, 'x', x);
    const { ctx } = x;
    ctx.alive(op);
    const call = check(op, spatial, specsOf(op, ctx, x.spec, w, options?.bias), options);
    return run(call, [x, w, options], { input: x, ...withBias(w, options.bias) }, convPlans, (outputs) => outputs['output']!);
  };
  const lay = (ctx: Context, spec: ConvExplainSpec & O & Biased): Laid => {
    const call = complete(op, spatial, check, ctx, spec);
    return { call, plans: ranked(ctx, call, convPlans), inputs: { input: call.x } };
  };
  return Object.assign(now, described<ConvExplainSpec & O & Biased, 'input' | 'output'>(op, lay)) as unknown as ConvOperation<O>;
}

function backward<O extends object>(op: string, spatial: number, check: Check<O>): ConvBackwardOperation<O> {
  const now = <G extends Gradient = Gradient>(
    dy: Tensor,
    x: Tensor,
    w: Tensor,
    options: O & Biased & Chosen<G> = {} as O & Biased & Chosen<G>,
  ): Record<G, Tensor> => {
    checkTensor(op, 'dy', dy);
    const { ctx } = dy;
    ctx.alive(op);
    checkTensor(op, 'x', x, ctx);
    const { gradients, rest } = withoutGradients<O & Biased>(options);
    const call = convBackwardCall(dy.spec, check(op, spatial, specsOf(op, ctx, x.spec, w, options?.bias), rest), gradients);
    return run(call, [dy, x, w, options], { dy, x, ...withBias(w, options.bias) }, gradientPlans, (outputs) => outputs as Record<G, Tensor>);
  };
  const lay = (ctx: Context, spec: ConvExplainSpec & O & Biased & Chosen<Gradient>): Laid => {
    const { gradients, rest } = withoutGradients<ConvExplainSpec & O & Biased>(spec);
    const base = complete(op, spatial, check, ctx, rest);
    const call = convBackwardCall(base.y, base, gradients);
    return { call, plans: ranked(ctx, call, gradientPlans), inputs: { dy: call.dy!, x: call.x } };
  };
  return Object.assign(now, described<ConvExplainSpec & O & Biased & Chosen<Gradient>, never>(op, lay)) as unknown as ConvBackwardOperation<O>;
}

/** `conv2d` along L: `y[n,co,o] = act(b[co] + sum over ci and t of x[n,ci,o*stride - pad + t*dilation] * w[co,ci,t])`.
 * Arguments as `conv2d`, with x [N, C, L] and w [outChannels, C/groups, K]; in `filterLayout` hw stands for all spatial axes. */
export const conv1d: ConvOperation<ConvOptions> = /*#__PURE__*/ forward<ConvOptions>('conv1d', 1, convCall);
/** `y[n,co,i,j] = act(b[co] + sum over ci, u and v of x[n,ci,i*stride - pad + u*dilation,j*stride - pad + v*dilation] * w[co,ci,u,v])`, zeros outside.
 * @param x [N, C, H, W], f32 or f16
 * @param w [outChannels, C/groups, KH, KW], or as `filterLayout` says; dtype as x
 * @param options `bias` [outChannels], none; in elements, one number or one an axis: `stride` 1, `dilation` 1, `padding` 0 (also pairs [begin, end], `'same'` with
 *   stride 1, `'valid'`) or `autoPad` in ONNX's words; `groups` 1 of channels that do not mix; `activation` none (`'relu'`, `'leakyRelu'` with `negativeSlope`
 *   0.01, `'tanh'`, `'sigmoid'`, `'silu'`, `'gelu'`); `filterLayout` `'oihw'`
 * @returns [N, outChannels, outH, outW], each `floor((size + pads - dilation*(K-1) - 1)/stride) + 1`, in the layout and dtype of x
 * @throws UpsampleError `invalid-argument`, `limit-exceeded`, `disposed`, `device-mismatch`, `device-lost`
 * Source: PyTorch Conv2d; ONNX Conv-22. */
export const conv2d: ConvOperation<ConvOptions> = /*#__PURE__*/ forward<ConvOptions>('conv2d', 2, convCall);
/** `conv2d` along D, H and W. Arguments as `conv2d`, with x [N, C, D, H, W] and w [outChannels, C/groups, KD, KH, KW]; in `filterLayout` hw stands for all
 * spatial axes. */
export const conv3d: ConvOperation<ConvOptions> = /*#__PURE__*/ forward<ConvOptions>('conv3d', 3, convCall);

/** The gradients of `conv1d`. Arguments as `conv2dBackward`. */
export const conv1dBackward: ConvBackwardOperation<ConvOptions> = /*#__PURE__*/ backward<ConvOptions>('conv1dBackward', 1, convCall);
/** The gradients of `conv2d`, transposed maps of it: dx of x, dw of w, db of the bias. With an activation, the result before it is computed anew.
 * @param dy gradient of the result, [N, outChannels, outH, outW], in the dtype of x
 * @param x the input of the forward call, [N, C, H, W]
 * @param w its weights, [outChannels, C/groups, KH, KW]
 * @param options as given to `conv2d`, the bias included where there is an activation; `gradients` `['dx', 'dw', 'db']`
 * @returns those of `{ dx, dw, db }` that are wanted. Deterministic.
 * @throws UpsampleError as `conv2d` */
export const conv2dBackward: ConvBackwardOperation<ConvOptions> = /*#__PURE__*/ backward<ConvOptions>('conv2dBackward', 2, convCall);
/** The gradients of `conv3d`. Arguments as `conv2dBackward`. */
export const conv3dBackward: ConvBackwardOperation<ConvOptions> = /*#__PURE__*/ backward<ConvOptions>('conv3dBackward', 3, convCall);

/** `convTranspose2d` along L: `y[n,co,i*stride - pad + t*dilation] += x[n,ci,i] * w[ci,co,t]` over all i, ci and t, then `act(y + b[co])`.
 * Arguments as `convTranspose2d`, with x [N, C, L] and w [C, outChannels/groups, K]; in `filterLayout` hw stands for all spatial axes. */
export const convTranspose1d: ConvOperation<ConvTransposeOptions> = /*#__PURE__*/ forward<ConvTransposeOptions>('convTranspose1d', 1, convTransposeCall);
/** `y[n,co,i*stride - pad + u*dilation,j*stride - pad + v*dilation] += x[n,ci,i,j] * w[ci,co,u,v]` over all ci, i, j, u and v, then `act(y + b[co])`: the transpose
 * of a convolution. Computed by phases of the stride: no zero is inserted or multiplied.
 * @param x [N, C, H, W], f32 or f16
 * @param w [C, outChannels/groups, KH, KW], or as `filterLayout` says; dtype as x
 * @param options `bias` [outChannels], none; in elements, one number or one an axis: `stride` 1, `dilation` 1, `padding` 0 cut off the result (also pairs
 *   [begin, end], `'same'`: size*stride, `'valid'`) or `autoPad` in ONNX's words, `outputPadding` 0 added at its end, or `outputSize` instead; `groups` 1 of channels
 *   that do not mix; `activation` none (`'relu'`, `'leakyRelu'` with `negativeSlope` 0.01, `'tanh'`, `'sigmoid'`, `'silu'`, `'gelu'`); `filterLayout` `'iohw'`
 *   (tfjs: `'hwoi'`)
 * @returns [N, outChannels, outH, outW], each `(size-1)*stride - pads + dilation*(K-1) + 1 + outputPadding`, in the layout and dtype of x
 * @throws UpsampleError `invalid-argument`, `limit-exceeded`, `disposed`, `device-mismatch`, `device-lost`
 * Source: PyTorch ConvTranspose2d; ONNX ConvTranspose-22. */
export const convTranspose2d: ConvOperation<ConvTransposeOptions> = /*#__PURE__*/ forward<ConvTransposeOptions>('convTranspose2d', 2, convTransposeCall);
/** `convTranspose2d` along D, H and W. Arguments as `convTranspose2d`, with x [N, C, D, H, W] and w [C, outChannels/groups, KD, KH, KW]; in `filterLayout` hw stands
 * for all spatial axes. */
export const convTranspose3d: ConvOperation<ConvTransposeOptions> = /*#__PURE__*/ forward<ConvTransposeOptions>('convTranspose3d', 3, convTransposeCall);

/** The gradients of `convTranspose1d`. Arguments as `convTranspose2dBackward`. */
export const convTranspose1dBackward: ConvBackwardOperation<ConvTransposeOptions> = /*#__PURE__*/ backward<ConvTransposeOptions>(
  'convTranspose1dBackward',
  1,
  convTransposeCall,
);
/** The gradients of `convTranspose2d`: dx of x, a convolution of dy; dw of w; db of the bias. With an activation, the result before it is computed anew.
 * @param dy gradient of the result, [N, outChannels, outH, outW], in the dtype of x
 * @param x the input of the forward call, [N, C, H, W]
 * @param w its weights, [C, outChannels/groups, KH, KW]
 * @param options as given to `convTranspose2d`, the bias included where there is an activation; `gradients` `['dx', 'dw', 'db']`
 * @returns those of `{ dx, dw, db }` that are wanted. Deterministic.
 * @throws UpsampleError as `convTranspose2d` */
export const convTranspose2dBackward: ConvBackwardOperation<ConvTransposeOptions> = /*#__PURE__*/ backward<ConvTransposeOptions>(
  'convTranspose2dBackward',
  2,
  convTransposeCall,
);
/** The gradients of `convTranspose3d`. Arguments as `convTranspose2dBackward`. */
export const convTranspose3dBackward: ConvBackwardOperation<ConvTransposeOptions> = /*#__PURE__*/ backward<ConvTransposeOptions>(
  'convTranspose3dBackward',
  3,
  convTransposeCall,
);

/** `conv2d(nearest(x, scaleFactor), w)` with stride 1, as one transposed convolution with the filter folded: `w'[ci,co,u] = sum over r < scale of
 * w[co,ci,k - 1 - u + r]` per axis. Exact, borders included; (k+s-1)^2/s^2 multiplications per output in place of k^2, and the enlarged x is never written.
 * @param x [N, C, H, W], f32 or f16
 * @param w [outChannels, C/groups, KH, KW], or as `filterLayout` says; dtype as x
 * @param options `scaleFactor`, a whole number or one an axis; `bias` [outChannels], none; `padding` 0 elements of the enlarged x, below the kernel (also one an axis,
 *   pairs [begin, end], `'same'`, `'valid'`); `groups` 1, `activation` none (`'leakyRelu'`: `negativeSlope` 0.01), `filterLayout` `'oihw'`
 * @returns [N, outChannels, H*scale + pads - KH + 1, W*scale + pads - KW + 1]
 * @throws UpsampleError as `conv2d` */
export const resizeConv2d: ConvOperation<ResizeConvOptions> = /*#__PURE__*/ forward<ResizeConvOptions>('resizeConv2d', 2, resizeConvCall);
/** The gradients of `resizeConv2d`, through the folded filter. Arguments as `conv2dBackward`, with the options given to `resizeConv2d`. */
export const resizeConv2dBackward: ConvBackwardOperation<ResizeConvOptions> = /*#__PURE__*/ backward<ResizeConvOptions>(
  'resizeConv2dBackward',
  2,
  resizeConvCall,
);
