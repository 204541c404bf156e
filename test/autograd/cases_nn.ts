import { nhwc, of, one, positive } from './cases_kit.ts';
import type { Case, Operand } from './check.ts';

const reduced: Case[] = ['sum', 'mean'].flatMap((op): Case[] => [
  one(op, of(2, 3, 2)),
  one(op, nhwc(2, 3, 2, 2), { axes: [1, -1] }),
  one(op, nhwc(2, 3, 2, 2), { axes: [2], keepDims: true }),
  one(`${op}Backward`, of(2, 2), [2, 3, 2], { axes: [1] }),
  one(`${op}Backward`, of(2, 2), [2, 3, 2, 2], { axes: [1, 2], inputLayout: 'nhwc' }),
  one(`${op}Backward`, of(1, 1, 1), [2, 3, 2], { keepDims: true }),
]);
const softmaxes: Case[] = ['softmax', 'logSoftmax'].flatMap((op): Case[] =>
  [[], [{ axis: -1 }]].flatMap((options): Case[] => [
    { op, units: 48, inputs: { x: of(2, 3, 4) }, args: ({ x }) => [x, ...options] },
    { op: `${op}Backward`, units: 48, inputs: { dy: of(2, 3, 4), y: of(2, 3, 4) }, args: ({ dy, y }) => [dy, y, ...options] },
  ]),
);
const dropped: Case[] = ['dropout', 'dropoutBackward'].map((op) => one(op, of(3, 5), { seed: 7, p: 0.4 }));

const share: Operand = { shape: [2, 3, 2], of: (u) => 3 + u };
const pairLosses: Case[] = ['mse', 'l1', 'bceWithLogits'].flatMap((op): Case[] =>
  (['mean', 'sum', 'none'] as const).flatMap((reduction): Case[] => {
    const dy = of(...(reduction === 'none' ? [2, 3, 2] : []));
    const options = reduction === 'mean' ? [] : [{ reduction }];
    const more = reduction === 'mean' ? {} : { reduction };
    return [
      { op, units: 48, inputs: { x: of(2, 3, 2), target: share }, args: ({ x, target }) => [x, target, ...options] },
      { op, units: 48, inputs: { x: of(2, 3, 2) }, args: ({ x }) => [x, 4, ...options] },
      { op: `${op}Backward`, units: 48, inputs: { dy, x: of(2, 3, 2) }, args: ({ dy, x }) => [dy, x, 4, ...options] },
      ...[['dx'], ['dtarget'], ['dx', 'dtarget']].map(
        (gradients): Case => ({
          op: `${op}Backward`,
          units: 48,
          inputs: { dy, x: of(2, 3, 2), target: share },
          args: ({ dy, x, target }) => [dy, x, target, { ...more, gradients }],
        }),
      ),
    ];
  }),
);
const labels: Operand = { shape: [2, 4], fixed: true, dtype: 'i32', of: (_, i) => [0, 2, 1, -100, 2, 2, 0, 1][i]! };
const weight: Operand = { shape: [3], fixed: true, of: (u) => 1.5 + u };
const classes: Case[] = (['mean', 'sum', 'none'] as const).flatMap((reduction): Case[] => {
  const dy = of(...(reduction === 'none' ? [2, 4] : []));
  const x = of(2, 3, 4);
  return [
    { op: 'crossEntropy', units: 48, inputs: { x, labels, weight }, args: ({ x, labels, weight }) => [x, labels, { reduction, weight }] },
    { op: 'crossEntropyBackward', units: 48, inputs: { dy, x, labels, weight }, args: ({ dy, x, labels, weight }) => [dy, x, labels, { reduction, weight }] },
    {
      op: 'crossEntropyDoubleBackward',
      units: 48,
      inputs: { g: x, dy, x: { ...x, fixed: true }, labels },
      args: ({ g, dy, x, labels }) => [g, dy, x, labels, { reduction }],
    },
  ];
});

const normed: Case[] = [
  { op: 'batchNorm', options: { training: true } },
  { op: 'batchNorm', options: { eps: 0.1 }, running: true },
  { op: 'instanceNorm', options: {} },
  { op: 'groupNorm', options: { groups: 2, eps: 1e-3 } },
].flatMap(({ op, options, running }): Case[] =>
  [of(2, 4, 3), nhwc(2, 4, 2, 2)].flatMap((x): Case[] => {
    const statistics = running && { runningMean: { ...of(4), fixed: true }, runningVar: { ...positive(4), fixed: true } };
    const inputs = { x, weight: of(4), bias: of(4), ...statistics };
    return [
      { op, units: 64, inputs: { x, ...statistics }, args: ({ x, ...rest }) => [x, { ...options, ...rest }] },
      { op, units: 64, inputs, args: ({ x, ...rest }) => [x, { ...options, ...rest }] },
      ...[['dx'], ['dw', 'db'], ['dx', 'dw', 'db']].map(
        (gradients): Case => ({
          op: `${op}Backward`,
          units: 64,
          inputs: { dy: x, ...inputs },
          args: ({ dy, x, ...rest }) => [dy, x, { ...options, ...rest, gradients }],
        }),
      ),
    ];
  }),
);

const products: Case[] = [
  { a: of(2, 3, 4), b: of(2, 4, 2), y: [2, 3, 2], options: {} },
  { a: of(2, 4, 3), b: of(2, 4), y: [2, 3, 2], options: { transposeA: true, transposeB: true } },
].flatMap(({ a, b, y, options }): Case[] => [
  { op: 'matmul', inputs: { a, b }, args: ({ a, b }) => [a, b, options] },
  ...[['da'], ['db'], ['da', 'db']].map(
    (gradients): Case => ({ op: 'matmulBackward', inputs: { dy: of(...y), a, b }, args: ({ dy, a, b }) => [dy, a, b, { ...options, gradients }] }),
  ),
]);
const linears: Case[] = [
  { op: 'linear', inputs: { x: of(2, 3, 4), w: of(5, 4) }, args: ({ x, w }) => [x, w] },
  { op: 'linear', inputs: { x: of(3, 4), w: of(5, 4), bias: of(5) }, args: ({ x, w, bias }) => [x, w, { bias }] },
  ...[['dx'], ['dw'], ['db'], ['dx', 'dw', 'db']].map(
    (gradients): Case => ({
      op: 'linearBackward',
      inputs: { dy: of(2, 3, 5), x: of(2, 3, 4), w: of(5, 4), bias: of(5) },
      args: ({ dy, x, w, bias }) => [dy, x, w, { bias, gradients }],
    }),
  ),
];

export const LAYERS: readonly Case[] = [...reduced, ...softmaxes, ...dropped, ...pairLosses, ...classes, ...normed, ...products, ...linears];
