import { expect, it } from 'vitest';
import { type Context, conv2d, convTranspose2d, maxPool2d, maxUnpool2d, type Tensor } from '../../src/index.ts';
import { adam, heNormal, mse, parameter } from '../../src/nn/index.ts';
import { generate } from '../fixtures.ts';
import { context } from '../gpu.ts';

/** The training step of the README, with seeds. */
function autoencoder(ctx: Context) {
  const enc = parameter(heNormal(ctx, [8, 1, 3, 3], { random: 1 }));
  const dec = parameter(heNormal(ctx, [8, 1, 3, 3], { random: 2 }));
  const opt = adam([enc, dec], { lr: 1e-2 });
  const step = (batch: Tensor) =>
    ctx.tidy(() => {
      const h = conv2d(batch, enc, { padding: 1, activation: 'relu' });
      const { output, indices } = maxPool2d(h, { kernelSize: 2, returnIndices: true });
      const up = maxUnpool2d(output, indices, { kernelSize: 2 });
      const loss = mse(convTranspose2d(up, dec, { padding: 1, activation: 'sigmoid' }), batch);
      loss.backward();
      opt.step();
      opt.zeroGrad();
      return loss;
    });
  const dispose = () => {
    for (const t of [enc, dec, opt]) t.dispose();
  };
  return { step, dispose };
}

it('the loss falls, the same way every time, and memory stays', async () => {
  const ctx = await context();
  const before = ctx.memory().tensors;
  const images = generate(4 * 28 * 28, 1).map((v, i) => (v + 1) / 4 + (i % 28 > 13 ? 0.5 : 0));
  const run = async () => {
    const { step, dispose } = autoencoder(ctx);
    const batch = ctx.tensor(images, [4, 1, 28, 28]);
    const start = ctx.memory().tensors;
    const losses: number[] = [];
    for (let n = 0; n < 25; n++) {
      const loss = step(batch);
      losses.push(await loss.item());
      loss.dispose();
      expect(ctx.memory().tensors).toBe(start);
    }
    batch.dispose();
    dispose();
    return losses;
  };
  const losses = await run();
  expect(losses.at(-1)!).toBeLessThan(losses[0]! * 0.6);
  expect(await run()).toEqual(losses);
  expect(ctx.memory().tensors).toBe(before);
});
