// Training: parameters, gradients, initial values.
export { type GradOf, type GradOptions, grad, valueAndGrad } from './grad.ts';
export * from '../ops/arrange/index.ts';
export { detach, isParameter, noGrad, parameter, zeroGrad } from './parameter.ts';
