// A convolutional autoencoder: digits [N, 1, 28, 28] are squeezed to [N, 4, 7, 7] and drawn again. Its decoder enlarges twice, in one of four ways.
//
//   28 conv 8 -> 14 conv 16 -> 7 conv 4 | 7 conv 16 -> 14 up 8 -> 28 up 1
//
// Source: Masci et al. 2011 (stacked convolutional autoencoders); with switches, arXiv:1311.2901; pixel shuffle, arXiv:1609.05158.
import { type Context, maxPool2d, maxUnpool2d, type Pooled, pixelShuffle, type Tensor } from '../../src/index.ts';
import { adam, bceWithLogits, icnrNormal, sigmoid } from '../../src/nn/index.ts';
import { type Init, Layers, type Network, type NetworkOptions, network } from './network.ts';

export const DECODERS = ['transposed', 'resize', 'unpool', 'shuffle'] as const;
export type Decoder = (typeof DECODERS)[number];

/** Enlarges twice; `pooled` is where the encoder made it small. */
type Up = (x: Tensor, pooled: Pooled) => Tensor;

const WINDOW = { kernelSize: 2 };
const relu = { padding: 1, activation: 'relu' } as const;
const icnr: Init = (ctx, shape, how) => icnrNormal(ctx, shape, { upscaleFactor: 2, ...how });

/** One stage of each decoder. */
const STAGES: Readonly<Record<Decoder, (layers: Layers, name: string, from: number, to: number, options: Partial<typeof relu>) => Up>> = {
  transposed: (layers, name, from, to, options) => layers.convTranspose(name, from, to, 3, { stride: 2, outputPadding: 1, padding: 1, ...options }),
  resize: (layers, name, from, to, options) => layers.resizeConv(name, from, to, 3, { scaleFactor: 2, padding: 1, ...options }),
  unpool: (layers, name, from, to, options) => {
    const conv = layers.conv(name, from, to, 3, { padding: 1, ...options });
    return (x, { indices }) => conv(maxUnpool2d(x, indices, WINDOW));
  },
  shuffle: (layers, name, from, to, options) => {
    const conv = layers.conv(name, from, to * 4, 3, { padding: 1, init: icnr, ...options });
    return (x) => pixelShuffle(conv(x), { upscaleFactor: 2 });
  },
};

export interface AutoencoderOptions extends NetworkOptions {
  /** Default `'transposed'`. */
  decoder?: Decoder;
}

/** Learns to repeat its input: `step(x)`. `infer(x)` is the picture that it draws, from 0 to 1. */
export function autoencoder(ctx: Context, { decoder = 'transposed', lr = 1e-2, ...options }: AutoencoderOptions = {}): Network {
  const layers = new Layers(ctx, options);
  const down1 = layers.conv('down1', 1, 8, 3, relu);
  const down2 = layers.conv('down2', 8, 16, 3, relu);
  const code = layers.conv('code', 16, 4, 3, { padding: 1 });
  const open = layers.conv('open', 4, 16, 3, relu);
  const up1 = STAGES[decoder](layers, 'up1', 16, 8, relu);
  const up2 = STAGES[decoder](layers, 'up2', 8, 1, {});

  const draw = (x: Tensor): Tensor => {
    const pool1 = maxPool2d(down1(x), { ...WINDOW, returnIndices: true });
    const pool2 = maxPool2d(down2(pool1.output), { ...WINDOW, returnIndices: true });
    const small = open(code(pool2.output));
    return up2(up1(small, pool2), pool1);
  };
  return network(layers, adam(layers.learning, { lr }), {
    loss: (x) => bceWithLogits(draw(x), x),
    infer: (x) => sigmoid(draw(x)),
  });
}
