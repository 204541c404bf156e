import type { Transpose } from '../autograd/graph.ts';
import { exp } from '../ops/pointwise/index.ts';
import { mul, scale, sub } from '../ops/pointwise/pair.ts';
import * as reduce from '../ops/reduce/index.ts';
import type { Tensor } from '../tensor.ts';
import { type Op, up } from './linear.ts';

/** A sum without channels has no layout: its gradient must be told that of x. */
const reduced =
  (back: Op): Transpose =>
  ({ args: [x, options], dy }) => [[x, back(dy, x.shape, dy.layout === x.layout ? options : { ...options, inputLayout: x.layout })]];

const normalised =
  (back: reduce.SoftmaxBackward): Transpose =>
  ({ args: [x, options], result, dy }) => [[x, back(dy, result, options)]];

/** The sum along the axis of a softmax, to be repeated along it. */
const along = (x: Tensor, { axis = 1 }: reduce.SoftmaxOptions = {}): Tensor => reduce.sum(x, { axes: [axis], keepDims: true });

/** Of `dx = y * (dy - sum of dy * y)`, which is symmetric in dy. */
const softmaxTwice: Transpose = ({ args: [dy, y, options], dy: u, wants }) => [
  [dy, wants(dy) ? reduce.softmaxBackward(u, y, options) : undefined],
  [y, wants(y) ? sub(mul(u, sub(dy, along(mul(dy, y), options))), mul(dy, along(mul(u, y), options))) : undefined],
];

/** Of `dx = dy - exp(y) * sum of dy`. */
const logSoftmaxTwice: Transpose = ({ args: [dy, y, options], dy: u, wants }) => {
  const weighted = mul(u, exp(y));
  return [
    [dy, wants(dy) ? sub(u, along(weighted, options)) : undefined],
    [y, wants(y) ? scale(mul(weighted, along(dy, options)), -1) : undefined],
  ];
};

export const reductions: Readonly<Record<string, Transpose>> = {
  sum: reduced(reduce.sumBackward),
  sumBackward: up(reduce.sum, 'inputLayout'),
  mean: reduced(reduce.meanBackward),
  meanBackward: up(reduce.mean, 'inputLayout'),
  softmax: normalised(reduce.softmaxBackward),
  softmaxBackward: softmaxTwice,
  logSoftmax: normalised(reduce.logSoftmaxBackward),
  logSoftmaxBackward: logSoftmaxTwice,
};
