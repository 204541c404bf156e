import { away, nhwc, of, one, positive } from './cases_kit.ts';
import { LAYERS } from './cases_nn.ts';
import { type Case, type Operand, referenceOp } from './check.ts';

const interpolations: Case[] = [
  one('interpolate', of(2, 2, 5), { mode: 'linear', scaleFactor: 1.5 }),
  one('interpolate', of(1, 2, 3, 4), { size: [5, 7] }),
  one('interpolate', of(1, 2, 3, 4), { mode: 'nearest-exact', size: [5, 7] }),
  one('interpolate', of(1, 2, 3, 4), { mode: 'bilinear', size: [5, 7] }),
  one('interpolate', nhwc(1, 2, 3, 4), { mode: 'bilinear', size: [5, 7], alignCorners: true }),
  one('interpolate', of(1, 1, 9, 8), { mode: 'bilinear', size: [4, 5], antialias: true }),
  one('interpolate', of(1, 2, 3, 4), { mode: 'bicubic', scaleFactor: [1.7, 2], recomputeScaleFactor: true }),
  one('interpolate', of(1, 1, 7, 5), { mode: 'bicubic', size: [3, 4], antialias: true }),
  one('interpolate', of(1, 1, 4, 5), { mode: 'area', size: [3, 2] }),
  one('interpolate', of(1, 1, 2, 3, 2), { mode: 'trilinear', scaleFactor: 2 }),
  one('interpolate', of(1, 1, 4, 5), { mode: 'lanczos3', size: [7, 6] }),
  one('resize', of(2, 3, 4), { mode: 'linear', sizes: [3, 5], axes: [1, 2] }),
  one('resize', of(1, 1, 5, 5), {
    mode: 'linear',
    sizes: [4, 4],
    axes: [2, 3],
    coordinateTransformationMode: 'tf_crop_and_resize',
    roi: [0.1, -0.4, 0.8, 1.3],
    extrapolationValue: 7,
  }),
  one('resize', of(1, 1, 5, 4), { mode: 'cubic', scales: [1, 1, 1.5, 2], cubicCoeffA: -0.5, excludeOutside: true }),
  one('nearest2d', of(1, 2, 3, 4), { scaleFactor: 2, exact: true }),
  one('bilinear2d', of(1, 2, 3, 4), { scaleFactor: 2 }),
  one('bicubic2d', of(1, 2, 3, 4), { scaleFactor: 2, alignCorners: true }),
];

const spatial = { 1: [3], 2: [3, 2], 3: [3, 2, 2] } as const;
const inserts: Case[] = ([1, 2, 3] as const).flatMap((rank) => [
  one(`bedOfNails${rank}d`, of(1, 2, ...spatial[rank]), { stride: 3, offset: 1 }),
  one(`zeroInsert${rank}d`, of(1, 2, ...spatial[rank]), { stride: 2 }),
]);

/** The gradient of each, as an operation of its own. */
const backwards = (cases: readonly Case[], shapes: readonly (readonly number[])[]): Case[] =>
  cases.map((c, i) => ({
    op: `${c.op}Backward`,
    inputs: { dy: { shape: shapes[i]!, ...(c.inputs['x']!.layout && { layout: c.inputs['x']!.layout }) } },
    args: ({ dy }) => [dy, c.inputs['x']!.shape, ...c.args({ x: null }).slice(1)],
  }));
const resampled = backwards(
  [...interpolations, ...inserts],
  [
    [2, 2, 7],
    [1, 2, 5, 7],
    [1, 2, 5, 7],
    [1, 2, 5, 7],
    [1, 2, 5, 7],
    [1, 1, 4, 5],
    [1, 2, 5, 8],
    [1, 1, 3, 4],
    [1, 1, 3, 2],
    [1, 1, 4, 6, 4],
    [1, 1, 7, 6],
    [2, 3, 5],
    [1, 1, 4, 4],
    [1, 1, 7, 8],
    [1, 2, 6, 8],
    [1, 2, 6, 8],
    [1, 2, 6, 8],
    [1, 2, 9],
    [1, 2, 5],
    [1, 2, 9, 6],
    [1, 2, 5, 3],
    [1, 2, 9, 6, 6],
    [1, 2, 5, 3, 3],
  ],
);

interface Convolution {
  readonly op: string;
  readonly x: Operand;
  readonly w: readonly number[];
  readonly y: readonly number[];
  readonly options?: object;
  readonly units?: number;
}
const convolutions: Convolution[] = [
  { op: 'conv1d', x: of(2, 3, 7), w: [2, 3, 3], y: [2, 2, 4], options: { stride: 2, padding: 1 } },
  {
    op: 'conv2d',
    x: of(1, 4, 5, 4),
    w: [6, 2, 3, 2],
    y: [1, 6, 4, 5],
    options: {
      groups: 2,
      padding: [
        [1, 0],
        [2, 0],
      ],
      dilation: [1, 1],
    },
  },
  { op: 'conv2d', x: nhwc(1, 2, 5, 4), w: [3, 3, 2, 3], y: [1, 3, 5, 4], options: { filterLayout: 'hwio', padding: 'same', activation: 'tanh' } },
  { op: 'conv2d', x: of(1, 2, 4, 4), w: [3, 2, 3, 3], y: [1, 3, 2, 2], options: { activation: 'leakyRelu', negativeSlope: 0.2 } },
  { op: 'conv2d', x: of(1, 2, 4, 4), w: [3, 2, 3, 3], y: [1, 3, 2, 2], options: { activation: 'leakyRelu' } },
  { op: 'conv2d', x: of(1, 2, 4, 4), w: [3, 2, 3, 3], y: [1, 3, 2, 2], options: { activation: 'leakyRelu', negativeSlope: -0.5 } },
  { op: 'conv3d', x: of(1, 2, 3, 3, 3), w: [2, 2, 2, 2, 2], y: [1, 2, 2, 2, 2], options: { activation: 'silu' } },
  { op: 'convTranspose1d', x: of(1, 2, 4), w: [2, 3, 4], y: [1, 3, 8], options: { stride: 2, padding: 1, activation: 'sigmoid' } },
  {
    op: 'convTranspose2d',
    x: of(1, 4, 3, 2),
    w: [4, 1, 3, 3],
    y: [1, 2, 8, 6],
    options: {
      groups: 2,
      stride: 3,
      dilation: 1,
      outputPadding: [0, 1],
      padding: [
        [0, 1],
        [0, 1],
      ],
    },
  },
  { op: 'convTranspose2d', x: nhwc(1, 2, 3, 3), w: [2, 3, 2, 2], y: [1, 3, 6, 6], options: { stride: 2, activation: 'gelu' } },
  { op: 'convTranspose3d', x: of(1, 2, 2, 2, 2), w: [2, 2, 2, 2, 2], y: [1, 2, 4, 4, 4], options: { stride: 2, activation: 'relu' } },
  { op: 'resizeConv2d', x: of(1, 2, 3, 2), w: [3, 2, 3, 3], y: [1, 3, 6, 4], options: { scaleFactor: 2, padding: 1, activation: 'tanh' } },
].map((c) => ({ ...c, ...('activation' in c.options && { units: 48 }) }));

const convolved = convolutions.flatMap(({ op, x, w: shape, y, options, units = 16 }): Case[] => {
  // as many output channels as y has
  const inputs = { x, w: op === 'conv2d' && options && 'filterLayout' in options ? of(3, 2, 2, 3) : of(...shape), bias: of(y[1]!) };
  const dy: Operand = { shape: y, ...(x.layout && { layout: x.layout }) };
  const chosen = [['dx'], ['dw'], ['db'], ['dx', 'dw', 'db']];
  return [
    { op, inputs, units, args: ({ x, w, bias }) => [x, w, { ...options, bias }] },
    ...chosen.map(
      (gradients): Case => ({
        op: `${op}Backward`,
        units,
        inputs: { dy, ...inputs },
        args: ({ dy, x, w, bias }) => [dy, x, w, { ...options, bias, gradients }],
      }),
    ),
  ];
});

const arranged: Case[] = [
  one('slice', of(3, 4, 2), { start: [1, 2], size: [2, 1], axes: [0, 1] }),
  one('sliceBackward', of(2, 1, 2), [3, 4, 2], { start: [1, 2], size: [2, 1], axes: [0, 1] }),
  one('crop', nhwc(1, 2, 4, 5), { start: [1, 2], size: [2, 3] }),
  one('cropBackward', of(1, 2, 2, 3), [1, 2, 4, 5], { start: [1, 2], size: [2, 3] }),
  one('pad', of(1, 2, 3, 2), {
    padding: [
      [1, 0],
      [0, 2],
    ],
    value: 3,
  }),
  one('padBackward', of(1, 2, 4, 4), [1, 2, 3, 2], {
    padding: [
      [1, 0],
      [0, 2],
    ],
    value: 3,
  }),
  one('pad', of(1, 2, 3, 4), { padding: 2, mode: 'reflect' }),
  one('padBackward', of(1, 2, 7, 8), [1, 2, 3, 4], { padding: 2, mode: 'reflect' }),
  one('pad', of(1, 2, 3, 2), { padding: [2, 1], mode: 'replicate', axes: [1, 3] }),
  one('transpose', of(2, 3, 4), [2, 0, 1]),
  one('transposeBackward', of(4, 2, 3), [2, 0, 1]),
  one('reshape', nhwc(2, 3, 2, 2), [4, -1]),
  one('reshapeBackward', of(4, 6), [2, 3, 2, 2]),
  one('flatten', of(2, 3, 4), { startAxis: 0, endAxis: 1 }),
  one('flattenBackward', of(6, 4), [2, 3, 4], { startAxis: 0, endAxis: 1 }),
  { op: 'concat', inputs: { a: of(1, 2, 3), b: of(1, 1, 3) }, args: ({ a, b }) => [[a, b, a]] },
  {
    op: 'concatBackward',
    inputs: { dy: of(1, 2, 5) },
    args: ({ dy }) => [
      dy,
      [
        [1, 2, 2],
        [1, 2, 3],
      ],
      { axis: -1 },
    ],
  },
  one('pixelShuffle', of(1, 8, 2, 3), { upscaleFactor: 2 }),
  one('pixelShuffleBackward', of(1, 2, 4, 6), { upscaleFactor: 2, order: 'DCR' }),
  one('pixelUnshuffle', nhwc(1, 2, 4, 6), { downscaleFactor: [2, 3], order: 'DCR' }),
  one('pixelUnshuffleBackward', of(1, 8, 2, 3), { downscaleFactor: 2 }),
];

const grid: Operand = { shape: [1, 2, 3, 2], of: (u) => 0.9 * u };
const sampled: Case[] = ['bilinear', 'bicubic', 'nearest'].map((mode) => ({
  op: 'gridSample',
  inputs: { x: of(1, 2, 4, 5), grid },
  args: ({ x, grid }) => [x, grid, { mode, paddingMode: 'border' }],
  units: 64,
}));

const smooth = { tanh: 48, sigmoid: 48, silu: 48, gelu: 96, square: 16, exp: 48 };
const curved: Case[] = [
  ...Object.entries(smooth).map(([name, units]) => ({ name, units, x: of(2, 3, 4) })),
  ...['relu', 'leakyRelu', 'abs'].map((name) => ({ name, units: 16, x: away(2, 3, 4) })),
  ...['log', 'sqrt'].map((name) => ({ name, units: 48, x: positive(2, 3, 4) })),
].flatMap(({ name, units, x }): Case[] => {
  const options = name === 'leakyRelu' ? [{ negativeSlope: 0.3 }] : [];
  const like = of(...x.shape);
  return [
    { op: name, units, inputs: { x }, args: ({ x }) => [x, ...options] },
    { op: `${name}Backward`, units, inputs: { dy: like, x }, args: ({ dy, x }) => [dy, x, ...options] },
    { op: `${name}DoubleBackward`, units, inputs: { g: like, dy: like, x }, args: ({ g, dy, x }) => [g, dy, x, ...options] },
  ];
});

const chosen = [['da'], ['db'], ['da', 'db']];
const paired: Case[] = ['add', 'sub', 'mul'].flatMap((op): Case[] => [
  ...[of(2, 3, 2), of(3), of(1), of(1, 3, 1)].flatMap((b): Case[] => [
    { op, inputs: { a: of(2, 3, 2), b }, args: ({ a, b }) => [a, b] },
    ...chosen.map(
      (gradients): Case => ({
        op: `${op}Backward`,
        inputs: { dy: of(2, 3, 2), a: of(2, 3, 2), b },
        args: ({ dy, a, b }) => [dy, a, b, { gradients }],
      }),
    ),
  ]),
  { op, inputs: { a: of(2, 3, 2) }, args: ({ a }) => [a, 1.5] },
  { op: `${op}Backward`, inputs: { dy: of(2, 3, 2), a: of(2, 3, 2) }, args: ({ dy, a }) => [dy, a, 1.5, { gradients: ['da'] }] },
]);
const others: Case[] = [
  one('scale', of(2, 3), -1.25),
  one('scaleBackward', of(2, 3), -1.25),
  ...[of(3), of(1)].flatMap((w): Case[] => [
    { op: 'prelu', inputs: { x: away(2, 3, 2), w }, args: ({ x, w }) => [x, w] },
    ...[['dx'], ['dw'], ['dx', 'dw']].map(
      (gradients): Case => ({
        op: 'preluBackward',
        inputs: { dy: of(2, 3, 2), x: away(2, 3, 2), w },
        args: ({ dy, x, w }) => [dy, x, w, { gradients }],
      }),
    ),
  ]),
];

/** Values that lie further apart than differences reach, so that no maximum changes hands. */
const apart = (...shape: number[]): Operand => ({ shape, of: (u, i) => (((i * 37) % 101) - 50) / 16 + u / 100 });
interface Pooling {
  readonly op: 'maxPool1d' | 'maxPool2d' | 'maxPool3d';
  readonly x: Operand;
  readonly y: readonly number[];
  readonly options: { indexFormat?: string; [option: string]: unknown };
}
const poolings: Pooling[] = [
  { op: 'maxPool1d', x: apart(2, 2, 7), y: [2, 2, 7], options: { kernelSize: 3, stride: 1, padding: 1 } },
  { op: 'maxPool2d', x: apart(1, 2, 5, 4), y: [1, 2, 3, 2], options: { kernelSize: 2, ceilMode: true, indexFormat: 'onnx' } },
  {
    op: 'maxPool2d',
    x: { ...apart(1, 3, 5, 5), layout: 'nhwc' },
    y: [1, 3, 2, 3],
    options: { kernelSize: [3, 2], stride: [2, 1], dilation: [1, 2], indexFormat: 'tf' },
  },
  { op: 'maxPool2d', x: apart(1, 1, 2, 3), y: [1, 1, 3, 4], options: { kernelSize: 2, stride: 1, padding: 1 } },
  { op: 'maxPool3d', x: apart(1, 2, 4, 3, 2), y: [1, 2, 2, 1, 1], options: { kernelSize: 2 } },
];
/** Indices that name each cell of the result once, and some twice. */
const places = (cells: number, ...shape: number[]): Operand => ({ shape, fixed: true, dtype: 'u32', of: (_, i) => (i * 5) % cells });
const unpoolings: { rank: 1 | 2 | 3; x: number[]; y: number[]; options: object }[] = [
  { rank: 1, x: [1, 2, 4], y: [1, 2, 8], options: { kernelSize: 2 } },
  { rank: 2, x: [1, 2, 3, 2], y: [1, 2, 7, 4], options: { kernelSize: 2, outputSize: [7, 4], duplicates: 'first' } },
  { rank: 2, x: [1, 2, 3, 4], y: [1, 2, 3, 4], options: { kernelSize: 3, stride: 1, padding: 1, duplicates: 'sum' } },
  { rank: 3, x: [1, 1, 2, 2, 2], y: [1, 1, 4, 4, 4], options: { kernelSize: 2 } },
];
const pooled: Case[] = [
  ...poolings.flatMap(({ op, x, y, options }): Case[] => {
    const { indexFormat, ...plain } = options;
    const data = Float64Array.from({ length: x.shape.reduce((a, b) => a * b) }, (_, i) => x.of!(0, i));
    const { indices } = referenceOp(op)({ ...x, data }, { ...options, returnIndices: true }) as { indices: { data: ArrayLike<number> } };
    const like = { shape: y, ...(x.layout && { layout: x.layout }) };
    return [
      { op, inputs: { x }, args: ({ x }) => [x, plain] },
      { op, inputs: { x }, args: ({ x }) => [x, { ...options, returnIndices: true }] },
      {
        op: `${op}Backward`,
        inputs: { dy: like, indices: { ...like, fixed: true, dtype: 'u32', of: (_, i) => indices.data[i]! } },
        args: ({ dy, indices }) => [dy, indices, x.shape, options],
      },
    ];
  }),
  ...unpoolings.flatMap(({ rank, x, y, options }): Case[] => {
    const indices = places(
      y.slice(2).reduce((a, b) => a * b),
      ...x,
    );
    return [
      { op: `maxUnpool${rank}d`, inputs: { x: of(...x), indices }, args: ({ x, indices }) => [x, indices, options] },
      { op: `maxUnpool${rank}dBackward`, inputs: { dy: of(...y), indices }, args: ({ dy, indices }) => [dy, indices, options] },
    ];
  }),
];

const averages: Case[] = [
  one('avgPool1d', of(2, 2, 7), { kernelSize: 3, stride: 2, padding: 1 }),
  one('avgPool2d', of(1, 2, 5, 4), { kernelSize: 2, ceilMode: true, countIncludePad: false }),
  one('avgPool3d', of(1, 2, 4, 3, 2), { kernelSize: 2, divisorOverride: 3 }),
  one('adaptiveAvgPool1d', of(1, 2, 7), { outputSize: 3 }),
  one('adaptiveAvgPool2d', { shape: [1, 2, 5, 4], layout: 'nhwc' }, { outputSize: [2, 3] }),
  one('adaptiveAvgPool3d', of(1, 1, 3, 4, 2), { outputSize: [2, 2, null] }),
];
const averaged = [
  ...averages,
  ...backwards(averages, [
    [2, 2, 4],
    [1, 2, 3, 2],
    [1, 2, 2, 1, 1],
    [1, 2, 3],
    [1, 2, 2, 3],
    [1, 1, 2, 2, 2],
  ]),
];

const folded: Case[] = [
  one('unfold', of(1, 2, 5, 4), { kernelSize: [2, 3], stride: 2, padding: 1, dilation: [2, 1] }),
  one('unfoldBackward', of(1, 12, 6), [1, 2, 5, 4], { kernelSize: [2, 3], stride: 2, padding: 1, dilation: [2, 1] }),
  one('fold', of(1, 8, 9), { outputSize: [4, 4], kernelSize: 2 }),
  one('foldBackward', of(1, 2, 4, 4), { outputSize: [4, 4], kernelSize: 2 }),
];

export const CASES: readonly Case[] = [
  ...interpolations,
  ...inserts,
  ...resampled,
  ...convolved,
  ...arranged,
  ...sampled,
  ...curved,
  ...paired,
  ...others,
  ...pooled,
  ...averaged,
  ...folded,
  ...LAYERS,
];
