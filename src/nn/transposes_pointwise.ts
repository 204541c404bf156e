import type { Transpose } from '../autograd/graph.ts';
import * as p from '../ops/pointwise/index.ts';
import { add, addBackward, mul, mulBackward, type PairwiseBackward, preluBackward, scale, scaleBackward, sub, subBackward } from '../ops/pointwise/pair.ts';
import type { Tensor } from '../tensor.ts';
import { spread, swap } from './linear.ts';

// biome-ignore lint/suspicious/noExplicitAny: options go back to the operation they were recorded from
type Curve = (...args: any[]) => Tensor;
type Second = (g: Tensor, dy: Tensor, x: Tensor) => Tensor;

/** A function of every element, its derivatives, and the second one in terms of others, so that every further one exists.
 * @param second without: 0 */
function curve(name: string, back: Curve, again: Curve, second?: Second): Record<string, Transpose> {
  return {
    [name]: ({ args: [x, options], dy }) => [[x, back(dy, x, options)]],
    [`${name}Backward`]: ({ args: [dy, x, options], dy: g, wants }) => [
      [dy, wants(dy) ? back(g, x, options) : undefined],
      [x, wants(x) && second ? again(g, dy, x, options) : undefined],
    ],
    [`${name}DoubleBackward`]: ({ through }) => (second ? through(second) : []),
  };
}

/** 1 - 2 sigmoid(x) */
const tilt = (x: Tensor) => add(scale(p.sigmoid(x), -2), 1);

const curves: Record<string, Transpose> = {
  ...curve('relu', p.reluBackward, p.reluDoubleBackward),
  ...curve('leakyRelu', p.leakyReluBackward, p.leakyReluDoubleBackward),
  ...curve('abs', p.absBackward, p.absDoubleBackward),
  ...curve('tanh', p.tanhBackward, p.tanhDoubleBackward, (g, dy, x) => p.tanhBackward(scale(mul(mul(g, dy), p.tanh(x)), -2), x)),
  ...curve('sigmoid', p.sigmoidBackward, p.sigmoidDoubleBackward, (g, dy, x) => p.sigmoidBackward(mul(mul(g, dy), tilt(x)), x)),
  ...curve('silu', p.siluBackward, p.siluDoubleBackward, (g, dy, x) => p.sigmoidBackward(mul(mul(g, dy), add(mul(x, tilt(x)), 2)), x)),
  ...curve('gelu', p.geluBackward, p.geluDoubleBackward, (g, dy, x) => {
    const squared = p.square(x);
    const density = scale(p.exp(scale(squared, -0.5)), 1 / Math.sqrt(2 * Math.PI));
    return mul(mul(mul(g, dy), density), add(scale(squared, -1), 2));
  }),
  ...curve('square', p.squareBackward, p.squareDoubleBackward, (g, dy) => scale(mul(g, dy), 2)),
  ...curve('exp', p.expBackward, p.expDoubleBackward, (g, dy, x) => mul(mul(g, dy), p.exp(x))),
  ...curve('log', p.logBackward, p.logDoubleBackward, (g, dy, x) => p.logBackward(p.logBackward(scale(mul(g, dy), -1), x), x)),
  ...curve('sqrt', p.sqrtBackward, p.sqrtDoubleBackward, (g, dy, x) => scale(p.logBackward(p.sqrtBackward(mul(g, dy), x), x), -0.5)),
};

const pair =
  (back: PairwiseBackward): Transpose =>
  ({ args: [a, b], dy, wants }) => {
    const gradients = [wants(a) && 'da', wants(b) && 'db'].filter((g) => g) as ('da' | 'db')[];
    const { da, db } = back(dy, a, b, { gradients });
    return [
      [a, da],
      [b, db],
    ];
  };

/** Of `da = dy`, `db = the sum of dy where b repeats`: u + v, or u - v. */
const sumTwice =
  (join: (u: Tensor, v: Tensor) => Tensor, alone: (v: Tensor) => Tensor): Transpose =>
  ({ args: [dy], dy: { da: u, db: v } }) => [[dy, u && v ? join(u, v) : (u ?? alone(spread(v, dy)))]];

/** Of `da = dy * b`, `db = the sum of dy * a where b repeats`. */
const mulTwice: Transpose = ({ args: [dy, a, b], dy: { da: u, db: v }, wants }) => [
  [dy, u && wants(dy) ? mul(u, b) : undefined],
  [dy, v && wants(dy) ? mul(a, v) : undefined],
  [a, v && wants(a) ? mul(dy, v) : undefined],
  [b, u && wants(b) ? mulBackward(u, dy, b, { gradients: ['db'] }).db : undefined],
];

const prelu: Transpose = ({ args: [x, w], dy, wants }) => {
  const gradients = [wants(x) && 'dx', wants(w) && 'dw'].filter((g) => g) as ('dx' | 'dw')[];
  const { dx, dw } = preluBackward(dy, x, w, { gradients });
  return [
    [x, dx],
    [w, dw],
  ];
};

/** Of `dx = dy where x > 0, else w * dy`, `dw = the sum of dy * x over x <= 0`: 0 in x where that is a kink. */
const preluTwice: Transpose = ({ args: [dy, x, w], dy: { dx: u, dw: v }, wants }) => {
  const slope = (of: Tensor, by: Tensor) => preluBackward(of, x, by, { gradients: ['dx'] }).dx;
  const below = (of: Tensor) => sub(of, p.reluBackward(of, x));
  return [
    [dy, u && wants(dy) ? slope(u, w) : undefined],
    [dy, v && wants(dy) ? mul(sub(x, p.relu(x)), v) : undefined],
    [x, v && wants(x) ? mul(below(dy), v) : undefined],
    [w, u && wants(w) ? mulBackward(below(u), dy, w, { gradients: ['db'] }).db : undefined],
  ];
};

export const pointwise: Readonly<Record<string, Transpose>> = {
  ...curves,
  add: pair(addBackward),
  addBackward: sumTwice(add, (v) => v),
  sub: pair(subBackward),
  subBackward: sumTwice(sub, (v) => scale(v, -1)),
  mul: pair(mulBackward),
  mulBackward: mulTwice,
  scale: swap(scaleBackward),
  scaleBackward: swap(scale),
  prelu,
  preluBackward: preluTwice,
};
