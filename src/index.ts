export { type ErrorCode, UpsampleError } from './check.ts';
export type { Context, LimitOptions, Memory, TensorOptions } from './context.ts';
export { type ContextOptions, createContext, fromDevice, isSupported } from './create.ts';
export type { TensorData } from './elements.ts';
export type { Explanation, Operation, Prepared, PrepareSpec, Resource } from './op.ts';
export * from './ops/conv/index.ts';
export * from './ops/resample/index.ts';
export type { DType, Layout } from './plan.ts';
export { type BackwardOptions, Tensor } from './tensor.ts';
