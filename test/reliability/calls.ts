import {
  bedOfNails2d,
  bedOfNails2dBackward,
  type Context,
  conv1d,
  conv2dBackward,
  convTranspose2d,
  convTranspose3dBackward,
  fold,
  gridSample,
  gridSampleBackward,
  interpolate,
  interpolateBackward,
  pixelShuffle,
  pixelUnshuffle,
  resize,
  resizeBackward,
  resizeConv2dBackward,
  type Tensor,
  unfold,
  zeroInsert3d,
} from '../../src/index.ts';
import {
  adam,
  crossEntropy,
  crossEntropyBackward,
  dropout,
  gelu,
  meanBackward,
  mse,
  mul,
  type Optimizer,
  parameter,
  preluBackward,
  scale,
  sgd,
  siluBackward,
  softmax,
  softmaxBackward,
  tanhDoubleBackward,
  zeroGrad,
} from '../../src/nn/index.ts';
import { LAYERS } from './calls_layers.ts';
import { POOLS } from './calls_pool.ts';

/** One call per kernel and direction, small enough to repeat by the thousand. */
export interface Call {
  readonly name: string;
  /** Shape and layout of the operand. */
  readonly shape: readonly number[];
  readonly layout: 'nchw' | 'nhwc';
  run(x: Tensor): Tensor;
}

export const CALLS: readonly Call[] = [
  { name: 'nearest whole', shape: [1, 2, 3, 4], layout: 'nchw', run: (x) => interpolate(x, { scaleFactor: 2 }) },
  { name: 'nearest odd', shape: [1, 2, 3, 4], layout: 'nchw', run: (x) => interpolate(x, { size: [5, 7] }) },
  { name: 'nearest nhwc', shape: [1, 4, 3, 3], layout: 'nhwc', run: (x) => interpolate(x, { size: [5, 7] }) },
  { name: 'nearest backward', shape: [1, 2, 6, 8], layout: 'nchw', run: (x) => interpolateBackward(x, [1, 2, 3, 4], { scaleFactor: 2 }) },
  { name: 'bilinear', shape: [1, 2, 3, 4], layout: 'nchw', run: (x) => interpolate(x, { mode: 'bilinear', scaleFactor: 2 }) },
  { name: 'bilinear odd', shape: [1, 2, 3, 4], layout: 'nchw', run: (x) => interpolate(x, { mode: 'bilinear', size: [5, 7] }) },
  { name: 'bicubic nhwc', shape: [1, 4, 3, 3], layout: 'nhwc', run: (x) => interpolate(x, { mode: 'bicubic', size: 6 }) },
  { name: 'bicubic backward', shape: [1, 4, 6, 6], layout: 'nchw', run: (x) => interpolateBackward(x, [1, 4, 3, 3], { mode: 'bicubic', size: 6 }) },
  { name: 'antialias, passes', shape: [1, 1, 64, 64], layout: 'nchw', run: (x) => interpolate(x, { mode: 'bicubic', size: 3, antialias: true }) },
  {
    name: 'antialias backward',
    shape: [1, 1, 3, 3],
    layout: 'nchw',
    run: (x) => interpolateBackward(x, [1, 1, 64, 64], { mode: 'bicubic', size: 3, antialias: true }),
  },
  { name: 'resize', shape: [2, 3, 4], layout: 'nchw', run: (x) => resize(x, { mode: 'cubic', sizes: [3, 5, 4] }) },
  { name: 'resize backward', shape: [3, 5, 4], layout: 'nchw', run: (x) => resizeBackward(x, [2, 3, 4], { mode: 'linear', sizes: [3, 5, 4] }) },
  { name: 'nails', shape: [1, 2, 3, 4], layout: 'nchw', run: (x) => bedOfNails2d(x, { stride: 3 }) },
  { name: 'nails backward', shape: [1, 2, 9, 12], layout: 'nchw', run: (x) => bedOfNails2dBackward(x, [1, 2, 3, 4], { stride: 3 }) },
  {
    name: 'convolution 1d, relu',
    shape: [2, 3, 9],
    layout: 'nchw',
    run: (x) => x.ctx.tidy(() => conv1d(x, whole(x.ctx, [5, 3, 3]), { bias: whole(x.ctx, [5]), padding: 1, activation: 'relu' })),
  },
  {
    name: 'transposed convolution',
    shape: [1, 8, 3, 4],
    layout: 'nchw',
    run: (x) => x.ctx.tidy(() => convTranspose2d(x, whole(x.ctx, [8, 8, 4, 4]), { stride: 2, padding: 1 })),
  },
  {
    name: 'transposed convolution nhwc, groups',
    shape: [1, 4, 3, 3],
    layout: 'nhwc',
    run: (x) => x.ctx.tidy(() => convTranspose2d(x, whole(x.ctx, [4, 1, 3, 3]), { stride: 2, dilation: 2, groups: 4 })),
  },
  {
    name: 'convolution, weight gradient',
    shape: [2, 4, 3, 3],
    layout: 'nchw',
    run: (dy) => dy.ctx.tidy(() => conv2dBackward(dy, whole(dy.ctx, [2, 3, 5, 5]), whole(dy.ctx, [4, 3, 3, 3]), { gradients: ['dw'] }).dw),
  },
  {
    name: 'transposed convolution 3d, input gradient',
    shape: [1, 2, 4, 4, 4],
    layout: 'nchw',
    run: (dy) =>
      dy.ctx.tidy(() => convTranspose3dBackward(dy, whole(dy.ctx, [1, 3, 2, 2, 2]), whole(dy.ctx, [3, 2, 2, 2, 2]), { stride: 2, gradients: ['dx'] }).dx),
  },
  {
    name: 'resize convolution backward, silu',
    shape: [1, 2, 6, 6],
    layout: 'nchw',
    run: (dy) =>
      dy.ctx.tidy(() => {
        const options = { scaleFactor: 2, padding: 1, activation: 'silu', bias: whole(dy.ctx, [2]) } as const;
        return resizeConv2dBackward(dy, whole(dy.ctx, [1, 3, 3, 3]), whole(dy.ctx, [2, 3, 3, 3]), options).dw;
      }),
  },
  { name: 'pixel shuffle', shape: [1, 8, 2, 4], layout: 'nchw', run: (x) => pixelShuffle(x, { upscaleFactor: 2 }) },
  { name: 'pixel shuffle nhwc', shape: [1, 16, 2, 3], layout: 'nhwc', run: (x) => pixelShuffle(x, { upscaleFactor: 2, order: 'DCR' }) },
  { name: 'pixel unshuffle, odd rows', shape: [1, 1, 3, 9], layout: 'nchw', run: (x) => pixelUnshuffle(x, { downscaleFactor: 3 }) },
  { name: 'unfold', shape: [1, 2, 4, 5], layout: 'nchw', run: (x) => unfold(x, { kernelSize: 3, padding: 1 }) },
  { name: 'fold', shape: [1, 8, 6], layout: 'nchw', run: (x) => fold(x, { outputSize: [3, 4], kernelSize: 2 }) },
  { name: 'grid sample', shape: [1, 3, 4, 5], layout: 'nchw', run: (x) => x.ctx.tidy(() => gridSample(x, whole(x.ctx, [1, 3, 3, 2]))) },
  {
    name: 'grid sample nhwc, bicubic',
    shape: [1, 4, 4, 5],
    layout: 'nhwc',
    run: (x) => x.ctx.tidy(() => gridSample(x, whole(x.ctx, [1, 3, 3, 2]), { mode: 'bicubic', paddingMode: 'reflection' })),
  },
  {
    name: 'grid sample, input gradient of few',
    shape: [1, 1, 3, 3],
    layout: 'nchw',
    run: (dy) =>
      dy.ctx.tidy(() => gridSampleBackward(dy, whole(dy.ctx, [1, 1, 4, 5]), whole(dy.ctx, [1, 3, 3, 2]), { paddingMode: 'border', gradients: ['dx'] }).dx),
  },
  {
    name: 'grid sample, input gradient of many',
    shape: [1, 4, 8, 8],
    layout: 'nchw',
    run: (dy) => dy.ctx.tidy(() => gridSampleBackward(dy, whole(dy.ctx, [1, 4, 12, 12]), whole(dy.ctx, [1, 8, 8, 2]), { gradients: ['dx'] }).dx),
  },
  {
    name: 'grid sample, grid gradient',
    shape: [1, 2, 3, 3],
    layout: 'nchw',
    run: (dy) => dy.ctx.tidy(() => gridSampleBackward(dy, whole(dy.ctx, [1, 2, 4, 5]), whole(dy.ctx, [1, 3, 3, 2]), { gradients: ['dgrid'] }).dgrid),
  },
  { name: 'gelu', shape: [2, 3, 5], layout: 'nchw', run: (x) => gelu(x) },
  { name: 'silu backward', shape: [1, 4, 3, 3], layout: 'nhwc', run: (x) => siluBackward(x, x) },
  { name: 'tanh double backward', shape: [7], layout: 'nchw', run: (x) => tanhDoubleBackward(x, x, x) },
  { name: 'product with a channel each', shape: [2, 3, 5], layout: 'nchw', run: (x) => x.ctx.tidy(() => mul(x, whole(x.ctx, [3]))) },
  { name: 'prelu, slope gradient', shape: [2, 3, 40, 41], layout: 'nhwc', run: (x) => x.ctx.tidy(() => preluBackward(x, x, whole(x.ctx, [3])).dw) },
  {
    name: 'prelu, input gradient',
    shape: [2, 3, 5],
    layout: 'nchw',
    run: (x) => x.ctx.tidy(() => preluBackward(x, x, whole(x.ctx, [3]), { gradients: ['dx'] }).dx),
  },
  { name: 'dropout', shape: [2, 3, 5], layout: 'nchw', run: (x) => dropout(x, { seed: 5 }) },
  { name: 'mean backward', shape: [2, 3], layout: 'nchw', run: (x) => meanBackward(x, [2, 3, 4, 4], { axes: [2, 3] }) },
  { name: 'softmax', shape: [2, 3, 4], layout: 'nchw', run: (x) => softmax(x) },
  { name: 'softmax backward', shape: [2, 5, 3], layout: 'nhwc', run: (x) => softmaxBackward(x, x) },
  { name: 'mean squared error', shape: [2, 3, 20, 20], layout: 'nchw', run: (x) => mse(x, 1) },
  {
    name: 'cross entropy',
    shape: [2, 3, 4],
    layout: 'nchw',
    run: (x) =>
      x.ctx.tidy(() => crossEntropy(x, x.ctx.tensor([0, 1, 2, 0, 2, 1, -100, 0], [2, 4], { dtype: 'i32' }), { weight: x.ctx.tensor([1, 2, 3], [3]) })),
  },
  {
    name: 'cross entropy backward',
    shape: [2, 3, 2],
    layout: 'nhwc',
    run: (x) => x.ctx.tidy(() => crossEntropyBackward(x.ctx.tensor([2], []), x, x.ctx.tensor([0, 1, 2, 0], [2, 2], { dtype: 'u32' }))),
  },
  { name: 'optimiser sgd', shape: [5], layout: 'nchw', run: (x) => stepped(x, (p) => sgd(p, { lr: 0.5 })) },
  { name: 'optimiser sgd, momentum', shape: [5], layout: 'nchw', run: (x) => stepped(x, (p) => sgd(p, { lr: 0.5, momentum: 0.5 })) },
  { name: 'optimiser adam', shape: [8], layout: 'nchw', run: (x) => stepped(x, (p) => adam(p, { lr: 0.5 })) },
  {
    name: 'backward through the tape',
    shape: [1, 2, 3, 3],
    layout: 'nhwc',
    run: (x) =>
      x.ctx.tidy(() => {
        const w = parameter(whole(x.ctx, [2, 2, 2, 2]));
        const loss = mse(convTranspose2d(x, w, { activation: 'relu' }), 1);
        loss.backward();
        const result = mul(w.grad!, loss);
        zeroGrad([w]);
        return result;
      }),
  },
  { name: 'zero insertion', shape: [1, 1, 2, 2, 3], layout: 'nchw', run: (x) => zeroInsert3d(x) },
  ...LAYERS,
  ...POOLS,
];

/** A copy of x after a step down its own values. */
function stepped(x: Tensor, make: (params: Tensor[]) => Optimizer): Tensor {
  const p = parameter(scale(x, 1));
  p.tape!.grad = scale(x, 1);
  using optimizer = make([p]);
  optimizer.step();
  optimizer.zeroGrad();
  p.tape = undefined;
  return p;
}

/** Small whole numbers. */
function whole(ctx: Context, shape: readonly number[]): Tensor {
  return ctx.tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => ((i * 5) % 7) - 3),
    shape,
  );
}

/** The operand of a call: whole numbers, the same each time. */
export function operand(ctx: Context, { shape, layout }: Call): Tensor {
  const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => ((i * 7) % 11) - 5);
  return ctx.tensor(data, shape, { layout });
}

export const hash = (data: ArrayLike<number> & { buffer?: ArrayBufferLike }): string => Array.from(new Uint32Array((data as Float32Array).buffer)).join();
