// SegNet: an encoder that pools, and a decoder, its mirror, that puts every value back where the encoder found the maximum. Nothing is learnt by going up:
// the switches know. Source: Badrinarayanan, Kendall and Cipolla, arXiv:1511.00561; here three stages for the paper's five.
import { bedOfNails2d, type Context, maxPool2d, maxUnpool2d, type Tensor } from '../../src/index.ts';
import { adam, crossEntropy, instanceNorm, relu } from '../../src/nn/index.ts';
import { type Layer, Layers, type Network, type NetworkOptions, network } from './network.ts';

export interface SegnetOptions extends NetworkOptions {
  classes: number;
  /** How the decoder goes up: values return to where the maximum was (`'switches'`, default), or to the corner of each cell (`'nails'`: bed of nails), which
   * forgets where. All else is the same. */
  unpool?: 'switches' | 'nails';
}

/** Scores [N, classes, H, W] of pictures [N, 1, H, W] with H and W in multiples of 8. Learns from pictures and the class of every pixel [N, H, W]. */
export type Segnet = Network<[x: Tensor, classes: Tensor]>;

export function segnet(ctx: Context, { classes, unpool = 'switches', lr = 1e-2, ...options }: SegnetOptions): Segnet {
  const layers = new Layers(ctx, options);
  const block = (name: string, from: number, to: number): Layer => {
    const conv = layers.conv(`${name}.conv`, from, to, 3, { padding: 1 });
    const norm = layers.norm(`${name}.norm`, to);
    return (x) => relu(norm(conv(x)));
  };
  const encoder = [block('down1', 1, 8), block('down2', 8, 16), block('down3', 16, 32)];
  const decoder = [block('up3', 32, 16), block('up2', 16, 8), block('up1', 8, 8)];
  const score = layers.conv('score', 8, classes, 1);

  function scores(x: Tensor): Tensor {
    const switches: Tensor[] = [];
    let y = instanceNorm(x); // contrast, as in the paper
    for (const down of encoder) {
      const { output, indices } = maxPool2d(down(y), { kernelSize: 2, returnIndices: true });
      switches.push(indices);
      y = output;
    }
    for (const up of decoder) {
      const indices = switches.pop()!;
      y = up(unpool === 'switches' ? maxUnpool2d(y, indices, { kernelSize: 2 }) : bedOfNails2d(y, { stride: 2 }));
    }
    return score(y);
  }

  return network<[x: Tensor, classes: Tensor]>(layers, adam(layers.learning, { lr }), {
    loss: (x, labels) => crossEntropy(scores(x), labels),
    infer: scores,
  });
}
