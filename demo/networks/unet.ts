// U-Net: down to see what, up to see where, and across at every size the fine features themselves, not their scores: concatenated, then mixed by
// convolutions. Source: Ronneberger, Fischer and Brox, arXiv:1505.04597. Here convolutions keep the size, so that nothing is cropped before it is
// concatenated, norms stand before each relu, and there are two levels of few channels for the paper's four.
import { type Context, maxPool2d, type Tensor } from '../../src/index.ts';
import { adam, concat, crossEntropy, instanceNorm, noGrad, relu, scale } from '../../src/nn/index.ts';
import { type Layer, Layers, type Network, type NetworkOptions, network } from './network.ts';

export interface UnetOptions extends NetworkOptions {
  classes: number;
  /** How it goes up: the paper's 2x2 up-convolution (`'transposed'`, default), whose stamps never overlap, or nearest enlargement and a 3x3 convolution. */
  up?: 'transposed' | 'resize';
  /** Channels of the finest level; each level down has twice as many. Default 8. */
  channels?: number;
}

/** Scores [N, classes, H, W] of pictures [N, 1, H, W] with H and W in multiples of 4. Learns from pictures and the class of every pixel [N, H, W]. */
export interface Unet extends Network<[x: Tensor, classes: Tensor]> {
  /** What each level makes of x: `fine`, `middle`, `coarse` on the way down, `up2`, `up1` on the way up, and `scores`. The caller's to dispose.
   * @param cut whether zeros take the place of what comes across */
  stages(x: Tensor, cut?: boolean): Record<'fine' | 'middle' | 'coarse' | 'up2' | 'up1' | 'scores', Tensor>;
}

const pool = (x: Tensor) => maxPool2d(x, { kernelSize: 2 });

export function unet(ctx: Context, { classes, up = 'transposed', channels: c = 8, lr = 1e-2, ...options }: UnetOptions): Unet {
  const layers = new Layers(ctx, options);
  const block = (name: string, from: number, to: number): Layer => {
    const conv = layers.conv(`${name}.conv`, from, to, 3, { padding: 1 });
    const norm = layers.norm(`${name}.norm`, to);
    return (x) => relu(norm(conv(x)));
  };
  const twice = (name: string, from: number, to: number): Layer => {
    const [first, second] = [block(`${name}a`, from, to), block(`${name}b`, to, to)];
    return (x) => second(first(x));
  };
  const enlarge = (name: string, from: number, to: number): Layer =>
    up === 'transposed' ? layers.convTranspose(name, from, to, 2, { stride: 2 }) : layers.resizeConv(name, from, to, 3, { scaleFactor: 2, padding: 1 });

  const down1 = twice('down1', 1, c);
  const down2 = twice('down2', c, 2 * c);
  const bottom = twice('bottom', 2 * c, 4 * c);
  const enlarge2 = enlarge('enlarge2', 4 * c, 2 * c);
  const up2 = twice('up2', 4 * c, 2 * c);
  const enlarge1 = enlarge('enlarge1', 2 * c, c);
  const up1 = twice('up1', 2 * c, c);
  const score = layers.conv('score', c, classes, 1);

  function stages(x: Tensor, cut = false) {
    const across = (features: Tensor) => (cut ? scale(features, 0) : features);
    const fine = down1(instanceNorm(x));
    const middle = down2(pool(fine));
    const coarse = bottom(pool(middle));
    const above2 = up2(concat([across(middle), enlarge2(coarse)]));
    const above1 = up1(concat([across(fine), enlarge1(above2)]));
    return { fine, middle, coarse, up2: above2, up1: above1, scores: score(above1) };
  }

  const learner = network<[x: Tensor, classes: Tensor]>(layers, adam(layers.learning, { lr }), {
    loss: (x, labels) => crossEntropy(stages(x).scores, labels),
    infer: (x) => stages(x).scores,
  });
  const look: Unet['stages'] = (x, cut) => {
    layers.training = false;
    return ctx.tidy(() => noGrad(() => stages(x, cut)));
  };
  return { ...learner, stages: look };
}
