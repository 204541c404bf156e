import { Graph } from '../autograd/graph.ts';
import { reshapeBackward, slice } from '../ops/arrange/index.ts';
import { add } from '../ops/pointwise/pair.ts';
import { zeros } from './linear.ts';
import { transposes, withoutGradient } from './transposes.ts';

/** The one graph of this module: it holds no tensor, the tensors hold it. */
export const graph = /*#__PURE__*/ new Graph({
  transposes,
  without: withoutGradient,
  add,
  copy: (x) => slice(x),
  laid: (x, inputLayout) => reshapeBackward(x, x.shape, { inputLayout }),
  zeros: (x) => zeros(x),
});
