import * as reference from '../../../src/reference.ts';
import type { ResampleCase } from '../cases/resample.ts';
import { wordsOf } from '../ours/resample.ts';
import type { ReferenceRecipe } from './index.ts';

export const resample: ReferenceRecipe<ResampleCase> = (one, inputs) => {
  const x = { data: inputs['x']!, shape: one.inputs['x']! };
  const words = wordsOf(one);
  if (words.op === 'bedOfNails2d')
    return (one.backward ? reference.bedOfNails2dBackward(x, one.output, words.options) : reference.bedOfNails2d(x, words.options)).data;
  if (words.op === 'resize') return (one.backward ? reference.resizeBackward(x, one.output, words.options) : reference.resize(x, words.options)).data;
  return (one.backward ? reference.interpolateBackward(x, one.output, words.options) : reference.interpolate(x, words.options)).data;
};
