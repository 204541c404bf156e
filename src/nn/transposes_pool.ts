import type { Transpose } from '../autograd/graph.ts';
import * as fold from '../ops/fold/index.ts';
import * as pool from '../ops/pool/index.ts';
import type { Tensor } from '../tensor.ts';
import { down, swap, up } from './linear.ts';

/** Gradients go to the winners; a call that did not return them is made again. */
const max =
  (forward: pool.MaxPool, backward: pool.MaxPoolBackward): Transpose =>
  ({ args: [x, options], result, dy }) => {
    const { indices } = options.returnIndices ? result : forward(x, { ...options, returnIndices: true });
    const { nan, returnIndices, ...geometry } = options;
    return [[x, backward(options.returnIndices ? dy.output : dy, indices, x.shape, geometry)]];
  };

/** The transpose of that is the selection: each window takes the element of its winner, which is what the gradient of an unpooling does.
 * Its windows are chosen so that they span the plane. */
const winners =
  (select: pool.MaxUnpoolBackward): Transpose =>
  ({ args: [g, indices, inputShape, { indexFormat }], dy }) => {
    const more = g.shape.slice(2).map((windows: number, axis: number) => inputShape[axis + 2] - windows);
    const kernelSize = more.map((n: number) => Math.abs(n) + 1);
    const padding = more.map((n: number) => (n < 0 ? [-n, -n] : [0, 0]));
    return [[g, select(dy, indices as Tensor, { kernelSize, stride: 1, padding, indexFormat, duplicates: 'sum', checkIndices: false })]];
  };

const unpool =
  (backward: pool.MaxUnpoolBackward): Transpose =>
  ({ args: [x, indices, options], dy }) => [[x, backward(dy, indices, options)]];
const pooled =
  (forward: pool.MaxUnpool): Transpose =>
  ({ args: [g, indices, options], dy }) => [[g, forward(dy, indices, options)]];

export const pools: Readonly<Record<string, Transpose>> = {
  maxPool1d: max(pool.maxPool1d, pool.maxPool1dBackward),
  maxPool2d: max(pool.maxPool2d, pool.maxPool2dBackward),
  maxPool3d: max(pool.maxPool3d, pool.maxPool3dBackward),
  maxPool1dBackward: winners(pool.maxUnpool1dBackward),
  maxPool2dBackward: winners(pool.maxUnpool2dBackward),
  maxPool3dBackward: winners(pool.maxUnpool3dBackward),
  maxUnpool1d: unpool(pool.maxUnpool1dBackward),
  maxUnpool2d: unpool(pool.maxUnpool2dBackward),
  maxUnpool3d: unpool(pool.maxUnpool3dBackward),
  maxUnpool1dBackward: pooled(pool.maxUnpool1d),
  maxUnpool2dBackward: pooled(pool.maxUnpool2d),
  maxUnpool3dBackward: pooled(pool.maxUnpool3d),
  avgPool1d: down(pool.avgPool1dBackward),
  avgPool2d: down(pool.avgPool2dBackward),
  avgPool3d: down(pool.avgPool3dBackward),
  avgPool1dBackward: up(pool.avgPool1d),
  avgPool2dBackward: up(pool.avgPool2d),
  avgPool3dBackward: up(pool.avgPool3d),
  adaptiveAvgPool1d: down(pool.adaptiveAvgPool1dBackward),
  adaptiveAvgPool2d: down(pool.adaptiveAvgPool2dBackward),
  adaptiveAvgPool3d: down(pool.adaptiveAvgPool3dBackward),
  adaptiveAvgPool1dBackward: up(pool.adaptiveAvgPool1d),
  adaptiveAvgPool2dBackward: up(pool.adaptiveAvgPool2d),
  adaptiveAvgPool3dBackward: up(pool.adaptiveAvgPool3d),
  unfold: down(fold.unfoldBackward),
  unfoldBackward: up(fold.unfold),
  fold: swap(fold.foldBackward),
  foldBackward: swap(fold.fold),
};
