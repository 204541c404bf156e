import type * as tfjs from '@tensorflow/tfjs-core';
import type { ShuffleCase } from '../cases/shuffle.ts';
import type { TfjsRecipe } from './index.ts';

/** A case as tfjs runs it, or why it cannot. */
export const shuffle: TfjsRecipe<ShuffleCase> = ({ order, factor, unshuffle, output }, tf, { x }) => {
  if (unshuffle) return 'no space to depth';
  if (order !== 'DCR') return 'no CRD order';
  if (output.length !== 4) return 'images only';
  return () => tf.depthToSpace(x as tfjs.Tensor4D, factor, 'NHWC');
};
