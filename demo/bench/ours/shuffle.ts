import { type Operation, pixelShuffle, pixelUnshuffle } from '../../../src/index.ts';
import type { ShuffleCase } from '../cases/shuffle.ts';
import type { OurRecipe } from './index.ts';

interface Options {
  upscaleFactor: number;
  downscaleFactor: number;
  order: ShuffleCase['order'];
}

/** A case in the library's words: the factor under the name that the operation has for it. The reference has the same. */
export const optionsOf = ({ factor, order, unshuffle }: ShuffleCase): Options =>
  ({ [unshuffle ? 'downscaleFactor' : 'upscaleFactor']: factor, order }) as unknown as Options;

export const shuffle: OurRecipe<ShuffleCase> = (one, ctx, layout, { x }) => {
  const operation = (one.unshuffle ? pixelUnshuffle : pixelShuffle) as unknown as Operation<[options: Options], Options>;
  const options = optionsOf(one);
  const spec = { shape: one.inputs['x']!, layout, dtype: x!.dtype, ...options };
  return {
    eager: () => operation(x!, options),
    prepare: () => operation.prepare(ctx, spec),
    io: { input: x! },
    output: 'output',
    explanation: operation.explain(ctx, spec),
    close: () => {},
  };
};
