// Calls of arrangements, normalisations and products, one per kernel.
import type { Tensor } from '../../src/index.ts';
import {
  batchNorm,
  batchNormBackward,
  concat,
  crop,
  foldBatchNorm,
  groupNorm,
  groupNormBackward,
  instanceNorm,
  linearBackward,
  matmul,
  pad,
  padBackward,
  reshape,
  transpose,
} from '../../src/nn/index.ts';
import type { Call } from './calls.ts';

/** Small whole numbers beside an operand. */
const whole = ({ ctx }: Tensor, shape: readonly number[], from = -3): Tensor =>
  ctx.tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => ((i * 5) % 7) + from),
    shape,
  );
const kept = (x: Tensor, run: () => Tensor): Tensor => x.ctx.tidy(run);

export const LAYERS: readonly Call[] = [
  { name: 'concat', shape: [1, 2, 3, 3], layout: 'nchw', run: (x) => kept(x, () => concat([x, whole(x, [1, 1, 3, 3]), x])) },
  { name: 'crop', shape: [1, 2, 3, 4], layout: 'nchw', run: (x) => crop(x, { start: 1, size: [2, 2] }) },
  { name: 'pad', shape: [1, 2, 3, 4], layout: 'nhwc', run: (x) => pad(x, { padding: [1, 2], mode: 'reflect' }) },
  { name: 'pad backward', shape: [1, 2, 7, 6], layout: 'nchw', run: (dy) => padBackward(dy, [1, 2, 3, 4], { padding: [2, 1], mode: 'reflect' }) },
  { name: 'transpose', shape: [2, 3, 4], layout: 'nchw', run: (x) => transpose(x, [2, 0, 1]) },
  { name: 'reshape nhwc', shape: [2, 6, 4], layout: 'nhwc', run: (x) => reshape(x, [2, 8, 3]) },
  {
    name: 'batch norm, training',
    shape: [2, 3, 4],
    layout: 'nchw',
    run: (x) => kept(x, () => batchNorm(x, { training: true, weight: whole(x, [3]), runningMean: whole(x, [3]), runningVar: whole(x, [3], 1) })),
  },
  {
    name: 'batch norm, inference',
    shape: [2, 3, 4],
    layout: 'nhwc',
    run: (x) => kept(x, () => batchNorm(x, { bias: whole(x, [3]), runningMean: whole(x, [3]), runningVar: whole(x, [3], 1) })),
  },
  { name: 'instance norm', shape: [2, 3, 4], layout: 'nchw', run: (x) => instanceNorm(x) },
  {
    name: 'batch norm backward, inference',
    shape: [2, 3, 4],
    layout: 'nchw',
    run: (dy) => kept(dy, () => batchNormBackward(dy, whole(dy, [2, 3, 4]), { runningMean: whole(dy, [3]), runningVar: whole(dy, [3], 1) }).dx),
  },
  {
    name: 'group norm backward',
    shape: [2, 4, 3],
    layout: 'nchw',
    run: (dy) => kept(dy, () => groupNormBackward(dy, groupNorm(dy, { groups: 2 }), { groups: 2, weight: whole(dy, [4]) }).dw),
  },
  {
    name: 'batch norm, folded',
    shape: [3, 2, 3],
    layout: 'nchw',
    run: (w) => kept(w, () => foldBatchNorm(w, undefined, { runningMean: whole(w, [3]), runningVar: whole(w, [3], 1) }).weight),
  },
  { name: 'matrix product', shape: [9, 10], layout: 'nchw', run: (a) => kept(a, () => matmul(a, whole(a, [9, 10]), { transposeB: true })) },
  { name: 'matrix product in slices', shape: [2, 600], layout: 'nchw', run: (a) => kept(a, () => matmul(a, whole(a, [2, 600]), { transposeB: true })) },
  {
    name: 'linear, bias gradient',
    shape: [5, 4],
    layout: 'nchw',
    run: (dy) => kept(dy, () => linearBackward(dy, whole(dy, [5, 3]), whole(dy, [4, 3]), { gradients: ['db'] }).db),
  },
];
