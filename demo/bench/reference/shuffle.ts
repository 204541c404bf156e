import * as reference from '../../../src/reference.ts';
import type { ShuffleCase } from '../cases/shuffle.ts';
import { optionsOf } from '../ours/shuffle.ts';
import type { ReferenceRecipe } from './index.ts';

export const shuffle: ReferenceRecipe<ShuffleCase> = (one, inputs) => {
  const x = { data: inputs['x']!, shape: one.inputs['x']! };
  return (one.unshuffle ? reference.pixelUnshuffle(x, optionsOf(one)) : reference.pixelShuffle(x, optionsOf(one))).data;
};
