import type { Transpose } from '../autograd/graph.ts';
import * as arrange from '../ops/arrange/index.ts';
import type { Tensor } from '../tensor.ts';
import { down, swap, up, zeros } from './linear.ts';

/** A matrix has no layout, what it was made of may have. */
const reshaped: Transpose = ({ args: [x], dy }) => [[x, arrange.reshapeBackward(dy, x.shape, { inputLayout: x.layout })]];

const concat: Transpose = ({ args: [tensors, options], dy }) => {
  const all = arrange.concatBackward(
    dy,
    tensors.map((t: Tensor) => t.shape),
    options,
  );
  return tensors.map((t: Tensor, i: number) => [t, all[i]]);
};

const concatBackward: Transpose = ({ args: [g, shapes, options], dy }) => [
  [
    g,
    arrange.concat(
      shapes.map((shape: readonly number[], i: number) => dy[i] ?? zeros(g, shape)),
      options,
    ),
  ],
];

export const arrangements: Readonly<Record<string, Transpose>> = {
  slice: down(arrange.sliceBackward),
  sliceBackward: up(arrange.slice),
  crop: down(arrange.cropBackward),
  cropBackward: up(arrange.crop),
  pad: down(arrange.padBackward),
  padBackward: up(arrange.pad, 'value'),
  flatten: reshaped,
  flattenBackward: up(arrange.flatten),
  transpose: swap(arrange.transposeBackward),
  transposeBackward: swap(arrange.transpose),
  reshape: reshaped,
  reshapeBackward: reshaped,
  concat,
  concatBackward,
};
