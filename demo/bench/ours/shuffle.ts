import { type Operation, type PixelShuffleOptions, type PixelUnshuffleOptions, pixelShuffle, pixelUnshuffle } from '../../../src/index.ts';
import type { ShuffleCase } from '../cases/shuffle.ts';
import type { OurRecipe } from './index.ts';

type Options = PixelShuffleOptions & PixelUnshuffleOptions;

/** A case in the library's words; the reference has the same. */
export const optionsOf = ({ factor, order, unshuffle }: ShuffleCase): Options =>
  (unshuffle ? { downscaleFactor: factor, order } : { upscaleFactor: factor, order }) as Options;

export const shuffle: OurRecipe<ShuffleCase> = (one, ctx, layout, { x }) => {
  const operation = (one.unshuffle ? pixelUnshuffle : pixelShuffle) as Operation<[options: Options], Options>;
  const options = optionsOf(one);
  const spec = { shape: one.inputs['x']!, layout, ...options };
  return {
    eager: () => operation(x!, options),
    prepare: () => operation.prepare(ctx, spec),
    io: { input: x! },
    output: 'output',
    explanation: operation.explain(ctx, spec),
    close: () => {},
  };
};
