// ESPCN: enlarges pictures [N, 3, h, w] twice. All convolutions work at the small size; the last gives every pixel its 2 x 2 cell.
//
//   conv 5 x 5, 16 -> conv 3 x 3, 16 -> conv 3 x 3, 3 * 4 -> pixel shuffle, + bicubic
//
// Source: arXiv:1609.05158. Not as there: colour rather than brightness, fewer channels, and it learns what bicubic enlargement lacks.
import { bicubic2d, type Context, pixelShuffle, type Tensor } from '../../src/index.ts';
import { adam, add, icnrNormal, mse } from '../../src/nn/index.ts';
import { type Init, Layers, type Network, type NetworkOptions, network } from './network.ts';

export const FACTOR = 2;

/** What it learns from: pictures made small, with antialiasing. */
export const shrink = (large: Tensor): Tensor => bicubic2d(large, { scaleFactor: 1 / FACTOR, antialias: true });

/** ICNR: the four values of a cell begin alike. And small, so that learning begins near bicubic. */
const init: Init = (ctx, shape, how) => icnrNormal(ctx, shape, { upscaleFactor: FACTOR, fan: 1e4, ...how });

/** Learns from small pictures and large ones, `step(small, large)`; `infer(small)` are large ones. */
export function espcn(ctx: Context, { lr = 3e-3, ...options }: NetworkOptions = {}): Network<[small: Tensor, large: Tensor]> {
  const layers = new Layers(ctx, options);
  const conv1 = layers.conv('conv1', 3, 16, 5, { padding: 2, activation: 'tanh' });
  const conv2 = layers.conv('conv2', 16, 16, 3, { padding: 1, activation: 'tanh' });
  const conv3 = layers.conv('conv3', 16, 3 * FACTOR ** 2, 3, { padding: 1, init });

  const enlarge = (x: Tensor) => add(pixelShuffle(conv3(conv2(conv1(x))), { upscaleFactor: FACTOR }), bicubic2d(x, { scaleFactor: FACTOR }));
  return network(layers, adam(layers.learning, { lr }), {
    loss: (small: Tensor, large: Tensor) => mse(enlarge(small), large),
    infer: enlarge,
  });
}
