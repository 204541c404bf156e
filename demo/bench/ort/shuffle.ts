import type { ShuffleCase } from '../cases/shuffle.ts';
import type { OrtRecipe } from './graph.ts';

export const shuffle: OrtRecipe<ShuffleCase> = ({ order, factor, unshuffle, output }) => {
  if (output.length !== 4) return 'no other than images';
  if (unshuffle && order !== 'DCR') return 'no CRD order of space to depth';
  const node = unshuffle
    ? { op: 'SpaceToDepth', inputs: ['x'], attributes: { blocksize: factor } }
    : { op: 'DepthToSpace', inputs: ['x'], attributes: { blocksize: factor, mode: order } };
  return { opset: 13, nodes: [node], constants: {}, weights: [] };
};
