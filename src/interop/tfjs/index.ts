// tfjs and this library on one device: tensors without a copy to the CPU, and kernels in tfjs's place.
import { checkOptions, flag, isCount, oneOf, perAxis, refuse, show } from '../../check.ts';
import type { Context } from '../../context.ts';
import { fromDevice } from '../../create.ts';
import { checkContext, checkTensor } from '../../op.ts';
import type { Layout } from '../../plan.ts';
import { Tensor } from '../../tensor.ts';
import { fromMemory, layoutOf } from '../memory.ts';
import { type Backend, bufferOf, checkBackend, checkDevice, copyOf, submit, typeOf } from './backend.ts';
import { type Added, KERNELS, type Kernel } from './kernels.ts';
import type { Attributes, GradientConfig, KernelCall, KernelConfig, Tfjs, TfjsTensor } from './types.ts';

export type { Tfjs, TfjsTensor } from './types.ts';

export interface FromTfjsOptions {
  /** How the axes of a tensor of rank 3 to 5 are to be read: `'nhwc'` (default, tfjs's), [N, ...spatial, C], or `'nchw'`. */
  layout?: Layout | undefined;
}

/** A tfjs tensor as one of ours: the same buffer, nothing is copied. What tfjs has recorded is submitted first.
 * The buffer stays tfjs's: make the calls that read it before the tfjs tensor is disposed, or leaves the `tf.tidy` that made it.
 * @param ctx made by `fromDevice(tf.backend().device)`, or the one whose device tfjs's backend was made on
 * @param tf tfjs, its WebGPU backend being the current one
 * @param t any shape; float32 becomes f32, int32 and bool become i32
 * @param options `layout` `'nhwc'`
 * @returns [N, C, ...spatial] of tfjs's [N, ...spatial, C] (rank 3 to 5); other ranks as they are
 * @throws UpsampleError `invalid-argument` for other dtypes and backends, `device-mismatch`, `limit-exceeded`
 * Source: tfjs-backend-webgpu 4.22, `uploadToGPU` and `tensorMap`. */
export function fromTfjs(ctx: Context, tf: Pick<Tfjs, 'backend'>, t: TfjsTensor, options: FromTfjsOptions = {}): Tensor {
  const op = 'fromTfjs';
  checkContext(op, ctx);
  checkOptions(op, options, ['layout']);
  if (!t || typeof t.dataId !== 'object' || !Array.isArray(t.shape)) refuse(op, `t is ${show(t)}`, 'expected a tensor of tfjs');
  const asked = oneOf(op, 'layout', options.layout, ['nhwc', 'nchw'] as const, 'nhwc');
  const backend = tf.backend();
  checkBackend(op, backend);
  checkDevice(op, backend, ctx);
  const dtype = typeOf(op, t);
  const layout = layoutOf(t.shape.length, asked);
  const shape = fromMemory(t.shape, layout);
  if (t.shape.includes(0)) return ctx.tensor([], shape, { dtype, layout });
  const buffer = bufferOf(op, backend, t);
  submit(backend);
  return ctx.wrap(buffer, shape, { dtype, layout });
}

/** What `toTfjs` returns: tfjs's own type of tensors. */
type Made<T extends Pick<Tfjs, 'engine'>> = ReturnType<ReturnType<T['engine']>['makeTensorFromTensorInfo']>;

/** One of our tensors as a tfjs tensor, copied on the GPU: x may be disposed at once. Our calls are submitted first; a fault of theirs is said by `x.data()`.
 * @param tf tfjs, its WebGPU backend being the current one, on the device of x
 * @param x any shape; f32 becomes float32, i32 and u32 become int32
 * @returns x in the order of memory: [N, ...spatial, C] of `nhwc`, [N, C, ...spatial] of `nchw`
 * @throws UpsampleError `invalid-argument` for f16, `device-mismatch`, `disposed`, `device-lost`
 * Source: tfjs-backend-webgpu 4.22, `makeTensorInfo` and `uploadToGPU`. */
export function toTfjs<T extends Pick<Tfjs, 'backend' | 'engine'>>(tf: T, x: Tensor): Made<T> {
  const op = 'toTfjs';
  checkTensor(op, 'x', x);
  x.ctx.alive(op);
  const backend = tf.backend();
  checkBackend(op, backend);
  checkDevice(op, backend, x.ctx);
  if (x.dtype === 'f16') refuse(op, 'x has dtype f16, which tfjs lacks', 'expected f32, i32 or u32');
  return tf.engine().makeTensorFromTensorInfo(copyOf(op, backend, x), backend) as Made<T>;
}

export interface InstallOptions {
  /** Name of the backend whose kernels are replaced, a WebGPU one that need not be ready yet; default the current one. */
  backend?: string | undefined;
  /** Names of kernels; default all. */
  only?: readonly Kernel[] | undefined;
}

/** Puts our kernels in the place of tfjs's, on one backend; programs and gradients that use them need no change.
 * - `ResizeBilinearGrad`, `ResizeNearestNeighborGrad`: tfjs 4.22 computes the gradients of `halfPixelCenters` as if it were not given. These are exact.
 * - `Conv2DBackpropInput` (`tf.conv2dTranspose`, and the input gradient of `tf.conv2d`), `Conv2DBackpropFilter` (the weight gradients of both): faster.
 * - `ResizeBicubic`, `ResizeBicubicGrad`, `MaxUnpool`, `MaxUnpoolGrad`: what tfjs lacks, for `resizeBicubic` and `maxUnpool`.
 * Every call submits what tfjs has recorded before. A fault on the GPU is written to the console, as tfjs's own are.
 * @param tf tfjs
 * @param options `backend` the current one, `only` all
 * @returns a function that puts tfjs's kernels back
 * @throws UpsampleError `invalid-argument` */
export function installKernels(tf: Tfjs, options: InstallOptions = {}): () => void {
  const op = 'installKernels';
  if (typeof tf?.registerKernel !== 'function') refuse(op, `tf is ${show(tf)}`, "expected the module '@tensorflow/tfjs'");
  checkOptions(op, options, ['backend', 'only']);
  const names = Object.keys(KERNELS);
  const { backend: backendName = tf.getBackend(), only = names } = options;
  if (options.backend === undefined) checkBackend(op, tf.backend());
  if (typeof backendName !== 'string') refuse(op, `backend is ${show(backendName)}`, "expected a name, as 'webgpu'");
  if (!Array.isArray(only)) refuse(op, `only is ${show(only)}`, `expected a list of ${names.join(', ')}`);
  for (const name of only) if (!names.includes(name)) refuse(op, `unknown kernel ${show(name)}`, `kernels are ${names.join(', ')}`);
  let ctx: Context | undefined;
  const contextOf = (device: GPUDevice) => {
    if (ctx?.device !== device) {
      ctx?.destroy();
      ctx = fromDevice(device);
    }
    return ctx;
  };
  const restored = [...new Set(only)].map((kernelName) => {
    const own = tf.getKernel(kernelName, backendName) as KernelConfig | undefined;
    const kernelFunc = (call: KernelCall) => {
      const { backend, inputs } = call;
      checkBackend(kernelName, backend);
      if (own && Object.values(inputs).some((t) => t?.shape.includes(0))) return own.kernelFunc(call); // WebGPU binds no empty buffers
      return computed(tf, kernelName, contextOf(backend.device), backend, call);
    };
    if (own) tf.unregisterKernel(kernelName, backendName);
    tf.registerKernel({ ...own, kernelName, backendName, kernelFunc });
    return () => {
      tf.unregisterKernel(kernelName, backendName);
      if (own) tf.registerKernel(own);
    };
  });
  registerGradients(tf);
  return () => {
    for (const restore of restored.splice(0)) restore();
    ctx?.destroy();
    ctx = undefined;
  };
}

/** Runs a kernel on tfjs's buffers, and gives tfjs a tensor of its own with the result. */
function computed(tf: Tfjs, op: string, ctx: Context, backend: Backend, { inputs, attrs = {} }: KernelCall): TfjsTensor {
  const given = (name: string) => inputs[name] ?? refuse(op, `${name} is missing`);
  const buffers = new Map(Object.values(inputs).map((t) => [t!, bufferOf(op, backend, t!)]));
  submit(backend); // what fills the inputs goes before what reads them
  // Buffers of the backend's own device: what ctx.wrap makes sure of is known.
  const lent = (buffer: GPUBuffer, shape: readonly number[], layout: Layout, dtype: Tensor['dtype']) =>
    new Tensor(ctx, { shape: fromMemory(shape, layout), layout, dtype }, buffer, 0, true, []);
  const y = KERNELS[op as Kernel]({
    attrs,
    convInfo: tf.backend_util.computeConv2DInfo,
    shape: (name) => given(name).shape,
    take: (name, layout = 'nchw') => lent(buffers.get(given(name))!, given(name).shape, layout, typeOf(op, given(name))),
    blank: (shape) => lent(buffers.values().next().value!, shape, 'nchw', 'f32'),
  });
  const result = copyOf(op, backend, y);
  for (const fault of y.faults)
    fault.done.then(() => {
      if (fault.error) console.error(fault.error);
    });
  y.dispose();
  return result;
}

/** How tfjs goes back through the kernels that it lacks. */
function registerGradients({ engine, getGradient, registerGradient }: Tfjs): void {
  const run = (name: Added, inputs: Record<string, TfjsTensor | undefined>, attrs: Attributes) => engine().runKernel(name, inputs, attrs) as TfjsTensor;
  const gradients: GradientConfig[] = [
    {
      kernelName: 'ResizeBicubic',
      inputsToSave: ['images'],
      gradFunc: (dy, [images], attrs) => ({ images: () => run('ResizeBicubicGrad', { dy, images }, attrs) }),
    },
    {
      kernelName: 'MaxUnpool',
      inputsToSave: ['indices'],
      gradFunc: (dy, [indices], attrs) => ({ x: () => run('MaxUnpoolGrad', { dy, indices }, attrs) }),
    },
  ];
  for (const gradient of gradients) if (!getGradient(gradient.kernelName)) registerGradient(gradient);
}

export interface ResizeBicubicOptions {
  /** Whether the centres of the corner elements coincide; default false. */
  alignCorners?: boolean | undefined;
  /** Whether coordinates are those of element centres, with Keys's kernel (a = -0.5), renormalised at the border, as in TensorFlow 2; default true. Without,
   * a = -0.75, clamped, as in TensorFlow 1. */
  halfPixelCenters?: boolean | undefined;
}

/** Bicubic resize of tfjs's images, with its gradient: tfjs has neither. Needs `installKernels`.
 * @param tf tfjs
 * @param images [N, H, W, C] or [H, W, C], float32
 * @param size [height, width] of the result
 * @param options `alignCorners` false; `halfPixelCenters` true, unless `alignCorners`
 * @returns [N, height, width, C] or [height, width, C]
 * @throws UpsampleError `invalid-argument`
 * Source: TensorFlow ResizeBicubic. */
export function resizeBicubic<T extends TfjsTensor>(
  tf: Pick<Tfjs, 'engine' | 'reshape' | 'tidy'>,
  images: T,
  size: readonly [number, number],
  options: ResizeBicubicOptions = {},
): T {
  const op = 'resizeBicubic';
  checkOptions(op, options, ['alignCorners', 'halfPixelCenters']);
  const alignCorners = flag(op, 'alignCorners', options.alignCorners);
  const halfPixelCenters = flag(op, 'halfPixelCenters', options.halfPixelCenters, !alignCorners);
  if (alignCorners && halfPixelCenters) refuse(op, 'alignCorners is given with halfPixelCenters', 'give at most one');
  const given = images?.shape;
  if (given?.length !== 3 && given?.length !== 4) refuse(op, `images is ${show(given ?? images)}`, 'expected a tensor [N, H, W, C] or [H, W, C]');
  const wanted = perAxis(op, 'size', size, 2, isCount, 'whole numbers of 1 or more');
  return tf.tidy(() => {
    const batch = given.length === 4 ? images : tf.reshape(images, [1, ...given]);
    const y = tf.engine().runKernel('ResizeBicubic', { images: batch }, { size: wanted, alignCorners, halfPixelCenters }) as TfjsTensor;
    return given.length === 4 ? y : tf.reshape(y, y.shape.slice(1));
  }) as T;
}

export interface TfjsUnpoolOptions {
  /** Cells of a window, one number or [height, width]. */
  kernelSize: number | readonly number[];
  /** Cells from one window to the next; default `kernelSize`. */
  strides?: number | readonly number[] | undefined;
  /** Padding of the pooling; default `'valid'`. */
  pad?: 'valid' | 'same' | number | undefined;
  /** [height, width] of what was pooled. */
  outputSize: readonly [number, number];
}

/** Max unpooling of what `tf.maxPoolWithArgmax` returned (without the batch in its index), with its gradient: tfjs has neither. Needs `installKernels`.
 * @param tf tfjs
 * @param x [N, H, W, C], float32
 * @param indices of x's shape, int32
 * @param options `kernelSize`, `outputSize`; `strides` as `kernelSize`, `pad` `'valid'`
 * @returns [N, ...outputSize, C]: x at its indices, 0 elsewhere; of several elements with one index the last
 * @throws UpsampleError `invalid-argument` */
export function maxUnpool<T extends TfjsTensor>(tf: Pick<Tfjs, 'engine' | 'backend_util'>, x: T, indices: TfjsTensor, options: TfjsUnpoolOptions): T {
  const op = 'maxUnpool';
  checkOptions(op, options, ['kernelSize', 'strides', 'pad', 'outputSize']);
  if (x?.shape?.length !== 4) refuse(op, `x is ${show(x?.shape ?? x)}`, 'expected a tensor [N, H, W, C]');
  const counts = (name: string, value: unknown) => perAxis(op, name, value, 2, isCount, 'whole numbers of 1 or more') as [number, number];
  const kernelSize = counts('kernelSize', options.kernelSize);
  const strides = counts('strides', options.strides ?? kernelSize);
  const [height, width] = counts('outputSize', options.outputSize);
  const { pad = 'valid' } = options;
  if (pad !== 'valid' && pad !== 'same' && !(Number.isInteger(pad) && pad >= 0))
    refuse(op, `pad is ${show(pad)}`, "expected 'valid', 'same' or a whole number");
  const { padInfo } = tf.backend_util.computePool2DInfo([x.shape[0], height, width, x.shape[3]], kernelSize, strides, 1, pad);
  const padding = [padInfo.top, padInfo.bottom, padInfo.left, padInfo.right];
  return tf.engine().runKernel('MaxUnpool', { x, indices }, { kernelSize, strides, padding, outputSize: [height, width] }) as T;
}
