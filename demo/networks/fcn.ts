// Fully convolutional network: a classifier of convolutions alone; its coarse scores grow by transposed convolutions, and on the way the scores of finer stages
// are added. Source: Long, Shelhamer and Darrell, arXiv:1411.4038. The paper has five poolings and photographs; drawn scenes of 32x32 take three, so that
// strides 8, 4 and 2 stand for its FCN-32s, FCN-16s and FCN-8s.
import { type Context, maxPool2d, type Tensor } from '../../src/index.ts';
import { adam, add, bilinearFilter, crop, crossEntropy, instanceNorm, noGrad } from '../../src/nn/index.ts';
import { constant, type Init, Layers, type Network, type NetworkOptions, network } from './network.ts';

export interface FcnOptions extends NetworkOptions {
  classes: number;
  /** Stride of the finest stage that is scored: 8 without skips (the paper's 32s), 4 with one (16s), 2 with both (8s); default 2. */
  stride?: 8 | 4 | 2;
}

/** Scores [N, classes, H, W] of pictures [N, 1, H, W] with H and W in multiples of 8. Learns from pictures and the class of every pixel [N, H, W]. */
export interface Fcn extends Network<[x: Tensor, classes: Tensor]> {
  /** The scores of each stage, coarse to fine: `stride8`, `stride4`, `stride2` as far as there are, and `scores`. The caller's to dispose. */
  stages(x: Tensor): Record<string, Tensor>;
}

const bilinear: Init = (ctx, shape) => bilinearFilter(ctx, shape);
const pool = (x: Tensor) => maxPool2d(x, { kernelSize: 2 });

/** The middle of x, as large as another. */
function fitted(x: Tensor, { shape }: Pick<Tensor, 'shape'>): Tensor {
  const start = [2, 3].map((axis) => Math.floor((x.shape[axis]! - shape[axis]!) / 2));
  return crop(x, { start, size: shape.slice(2) });
}

export function fcn(ctx: Context, { classes, stride = 2, lr = 7e-3, ...options }: FcnOptions): Fcn {
  const layers = new Layers(ctx, options);
  const conv = (name: string, from: number, to: number, kernel = 3) => layers.conv(name, from, to, kernel, { padding: (kernel - 1) / 2, activation: 'relu' });
  // Scores begin at 0, and growing begins bilinear: a new skip changes nothing before it has learnt.
  const score = (name: string, from: number) => layers.conv(name, from, classes, 1, { init: constant(0) });
  const upscore = (name: string, by: number) => layers.convTranspose(name, classes, classes, 2 * by, { stride: by, init: bilinear });

  const conv1 = conv('conv1', 1, 8);
  const conv2 = conv('conv2', 8, 16);
  const conv3 = conv('conv3', 16, 32);
  const fc6 = conv('fc6', 32, 64); // what were fully connected layers
  const fc7 = conv('fc7', 64, 64, 1);
  const scoreFc7 = score('score_fc7', 64);

  /** Scores at twice the size: the coarser ones grown, and those of a pooling. */
  const skip = (name: string, channels: number) => {
    const grow = upscore(`upscore_${name}`, 2);
    const scorePool = score(`score_${name}`, channels);
    return (coarse: Tensor, pooled: Tensor) => add(fitted(grow(coarse), pooled), scorePool(pooled));
  };
  const skip2 = stride <= 4 ? skip('pool2', 16) : undefined;
  const skip1 = stride <= 2 ? skip('pool1', 8) : undefined;
  const grow = upscore('upscore', stride);

  function stages(x: Tensor) {
    const pool1 = pool(conv1(instanceNorm(x))); // the paper subtracts a mean colour
    const pool2 = pool(conv2(pool1));
    const pool3 = pool(conv3(pool2));
    const stride8 = scoreFc7(fc7(fc6(pool3)));
    const stride4 = skip2?.(stride8, pool2);
    const stride2 = skip1?.(stride4!, pool1);
    const scores = fitted(grow(stride2 ?? stride4 ?? stride8), x);
    return { stride8, ...(stride4 && { stride4 }), ...(stride2 && { stride2 }), scores };
  }

  const learner = network<[x: Tensor, classes: Tensor]>(layers, adam(layers.learning, { lr }), {
    loss: (x, labels) => crossEntropy(stages(x).scores, labels),
    infer: (x) => stages(x).scores,
  });
  return { ...learner, stages: (x) => ctx.tidy(() => noGrad(() => stages(x))) };
}
