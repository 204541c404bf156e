import type { Transpose } from '../autograd/graph.ts';
import { reshape } from '../ops/arrange/index.ts';
import * as matmul from '../ops/matmul/index.ts';
import type { Tensor } from '../tensor.ts';
import { spread } from './linear.ts';
import { bilinear, bilinearTwice } from './transposes_conv.ts';

const once: Transpose = ({ args: [a, b, options], dy, wants }) => {
  const gradients = [wants(a) && 'da', wants(b) && 'db'].filter((g) => g) as matmul.MatmulGradient[];
  const { da, db } = matmul.matmulBackward(dy, a, b, { ...options, gradients });
  return [
    [a, da],
    [b, db],
  ];
};

/** As of a convolution: with u, v the gradients of da, db `ddy = u b + a v`, `dda = da of (dy, v)`, `ddb = db of (dy, u)`. */
const twice: Transpose = ({ args: [dy, a, b, { gradients, ...options } = {}], dy: { da: u, db: v }, wants }) => [
  [dy, u && wants(dy) ? matmul.matmul(u, b, options) : undefined],
  [dy, v && wants(dy) ? matmul.matmul(a, v, options) : undefined],
  [a, v && wants(a) ? matmul.matmulBackward(dy, a, v, { ...options, gradients: ['da'] }).da : undefined],
  [b, u && wants(b) ? matmul.matmulBackward(dy, u, b, { ...options, gradients: ['db'] }).db : undefined],
];

/** The bias of a linear layer belongs to the last axis. */
const last = (c: Tensor, dy: Tensor): Tensor => spread(reshape(c, [...dy.shape.slice(1).map(() => 1), c.size]), dy);

export const products: Readonly<Record<string, Transpose>> = {
  matmul: once,
  matmulBackward: twice,
  linear: bilinear(matmul.linear, matmul.linearBackward),
  linearBackward: bilinearTwice(matmul.linear, matmul.linearBackward, last),
};
