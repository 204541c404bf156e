import type { PoolCase } from '../cases/pool.ts';
import type { OrtRecipe } from './graph.ts';

export const pool: OrtRecipe<PoolCase> = ({ op, kernel, stride, padding, ceil }) => {
  if (op === 'maxIndices') return 'no indices';
  if (op === 'unpool') return 'no unpooling';
  if (op !== 'max' && op !== 'avg') return 'no gradients';
  const attributes = { kernel_shape: [kernel, kernel], strides: [stride, stride], pads: [padding, padding, padding, padding], ceil_mode: Number(ceil) };
  return { opset: 19, nodes: [{ op: op === 'max' ? 'MaxPool' : 'AveragePool', inputs: ['x'], attributes }], constants: {}, weights: [] };
};
