// What tfjs's WebGPU backend keeps behind its tensors, and how to reach it.
import { refuse, show, UpsampleError } from '../../check.ts';
import type { Context } from '../../context.ts';
import type { DType } from '../../plan.ts';
import type { Tensor } from '../../tensor.ts';
import { inMemory } from '../memory.ts';
import type { TfjsTensor } from './types.ts';

/** The part of tfjs's `WebGPUBackend` that is used: public, though not documented. */
export interface Backend {
  readonly device: GPUDevice;
  readonly tensorMap: { has(id: object): boolean; get(id: object): { readonly resource?: GPUBuffer | GPUTexture | null } };
  uploadToGPU(id: object): void;
  makeTensorInfo(shape: number[], dtype: 'float32' | 'int32', values?: ArrayLike<number>): TfjsTensor;
  ensureCommandEncoderReady(): void;
  endComputePassEncoder(): void;
  submitQueue(): void;
}

export function checkBackend(op: string, backend: unknown): asserts backend is Backend {
  const { device, tensorMap, uploadToGPU } = (backend ?? {}) as Partial<Backend>;
  if (!device || !tensorMap || typeof uploadToGPU !== 'function')
    refuse(op, "tfjs's backend is not WebGPU", "import '@tensorflow/tfjs-backend-webgpu' and await tf.setBackend('webgpu') first");
}

export function checkDevice(op: string, { device }: Backend, ctx: Context): void {
  if (device !== ctx.device)
    throw new UpsampleError('device-mismatch', op, "the context has another device than tfjs's backend; expected fromDevice(tf.backend().device)");
}

/** Submits what tfjs has recorded: `submitQueue` alone submits nothing while a pass is open. */
export function submit(backend: Backend): void {
  backend.ensureCommandEncoderReady();
  backend.endComputePassEncoder();
  backend.submitQueue();
}

const TYPES: Readonly<Record<string, DType | undefined>> = { float32: 'f32', int32: 'i32', bool: 'i32' };

/** The element type of a tfjs tensor in our words. */
export function typeOf(op: string, { dtype }: TfjsTensor): DType {
  return TYPES[dtype] ?? refuse(op, `the tensor has dtype ${show(dtype)}`, 'expected float32, int32 or bool');
}

/** The buffer that holds a tensor's elements; they are uploaded if only the CPU has them. */
export function bufferOf(op: string, backend: Backend, { dataId, shape }: TfjsTensor): GPUBuffer {
  if (!backend.tensorMap.has(dataId)) refuse(op, `the tensor [${shape.join(', ')}] lives on another backend of tfjs`, 'expected one of the WebGPU backend');
  backend.uploadToGPU(dataId);
  const { resource } = backend.tensorMap.get(dataId);
  if (typeof (resource as GPUBuffer | undefined)?.size !== 'number') refuse(op, `the tensor [${shape.join(', ')}] lies in a texture`, 'expected a buffer');
  return resource as GPUBuffer;
}

/** A tensor of tfjs's own with the elements of one of ours, copied on the GPU: tfjs takes a buffer to be just as long as its tensor, ours may be longer. */
export function copyOf(op: string, backend: Backend, { ctx, shape, layout, dtype, buffer, offset, size, byteLength }: Tensor): TfjsTensor {
  const type = dtype === 'f32' ? 'float32' : 'int32';
  if (!size) return backend.makeTensorInfo(inMemory(shape, layout), type, new Float32Array());
  const copy = backend.makeTensorInfo(inMemory(shape, layout), type);
  const encoder = backend.device.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, offset, bufferOf(op, backend, copy), 0, byteLength);
  ctx.flush();
  backend.device.queue.submit([encoder.finish()]);
  return copy;
}
