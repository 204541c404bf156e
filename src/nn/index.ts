// Training: parameters, gradients, initial values.

export * from '../ops/arrange/index.ts';
export * from '../ops/loss/index.ts';
export * from '../ops/matmul/index.ts';
export * from '../ops/norm/index.ts';
export type { DropoutOptions } from '../ops/pointwise/arguments.ts';
export { type Dropout, dropout, dropoutBackward } from '../ops/pointwise/dropout.ts';
export * from '../ops/pointwise/index.ts';
export * from '../ops/pointwise/pair.ts';
export * from '../ops/reduce/index.ts';
export { type GradOf, type GradOptions, grad, valueAndGrad } from './grad.ts';
export * from './init.ts';
export { type AdamOptions, adam, adamw, type Optimizer, type OptimizerState, type SgdOptions, sgd } from './optim.ts';
export { detach, isParameter, noGrad, parameter, zeroGrad } from './parameter.ts';
export { Random } from './random.ts';
