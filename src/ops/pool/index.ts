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
import { backwardCall } from '../resample/arguments.ts';
import type { ResampleCall } from '../resample/call.ts';
import type { Backward } from '../resample/index.ts';
import { spatialPlans } from '../resample/plan.ts';
import { type MaxPoolGeometry, type MaxPoolOptions, maxPoolBackwardCall, maxPoolCall } from './arguments.ts';
import { type AdaptiveAvgPoolOptions, type AvgPoolOptions, adaptiveAvgPoolCall, avgPoolCall } from './average.ts';
import type { SpreadCall } from './call.ts';
import { convertPlans } from './convert.ts';
import { maxPoolPlans } from './max.ts';
import { poolGradientPlans, unpoolGradientPlans, unpoolPlans } from './spread.ts';
import { type ConvertIndicesOptions, convertCall, type MaxUnpoolOptions, maxUnpoolCall } from './unpool.ts';

export type { MaxPoolGeometry, MaxPoolOptions, PoolAutoPad, PoolPadding, WindowOptions } from './arguments.ts';
export type { AdaptiveAvgPoolOptions, AvgPoolOptions } from './average.ts';
export type { Duplicates } from './call.ts';
export { type IndexFormat, indicesFromInt64, indicesToInt64 } from './format.ts';
export type { ConvertIndicesOptions, MaxUnpoolOptions } from './unpool.ts';

/** Max pooling's values, and where they were. */
export interface Pooled {
  output: Tensor;
  /** u32, of the same shape and layout. */
  indices: Tensor;
}

/** Max pooling: called at once, prepared for a caller's encoder, or explained. */
export interface MaxPool {
  (x: Tensor, options: MaxPoolOptions & { returnIndices: true }): Pooled;
  (x: Tensor, options: MaxPoolOptions & { returnIndices?: false | undefined }): Tensor;
  (x: Tensor, options: MaxPoolOptions): Tensor | Pooled;
  /** Compiles what `encode(encoder, { input, output })` needs; with `returnIndices` it is given `indices` too. */
  prepare(ctx: Context, spec: PrepareSpec & MaxPoolOptions & { returnIndices: true }): Promise<Prepared<'input' | 'output' | 'indices'>>;
  prepare(ctx: Context, spec: PrepareSpec & MaxPoolOptions & { returnIndices?: false | undefined }): Promise<Prepared>;
  prepare(ctx: Context, spec: PrepareSpec & MaxPoolOptions): Promise<Prepared<'input' | 'output', 'indices'>>;
  /** Which plan a call would run, and why; computes nothing. */
  explain(ctx: Context, spec: PrepareSpec & MaxPoolOptions): Explanation;
}

/** The gradient of max pooling. `prepare` and `explain` are given the shape of dy. */
export interface MaxPoolBackward {
  (dy: Tensor, indices: Tensor, inputShape: readonly number[], options: MaxPoolGeometry): Tensor;
  /** Compiles what `encode(encoder, { dy, indices, dx })` needs; indices are u32. */
  prepare(ctx: Context, spec: PrepareSpec & Backward & MaxPoolGeometry): Promise<Prepared<'dy' | 'indices' | 'dx'>>;
  /** Which plan a call would run, and why; computes nothing. */
  explain(ctx: Context, spec: PrepareSpec & Backward & MaxPoolGeometry): Explanation;
}

/** Max unpooling. `prepare` and `explain` are given the shape of x and indices. */
export interface MaxUnpool {
  (x: Tensor, indices: Tensor, options: MaxUnpoolOptions): Tensor;
  /** Compiles what `encode(encoder, { input, indices, output })` needs; indices are u32, and dropped outside their plane. */
  prepare(ctx: Context, spec: PrepareSpec & MaxUnpoolOptions): Promise<Prepared<'input' | 'indices' | 'output'>>;
  /** Which plan a call would run, and why; computes nothing. */
  explain(ctx: Context, spec: PrepareSpec & MaxUnpoolOptions): Explanation;
}

/** The gradient of max unpooling. `prepare` and `explain` are given the shape of dy, and that of x as `inputShape`. */
export interface MaxUnpoolBackward {
  (dy: Tensor, indices: Tensor, options: MaxUnpoolOptions): Tensor;
  /** Compiles what `encode(encoder, { dy, indices, dx })` needs; indices are u32, and give no gradient outside their plane. */
  prepare(ctx: Context, spec: PrepareSpec & Backward & MaxUnpoolOptions): Promise<Prepared<'dy' | 'indices' | 'dx'>>;
  /** Which plan a call would run, and why; computes nothing. */
  explain(ctx: Context, spec: PrepareSpec & Backward & MaxUnpoolOptions): Explanation;
}

/** The tensor that `prepare` and `explain` are told of, and the options. */
function split<O extends object>(op: string, ctx: Context, spec: PrepareSpec & O) {
  checkContext(op, ctx);
  checkObject(op, 'spec', spec, 'shape, dtype, layout and the options');
  const { shape, dtype = 'f32', layout = 'nchw', ...options } = spec;
  const x: TensorSpec = { ...ctx.checkSpec(op, shape, { dtype, layout }), skew: 0 };
  return { x, options: options as unknown as O };
}

/** Checks the tensors of a call and gives their context. */
function alive(op: string, tensors: Readonly<Record<string, Tensor>>): Context {
  let ctx: Context | undefined;
  for (const [name, tensor] of Object.entries(tensors)) {
    checkTensor(op, name, tensor, ctx);
    ctx = tensor.ctx;
  }
  ctx!.alive(op);
  return ctx!;
}

function maxPool(spatial: number): MaxPool {
  const op = `maxPool${spatial}d`;
  const now = (x: Tensor, options: MaxPoolOptions): Tensor | Pooled => {
    const ctx = alive(op, { x });
    const call = maxPoolCall(op, spatial, x.spec, options);
    return eager(
      op,
      [x, options],
      { input: x },
      call,
      () => maxPoolPlans(call, ctx.adapter)[0]!,
      ({ output, indices }) => (call.returnIndices ? { output: output!, indices: indices! } : output!),
    );
  };
  const complete = (ctx: Context, spec: PrepareSpec & MaxPoolOptions) => {
    const { x, options } = split<MaxPoolOptions>(op, ctx, spec);
    return { x, plans: maxPoolPlans(maxPoolCall(op, spatial, x, options), ctx.adapter) };
  };
  return Object.assign(now as MaxPool, {
    explain: (ctx: Context, spec: PrepareSpec & MaxPoolOptions) => {
      const { x, plans } = complete(ctx, spec);
      return explanation(plans, { input: x });
    },
    prepare: async (ctx: Context, spec: PrepareSpec & MaxPoolOptions) => {
      const { x, plans } = complete(ctx, spec);
      return prepared<'input' | 'output', 'indices'>(ctx, op, plans, { input: x });
    },
  });
}

/** Inputs of a map between windows and cells, by name. */
const inputsOf = (call: SpreadCall) => {
  const [name, of] = call.backward ? ['dy', call.large] : [call.free ? 'input' : 'dy', call.small];
  return { [name]: of, indices: call.indices } as Record<string, TensorSpec>;
};

function maxPoolBackward(spatial: number): MaxPoolBackward {
  const op = `maxPool${spatial}dBackward`;
  const now = (dy: Tensor, indices: Tensor, inputShape: readonly number[], options: MaxPoolGeometry): Tensor => {
    const ctx = alive(op, { dy, indices });
    const call = maxPoolBackwardCall(op, spatial, dy.spec, indices.spec, inputShape, options);
    return eager(
      op,
      [dy, indices, inputShape, options],
      { dy, indices },
      call,
      () => poolGradientPlans(call, ctx.adapter)[0]!,
      ({ dx }) => dx!,
    );
  };
  const complete = (ctx: Context, spec: PrepareSpec & Backward & MaxPoolGeometry) => {
    const { x, options } = split<Backward & MaxPoolGeometry>(op, ctx, spec);
    const { inputShape, ...rest } = options;
    return maxPoolBackwardCall(op, spatial, x, { ...x, dtype: 'u32' }, inputShape, rest);
  };
  return Object.assign(now, {
    explain: (ctx: Context, spec: PrepareSpec & Backward & MaxPoolGeometry) => {
      const call = complete(ctx, spec);
      return explanation(poolGradientPlans(call, ctx.adapter), inputsOf(call));
    },
    prepare: async (ctx: Context, spec: PrepareSpec & Backward & MaxPoolGeometry) => {
      const call = complete(ctx, spec);
      return prepared<'dy' | 'indices' | 'dx'>(ctx, op, poolGradientPlans(call, ctx.adapter), inputsOf(call));
    },
  });
}

function maxUnpool(spatial: number): MaxUnpool {
  const op = `maxUnpool${spatial}d`;
  const now = (x: Tensor, indices: Tensor, options: MaxUnpoolOptions): Tensor => {
    const ctx = alive(op, { x, indices });
    const call = maxUnpoolCall(op, spatial, x.spec, indices.spec, options);
    return eager(
      op,
      [x, indices, options],
      { input: x, indices },
      call,
      () => unpoolPlans(call, ctx.adapter)[0]!,
      ({ output }) => output!,
    );
  };
  const complete = (ctx: Context, spec: PrepareSpec & MaxUnpoolOptions, ready: boolean) => {
    const { x, options } = split<MaxUnpoolOptions>(op, ctx, spec);
    return maxUnpoolCall(op, spatial, x, { ...x, dtype: 'u32' }, options, { prepared: ready });
  };
  return Object.assign(now, {
    explain: (ctx: Context, spec: PrepareSpec & MaxUnpoolOptions) => {
      const call = complete(ctx, spec, false);
      return explanation(unpoolPlans(call, ctx.adapter), inputsOf(call));
    },
    prepare: async (ctx: Context, spec: PrepareSpec & MaxUnpoolOptions) => {
      const call = complete(ctx, spec, true);
      return prepared<'input' | 'indices' | 'output'>(ctx, op, unpoolPlans(call, ctx.adapter), inputsOf(call));
    },
  });
}

function maxUnpoolBackward(spatial: number): MaxUnpoolBackward {
  const op = `maxUnpool${spatial}dBackward`;
  const now = (dy: Tensor, indices: Tensor, options: MaxUnpoolOptions): Tensor => {
    const ctx = alive(op, { dy, indices });
    const call = maxUnpoolCall(op, spatial, indices.spec, indices.spec, options, { dy: dy.spec });
    return eager(
      op,
      [dy, indices, options],
      { dy, indices },
      call,
      () => unpoolGradientPlans(call, ctx.adapter)[0]!,
      ({ dx }) => dx!,
    );
  };
  const complete = (ctx: Context, spec: PrepareSpec & Backward & MaxUnpoolOptions, ready: boolean) => {
    const { x: dy, options } = split<Backward & MaxUnpoolOptions>(op, ctx, spec);
    const { inputShape, ...rest } = options;
    const indices: TensorSpec = { ...ctx.checkSpec(op, inputShape, { dtype: 'u32', layout: dy.layout }), skew: 0 };
    return maxUnpoolCall(op, spatial, indices, indices, rest, { dy, prepared: ready });
  };
  return Object.assign(now, {
    explain: (ctx: Context, spec: PrepareSpec & Backward & MaxUnpoolOptions) => {
      const call = complete(ctx, spec, false);
      return explanation(unpoolGradientPlans(call, ctx.adapter), inputsOf(call));
    },
    prepare: async (ctx: Context, spec: PrepareSpec & Backward & MaxUnpoolOptions) => {
      const call = complete(ctx, spec, true);
      return prepared<'dy' | 'indices' | 'dx'>(ctx, op, unpoolGradientPlans(call, ctx.adapter), inputsOf(call));
    },
  });
}

/** `maxPool2d` along L: `y[n,c,o] = max over t of x[n,c,o*stride - padding + t*dilation]`. Arguments as `maxPool2d`, with x [N, C, L]. */
export const maxPool1d: MaxPool = /*#__PURE__*/ maxPool(1);
/** `y[n,c,i,j] = max over u and v of x[n,c,i*stride - padding + u*dilation,j*stride - padding + v*dilation]`: values are copied bit for bit. Of equal ones the first
 * counts. Padding is never compared.
 * @param x [N, C, H, W], f32 or f16
 * @param options in elements, one number or one an axis: `kernelSize`, `stride` kernelSize (ONNX: 1), `dilation` 1, `padding` 0 (at most half the window; also pairs
 *   [begin, end] up to the window less 1) or `autoPad` in ONNX's words; `ceilMode` false: whether a last window may end beyond the padding; `nan` `'propagate'`: a
 *   NaN wins, the last of several, or `'ignore'`; `returnIndices` false; `indexFormat` `'plane'` (`'onnx'`, `'onnx-column'`, `'tf'`, `'tf-batch'`)
 * @returns [N, C, outH, outW], each `floor((size + pads - dilation*(kernelSize-1) - 1)/stride) + 1`, in the layout and dtype of x; with `returnIndices`
 *   `{ output, indices }`: where each value was, u32
 * @throws UpsampleError `invalid-argument`, `limit-exceeded`, `disposed`, `device-mismatch`, `device-lost`
 * Source: PyTorch MaxPool2d; ONNX MaxPool-22. */
export const maxPool2d: MaxPool = /*#__PURE__*/ maxPool(2);
/** `maxPool2d` along D, H and W. Arguments as `maxPool2d`, with x [N, C, D, H, W]. */
export const maxPool3d: MaxPool = /*#__PURE__*/ maxPool(3);

/** The gradient of `maxPool1d`. Arguments as `maxPool2dBackward`. */
export const maxPool1dBackward: MaxPoolBackward = /*#__PURE__*/ maxPoolBackward(1);
/** `dx[n,c,p] = sum over the windows o that reach p of dy[n,c,o] where indices[n,c,o] names p`: the gradient of `maxPool2d`. Only winners get any; an index
 * outside its own window names nothing. Deterministic.
 * @param dy gradient of the result, [N, C, outH, outW], f32 or f16
 * @param indices that `maxPool2d` returned, of the same shape, u32 or i32
 * @param inputShape shape of x, [N, C, H, W]
 * @param options as given to `maxPool2d`, without `nan` and `returnIndices`
 * @returns dx, of `inputShape`
 * @throws UpsampleError as `maxPool2d` */
export const maxPool2dBackward: MaxPoolBackward = /*#__PURE__*/ maxPoolBackward(2);
/** The gradient of `maxPool3d`. Arguments as `maxPool2dBackward`. */
export const maxPool3dBackward: MaxPoolBackward = /*#__PURE__*/ maxPoolBackward(3);

/** `maxUnpool2d` to L: `y[n,c,indices[n,c,i]] = x[n,c,i]`, 0 elsewhere. Arguments as `maxUnpool2d`, with x and indices [N, C, L]. */
export const maxUnpool1d: MaxUnpool = /*#__PURE__*/ maxUnpool(1);
/** `y[n,c,indices[n,c,i,j]] = x[n,c,i,j]`, 0 elsewhere: values go back to where max pooling found them. Bits are copied.
 * @param x [N, C, H, W], f32 or f16
 * @param indices of the same shape, u32 or i32: those of `maxPool2d`, or any
 * @param options in elements, one number or one an axis: `kernelSize`, `stride` kernelSize (ONNX: 1), `padding` 0 as of the pooling, `outputSize`
 *   (size-1)*stride - pads + kernelSize, or less than a stride from it; `indexFormat` `'plane'`, `indexSpace` `'output'` (`'inferred'`: the plane of the
 *   default size); `duplicates` `'last'`: of several values for one cell that of the highest source position stays, or `'first'`, or `'sum'`; `checkIndices`
 *   true: an index outside its plane makes the next awaited read of whatever depends on the result reject, and nothing is written outside; false, and in prepared
 *   operations: it is dropped
 * @returns [N, C, outH, outW], in the layout and dtype of x. Deterministic.
 * @throws UpsampleError as `maxPool2d`; later `index-out-of-range`
 * Source: PyTorch MaxUnpool2d; ONNX MaxUnpool-22. */
export const maxUnpool2d: MaxUnpool = /*#__PURE__*/ maxUnpool(2);
/** `maxUnpool2d` to D, H and W. Arguments as `maxUnpool2d`, with x and indices [N, C, D, H, W]. */
export const maxUnpool3d: MaxUnpool = /*#__PURE__*/ maxUnpool(3);

/** The gradient of `maxUnpool1d`. Arguments as `maxUnpool2dBackward`. */
export const maxUnpool1dBackward: MaxUnpoolBackward = /*#__PURE__*/ maxUnpoolBackward(1);
/** `dx[n,c,i,j] = dy[n,c,indices[n,c,i,j]]`, and 0 for values that lost their cell to another one (PyTorch gives those the gradient too), unless `duplicates` is
 * `'sum'`: the gradient of `maxUnpool2d`.
 * @param dy gradient of the result, [N, C, outH, outW], f32 or f16
 * @param indices as given to `maxUnpool2d`, [N, C, H, W]
 * @param options as given to `maxUnpool2d`
 * @returns dx, of the shape of indices
 * @throws UpsampleError as `maxUnpool2d` */
export const maxUnpool2dBackward: MaxUnpoolBackward = /*#__PURE__*/ maxUnpoolBackward(2);
/** The gradient of `maxUnpool3d`. Arguments as `maxUnpool2dBackward`. */
export const maxUnpool3dBackward: MaxUnpoolBackward = /*#__PURE__*/ maxUnpoolBackward(3);

/** Indices of a pooling in another format; one outside its plane becomes 2^32 - 1, which is outside every plane.
 * @param indices [N, C, ...spatial], u32 or i32
 * @param options `from` and `to`, formats; `shape` of the pooling's input
 * @returns u32, of the same shape and layout
 * @throws UpsampleError as `maxPool2d` */
export const convertIndices: Operation<[options: ConvertIndicesOptions], Omit<ConvertIndicesOptions, 'shape'> & { inputShape: readonly number[] }> =
  /*#__PURE__*/ operation(
    'convertIndices',
    (op: string, x: TensorSpec, options: ConvertIndicesOptions) => convertCall(op, x, options),
    convertPlans,
    ({ inputShape, ...rest }: Omit<ConvertIndicesOptions, 'shape'> & { inputShape: readonly number[] }): [ConvertIndicesOptions] => [
      { ...rest, shape: inputShape },
    ],
  );

type Check<O> = (op: string, x: TensorSpec, options: O) => ResampleCall;
type Average<O extends object> = Operation<[options: O], O>;
type AverageBackward<O extends object> = Operation<[inputShape: readonly number[], options: O], O & Backward>;

const average = <O extends object>(op: string, check: Check<O>): Average<O> => operation(op, check, spatialPlans, (options: O): [O] => [options]);

const averageBackward = <O extends object>(op: string, check: Check<O>): AverageBackward<O> =>
  operation(
    op,
    (name: string, dy: TensorSpec, inputShape: readonly number[], options: O) => backwardCall(name, dy, inputShape, (x) => check(name, x, options)),
    spatialPlans,
    ({ inputShape, ...options }: O & Backward): [readonly number[], O] => [inputShape, options as unknown as O],
  );

/** `avgPool2d` along L: `y[n,c,o] = sum over t of x[n,c,o*stride - padding + t] / count`. Arguments as `avgPool2d`, with x [N, C, L]. */
export const avgPool1d: Average<AvgPoolOptions> = /*#__PURE__*/ average('avgPool1d', /*#__PURE__*/ avgPoolCall(1));
/** `y[n,c,i,j] = sum over u and v of x[n,c,i*stride - padding + u,j*stride - padding + v] / count`, zeros outside.
 * @param x [N, C, H, W], f32 or f16
 * @param options in elements, one number or one an axis: `kernelSize`, `stride` kernelSize, `padding` 0 (at most half the window; also pairs [begin, end] up to the
 *   window less 1) or `autoPad` in ONNX's words; `ceilMode` false: whether a last window may end beyond the padding; `countIncludePad` true: count has the cells of
 *   the padding (TensorFlow: false); `divisorOverride` in place of the count, none
 * @returns [N, C, outH, outW], each `floor((size + pads - kernelSize)/stride) + 1`, in the layout and dtype of x
 * @throws UpsampleError as `maxPool2d`
 * Source: PyTorch AvgPool2d; ONNX AveragePool-22. */
export const avgPool2d: Average<AvgPoolOptions> = /*#__PURE__*/ average('avgPool2d', /*#__PURE__*/ avgPoolCall(2));
/** `avgPool2d` along D, H and W. Arguments as `avgPool2d`, with x [N, C, D, H, W]. */
export const avgPool3d: Average<AvgPoolOptions> = /*#__PURE__*/ average('avgPool3d', /*#__PURE__*/ avgPoolCall(3));
/** The gradient of `avgPool1d`. Arguments as `avgPool2dBackward`. */
export const avgPool1dBackward: AverageBackward<AvgPoolOptions> = /*#__PURE__*/ averageBackward('avgPool1dBackward', /*#__PURE__*/ avgPoolCall(1));
/** `dx[n,c,p] = sum over the windows o that reach p of dy[n,c,o] / count`: the gradient of `avgPool2d`, its transpose. Deterministic.
 * @param dy gradient of the result, [N, C, outH, outW], f32 or f16
 * @param inputShape shape of x, [N, C, H, W]
 * @param options as given to `avgPool2d`
 * @returns dx, of `inputShape`
 * @throws UpsampleError as `maxPool2d` */
export const avgPool2dBackward: AverageBackward<AvgPoolOptions> = /*#__PURE__*/ averageBackward('avgPool2dBackward', /*#__PURE__*/ avgPoolCall(2));
/** The gradient of `avgPool3d`. Arguments as `avgPool2dBackward`. */
export const avgPool3dBackward: AverageBackward<AvgPoolOptions> = /*#__PURE__*/ averageBackward('avgPool3dBackward', /*#__PURE__*/ avgPoolCall(3));

type Adaptive = Average<AdaptiveAvgPoolOptions>;
type AdaptiveBackward = AverageBackward<AdaptiveAvgPoolOptions>;

/** `adaptiveAvgPool2d` along L. Arguments as `adaptiveAvgPool2d`, with x [N, C, L]. */
export const adaptiveAvgPool1d: Adaptive = /*#__PURE__*/ average('adaptiveAvgPool1d', /*#__PURE__*/ adaptiveAvgPoolCall(1));
/** `y[n,c,i,j] = mean of x[n,c,p,q]` over `floor(i*H/outH) <= p < ceil((i+1)*H/outH)` and likewise q along W.
 * @param x [N, C, H, W], f32 or f16
 * @param options `outputSize` in elements, one number or one an axis; null keeps the size of an axis
 * @returns [N, C, outH, outW], in the layout and dtype of x
 * @throws UpsampleError as `maxPool2d`
 * Source: PyTorch AdaptiveAvgPool2d. */
export const adaptiveAvgPool2d: Adaptive = /*#__PURE__*/ average('adaptiveAvgPool2d', /*#__PURE__*/ adaptiveAvgPoolCall(2));
/** `adaptiveAvgPool2d` along D, H and W. Arguments as `adaptiveAvgPool2d`, with x [N, C, D, H, W]. */
export const adaptiveAvgPool3d: Adaptive = /*#__PURE__*/ average('adaptiveAvgPool3d', /*#__PURE__*/ adaptiveAvgPoolCall(3));
/** The gradient of `adaptiveAvgPool1d`. Arguments as `adaptiveAvgPool2dBackward`. */
export const adaptiveAvgPool1dBackward: AdaptiveBackward = /*#__PURE__*/ averageBackward('adaptiveAvgPool1dBackward', /*#__PURE__*/ adaptiveAvgPoolCall(1));
/** The gradient of `adaptiveAvgPool2d`, its transpose: every cell gets its share of each mean's gradient. Deterministic.
 * @param dy gradient of the result, [N, C, outH, outW], f32 or f16
 * @param inputShape shape of x, [N, C, H, W]
 * @param options as given to `adaptiveAvgPool2d`
 * @returns dx, of `inputShape`
 * @throws UpsampleError as `maxPool2d` */
export const adaptiveAvgPool2dBackward: AdaptiveBackward = /*#__PURE__*/ averageBackward('adaptiveAvgPool2dBackward', /*#__PURE__*/ adaptiveAvgPoolCall(2));
/** The gradient of `adaptiveAvgPool3d`. Arguments as `adaptiveAvgPool2dBackward`. */
export const adaptiveAvgPool3dBackward: AdaptiveBackward = /*#__PURE__*/ averageBackward('adaptiveAvgPool3dBackward', /*#__PURE__*/ adaptiveAvgPoolCall(3));
