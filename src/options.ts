// What contexts are told and tell, as plain data.
import type { DType, Layout } from './plan.ts';

/** Lower limits than the device has, under WebGPU's names. */
export interface LimitOptions {
  maxStorageBufferBindingSize?: number | undefined;
  maxBufferSize?: number | undefined;
  maxComputeWorkgroupsPerDimension?: number | undefined;
}

export interface TensorOptions {
  /** Element type; default `'f32'`. */
  dtype?: DType | undefined;
  /** Order in memory; default `'nchw'`. */
  layout?: Layout | undefined;
}

/** Counters of `ctx.memory()`. */
export interface Memory {
  /** Tensors not yet disposed that own their buffer, and the bytes of those buffers. */
  tensors: number;
  bytes: number;
  /** Bytes kept for reuse. */
  idleBytes: number;
  /** Plans kept for calls like those made before, and the bytes of their tables; prepared operations are not counted. */
  plans: number;
  planBytes: number;
  pipelines: number;
}
