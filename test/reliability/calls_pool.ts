import {
  adaptiveAvgPool2d,
  avgPool2dBackward,
  type Context,
  convertIndices,
  maxPool1d,
  maxPool2d,
  maxPool2dBackward,
  maxUnpool2d,
  maxUnpool2dBackward,
  maxUnpool3d,
  type Tensor,
} from '../../src/index.ts';
import type { Call } from './calls.ts';

/** Indices below `cells`, some of them twice. */
const indices = (ctx: Context, shape: readonly number[], cells: number, layout: 'nchw' | 'nhwc' = 'nchw'): Tensor =>
  ctx.tensor(
    Uint32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => (i * 7) % cells),
    shape,
    { dtype: 'u32', layout },
  );

/** One call per kernel of pooling and unpooling. Verdicts of indices are read with all of them. */
export const POOLS: readonly Call[] = [
  { name: 'max pool', shape: [1, 2, 4, 8], layout: 'nchw', run: (x) => x.ctx.tidy(() => maxPool2d(x, { kernelSize: 2, returnIndices: true }).output) },
  { name: 'max pool, a row', shape: [1, 2, 12], layout: 'nchw', run: (x) => maxPool1d(x, { kernelSize: 3 }) as Tensor },
  { name: 'max pool nhwc', shape: [1, 4, 5, 5], layout: 'nhwc', run: (x) => maxPool2d(x, { kernelSize: 3, stride: 2, padding: 1 }) as Tensor },
  { name: 'max pool, odd', shape: [1, 3, 5, 5], layout: 'nhwc', run: (x) => maxPool2d(x, { kernelSize: 2, stride: 1, nan: 'ignore' }) as Tensor },
  {
    name: 'max pool backward',
    shape: [1, 2, 3, 3],
    layout: 'nchw',
    run: (dy) => dy.ctx.tidy(() => maxPool2dBackward(dy, indices(dy.ctx, dy.shape, 25), [1, 2, 5, 5], { kernelSize: 3, stride: 2, padding: 1 })),
  },
  {
    name: 'max unpool, vectors',
    shape: [1, 2, 2, 4],
    layout: 'nchw',
    run: (x) => x.ctx.tidy(() => maxUnpool2d(x, indices(x.ctx, x.shape, 32), { kernelSize: 2 })),
  },
  {
    name: 'max unpool nhwc, sums',
    shape: [1, 4, 3, 3],
    layout: 'nhwc',
    run: (x) => x.ctx.tidy(() => maxUnpool2d(x, indices(x.ctx, x.shape, 36, 'nhwc'), { kernelSize: 2, duplicates: 'sum' })),
  },
  {
    name: 'max unpool 3d, unchecked',
    shape: [1, 1, 2, 3, 2],
    layout: 'nchw',
    run: (x) => x.ctx.tidy(() => maxUnpool3d(x, indices(x.ctx, x.shape, 999), { kernelSize: 3, stride: 2, checkIndices: false })),
  },
  {
    name: 'max unpool, owners',
    shape: [1, 2, 3, 3],
    layout: 'nchw',
    run: (x) => x.ctx.tidy(() => maxUnpool2d(x, indices(x.ctx, x.shape, 49), { kernelSize: 5, stride: 1 })),
  },
  {
    name: 'max unpool backward',
    shape: [1, 2, 4, 8],
    layout: 'nchw',
    run: (dy) => dy.ctx.tidy(() => maxUnpool2dBackward(dy, indices(dy.ctx, [1, 2, 2, 4], 32), { kernelSize: 2 })),
  },
  {
    name: 'index conversion',
    shape: [1, 2, 4, 4],
    layout: 'nchw',
    run: (x) => x.ctx.tidy(() => convertIndices(maxPool2d(x, { kernelSize: 2, returnIndices: true }).indices, { from: 'plane', to: 'tf', shape: x.shape })),
  },
  { name: 'adaptive average pool', shape: [1, 2, 5, 7], layout: 'nchw', run: (x) => adaptiveAvgPool2d(x, { outputSize: [2, 3] }) },
  { name: 'average pool backward', shape: [1, 2, 3, 3], layout: 'nchw', run: (dy) => avgPool2dBackward(dy, [1, 2, 6, 6], { kernelSize: 2 }) },
];
