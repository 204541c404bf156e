// The cases of the resample family, aimed at code paths: what every plan, every gradient and every shader is tested with.
import type { InsertOptions, InterpolateOptions, ResizeOptions } from '../../src/index.ts';
import type { DType, Layout } from '../../src/plan.ts';

type Insert = `${'bedOfNails' | 'zeroInsert'}${1 | 2 | 3}d`;

/** A forward call: operation, shape of x, options. */
export type Call =
  | readonly ['interpolate', readonly number[], InterpolateOptions]
  | readonly ['resize', readonly number[], ResizeOptions]
  | readonly [Insert, readonly number[], InsertOptions];

/** A call on a kind of tensor. */
export interface Example {
  readonly call: Call;
  readonly layout: Layout;
  readonly dtype: DType;
}

export const titleOf = ({ call: [op, shape, options], layout, dtype }: Example): string =>
  `${op} [${shape}] ${dtype} ${layout} ${JSON.stringify(options).replaceAll('"', '')}`;

type Target = Pick<InterpolateOptions, 'size' | 'scaleFactor' | 'recomputeScaleFactor'>;
type Line = readonly [shape: readonly number[], target: Target];

/** Sizes 1, prime and round, channels 1 2 3 4 5 7 8 21; up, down, both, neither; by size and by factor. */
const LINES: Record<1 | 2 | 3, readonly Line[]> = {
  1: [
    [[1, 1, 1], { size: 9 }],
    [[2, 3, 7], { size: 14 }],
    [[1, 2, 11], { size: 17 }],
    [[2, 1, 5], { size: 3 }],
    [[1, 4, 13], { size: 13 }],
    [[1, 5, 7], { scaleFactor: 1.5 }],
    [[1, 8, 11], { scaleFactor: 0.7 }],
    [[1, 7, 16], { size: 1 }],
    [[1, 21, 8], { scaleFactor: 4 }],
    [[2, 4, 9], { scaleFactor: 1.3, recomputeScaleFactor: true }],
  ],
  2: [
    [[1, 1, 1, 1], { size: [3, 4] }],
    [[1, 2, 1, 6], { size: [5, 1] }],
    [[2, 3, 7, 5], { size: [14, 10] }],
    [[1, 4, 5, 7], { scaleFactor: [1.5, 2.3] }],
    [[1, 8, 6, 8], { scaleFactor: 2 }],
    [[1, 5, 9, 8], { size: [4, 3] }],
    [[1, 2, 11, 13], { size: [11, 13] }],
    [[1, 7, 13, 11], { size: [5, 28] }],
    [[1, 21, 3, 4], { scaleFactor: 4 }],
    [[1, 1, 31, 29], { size: [3, 4] }],
    [[2, 4, 5, 7], { scaleFactor: [0.6, 1], recomputeScaleFactor: true }],
  ],
  3: [
    [[1, 1, 2, 3, 4], { size: [4, 6, 8] }],
    [[1, 4, 3, 2, 5], { scaleFactor: [1.5, 2, 0.7] }],
    [[2, 3, 4, 3, 2], { size: [2, 5, 3] }],
    [[1, 5, 5, 3, 4], { size: [1, 3, 7] }],
    [[1, 8, 2, 3, 1], { scaleFactor: 3 }],
    [[1, 1, 3, 5, 7], { size: [3, 5, 7] }],
  ],
};

const FILTERS = (['lanczos3', 'lanczos5', 'mitchell', 'gaussian'] as const).flatMap((mode) => [{ mode }, { mode, antialias: true }]);
const NEAREST = (['nearest', 'nearest-exact'] as const).flatMap((mode) => [{ mode }, { mode, indexRule: 'torch' as const }]);
const corners = <M extends string>(mode: M) => [{ mode }, { mode, alignCorners: true }];
const smooth = <M extends string>(mode: M) => corners(mode).flatMap((o) => [o, { ...o, antialias: true }]);

const MODES: Record<1 | 2 | 3, readonly InterpolateOptions[]> = {
  1: [...NEAREST, ...corners('linear' as const), { mode: 'area' }],
  2: [...NEAREST, ...smooth('bilinear' as const), ...smooth('bicubic' as const), { mode: 'area' }],
  3: [...NEAREST, ...corners('trilinear' as const), { mode: 'area' }],
};

const interpolations: Call[] = ([1, 2, 3] as const).flatMap((d) =>
  LINES[d].flatMap(([shape, target], i) => [...MODES[d], ...(i % 2 ? [] : FILTERS)].map((options): Call => ['interpolate', shape, { ...options, ...target }])),
);

const COORDINATES = ['half_pixel', 'half_pixel_symmetric', 'pytorch_half_pixel', 'align_corners', 'asymmetric', 'tf_half_pixel_for_nn'] as const;
const ROUNDINGS = ['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil'] as const;
const crop = (roi: readonly number[]) => ({ coordinateTransformationMode: 'tf_crop_and_resize' as const, roi });

const CUBICS: readonly ResizeOptions[] = [
  { mode: 'cubic' },
  { mode: 'cubic', cubicCoeffA: -0.5 },
  { mode: 'cubic', excludeOutside: true },
  { mode: 'cubic', antialias: true },
  { mode: 'cubic', antialias: true, excludeOutside: true, cubicCoeffA: -0.5 },
];
const SUMS: readonly ResizeOptions[] = [
  { mode: 'linear' },
  { mode: 'linear', antialias: true },
  { mode: 'linear', antialias: true, excludeOutside: true },
  ...CUBICS,
];
const GOALS: readonly (readonly [readonly number[], ResizeOptions])[] = [
  [[1, 3, 5, 7], { axes: [2, 3], sizes: [9, 12] }],
  [[1, 4, 7, 8], { axes: [2, 3], scales: [0.6, 1.5] }],
];
const ROIS: readonly (readonly [readonly number[], ResizeOptions])[] = [
  [[1, 2, 5, 7], { axes: [2, 3], sizes: [6, 8], ...crop([0.1, 0.2, 0.9, 1]) }],
  [[2, 4, 5, 6], { axes: [2, 3], sizes: [5, 9], ...crop([-0.2, 0.3, 0.8, 1.4]), extrapolationValue: 7.25 }],
  [[1, 1, 6, 5], { axes: [3, 2], scales: [3, 1.5], ...crop([0.2, 0, 1.1, 0.7]), extrapolationValue: -1 }],
  [[1, 5, 4, 3], { axes: [2, 3], sizes: [7, 5], ...crop([1, 0, 0, 1]) }],
  [[1, 3, 4], { axes: [2], sizes: [1], ...crop([0.25, 0.9]) }],
];

const resizes: Call[] = [
  ...GOALS.flatMap(([shape, goal]) =>
    COORDINATES.flatMap((coordinateTransformationMode) => [
      ...ROUNDINGS.map((nearestMode) => ['resize', shape, { coordinateTransformationMode, nearestMode, ...goal }] as const),
      ...SUMS.map((options) => ['resize', shape, { ...options, coordinateTransformationMode, ...goal }] as const),
    ]),
  ),
  ...ROIS.flatMap(([shape, goal]) =>
    [...ROUNDINGS.map((nearestMode) => ({ nearestMode })), ...SUMS].map((options): Call => ['resize', shape, { ...options, ...goal }]),
  ),
  // The fractional length of align_corners.
  ...(['nearest', 'linear', 'cubic'] as const).map(
    (mode): Call => ['resize', [1, 2, 5], { mode, scales: [1, 1, 1.5], coordinateTransformationMode: 'align_corners', fractionalCorners: true }],
  ),
  // Cubic in one and three dimensions, and with few inputs.
  ...CUBICS.flatMap((options): Call[] => [
    ['resize', [1, 3, 7], { ...options, scales: [1, 1, 2.5] }],
    ['resize', [1, 2, 3, 4, 5], { ...options, axes: [2, 3, 4], sizes: [5, 3, 8] }],
    ['resize', [1, 4, 4, 3, 2], { ...options, axes: [-3, -2, -1], scales: [0.5, 2, 4] }],
    ['resize', [1, 1, 1, 2], { ...options, axes: [2, 3], sizes: [3, 4] }],
  ]),
  // Aspect ratios.
  ...(['not_larger', 'not_smaller'] as const).flatMap((keepAspectRatioPolicy) =>
    (['nearest', 'linear', 'cubic'] as const).flatMap((mode): Call[] => [
      ['resize', [1, 2, 4, 6], { mode, axes: [2, 3], sizes: [8, 7], keepAspectRatioPolicy }],
      ['resize', [1, 2, 9, 5], { mode, axes: [2, 3], sizes: [3, 4], keepAspectRatioPolicy }],
    ]),
  ),
  // Any axes and ranks: adjacent, apart, all of them; more than three, which no fused kernel takes.
  ...(['nearest', 'linear', 'cubic'] as const).flatMap((mode): Call[] => [
    ['resize', [7], { mode, scales: [1.7] }],
    ['resize', [5, 4], { mode, sizes: [5, 9] }],
    ['resize', [5, 4], { mode, sizes: [8, 3] }],
    ['resize', [3, 5], { mode, axes: [0], sizes: [7] }],
    ['resize', [2, 3, 4], { mode, axes: [0, 1], sizes: [4, 5] }],
    ['resize', [2, 3, 2, 5, 2, 3], { mode, axes: [1, 3, 5], sizes: [5, 3, 4] }],
    ['resize', [3, 2, 4, 1, 2, 5], { mode, axes: [0, -2], scales: [2, 3] }],
    ['resize', [2, 3, 4, 2], { mode, sizes: [3, 5, 3, 4] }],
    ['resize', [2, 3, 2, 2, 3, 4], { mode, axes: [0, 1, 3, 5], sizes: [3, 2, 4, 8] }],
    ['resize', [2, 2, 3, 2, 2, 3], { mode, scales: [1.5, 2, 0.7, 2, 1.5, 2] }],
    ['resize', [2, 1, 2, 3, 2, 2], { mode, axes: [0, 2, 3, 5], sizes: [3, 3, 2, 3] }],
  ]),
];

const inserts: Call[] = [
  ['bedOfNails1d', [2, 3, 5], {}],
  ['bedOfNails1d', [1, 4, 7], { stride: 3, offset: 1 }],
  ['bedOfNails1d', [1, 8, 4], { stride: 4, offset: 3, outputSize: 17 }],
  ['bedOfNails1d', [1, 1, 1], { stride: 1 }],
  ['bedOfNails2d', [1, 2, 4, 3], {}],
  ['bedOfNails2d', [1, 8, 3, 4], { stride: [3, 2], offset: [2, 1] }],
  ['bedOfNails2d', [2, 5, 1, 7], { stride: [4, 1] }],
  ['bedOfNails2d', [1, 21, 3, 2], { stride: [2, 4], offset: [0, 3], outputSize: [7, 8] }],
  ['bedOfNails2d', [1, 3, 3, 8], { stride: [2, 3], offset: [1, 2] }],
  ['bedOfNails2d', [2, 2, 3, 8], { offset: 1 }],
  ['bedOfNails3d', [1, 1, 2, 3, 2], {}],
  ['bedOfNails3d', [2, 2, 2, 3, 8], {}],
  ['bedOfNails3d', [1, 4, 3, 2, 4], { stride: [2, 3, 1], offset: [1, 0, 0] }],
  ['bedOfNails3d', [1, 3, 2, 2, 2], { stride: [1, 2, 4], offset: [0, 1, 2], outputSize: [3, 4, 9] }],
  ['zeroInsert1d', [2, 3, 5], {}],
  ['zeroInsert1d', [1, 4, 6], { stride: 3, offset: 5 }],
  ['zeroInsert1d', [1, 7, 1], { stride: 2, outputSize: 8 }],
  ['zeroInsert2d', [1, 2, 4, 3], { stride: 3 }],
  ['zeroInsert2d', [1, 8, 3, 5], { stride: [2, 1], offset: [1, 0], outputSize: [8, 8] }],
  ['zeroInsert2d', [1, 5, 2, 2], { stride: 2, offset: 2 }],
  ['zeroInsert3d', [1, 4, 2, 3, 2], {}],
  ['zeroInsert3d', [2, 1, 2, 2, 3], { stride: [1, 2, 3], offset: [1, 0, 2], outputSize: [4, 3, 12] }],
];

/** Whole factors whose rows are vectors of 2-byte elements too. */
const repeats: Call[] = [
  ['interpolate', [2, 2, 3, 8], { mode: 'nearest', scaleFactor: 3 }],
  ['interpolate', [1, 3, 2, 3, 4], { mode: 'nearest', scaleFactor: [2, 1, 4] }],
  ['interpolate', [1, 6, 5, 3], { mode: 'nearest', size: [7, 8] }],
];

const CALLS: readonly Call[] = [...interpolations, ...resizes, ...inserts, ...repeats];

/** Calls that are enlarged twofold in both layouts: those that real networks make. */
const TILES: readonly Call[] = [
  ['interpolate', [1, 8, 6, 8], { mode: 'bilinear', scaleFactor: 2 }],
  ['interpolate', [1, 8, 6, 8], { mode: 'bicubic', scaleFactor: 2 }],
  ['interpolate', [1, 4, 3, 4, 6], { mode: 'trilinear', scaleFactor: 2 }],
  ['resize', [1, 4, 5, 8], { mode: 'linear', axes: [2, 3], scales: [2, 2], ...crop([-0.2, 0, 0.9, 1.1]), extrapolationValue: 3 }],
];

const modeOf = ([, , options]: Call): string => (options as { mode?: string }).mode ?? 'nearest';
const layoutsOf = ([, shape]: Call): Layout[] => (shape.length > 2 ? ['nchw', 'nhwc'] : ['nchw']);
const spread = (calls: readonly Call[], dtypes: (call: Call, i: number) => readonly DType[]): Example[] =>
  calls.flatMap((call, i) => layoutsOf(call).flatMap((layout) => dtypes(call, i).map((dtype) => ({ call, layout, dtype }))));

/** A value outside that the dtype holds. */
const held = (example: Example): Example => {
  const [op, shape, options] = example.call;
  const extrapolationValue = { f32: undefined, f16: undefined, u32: 7, i32: -7 }[example.dtype];
  return op === 'resize' && options.extrapolationValue && extrapolationValue ? { ...example, call: [op, shape, { ...options, extrapolationValue }] } : example;
};
/** Every call in both layouts, and on whole numbers where they can only be copied. */
export const EXAMPLES: readonly Example[] = spread(CALLS, (call, i) =>
  modeOf(call).startsWith('nearest') && i % 3 === 0 ? ['f32', i % 2 ? 'u32' : 'i32'] : ['f32'],
).map(held);
export const TILE_EXAMPLES: readonly Example[] = spread(TILES, () => ['f32']);
/** The same in f16: one call a mode and all that copy, for a device compiles its tiles anew. */
export const HALVES: readonly Example[] = spread(
  [
    ...TILES,
    ...CALLS.filter((call, i) => modeOf(call).startsWith('nearest') || CALLS.findLastIndex((c) => c[0] === call[0] && modeOf(c) === modeOf(call)) === i),
  ],
  () => ['f16'],
);

/** Examples by operation and mode. */
export function groups(examples: readonly Example[]): [string, Example[]][] {
  const found = new Map<string, Example[]>();
  for (const e of examples) {
    const name = /^[bz]/.test(e.call[0]) ? e.call[0] : `${e.call[0]} ${modeOf(e.call)}`;
    found.set(name, [...(found.get(name) ?? []), e]);
  }
  return [...found];
}

/** Sums of thousands of taps, whose order decides about their error. */
export const LONG: readonly Example[] = spread(
  [
    ['interpolate', [1, 3, 4096], { mode: 'area', size: 1 }],
    ['interpolate', [1, 1, 65_536], { mode: 'area', size: 3 }],
    ['interpolate', [1, 1, 1100, 40], { mode: 'area', size: [1, 2] }],
    ['interpolate', [1, 1, 3000, 3], { mode: 'bilinear', antialias: true, size: [2, 3] }],
    ['interpolate', [1, 33, 5], { mode: 'lanczos5', size: [157] }],
    ['interpolate', [1, 8, 4, 4, 4], { mode: 'lanczos3', size: [24, 24, 8] }],
    ['interpolate', [1, 2, 4, 4], { mode: 'bicubic', size: [400, 40] }],
    ['resize', [3, 1, 2100, 2], { mode: 'linear', axes: [0, 2, 3], sizes: [2, 1, 3], antialias: true }],
  ],
  () => ['f32'],
);

/** Tensors beyond the lowered limits of the tests: windows of a binding, folded and repeated grids. */
export const WIDE: readonly Example[] = spread(
  [
    ['interpolate', [7, 3, 26, 29], { mode: 'bilinear', scaleFactor: 2 }],
    ['interpolate', [7, 3, 26, 30], { mode: 'nearest', scaleFactor: 2 }],
    ['interpolate', [7, 4, 26, 31], { mode: 'bicubic', size: [51, 33] }],
    ['interpolate', [5, 4, 60, 50], { mode: 'area', size: [13, 11] }],
    ['interpolate', [5, 4, 60, 50], { mode: 'nearest-exact', size: [60, 12] }],
    ['interpolate', [5, 4, 50, 45], { mode: 'bilinear', antialias: true, size: [21, 23] }],
    ['resize', [7, 3, 26, 29], { axes: [2, 3], sizes: [51, 48], mode: 'linear', ...crop([-0.2, 0, 0.9, 1.1]), extrapolationValue: 3 }],
    ['resize', [7, 3, 26, 29], { axes: [2, 3], sizes: [51, 49], ...crop([-0.2, 0, 0.9, 1.1]), extrapolationValue: 3 }],
    ['bedOfNails2d', [7, 3, 26, 28], { offset: 1 }],
    ['zeroInsert3d', [6, 2, 4, 9, 7], { stride: 3 }],
  ],
  () => ['f32'],
);
