// ONNX Runtime Web and this library on one device: tensors without a copy.
import { checkOptions, oneOf, refuse, show } from '../check.ts';
import type { Context } from '../context.ts';
import { checkContext, checkTensor } from '../op.ts';
import type { DType, Layout } from '../plan.ts';
import type { Tensor } from '../tensor.ts';
import { fromMemory, inMemory, layoutOf } from './memory.ts';

/** A tensor of ONNX Runtime. */
export interface OrtTensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly location: string;
  /** Only where `location` is `'gpu-buffer'`. */
  readonly gpuBuffer: unknown;
  /** Only where `location` is `'cpu'`. */
  readonly data: unknown;
}

/** The module `onnxruntime-web/webgpu`. */
export interface Ort {
  readonly Tensor: {
    fromGpuBuffer(
      buffer: never,
      options: { dataType: 'float32' | 'float16' | 'int32' | 'uint32'; dims: number[]; download: () => Promise<never>; dispose: () => void },
    ): OrtTensor;
  };
}

const TYPES = { float32: 'f32', float16: 'f16', int32: 'i32', uint32: 'u32' } as const;
const NAMES = { f32: 'float32', f16: 'float16', i32: 'int32', u32: 'uint32' } as const;

export interface FromOrtOptions {
  /** How the axes of a tensor of rank 3 to 5 are to be read: `'nchw'` (default, ONNX's), or [N, ...spatial, C] with `'nhwc'`. */
  layout?: Layout | undefined;
}

/** A result of ONNX Runtime as a tensor: the same buffer, nothing is copied; one that lies on the CPU is uploaded.
 * The buffer stays ONNX Runtime's: make the calls that read it before its tensor is disposed or its session released.
 * @param ctx the context whose device the session was created on: `executionProviders: [{ name: 'webgpu', device: ctx.device }]`
 * @param t of any shape; float32, float16, int32 or uint32. Results stay on the GPU where the session has `preferredOutputLocation: 'gpu-buffer'`
 * @param options `layout` `'nchw'`
 * @returns of the shape `t.dims`; of `'nhwc'` [N, C, ...spatial]
 * @throws UpsampleError `invalid-argument` for other types and locations, `limit-exceeded`; a buffer of another device is reported as `device-mismatch` by the
 *   next awaited call
 * Source: ONNX Runtime Web 1.30, `Tensor.gpuBuffer`. */
export function fromOrt(ctx: Context, t: OrtTensor, options: FromOrtOptions = {}): Tensor {
  const op = 'fromOrt';
  checkContext(op, ctx);
  checkOptions(op, options, ['layout']);
  const asked = oneOf(op, 'layout', options.layout, ['nchw', 'nhwc'] as const, 'nchw');
  if (!Array.isArray(t?.dims) || typeof t.type !== 'string') refuse(op, `t is ${show(t)}`, 'expected a tensor of ONNX Runtime');
  const dtype: DType | undefined = TYPES[t.type as keyof typeof TYPES];
  if (!dtype) refuse(op, `the tensor is of type ${show(t.type)}`, `expected ${Object.keys(TYPES).join(', ')}; indicesFromInt64 converts int64`);
  const layout = layoutOf(t.dims.length, asked);
  const shape = fromMemory(t.dims, layout);
  if (t.location === 'cpu') return ctx.tensor(t.data as ArrayLike<number>, shape, { dtype, layout });
  if (t.location !== 'gpu-buffer') refuse(op, `the tensor's location is ${show(t.location)}`, "expected 'gpu-buffer' or 'cpu'");
  return ctx.wrap(t.gpuBuffer as GPUBuffer, shape, { dtype, layout });
}

/** A tensor as an input of a session on the same device: the same buffer, nothing is copied. Our calls are submitted first.
 * The buffer stays ours: x must not be disposed before the runs that read it have returned. `dispose()` of the result disposes x.
 * @param ort the module `onnxruntime-web/webgpu`
 * @param x any shape and dtype, from the begin of its buffer
 * @returns a tensor of ONNX Runtime in the order of memory: [N, C, ...spatial] of `nchw`, [N, ...spatial, C] of `nhwc`. Its `getData()` is `x.data()`
 * @throws UpsampleError `invalid-argument` for tensors that do not begin with their buffer, `disposed`, `device-lost`
 * Source: ONNX Runtime Web 1.30, `Tensor.fromGpuBuffer`. */
export function toOrt<O extends Ort>(ort: O, x: Tensor): ReturnType<O['Tensor']['fromGpuBuffer']> {
  const op = 'toOrt';
  checkTensor(op, 'x', x);
  x.ctx.alive(op);
  if (typeof ort?.Tensor?.fromGpuBuffer !== 'function') refuse(op, `ort is ${show(ort)}`, "expected the module 'onnxruntime-web/webgpu'");
  if (x.offset) refuse(op, `x begins at byte ${x.offset} of its buffer`, 'expected 0, where ONNX Runtime reads');
  x.ctx.flush();
  const download = () => x.data() as Promise<never>;
  return ort.Tensor.fromGpuBuffer(x.buffer as never, {
    dataType: NAMES[x.dtype],
    dims: inMemory(x.shape, x.layout),
    download,
    dispose: () => x.dispose(),
  }) as ReturnType<O['Tensor']['fromGpuBuffer']>;
}
