import type { Tensor } from '../../../src/index.ts';
import { add, scale, transpose } from '../../../src/nn/index.ts';
import { autoencoder } from '../../networks/autoencoder.ts';
import { factorOf, STEPS, type TrainCase } from '../cases/train.ts';
import type { OurRecipe } from './index.ts';

export const train: OurRecipe<TrainCase> = (one, ctx, layout, given) => {
  const { decoder, lr, filters } = one;
  const begun = () => {
    const weights: Record<string, Tensor> = {};
    for (const name of filters) {
      ctx.tidy(() => {
        const w = scale(given[name]!, factorOf(one, name));
        weights[`${name}.weight`] = ctx.keep(layout === 'nhwc' ? transpose(w, [3, 2, 0, 1]) : w);
      });
      const channels = decoder === 'transposed' && name.startsWith('up') ? one.inputs[name]![1]! : one.inputs[name]![0]!;
      weights[`${name}.bias`] = ctx.tensor(new Float32Array(channels), [channels]);
    }
    return autoencoder(ctx, { decoder, lr, weights });
  };
  const half = scale(given['x']!, 0.5);
  const x = add(half, 0.5);
  half.dispose();
  const network = begun();
  return {
    eager: () => network.step(x),
    result: async () => {
      const fresh = begun();
      const losses = new Float32Array(STEPS);
      for (let i = 0; i < STEPS; i++) {
        const loss = fresh.step(x);
        losses[i] = await loss.item();
        loss.dispose();
      }
      fresh.dispose();
      return losses;
    },
    close: () => {
      network.dispose();
      x.dispose();
    },
  };
};
