import { beforeAll, expect, it } from 'vitest';
import { digits } from '../../demo/networks/data.ts';
import { dcgan, LATENT } from '../../demo/networks/dcgan.ts';
import type { Context } from '../../src/index.ts';
import { normal, Random } from '../../src/nn/index.ts';
import { context } from '../gpu.ts';
import { left, trained } from './steps.ts';

let ctx: Context;
beforeAll(async () => {
  ctx = await context();
});

const SIZE = 32;
const PIXELS = SIZE ** 2;
const BATCH = 8;
const STEPS = 100;
const SEEN = 20 * BATCH;

/** How much ink a set of pictures has at every pixel, in the mean, from -1 to 1. */
const meanOf = (x: ArrayLike<number>) => {
  const n = x.length / PIXELS;
  return Float64Array.from({ length: PIXELS }, (_, p) => Array.from({ length: n }, (_, i) => x[i * PIXELS + p]!).reduce((a, b) => a + b) / n);
};
const apart = (a: Float64Array, b: Float64Array) => Math.sqrt(a.reduce((sum, v, i) => sum + (v - b[i]!) ** 2, 0) / a.length);

// Hundreds of steps make digits, which are in the shipped weights; so many make their ground and a blot in the middle: the distance goes from 0.80 to 0.43.
it('discriminator and generator learn: pictures of new numbers come closer to drawn ones', async () => {
  const seen = digits(new Random(1), SEEN, SIZE).x.map((v) => 2 * v - 1);
  const real = meanOf(seen);
  const random = new Random(2);
  const before = ctx.memory().tensors;
  const network = dcgan(ctx, { lr: 5e-4 });
  const fresh = normal(ctx, [16, LATENT, 1, 1], { random: 3 });
  const distance = async () => {
    const y = network.infer(fresh);
    const found = meanOf(await y.data());
    y.dispose();
    return apart(found, real);
  };
  const start = await distance();
  const { discriminator } = await trained(ctx, STEPS, (i) => {
    const at = ((i * BATCH) % SEEN) * PIXELS;
    const x = ctx.tensor(seen.subarray(at, at + BATCH * PIXELS), [BATCH, 1, SIZE, SIZE]);
    const z = normal(ctx, [BATCH, LATENT, 1, 1], { random });
    const losses = network.step(x, z);
    for (const t of [x, z]) t.dispose();
    return { ...losses };
  });
  const end = await distance();
  const stages = network.stages(fresh);
  expect(stages.map(({ shape }) => shape)).toEqual([
    [16, 48, 4, 4],
    [16, 24, 8, 8],
    [16, 12, 16, 16],
    [16, 1, 32, 32],
  ]);
  for (const t of [...stages, fresh, network]) t.dispose();
  expect(ctx.memory().tensors).toBe(before);
  expect(left(discriminator!)).toBeLessThan(0.3);
  expect(end).toBeLessThan(0.65 * start);
});
