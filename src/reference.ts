// Every operation in float64 on the CPU: same names, same checks, slow and exact. Tensors are { data, shape, layout? }.
export { UpsampleError } from './check.ts';
export * from './ops/arrange/cpu.ts';
export * from './ops/conv/cpu.ts';
export { convMatrix } from './ops/conv/matrix.ts';
export * from './ops/fold/cpu.ts';
export * from './ops/loss/cpu.ts';
export * from './ops/matmul/cpu.ts';
export * from './ops/norm/cpu.ts';
export * from './ops/pointwise/cpu.ts';
export * from './ops/pool/cpu.ts';
export * from './ops/reduce/cpu.ts';
export * from './ops/resample/cpu.ts';
export * from './ops/sample/cpu.ts';
export * from './ops/shuffle/cpu.ts';
export { icnr } from './ops/shuffle/icnr.ts';
