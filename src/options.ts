// What contexts are told and tell, as plain data.
import type { DType, Layout } from './plan.ts';

/** Lower limits than the device has, under WebGPU's names. */
export interface LimitOptions {
  maxStorageBufferBindingSize?: number;
  maxBufferSize?: number;
  maxComputeWorkgroupsPerDimension?: number;
}

export interface TensorOptions {
  /** Element type; default `'f32'`. */
  dtype?: DType;
  /** Order in memory; default `'nchw'`. */
  layout?: Layout;
}

/** Counters of `ctx.memory()`. */
export interface Memory {
  /** Tensors not yet disposed that own their buffer, and the bytes of those buffers. */
  tensors: number;
  bytes: number;
  /** Bytes kept for reuse. */
  idleBytes: number;
  /** Prepared and cached plans, and the bytes of their tables. */
  plans: number;
  planBytes: number;
  pipelines: number;
}
