import type { Transpose } from '../autograd/graph.ts';
import { refuse } from '../check.ts';
import { reshape } from '../ops/arrange/index.ts';
import * as loss from '../ops/loss/index.ts';
import { absBackward, sigmoid } from '../ops/pointwise/index.ts';
import { add, mul, scale, sub } from '../ops/pointwise/pair.ts';
import { sum } from '../ops/reduce/index.ts';
import type { Tensor } from '../tensor.ts';
import { checkOne, spread, zeros } from './linear.ts';

const once =
  (back: loss.LossBackward): Transpose =>
  ({ args: [x, target, options], dy, wants }) => {
    const gradients = [wants(x) && 'dx', wants(target) && 'dtarget'].filter((g) => g) as ('dx' | 'dtarget')[];
    const { dx, dtarget } = back<'dx' | 'dtarget'>(dy, x, target, { ...options, gradients });
    return [
      [x, dx],
      [target, dtarget],
    ];
  };

/** A loss's gradients of x and target; dy comes divided by the number of elements where the loss does. */
type Pair = (dy: Tensor, x: Tensor, target: Tensor | number) => { dx: Tensor; dtarget: Tensor };

/** The gradients in terms of elementwise operations, which have gradients themselves. */
const twice =
  (op: string, pair: Pair): Transpose =>
  ({ through }) =>
    through((dy: Tensor, x: Tensor, target: Tensor | number, { reduction = 'mean' }: loss.LossOptions = {}) => {
      checkOne(op, dy, x, target);
      return pair(reduction === 'mean' ? scale(dy, 1 / x.size) : dy, x, target);
    });
const opposite = (dx: Tensor) => ({ dx, dtarget: scale(dx, -1) });

/** Ones in the shape of a tensor. */
const ones = (like: Tensor): Tensor => add(zeros(like), 1);

type Classes = [dy: Tensor, x: Tensor, labels: Tensor, options?: loss.CrossEntropyOptions & loss.Weighted];
/** What a map that is linear in dy, of one number or of one a position, gives back to it. */
const toLoss = (u: Tensor, dy: Tensor, { reduction = 'mean' }: loss.CrossEntropyOptions = {}, of: (dy: Tensor) => Tensor): Tensor => {
  const all = mul(u, of(ones(dy)));
  return reduction === 'none' ? sum(all, { axes: [1] }) : reshape(sum(all), dy.shape);
};

const crossEntropy: Transpose = ({ args: [x, labels, options], dy, wants }) => {
  if (wants(options?.weight)) refuse('backward', 'crossEntropy has no gradient of weight', 'expected weights that no parameter leads to');
  return [[x, loss.crossEntropyBackward(dy, x, labels, options)]];
};

const crossEntropyTwice: Transpose = ({ args, dy: u, wants }) => {
  const [dy, x, labels, options] = args as Classes;
  return [
    [dy, wants(dy) ? toLoss(u, dy, options, (dy) => loss.crossEntropyBackward(dy, x, labels, options)) : undefined],
    [x, wants(x) ? loss.crossEntropyDoubleBackward(u, dy, x, labels, options) : undefined],
  ];
};

/** The second derivative is symmetric: g and its gradient change places. */
const crossEntropyThrice: Transpose = ({ args, dy: u, wants }) => {
  const [g, ...rest] = args as [Tensor, ...Classes];
  const [dy, x, labels, options] = rest;
  if (wants(x)) refuse('backward', 'crossEntropyDoubleBackward has no gradient of x', 'compose the loss of logSoftmax for third derivatives');
  return [
    [g, wants(g) ? loss.crossEntropyDoubleBackward(u, dy, x, labels, options) : undefined],
    [dy, wants(dy) ? toLoss(u, dy, options, (dy) => loss.crossEntropyDoubleBackward(g, dy, x, labels, options)) : undefined],
  ];
};

export const losses: Readonly<Record<string, Transpose>> = {
  mse: once(loss.mseBackward),
  mseBackward: twice('mse', (dy, x, target) => opposite(mul(scale(sub(x, target), 2), dy))),
  l1: once(loss.l1Backward),
  l1Backward: twice('l1', (dy, x, target) => opposite(absBackward(spread(dy, x), sub(x, target)))),
  bceWithLogits: once(loss.bceWithLogitsBackward),
  bceWithLogitsBackward: twice('bceWithLogits', (dy, x, target) => ({ dx: mul(sub(sigmoid(x), target), dy), dtarget: scale(mul(x, dy), -1) })),
  crossEntropy,
  crossEntropyBackward: crossEntropyTwice,
  crossEntropyDoubleBackward: crossEntropyThrice,
};
