// DCGAN: a generator that makes pictures [N, 1, 32, 32], from -1 to 1, of 16 random numbers, and a discriminator that tells them from drawn ones.
//
//   z 16 -> 48 x 4 x 4 -> 24 x 8 x 8 -> 12 x 16 x 16 -> 1 x 32 x 32      transposed convolutions 4 x 4, norms, relu; tanh at the end
//   1 x 32 x 32 -> 8 x 16 x 16 -> 16 x 8 x 8 -> 32 x 4 x 4 -> logit      convolutions 4 x 4, norms but at the ends, leaky relu
//
// Source: arXiv:1511.06434, with a quarter of its stages' channels or less.
import type { Context, Tensor } from '../../src/index.ts';
import { adam, add, bceWithLogits, dcganNormal, detach, leakyRelu, noGrad, relu } from '../../src/nn/index.ts';
import { type Init, type Layer, Layers, learn, type Network, type NetworkOptions } from './network.ts';

/** Numbers that a picture is made of. */
export const LATENT = 16;

const HALVE = { stride: 2, padding: 1, init: dcganNormal } as const;
const LEAKY = { negativeSlope: 0.2 };
const aroundOne: Init = (ctx, shape, how) => dcganNormal(ctx, shape, { mean: 1, ...how });

/** @returns the stages, z [N, 16, 1, 1] to picture */
function generator(layers: Layers): Layer[] {
  const up = (i: number, from: number, to: number, options: object): Layer => {
    const enlarge = layers.convTranspose(`up${i}`, from, to, 4, { init: dcganNormal, ...options });
    const norm = layers.norm(`norm${i}`, to, aroundOne);
    return (x) => relu(norm(enlarge(x)));
  };
  return [up(1, LATENT, 48, {}), up(2, 48, 24, HALVE), up(3, 24, 12, HALVE), layers.convTranspose('up4', 12, 1, 4, { ...HALVE, activation: 'tanh' })];
}

/** @returns picture to logit: above 0 where it is taken for a drawn one */
function discriminator(layers: Layers): Layer {
  const down = (i: number, from: number, to: number): Layer => {
    const shrink = layers.conv(`down${i}`, from, to, 4, HALVE);
    const norm = layers.norm(`norm${i}`, to, aroundOne);
    return (x) => leakyRelu(norm(shrink(x)), LEAKY);
  };
  const first = layers.conv('down1', 1, 8, 4, { ...HALVE, activation: 'leakyRelu', ...LEAKY });
  const [second, third] = [down(2, 8, 16), down(3, 16, 32)];
  const judge = layers.conv('judge', 32, 1, 4, { init: dcganNormal });
  return (x) => judge(third(second(first(x))));
}

export interface Dcgan extends Omit<Network, 'step'> {
  /** One step of each. `parameters` and `optimizer` are the generator's.
   * @param real drawn pictures, from -1 to 1
   * @param z as many rows [N, 16, 1, 1] of the normal distribution
   * @returns both losses, the caller's to dispose */
  step(real: Tensor, z: Tensor): { discriminator: Tensor; generator: Tensor };
  /** What each stage of the generator makes of z, the picture last; the caller's to dispose. */
  stages(z: Tensor): Tensor[];
}

/** Learns to draw: `infer(z)` are pictures. `weights` are the generator's. */
export function dcgan(ctx: Context, { seed = 1, lr = 2e-4, ...options }: NetworkOptions = {}): Dcgan {
  const [artist, critic] = [new Layers(ctx, { seed, ...options }), new Layers(ctx, { seed: seed + 1 })];
  const stages = generator(artist);
  const judge = discriminator(critic);
  const draw = (z: Tensor) => stages.reduce((x, stage) => stage(x), z);
  const taught = (layers: Layers) => adam(layers.learning, { lr, betas: [0.5, 0.999] });
  const [optimizer, other] = [taught(artist), taught(critic)];
  const stills = (z: Tensor) => {
    artist.training = false;
    let x = z;
    return ctx.tidy(() => noGrad(() => stages.map((stage) => (x = stage(x)))));
  };
  return {
    ...{ parameters: artist.parameters, optimizer },
    step: (real, z) =>
      ctx.tidy(() => {
        artist.training = critic.training = true;
        const drawn = draw(z);
        const tell = () => add(bceWithLogits(judge(real), 1), bceWithLogits(judge(detach(drawn)), 0));
        return { discriminator: learn(ctx, other, tell), generator: learn(ctx, optimizer, () => bceWithLogits(judge(drawn), 1)) };
      }),
    stages: stills,
    infer: (z) => ctx.tidy(() => stills(z).at(-1)!),
    dispose: () => {
      for (const part of [optimizer, other, artist, critic]) part.dispose();
    },
  };
}
