import { checkObject } from '../../check.ts';
import type { Context } from '../../context.ts';
import {
  checkContext,
  checkTensor,
  type Explanation,
  eager,
  explanation,
  type Operation,
  operation,
  type Prepared,
  type PrepareSpec,
  prepared,
} from '../../op.ts';
import type { TensorSpec } from '../../plan.ts';
import type { Tensor } from '../../tensor.ts';
import {
  type ConcatOptions,
  type CropOptions,
  concatBackwardCall,
  concatCall,
  type FlattenOptions,
  flattenBackwardCall,
  flattenCall,
  type PadOptions,
  padBackwardCall,
  padCall,
  type ReshapeBackwardOptions,
  reshapeBackwardCall,
  reshapeCall,
  type SliceOptions,
  sliceBackwardCall,
  sliceCall,
  transposeCall,
} from './arguments.ts';
import type { ArrangeCall } from './call.ts';
import { arrangePlans } from './plan.ts';

export type { ConcatOptions, CropOptions, FlattenOptions, PadOptions, PerAxis, SliceOptions } from './arguments.ts';

/** Shape of the forward input, for `prepare` and `explain` of operations that go backwards. */
interface To {
  inputShape: readonly number[];
}

type Check<O> = (op: string, x: TensorSpec, options?: O) => ArrangeCall;
type BackwardCheck<O> = (op: string, dy: TensorSpec, inputShape: readonly number[], options?: O) => ArrangeCall;
type Backward<O> = Operation<[inputShape: readonly number[], options?: O], O & To>;

const forward = <O extends object>(op: string, check: Check<O>): Operation<[options?: O], O> =>
  operation<[options?: O], O, ArrangeCall>(op, check, arrangePlans, (options) => [options]);
const backward = <O extends object>(op: string, check: BackwardCheck<O>): Backward<O> =>
  operation<[inputShape: readonly number[], options?: O], O & To, ArrangeCall>(op, check, arrangePlans, ({ inputShape, ...options }) => [
    inputShape,
    options as unknown as O,
  ]);

/** `y[c] = x[start + c]`: a box of x, on any axes. Bits are copied.
 * @param x any shape and dtype
 * @param options `start` 0 and `size` (default: all that follow), one number or one for each of `axes` (default: all)
 * @returns x cut, in its layout and dtype
 * @throws UpsampleError `invalid-argument`, `limit-exceeded`, `disposed`, `device-mismatch`, `device-lost`
 * Source: PyTorch narrow; ONNX Slice-13 with steps of 1. */
export const slice: Operation<[options?: SliceOptions], SliceOptions> = /*#__PURE__*/ forward('slice', /*#__PURE__*/ sliceCall(false));
/** `dx[start + c] = dy[c]`, 0 elsewhere: the transpose of `slice`, the gradient of its input.
 * @param dy gradient of the result
 * @param inputShape shape of the forward input
 * @param options as given to `slice`
 * @throws UpsampleError as `slice` */
export const sliceBackward: Backward<SliceOptions> = /*#__PURE__*/ backward('sliceBackward', /*#__PURE__*/ sliceBackwardCall(false));

/** `slice` along the spatial axes.
 * @param x [N, C, ...spatial], any dtype
 * @param options `start` 0 and `size` (default: all that follow), one number or one an axis
 * @throws UpsampleError as `slice` */
export const crop: Operation<[options?: CropOptions], CropOptions> = /*#__PURE__*/ forward('crop', /*#__PURE__*/ sliceCall(true));
/** The gradient of `crop`. Arguments as `sliceBackward`. */
export const cropBackward: Backward<CropOptions> = /*#__PURE__*/ backward('cropBackward', /*#__PURE__*/ sliceBackwardCall(true));

/** `y[c] = x[c - begin]`; outside of x `value`, or what `mode` takes from x: the nearest edge, or x mirrored at the edge. Bits are copied.
 * @param x [N, C, ...spatial], any dtype
 * @param options `padding` one number, one an axis, or pairs [begin, end]; `mode` `'constant'` (default), `'reflect'` (padding below the size of the axis) or
 *   `'replicate'`; `value` 0 for `'constant'`; `axes` the spatial ones
 * @throws UpsampleError as `slice`
 * Source: PyTorch F.pad, with one entry an axis in the order of axes. */
export const pad: Operation<[options: PadOptions], PadOptions> = /*#__PURE__*/ operation<[options: PadOptions], PadOptions, ArrangeCall>(
  'pad',
  padCall,
  arrangePlans,
  (options) => [options],
);
/** `dx[i] = sum over the c that took x[i] of dy[c]`: the transpose of `pad`, the gradient of its input. Deterministic.
 * @param dy gradient of the result; f32 or f16 for modes `'reflect'` and `'replicate'`, which add up
 * @param inputShape shape of the forward input
 * @param options as given to `pad`
 * @throws UpsampleError as `slice` */
export const padBackward: Operation<[inputShape: readonly number[], options: PadOptions], PadOptions & To> = /*#__PURE__*/ operation<
  [inputShape: readonly number[], options: PadOptions],
  PadOptions & To,
  ArrangeCall
>('padBackward', padBackwardCall, arrangePlans, ({ inputShape, ...options }) => [inputShape, options]);

/** `y[c] = x[p]` with `c[i] = p[axes[i]]`: axis i of the result is axis `axes[i]` of x. Bits are copied.
 * @param x any shape and dtype
 * @param axes each axis of x once
 * @returns x with its axes in that order, in its layout and dtype
 * @throws UpsampleError as `slice`
 * Source: PyTorch permute; ONNX Transpose-13. */
export const transpose: Operation<[axes: readonly number[]], { axes: readonly number[] }> = /*#__PURE__*/ operation<
  [axes: readonly number[]],
  { axes: readonly number[] },
  ArrangeCall
>('transpose', transposeCall, arrangePlans, ({ axes }) => [axes]);
/** The transpose of `transpose`, the gradient of its input: the inverse permutation.
 * @param dy gradient of the result
 * @param axes as given to `transpose`
 * @throws UpsampleError as `slice` */
export const transposeBackward: Operation<[axes: readonly number[]], { axes: readonly number[] }> = /*#__PURE__*/ operation<
  [axes: readonly number[]],
  { axes: readonly number[] },
  ArrangeCall
>(
  'transposeBackward',
  (op, dy, axes) => transposeCall(op, dy, axes, true),
  arrangePlans,
  ({ axes }) => [axes],
);

/** The elements of x in their logical order [N, C, ...spatial], last axis fastest, under another shape; a channels-last tensor is permuted for it.
 * The result is a copy and shares no memory with x. Bits are copied.
 * @param x any shape and dtype
 * @param shape as many elements as x; one size may be -1 and is computed
 * @returns x under that shape, in its layout and dtype
 * @throws UpsampleError as `slice`
 * Source: PyTorch reshape. */
export const reshape: Operation<[shape: readonly number[]], { to: readonly number[] }> = /*#__PURE__*/ operation<
  [shape: readonly number[]],
  { to: readonly number[] },
  ArrangeCall
>('reshape', reshapeCall, arrangePlans, ({ to }) => [to]);
/** The gradient of `reshape`: dy under the shape of the input.
 * @param dy gradient of the result
 * @param inputShape shape of the forward input
 * @param options `inputLayout`, that of dy
 * @throws UpsampleError as `slice` */
export const reshapeBackward: Backward<ReshapeBackwardOptions> = /*#__PURE__*/ backward('reshapeBackward', reshapeBackwardCall);

/** `reshape` that makes one axis of several.
 * @param options `startAxis` 1, `endAxis` -1: the first and the last of them
 * @throws UpsampleError as `slice`
 * Source: PyTorch nn.Flatten. */
export const flatten: Operation<[options?: FlattenOptions], FlattenOptions> = /*#__PURE__*/ forward('flatten', flattenCall);
/** The gradient of `flatten`. Arguments as `sliceBackward`. */
export const flattenBackward: Backward<FlattenOptions> = /*#__PURE__*/ backward('flattenBackward', flattenBackwardCall);

/** What `prepare` and `explain` of `concat` are given. */
export interface ConcatSpec extends Omit<PrepareSpec, 'shape'>, ConcatOptions {
  /** One shape a tensor. */
  shapes: readonly (readonly number[])[];
}

/** Tensors one after another along an axis. */
export interface Concat {
  (tensors: readonly Tensor[], options?: ConcatOptions): Tensor;
  /** Compiles and allocates everything that `encode(encoder, { input0, input1, …, output })` needs. */
  prepare(ctx: Context, spec: ConcatSpec): Promise<Prepared<`input${number}` | 'output'>>;
  /** Which plan a call would run, and why; computes nothing. */
  explain(ctx: Context, spec: ConcatSpec): Explanation;
}

/** The gradients of the inputs of a `concat`. */
export interface ConcatBackward {
  (dy: Tensor, inputShapes: readonly (readonly number[])[], options?: ConcatOptions): Tensor[];
  /** Compiles and allocates everything that `encode(encoder, { input, dx0, dx1, … })` needs. */
  prepare(ctx: Context, spec: ConcatSpec): Promise<Prepared<'input' | `dx${number}`>>;
  /** Which plan a call would run, and why; computes nothing. */
  explain(ctx: Context, spec: ConcatSpec): Explanation;
}

/** Checks the spec of `concat`; `back` that of its gradient. */
function concatSpec(op: string, ctx: Context, spec: ConcatSpec, back: boolean): ArrangeCall {
  checkContext(op, ctx);
  checkObject(op, 'spec', spec, 'shapes, dtype, layout and the options');
  const { shapes = [], dtype = 'f32', layout = 'nchw', ...options } = spec;
  const xs = shapes.map((shape) => ({ ...ctx.checkSpec(op, shape, { dtype, layout }), skew: 0 }));
  const call = concatCall(op, xs, options);
  return back ? concatBackwardCall(op, call.outputs['output']!, shapes, options) : call;
}

function concatNow(tensors: readonly Tensor[], options: ConcatOptions = {}): Tensor {
  const op = 'concat';
  const list = Array.isArray(tensors) ? tensors : [tensors];
  const ctx = (list[0] as Tensor | undefined)?.ctx;
  for (const [i, t] of list.entries()) checkTensor(op, `tensor ${i}`, t, ctx);
  ctx?.alive(op);
  const call = concatCall(
    op,
    list.map((t) => t.spec),
    options,
  );
  const inputs = Object.fromEntries(list.map((t, i) => [`input${i}`, t]));
  return eager(
    op,
    [tensors, options],
    inputs,
    call,
    () => arrangePlans(call, ctx!.adapter)[0]!,
    (outputs) => outputs['output']!,
  );
}

function concatBackwardNow(dy: Tensor, inputShapes: readonly (readonly number[])[], options: ConcatOptions = {}): Tensor[] {
  const op = 'concatBackward';
  checkTensor(op, 'dy', dy);
  dy.ctx.alive(op);
  const call = concatBackwardCall(op, dy.spec, inputShapes, options);
  return eager(
    op,
    [dy, inputShapes, options],
    { input: dy },
    call,
    () => arrangePlans(call, dy.ctx.adapter)[0]!,
    (outputs) => inputShapes.map((_, i) => outputs[`dx${i}`]!),
  );
}

const planned = (op: string, back: boolean) => ({
  explain: (ctx: Context, spec: ConcatSpec) => {
    const call = concatSpec(op, ctx, spec, back);
    return explanation(arrangePlans(call, ctx.adapter), call.inputs);
  },
  prepare: async (ctx: Context, spec: ConcatSpec) => {
    const call = concatSpec(op, ctx, spec, back);
    return prepared<never>(ctx, op, arrangePlans(call, ctx.adapter), call.inputs) as Promise<Prepared<never>>;
  },
});

/** The tensors one after another along an axis. Bits are copied; any number of tensors, one dispatch each.
 * @param tensors one or more of the same shape but for the axis, of one dtype and layout
 * @param options `axis` 1; negative counts from the last
 * @throws UpsampleError as `slice`
 * Source: PyTorch cat; ONNX Concat-13. */
export const concat: Concat = /*#__PURE__*/ Object.assign(concatNow, /*#__PURE__*/ planned('concat', false));
/** The gradients of the inputs of `concat`: dy in slices.
 * @param dy gradient of the result
 * @param inputShapes shapes of the forward inputs
 * @param options as given to `concat`
 * @returns one gradient an input
 * @throws UpsampleError as `slice` */
export const concatBackward: ConcatBackward = /*#__PURE__*/ Object.assign(concatBackwardNow, /*#__PURE__*/ planned('concatBackward', true));
