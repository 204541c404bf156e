import { describe, expect, test } from 'vitest';
import * as gpu from '../../src/index.ts';
import { type Context, Tensor, UpsampleError } from '../../src/index.ts';
import type { DType, Layout, Plan } from '../../src/plan.ts';
import * as reference from '../../src/reference.ts';
import { count, generate, hash32, load } from '../fixtures.ts';
import { context, objectsMade, thrown } from '../gpu.ts';

type Result = { shape: readonly number[]; data: unknown; dispose?: () => void };
type Op = (x: unknown, ...rest: unknown[]) => Result;
const GPU = { ...gpu } as unknown as Record<string, Op>;
const REFERENCE = { ...reference } as unknown as Record<string, Op>;

/** What the reference says to a call: `shape …`, or the code and sentence of its refusal. */
function said(body: () => Result): string {
  try {
    return `shape ${body().shape}`;
  } catch (error) {
    if (error instanceof UpsampleError) return `${error.code} ${error.message}`;
    throw error;
  }
}

/** The same of the GPU's operation, which is stopped where it would begin to make GPU objects. */
async function saidByGpu(ctx: Context, body: () => Result): Promise<string> {
  const { run } = ctx;
  const stop = (_op: string, _key: string, _inputs: unknown, plan: () => Plan) => ({ output: { shape: plan().outputs['output']!.shape, data: undefined } });
  ctx.run = stop as never;
  try {
    let verdict = '';
    const made = await objectsMade(ctx.device, () => {
      verdict = said(body);
    });
    expect(made, verdict).toBe(0);
    return verdict;
  } finally {
    ctx.run = run;
  }
}

test('the invalid fixtures of interpolate: 16 calls', async () => {
  const ctx = await context();
  const cases = await load('invalid', ['interpolate']);
  for (const { name, attrs: a, inputs, rule } of cases) {
    const { shape } = inputs[0]!;
    const number = (v: unknown) => (v === 'nan' ? Number.NaN : v);
    const words = { size: 'size', scale_factor: 'scaleFactor', mode: 'mode', align_corners: 'alignCorners', antialias: 'antialias' };
    const names: Record<string, string> = { ...words, recompute_scale_factor: 'recomputeScaleFactor' };
    const options = Object.fromEntries(Object.entries(a).map(([key, v]) => [names[key]!, number(v)]));
    const x = ctx.tensor(new Float32Array(count(shape)), shape);
    const verdict = await saidByGpu(ctx, () => GPU['interpolate']!(x, options));
    expect(said(() => REFERENCE['interpolate']!({ data: new Float32Array(count(shape)), shape }, options))).toBe(verdict);
    if (rule !== 'either') expect(verdict.startsWith('shape') ? 'accept' : 'throw', name).toBe(rule);
    x.dispose();
  }
  expect(cases.length).toBe(16);
});

const X = [1, 2, 3, 4];
/** One wrong argument each: op, shape of x, further arguments, code and sentence. */
const WRONG: readonly (readonly [op: string, shape: readonly number[], rest: readonly unknown[], sentence: string, dtype?: DType])[] = [
  [
    'interpolate',
    X,
    [{ size: 8, alignCorner: true }],
    'interpolate: unknown option "alignCorner"; options are mode, size, scaleFactor, alignCorners, antialias, recomputeScaleFactor, indexRule',
  ],
  ['interpolate', X, [{}], 'interpolate: neither size nor scaleFactor is given; give exactly one'],
  ['interpolate', X, [], 'interpolate: neither size nor scaleFactor is given; give exactly one'],
  [
    'interpolate',
    X,
    [null],
    'interpolate: options is null; expected an object with mode, size, scaleFactor, alignCorners, antialias, recomputeScaleFactor, indexRule',
  ],
  ['interpolate', X, [{ size: 8, scaleFactor: 2 }], 'interpolate: both size and scaleFactor are given; give exactly one'],
  ['interpolate', X, [{ size: 0 }], 'interpolate: size is 0; expected whole numbers of 1 or more'],
  ['interpolate', X, [{ size: [8, 2.5] }], 'interpolate: size is [8, 2.5]; expected whole numbers of 1 or more'],
  ['interpolate', X, [{ size: [8, 8, 8] }], 'interpolate: size [8, 8, 8] has 3 values for 2 spatial axes; expected one number or one per axis'],
  ['interpolate', X, [{ size: '8' }], 'interpolate: size is "8"; expected whole numbers of 1 or more'],
  ['interpolate', X, [{ scaleFactor: Number.NaN }], 'interpolate: scaleFactor is NaN; expected finite numbers above 0'],
  ['interpolate', X, [{ scaleFactor: [2, Number.POSITIVE_INFINITY] }], 'interpolate: scaleFactor is [2, Infinity]; expected finite numbers above 0'],
  ['interpolate', X, [{ scaleFactor: -1 }], 'interpolate: scaleFactor is -1; expected finite numbers above 0'],
  ['interpolate', X, [{ scaleFactor: 0.3 }], 'interpolate: scaleFactor 0.3 makes 3 elements 0; expected at least 1'],
  ['interpolate', X, [{ size: 8, recomputeScaleFactor: true }], 'interpolate: recomputeScaleFactor is given with size; it applies to scaleFactor only'],
  [
    'interpolate',
    X,
    [{ size: 8, mode: 'cubic' }],
    'interpolate: mode is "cubic"; expected one of nearest, nearest-exact, linear, bilinear, trilinear, bicubic, area, lanczos3, lanczos5, mitchell, gaussian',
  ],
  [
    'interpolate',
    [1, 2, 3],
    [{ size: 8, mode: 'bilinear' }],
    'interpolate: mode "bilinear" needs rank 4 but x [1, 2, 3] has 3; linear takes [N, C, width], bilinear and bicubic [N, C, height, width], trilinear [N, C, depth, height, width], other modes each of these',
  ],
  ['interpolate', [2, 3], [{ size: 8 }], 'interpolate: x [2, 3] has rank 2; expected rank 3 or 4 or 5: [N, C, ...spatial]'],
  ['interpolate', [1, 1, 0, 4], [{ size: 8 }], 'interpolate: x [1, 1, 0, 4] has an empty spatial axis; expected spatial sizes of 1 or more'],
  [
    'interpolate',
    X,
    [{ size: 8, alignCorners: false }],
    'interpolate: alignCorners does not apply to mode "nearest"; leave it out, or use a linear or cubic mode',
  ],
  ['interpolate', X, [{ size: 8, mode: 'bilinear', alignCorners: 1 }], 'interpolate: alignCorners is 1; expected true or false'],
  [
    'interpolate',
    X,
    [{ size: 8, antialias: true }],
    'interpolate: antialias does not apply to mode "nearest"; use bilinear, bicubic, lanczos3, lanczos5, mitchell, gaussian',
  ],
  [
    'interpolate',
    X,
    [{ size: 8, mode: 'area', indexRule: 'torch' }],
    'interpolate: indexRule "torch" does not apply to mode "area"; use it with nearest or nearest-exact',
  ],
  ['interpolate', X, [{ size: 8, indexRule: 'float' }], 'interpolate: indexRule is "float"; expected one of exact, torch'],
  [
    'interpolate',
    X,
    [{ size: 8, mode: 'bilinear' }],
    'interpolate: x has dtype u32; expected f32 or f16; whole numbers can only be copied (nearest, bed of nails)',
    'u32',
  ],
  ['interpolate', X, [{ size: 2 ** 20 }], 'interpolate: the result [1, 2, 1048576, 1048576] needs 8796093022208 bytes; at most 4294967295 can be indexed'],
  [
    'interpolateBackward',
    [1, 2, 6, 8],
    [X, { size: [6, 9] }],
    "interpolateBackward: dy has shape [1, 2, 6, 8]; expected [1, 2, 6, 9], the result's for input [1, 2, 3, 4]",
  ],
  [
    'interpolateBackward',
    [1, 2, 6, 8],
    [[1, 2, 3, -4], { size: [6, 8] }],
    'interpolateBackward: inputShape is [1, 2, 3, -4]; expected whole numbers, not negative',
  ],
  ['interpolateBackward', [1, 2, 6, 8], [undefined, { size: [6, 8] }], 'interpolateBackward: inputShape is undefined; expected an array of sizes'],
  ['interpolateBackward', [1, 2, 6, 8], [X, { size: [6, 8] }], 'interpolateBackward: dy has dtype i32; expected f32 or f16', 'i32'],
  [
    'interpolateBackward',
    [1, 1, 3],
    [[1, 1, 2 ** 40], { size: 3 }],
    'interpolateBackward: the result [1, 1, 1099511627776] needs 4398046511104 bytes; at most 4294967295 can be indexed',
  ],
  ['resize', X, [{}], 'resize: neither sizes nor scales is given; give exactly one'],
  ['resize', X, [{ sizes: [1, 2, 3, 4], scales: [1, 1, 1, 1] }], 'resize: both sizes and scales are given; give exactly one'],
  ['resize', [], [{ sizes: [] }], 'resize: x is a scalar; expected rank 1 or more'],
  ['resize', X, [{ sizes: [2] }], 'resize: sizes [2] has 1 values for 4 axes; expected one per entry of axes, all by default'],
  ['resize', X, [{ scales: [2, 2] }], 'resize: scales [2, 2] has 2 values for 4 axes; expected one per entry of axes, all by default'],
  ['resize', X, [{ sizes: 8 }], 'resize: sizes is 8; expected an array of whole numbers of 1 or more'],
  ['resize', X, [{ axes: [2], scales: 2 }], 'resize: scales is 2; expected an array of finite numbers above 0'],
  ['resize', X, [{ axes: [4], sizes: [2] }], 'resize: axes contains 4; expected whole numbers from -4 to 3'],
  ['resize', X, [{ axes: [3, -1], sizes: [2, 2] }], 'resize: axes [3, 3] names an axis twice; expected each axis once'],
  ['resize', X, [{ axes: 3, sizes: [2] }], 'resize: axes is 3; expected an array of axes'],
  ['resize', X, [{ axes: [2], sizes: 0 }], 'resize: sizes is 0; expected an array of whole numbers of 1 or more'],
  ['resize', X, [{ axes: [2], scales: null }], 'resize: scales is null; expected an array of finite numbers above 0'],
  ['resize', X, [{ axes: [2], sizes: [0] }], 'resize: sizes is [0]; expected whole numbers of 1 or more'],
  ['resize', X, [{ axes: [2], scales: [0.1] }], 'resize: axis 2 of 3 elements would have 0; expected at least 1'],
  ['resize', X, [{ axes: [2], scales: [Number.NaN] }], 'resize: scales is [NaN]; expected finite numbers above 0'],
  ['resize', X, [{ axes: [2], sizes: [5], mode: 'area' }], 'resize: mode is "area"; expected one of nearest, linear, cubic'],
  [
    'resize',
    X,
    [{ axes: [2], sizes: [5], coordinateTransformationMode: 'corner' }],
    'resize: coordinateTransformationMode is "corner"; expected one of half_pixel, half_pixel_symmetric, pytorch_half_pixel, align_corners, asymmetric, tf_crop_and_resize, tf_half_pixel_for_nn',
  ],
  ['resize', X, [{ axes: [2], sizes: [5], mode: 'linear', nearestMode: 'floor' }], 'resize: nearestMode has no effect here; it applies to mode "nearest"'],
  [
    'resize',
    X,
    [{ axes: [2], sizes: [5], nearestMode: 'up' }],
    'resize: nearestMode is "up"; expected one of round_prefer_floor, round_prefer_ceil, floor, ceil',
  ],
  ['resize', X, [{ axes: [2], sizes: [5], cubicCoeffA: -0.5 }], 'resize: cubicCoeffA has no effect here; it applies to mode "cubic"'],
  ['resize', X, [{ axes: [2], sizes: [5], mode: 'cubic', cubicCoeffA: Number.NaN }], 'resize: cubicCoeffA is NaN; expected a finite number'],
  [
    'resize',
    X,
    [{ axes: [2], sizes: [5], mode: 'linear', excludeOutside: true }],
    'resize: excludeOutside has no effect here; it applies to mode "cubic", or "linear" with antialias',
  ],
  ['resize', X, [{ axes: [2], sizes: [5], antialias: true }], 'resize: antialias has no effect here; it applies to modes "linear" and "cubic"'],
  [
    'resize',
    X,
    [{ axes: [2], sizes: [5], extrapolationValue: 1 }],
    'resize: extrapolationValue has no effect here; it applies to coordinateTransformationMode "tf_crop_and_resize"',
  ],
  [
    'resize',
    X,
    [{ axes: [2], sizes: [5], coordinateTransformationMode: 'tf_crop_and_resize', roi: [0, 2], extrapolationValue: 0.5 }],
    'resize: extrapolationValue is 0.5; expected a whole number from 0 to 4294967295 for u32',
    'u32',
  ],
  [
    'resize',
    X,
    [{ axes: [2], sizes: [5], coordinateTransformationMode: 'tf_crop_and_resize', roi: [0, 2], extrapolationValue: -1 }],
    'resize: extrapolationValue is -1; expected a whole number from 0 to 4294967295 for u32',
    'u32',
  ],
  [
    'resize',
    X,
    [{ axes: [2], sizes: [5], coordinateTransformationMode: 'tf_crop_and_resize', roi: [0, 2], extrapolationValue: 2 ** 33 }],
    'resize: extrapolationValue is 8589934592; expected a whole number from -2147483648 to 2147483647 for i32',
    'i32',
  ],
  ['resize', [0, 3, 4], [{ sizes: [1, 3, 8] }], 'resize: axis 0 of x is empty; expected a size of 0 for it'],
  ['resize', [0, 3, 4], [{ sizes: [1, 6, 8], keepAspectRatioPolicy: 'not_larger' }], 'resize: axis 0 of x is empty; expected a size of 0 for it'],
  ['resize', X, [{ axes: [2], sizes: [5], roi: [0, 1] }], 'resize: roi has no effect here; it applies to coordinateTransformationMode "tf_crop_and_resize"'],
  [
    'resize',
    X,
    [{ axes: [2], sizes: [5], coordinateTransformationMode: 'tf_crop_and_resize' }],
    'resize: roi has 0 values; expected 2: begins, then ends, of 1 axes',
  ],
  [
    'resize',
    X,
    [{ axes: [2], sizes: [5], coordinateTransformationMode: 'tf_crop_and_resize', roi: [0, Number.NaN] }],
    'resize: roi is [0, NaN]; expected finite numbers',
  ],
  [
    'resize',
    X,
    [{ axes: [2], sizes: [5], coordinateTransformationMode: 'tf_crop_and_resize', roi: 'ab' }],
    'resize: roi is "ab"; expected an array of numbers',
  ],
  ['resize', X, [{ axes: [2], scales: [2], keepAspectRatioPolicy: 'not_larger' }], 'resize: keepAspectRatioPolicy has no effect here; it applies to sizes'],
  [
    'resize',
    X,
    [{ axes: [2], sizes: [5], fractionalCorners: true }],
    'resize: fractionalCorners has no effect here; it applies to "align_corners" with scales',
  ],
  ['bedOfNails2d', X, [{ stride: 2, offset: 2 }], 'bedOfNails2d: offset 2 is not below stride 2; expected each element within its own cell'],
  ['bedOfNails2d', X, [{ outputSize: [6, 6] }], 'bedOfNails2d: outputSize 6 cannot hold 4 elements at stride 2 and offset 0; expected at least 7'],
  ['bedOfNails1d', X, [{}], 'bedOfNails1d: x [1, 2, 3, 4] has rank 4; expected rank 3: [N, C, ...spatial]'],
  ['zeroInsert2d', X, [{ stride: 0 }], 'zeroInsert2d: stride is 0; expected whole numbers of 1 or more'],
  ['zeroInsert2d', X, [{ offset: -1 }], 'zeroInsert2d: offset is -1; expected whole numbers, not negative'],
  ['zeroInsert2d', X, [{ strides: 2 }], 'zeroInsert2d: unknown option "strides"; options are stride, offset, outputSize'],
  ['nearest2d', [1, 2, 3], [{ size: 4 }], 'nearest2d: x [1, 2, 3] has rank 3; expected rank 4: [N, C, ...spatial]'],
  ['nearest2d', X, [{ size: 4, exact: 'yes' }], 'nearest2d: exact is "yes"; expected true or false'],
  ['bilinear2d', X, [{ size: 4, mode: 'bicubic' }], 'bilinear2d: unknown option "mode"; options are size, scaleFactor, alignCorners, antialias'],
  ['bicubic2d', X, [{ size: 4, alignCorners: null }], 'bicubic2d: alignCorners is null; expected true or false'],
];

describe('each wrong argument gets its sentence, from the GPU and the reference, before any GPU object is made', () => {
  test.each(WRONG.map(([op, shape, rest, sentence, dtype = 'f32']) => ({ sentence, op, shape, rest, dtype })))(
    '$sentence',
    async ({ op, shape, rest, sentence, dtype }) => {
      const ctx = await context();
      const code = sentence.includes('can be indexed') ? 'limit-exceeded' : 'invalid-argument';
      const x = ctx.tensor(new Array(count(shape)).fill(0), shape, { dtype });
      expect(await saidByGpu(ctx, () => GPU[op]!(x, ...rest))).toBe(`${code} ${sentence}`);
      expect(said(() => REFERENCE[op]!({ data: new Float32Array(count(shape)), shape, dtype }, ...rest))).toBe(`${code} ${sentence}`);
      x.dispose();
    },
  );

  test('what is not a tensor, a disposed tensor, a tensor of another context', async () => {
    const ctx = await context();
    const x = ctx.tensor([1, 2, 3, 4], [1, 1, 4]);
    const other = gpu.fromDevice(ctx.device);
    const verdict = (v: unknown) => thrown(() => GPU['interpolate']!(v, { size: 8 }));
    expect((await verdict([1, 2])).message).toBe('interpolate: x is [1, 2]; expected a tensor of ctx.tensor, ctx.wrap or an operation');
    x.dispose();
    expect(x).toBeInstanceOf(Tensor);
    expect(await verdict(x)).toMatchObject({ code: 'disposed', message: 'interpolate: x [1, 1, 4] was disposed' });
    other.destroy();
  });
});

test('an empty batch is resized to sizes that are 0 where its own are, and counts for no aspect ratio', async () => {
  const ctx = await context();
  for (const [shape, options, verdict] of [
    [[0, 3, 4], { sizes: [0, 3, 8] }, 'shape 0,3,8'],
    [[0, 3, 4], { sizes: [0, 6, 12], keepAspectRatioPolicy: 'not_larger' }, 'shape 0,6,8'],
    [[0, 3, 4], { sizes: [0, 6, 12], keepAspectRatioPolicy: 'not_smaller' }, 'shape 0,9,12'],
    [[0, 4], { sizes: [0], axes: [0], keepAspectRatioPolicy: 'not_larger' }, 'shape 0,4'],
    [[0, 3, 4], { scales: [2, 1, 2] }, 'shape 0,3,8'],
  ] as const) {
    const x = ctx.tensor([], shape);
    expect(await saidByGpu(ctx, () => GPU['resize']!(x, options))).toBe(verdict);
    expect(said(() => REFERENCE['resize']!({ data: [], shape }, options))).toBe(verdict);
  }
});

test('prepare and explain without a spec say what they expect', async () => {
  const ctx = await context();
  const sentence = 'interpolate: spec is undefined; expected an object with shape, dtype, layout and the options';
  expect((await thrown(() => gpu.interpolate.explain(ctx, undefined as never))).message).toBe(sentence);
  expect((await thrown(() => gpu.interpolate.prepare(ctx, undefined as never))).message).toBe(sentence);
});

describe('every option changes the result', () => {
  const line = [1, 1, 7];
  const plane = [1, 1, 6, 7];
  const crop = { coordinateTransformationMode: 'tf_crop_and_resize', roi: [0.1, 0.9] };
  const OPTIONS: readonly (readonly [op: string, option: string, shape: readonly number[], base: object, change: object])[] = [
    ['interpolate', 'mode', line, { size: 12 }, { mode: 'linear' }],
    ['interpolate', 'size', line, { size: 12 }, { size: 13 }],
    ['interpolate', 'scaleFactor', line, { mode: 'linear', scaleFactor: 1.5 }, { scaleFactor: 1.45 }],
    ['interpolate', 'alignCorners', line, { mode: 'linear', size: 12 }, { alignCorners: true }],
    ['interpolate', 'antialias', plane, { mode: 'bilinear', size: 3 }, { antialias: true }],
    ['interpolate', 'recomputeScaleFactor', line, { mode: 'linear', scaleFactor: 1.5 }, { recomputeScaleFactor: true }],
    ['interpolate', 'indexRule', [1, 1, 2], { size: 82 }, { indexRule: 'torch' }],
    ['resize', 'mode', line, { axes: [2], sizes: [12] }, { mode: 'cubic' }],
    ['resize', 'sizes', line, { axes: [2], sizes: [12] }, { sizes: [13] }],
    ['resize', 'scales', line, { axes: [2], mode: 'linear', scales: [1.5] }, { scales: [1.45] }],
    ['resize', 'axes', [1, 1, 6, 6], { axes: [2], sizes: [6], ...crop }, { axes: [3] }],
    ['resize', 'roi', line, { axes: [2], sizes: [6], ...crop }, { roi: [0.3, 0.9] }],
    ['resize', 'coordinateTransformationMode', line, { axes: [2], sizes: [12] }, { coordinateTransformationMode: 'asymmetric' }],
    ['resize', 'nearestMode', line, { axes: [2], sizes: [12] }, { nearestMode: 'ceil' }],
    ['resize', 'cubicCoeffA', line, { axes: [2], sizes: [12], mode: 'cubic' }, { cubicCoeffA: -0.5 }],
    ['resize', 'excludeOutside', line, { axes: [2], sizes: [12], mode: 'cubic' }, { excludeOutside: true }],
    ['resize', 'antialias', line, { axes: [2], sizes: [3], mode: 'linear' }, { antialias: true }],
    ['resize', 'keepAspectRatioPolicy', plane, { axes: [2, 3], sizes: [8, 9] }, { keepAspectRatioPolicy: 'not_smaller' }],
    ['resize', 'extrapolationValue', line, { axes: [2], sizes: [6], ...crop, roi: [-0.5, 1.5] }, { extrapolationValue: 7 }],
    [
      'resize',
      'fractionalCorners',
      [1, 1, 5],
      { axes: [2], scales: [1.5], mode: 'linear', coordinateTransformationMode: 'align_corners' },
      { fractionalCorners: true },
    ],
    ['bedOfNails1d', 'stride', line, {}, { stride: 3 }],
    ['bedOfNails1d', 'offset', line, {}, { offset: 1 }],
    ['bedOfNails1d', 'outputSize', line, {}, { outputSize: 15 }],
    ['zeroInsert1d', 'stride', line, {}, { stride: 3 }],
    ['zeroInsert1d', 'offset', line, {}, { offset: 1 }],
    ['zeroInsert1d', 'outputSize', line, {}, { outputSize: 15 }],
    ['nearest2d', 'exact', plane, { size: 4 }, { exact: true }],
    ['nearest2d', 'size', plane, { size: 4 }, { size: 5 }],
    ['nearest2d', 'scaleFactor', plane, { scaleFactor: 2 }, { scaleFactor: 3 }],
    ['bilinear2d', 'alignCorners', plane, { size: 4 }, { alignCorners: true }],
    ['bilinear2d', 'antialias', plane, { size: 4 }, { antialias: true }],
    ['bicubic2d', 'alignCorners', plane, { size: 4 }, { alignCorners: true }],
    ['bicubic2d', 'antialias', plane, { size: 4 }, { antialias: true }],
  ];
  test.each(OPTIONS)('%s %s', async (op, option, shape, base, change) => {
    expect(Object.keys(change)).toEqual([option]);
    const ctx = await context();
    const data = generate(count(shape), 4);
    const x = ctx.tensor(data, shape);
    const y = [base, { ...base, ...change }].map((options) => GPU[op]!(x, options) as unknown as Tensor);
    const [before, after] = await Promise.all(y.map((t) => t.data()));
    expect([...after!].join() === [...before!].join() && y[0]!.shape.join() === y[1]!.shape.join()).toBe(false);
    for (const t of [x, ...y]) t.dispose();
  });
});

describe('random arguments', () => {
  let state = 0;
  const random = (n: number) => hash32(state++, 20) % n;
  const pick = <T>(list: readonly T[]): T => list[random(list.length)]!;
  const often = (share: number) => random(100) < share;
  const SIZES = [1, 2, 3, 4, 5, 7, 9];
  const ODD = [0, -1, 2.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 40, '3', null, undefined, true, [], {}];
  const number = (good: readonly number[]) => (often(97) ? pick(good) : pick(ODD));
  const perAxis = (n: number, good: readonly number[]) => (often(30) ? number(good) : Array.from({ length: often(96) ? n : n + 1 }, () => number(good)));
  const FACTORS = [0.3, 0.5, 0.7, 1, 1.3, 1.5, 2, 3, 1 / 3];
  const COORDINATES = [
    'half_pixel',
    'half_pixel_symmetric',
    'pytorch_half_pixel',
    'align_corners',
    'asymmetric',
    'tf_crop_and_resize',
    'tf_half_pixel_for_nn',
    'centre',
  ];
  const flag = () => (often(95) ? often(50) : pick(ODD));

  /** Options that are mostly right: each is there with some chance, and now and then wrong. */
  function options(op: string, rank: number): Record<string, unknown> {
    const o: Record<string, unknown> = {};
    const some = (share: number, name: string, value: () => unknown) => {
      if (often(share)) o[name] = value();
    };
    const spatial = Math.max(rank - 2, 1);
    if (op.startsWith('resize')) {
      const axes = often(60) ? Array.from({ length: rank }, (_, i) => i).filter(() => often(50)) : undefined;
      if (axes) o['axes'] = often(95) ? axes : pick<unknown>([[9], [0, 0], [-1], 2, null, ['0']]);
      const n = axes?.length ?? rank;
      some(90, 'mode', () => pick(['nearest', 'linear', 'cubic', 'linear', 'cubic', ...(often(10) ? ['area'] : [])]));
      const bySize = often(50);
      some(bySize ? 96 : 3, 'sizes', () => perAxis(n, SIZES));
      some(bySize ? 3 : 96, 'scales', () => perAxis(n, FACTORS));
      const rule = often(60) ? pick(COORDINATES) : undefined;
      if (rule) o['coordinateTransformationMode'] = rule;
      some(rule === 'tf_crop_and_resize' ? 95 : 3, 'roi', () =>
        often(95) ? Array.from({ length: 2 * n }, (_, i) => (i < n ? 0 : 0.6) + random(8) / 10) : pick(ODD),
      );
      some(rule === 'tf_crop_and_resize' ? 40 : 2, 'extrapolationValue', () => number([0, 1, -2.5]));
      some(o['mode'] === 'nearest' ? 50 : 3, 'nearestMode', () =>
        pick(['floor', 'ceil', 'round_prefer_floor', 'round_prefer_ceil', ...(often(10) ? ['round'] : [])]),
      );
      some(o['mode'] === 'cubic' ? 40 : 3, 'cubicCoeffA', () => number([-0.5, -0.75, 0]));
      some(o['mode'] === 'nearest' ? 3 : 30, 'antialias', flag);
      some(o['mode'] === 'cubic' ? 30 : 10, 'excludeOutside', flag);
      some(bySize ? 20 : 2, 'keepAspectRatioPolicy', () => pick(['stretch', 'not_larger', 'not_smaller', ...(often(5) ? ['keep'] : [])]));
      some(rule === 'align_corners' && !bySize ? 40 : 2, 'fractionalCorners', flag);
    } else if (/^(bed|zero)/.test(op)) {
      some(70, 'stride', () => perAxis(spatial, [1, 2, 3]));
      some(50, 'offset', () => perAxis(spatial, [0, 0, 1, 2]));
      some(20, 'outputSize', () => perAxis(spatial, [5, 9, 20]));
    } else {
      const modes = ['nearest', 'nearest-exact', ['linear', 'bilinear', 'trilinear'][spatial - 1] ?? 'linear', 'bicubic', 'area', 'lanczos3', 'gaussian'];
      if (op.startsWith('interpolate')) some(90, 'mode', () => (often(97) ? pick(modes) : pick(['lanczos', 'cubic', null])));
      const mode = op.startsWith('interpolate') ? String(o['mode']) : op;
      const bySize = often(50);
      some(bySize ? 96 : 3, 'size', () => perAxis(spatial, SIZES));
      some(bySize ? 3 : 96, 'scaleFactor', () => perAxis(spatial, FACTORS));
      some(/linear|cubic/.test(mode) ? 40 : 3, 'alignCorners', flag);
      some(/bilinear|cubic|lanc|gau/.test(mode) ? 30 : 3, 'antialias', flag);
      some(bySize ? 2 : 20, 'recomputeScaleFactor', flag);
      some(mode.startsWith('near') ? 30 : 2, 'indexRule', () => pick(['exact', 'torch', 'torch', ...(often(5) ? ['f32'] : [])]));
      some(op === 'nearest2d' ? 50 : 1, 'exact', flag);
    }
    some(1, 'allign', () => 1);
    return o;
  }

  const OPS = [
    'interpolate',
    'interpolate',
    'resize',
    'resize',
    'bedOfNails1d',
    'bedOfNails2d',
    'zeroInsert2d',
    'zeroInsert3d',
    'nearest2d',
    'bilinear2d',
    'bicubic2d',
  ];
  const rankOf = (op: string) => (op === 'resize' ? 1 + random(6) : op === 'interpolate' ? 3 + random(3) : op.endsWith('1d') ? 3 : op.endsWith('3d') ? 5 : 4);

  test('10,000 calls get the same verdict from the GPU and the reference, refusals make no GPU object, and results agree', async () => {
    const ctx = await context();
    const tally = { shape: 0, refused: 0, ran: 0 };
    const faults: string[] = [];
    for (let i = 0; tally.shape + tally.refused < 10_000; i++) {
      state = i * 1000;
      const op = pick(OPS);
      const rank = often(97) ? rankOf(op) : 1 + random(6);
      const shape = Array.from({ length: rank }, (_, axis) => (often(98) ? pick(axis < 2 && op !== 'resize' ? [1, 2, 3] : [1, 2, 3, 4, 5]) : 0));
      const dtype: DType = often(92) ? 'f32' : pick(['u32', 'i32']);
      const layout: Layout = often(70) ? 'nchw' : 'nhwc';
      const given = options(op, rank);
      let from = shape;
      let rest: unknown[] = [given];
      let name = op;
      if (often(30)) {
        // Backwards: dy mostly has the shape of the result, where there is one.
        const y = said(() => REFERENCE[op]!({ data: new Float32Array(count(shape)), shape, layout }, given));
        name = `${op}Backward`;
        if (y.startsWith('shape') && often(95)) from = y.slice(6).split(',').map(Number);
        rest = [often(97) ? shape : pick<unknown>([null, [], [1, -2], 3, [...shape, 2]]), given];
      }
      if (count(from) > 2 ** 20) continue; // what a device can hold is its own matter
      const data = generate(count(from), i);
      const x = ctx.tensor(data, from, { dtype, layout });
      const theirs = said(() => REFERENCE[name]!({ data, shape: from, dtype, layout }, ...rest));
      const ours = await saidByGpu(ctx, () => GPU[name]!(x, ...rest));
      const call = `${name} ${dtype} ${layout} [${from}] ${JSON.stringify(rest)}`;
      if (ours !== theirs) faults.push(`${call}: GPU ${ours}, reference ${theirs}`);
      if (theirs.startsWith('shape')) tally.shape++;
      else tally.refused++;
      // Some are computed too.
      if (i % 20 === 0 && ours.startsWith('shape') && dtype === 'f32') {
        tally.ran++;
        const y = GPU[name]!(x, ...rest) as unknown as Tensor;
        const values = await y.data();
        const expected = REFERENCE[name]!({ data, shape: from, layout }, ...rest).data as Float64Array;
        for (const [k, v] of expected.entries())
          if (!(Math.abs(v - values[k]!) <= 1e-5 * Math.max(1, Math.abs(v)))) faults.push(`${call}: element ${k} is ${values[k]}, expected ${v}`);
        y.dispose();
      }
      x.dispose();
    }
    console.log(`random arguments: ${tally.shape} accepted, ${tally.refused} refused, ${tally.ran} computed`);
    expect(faults.slice(0, 10)).toEqual([]);
    expect(Math.min(tally.shape, tally.refused)).toBeGreaterThan(2500);
  }, 300_000);
});
