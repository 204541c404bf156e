// The public calls: each wrong argument gets its sentence, each option acts, prepared and explained calls, and the same verdict of the GPU and the reference.
import { describe, expect, test } from 'vitest';
import * as gpu from '../../src/index.ts';
import { type Context, type Tensor, UpsampleError } from '../../src/index.ts';
import * as reference from '../../src/ops/pool/cpu.ts';
import type { DType, Plan } from '../../src/plan.ts';
import { count, generate, hash32 } from '../fixtures.ts';
import { context, objectsMade } from '../gpu.ts';

type Op = (...args: unknown[]) => { shape: readonly number[] } & Record<string, { shape: readonly number[] }>;
const GPU = { ...gpu } as unknown as Record<string, Op>;
const REFERENCE = { ...reference } as unknown as Record<string, Op>;

/** What a call says: the shapes of its results, or the code and sentence of its refusal. */
function said(body: () => ReturnType<Op>): string {
  try {
    const y = body();
    return `shape ${y.shape ?? `${y['output']!.shape}; ${y['indices']!.shape}`}`;
  } catch (error) {
    if (error instanceof UpsampleError) return `${error.code} ${error.message}`;
    throw error;
  }
}

/** The same of the GPU's operation, which is stopped where it would begin to make GPU objects. */
async function saidByGpu(ctx: Context, body: () => ReturnType<Op>): Promise<string> {
  const { run } = ctx;
  ctx.run = ((_op: string, _key: string, _inputs: unknown, plan: () => Plan) => plan().outputs) as never;
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

/** A tensor of zeros by its shape, on the GPU and for the reference. */
interface Zeros {
  shape: readonly number[];
  dtype?: DType;
  layout?: 'nchw' | 'nhwc';
}
const isZeros = (v: unknown): v is Zeros =>
  typeof v === 'object' && v !== null && Object.keys(v).every((k) => ['shape', 'dtype', 'layout'].includes(k)) && 'shape' in v;

/** Both verdicts of a call whose tensors are given by their shapes; they must be the same. */
async function verdict(op: string, args: readonly unknown[]): Promise<string> {
  const ctx = await context();
  const tensors: Tensor[] = [];
  const on = args.map((a) => {
    if (!isZeros(a)) return a;
    const t = ctx.tensor(new Array(count(a.shape)).fill(0), a.shape, { dtype: a.dtype ?? 'f32', layout: a.layout ?? 'nchw' });
    tensors.push(t);
    return t;
  });
  const off = args.map((a) => (isZeros(a) ? { ...a, data: new Float32Array(count(a.shape)) } : a));
  const ours = await saidByGpu(ctx, () => GPU[op]!(...on));
  expect(said(() => REFERENCE[op]!(...off))).toBe(ours);
  for (const t of tensors) t.dispose();
  return ours;
}

const X = { shape: [1, 2, 6, 8] };
const SMALL = { shape: [1, 2, 3, 4] };
const I = { shape: [1, 2, 3, 4], dtype: 'u32' } as const;
const WINDOWS = 'options are kernelSize, stride, padding, dilation, ceilMode, autoPad, indexFormat, nan, returnIndices';
const UNPOOLS = 'options are kernelSize, stride, padding, outputSize, indexFormat, indexSpace, duplicates, checkIndices';
const PADS = 'expected whole numbers of 0 or more: one, one per axis, or a pair [begin, end] per axis';

/** One wrong argument each. */
const WRONG: readonly (readonly [op: string, args: readonly unknown[], sentence: string])[] = [
  ['maxPool2d', [X, {}], 'maxPool2d: kernelSize is missing; expected whole numbers of 1 or more'],
  ['maxPool2d', [X, { kernelSize: 2, strides: 2 }], `maxPool2d: unknown option "strides"; ${WINDOWS}`],
  ['maxPool2d', [X, { kernelSize: 0 }], 'maxPool2d: kernelSize is 0; expected whole numbers of 1 or more'],
  ['maxPool2d', [X, { kernelSize: 2.5 }], 'maxPool2d: kernelSize is 2.5; expected whole numbers of 1 or more'],
  ['maxPool2d', [X, { kernelSize: [2, 2, 2] }], 'maxPool2d: kernelSize [2, 2, 2] has 3 values for 2 spatial axes; expected one number or one per axis'],
  ['maxPool2d', [X, { kernelSize: 2, stride: 0 }], 'maxPool2d: stride is 0; expected whole numbers of 1 or more'],
  ['maxPool2d', [X, { kernelSize: 2, dilation: -1 }], 'maxPool2d: dilation is -1; expected whole numbers of 1 or more'],
  ['maxPool2d', [X, { kernelSize: 3, padding: 2 }], 'maxPool2d: padding 2 is too much for a window of 3; expected at most 1, half the window'],
  ['maxPool2d', [X, { kernelSize: 3, padding: [[3, 0], 0] }], 'maxPool2d: padding [3, 0] is too much for a window of 3; expected at most 2'],
  ['maxPool2d', [X, { kernelSize: 3, padding: -1 }], `maxPool2d: padding is -1; ${PADS}`],
  ['maxPool2d', [X, { kernelSize: 3, padding: [1, 1, 1, 1] }], `maxPool2d: padding [1, 1, 1, 1] has 4 entries for 2 spatial axes; ${PADS}`],
  ['maxPool2d', [X, { kernelSize: 2, padding: 1, autoPad: 'VALID' }], 'maxPool2d: padding is given with autoPad "VALID"; give one of them'],
  ['maxPool2d', [X, { kernelSize: 2, autoPad: 'SAME' }], 'maxPool2d: autoPad is "SAME"; expected one of NOTSET, SAME_UPPER, SAME_LOWER, VALID'],
  [
    'maxPool2d',
    [X, { kernelSize: 2, autoPad: 'SAME_UPPER', ceilMode: true }],
    'maxPool2d: ceilMode is given with autoPad "SAME_UPPER", which sets the size itself; leave one of them out',
  ],
  ['maxPool2d', [X, { kernelSize: 2, ceilMode: 1 }], 'maxPool2d: ceilMode is 1; expected true or false'],
  ['maxPool2d', [X, { kernelSize: 7 }], 'maxPool2d: a window spans 7 but x has 6 elements and 0 + 0 padding; expected at most 6'],
  ['maxPool2d', [X, { kernelSize: 2, nan: 'skip' }], 'maxPool2d: nan is "skip"; expected one of propagate, ignore'],
  [
    'maxPool2d',
    [X, { kernelSize: 2, returnIndices: true, indexFormat: 'torch' }],
    'maxPool2d: indexFormat is "torch"; expected one of plane, onnx, onnx-column, tf, tf-batch',
  ],
  ['maxPool2d', [X, { kernelSize: 2, indexFormat: 'tf' }], 'maxPool2d: indexFormat has no effect here; it applies to returnIndices true'],
  ['maxPool1d', [X, { kernelSize: 2 }], 'maxPool1d: x [1, 2, 6, 8] has rank 4; expected rank 3: [N, C, L]'],
  ['maxPool3d', [X, { kernelSize: 2 }], 'maxPool3d: x [1, 2, 6, 8] has rank 4; expected rank 5: [N, C, D, H, W]'],
  [
    'maxPool2d',
    [{ shape: [1, 2, 0, 8] }, { kernelSize: 1 }],
    'maxPool2d: x [1, 2, 0, 8] has an empty axis; expected channels and spatial sizes of 1 or more; only the batch may be 0',
  ],
  ['maxPool2d', [I, { kernelSize: 1 }], 'maxPool2d: x has dtype u32; expected f32 or f16'],
  [
    'maxPool1d',
    [{ shape: [1, 1, 1] }, { kernelSize: 2, padding: 1, dilation: 2 }],
    'maxPool1d: window 0 of 2 cells, 2 apart, with padding 1 has none inside 1 elements; expected a cell in every window',
  ],
  [
    'maxPool2dBackward',
    [SMALL, I, [1, 2, 6, 9], { kernelSize: 2, returnIndices: true }],
    'maxPool2dBackward: unknown option "returnIndices"; options are kernelSize, stride, padding, dilation, ceilMode, autoPad, indexFormat',
  ],
  [
    'maxPool2dBackward',
    [SMALL, I, [1, 2, 6, 7], { kernelSize: 2 }],
    "maxPool2dBackward: dy has shape [1, 2, 3, 4]; expected [1, 2, 3, 3], the result's for input [1, 2, 6, 7]",
  ],
  [
    'maxPool2dBackward',
    [SMALL, { ...I, shape: [1, 2, 4, 3] }, X.shape, { kernelSize: 2 }],
    'maxPool2dBackward: indices has shape [1, 2, 4, 3]; expected [1, 2, 3, 4], one for each element of dy',
  ],
  [
    'maxPool2dBackward',
    [SMALL, { ...I, layout: 'nhwc' }, X.shape, { kernelSize: 2 }],
    'maxPool2dBackward: indices has layout nhwc but dy has nchw; expected one layout',
  ],
  [
    'maxPool2dBackward',
    [SMALL, SMALL, X.shape, { kernelSize: 2 }],
    'maxPool2dBackward: indices has dtype f32; expected u32 or i32; indicesFromInt64 converts those of ONNX',
  ],
  ['maxPool2dBackward', [SMALL, I, null, { kernelSize: 2 }], 'maxPool2dBackward: inputShape is null; expected an array of sizes'],
  ['maxUnpool2d', [SMALL, I, {}], 'maxUnpool2d: kernelSize is missing; expected whole numbers of 1 or more'],
  ['maxUnpool2d', [SMALL, I, { kernelSize: 2, dilation: 1 }], `maxUnpool2d: unknown option "dilation"; ${UNPOOLS}`],
  ['maxUnpool2d', [SMALL, I, { kernelSize: 2, outputSize: [8, 8] }], 'maxUnpool2d: outputSize 8 is too far from the default 6; expected 5 to 7'],
  [
    'maxUnpool2d',
    [SMALL, I, { kernelSize: 2, outputSize: [1, 3, 6, 8] }],
    'maxUnpool2d: outputSize is [1, 3, 6, 8]; expected [1, 2, …], the batch and channels of x',
  ],
  ['maxUnpool2d', [SMALL, I, { kernelSize: 2, indexSpace: 'final' }], 'maxUnpool2d: indexSpace is "final"; expected one of output, inferred'],
  ['maxUnpool2d', [SMALL, I, { kernelSize: 2, duplicates: 'mean' }], 'maxUnpool2d: duplicates is "mean"; expected one of last, first, sum'],
  ['maxUnpool2d', [SMALL, I, { kernelSize: 2, checkIndices: 'no' }], 'maxUnpool2d: checkIndices is "no"; expected true or false'],
  ['maxUnpool2d', [SMALL, I, { kernelSize: 2, padding: 2 }], 'maxUnpool2d: padding 2 is too much for a window of 2; expected at most 1'],
  ['maxUnpool2d', [SMALL, I, { kernelSize: 4, padding: 4 }], 'maxUnpool2d: padding 4 is too much for a window of 4; expected at most 3'],
  [
    'maxUnpool2d',
    [{ shape: [1, 1, 1, 1] }, { ...I, shape: [1, 1, 1, 1] }, { kernelSize: 2, padding: 1 }],
    'maxUnpool2d: the result would have 0 elements along spatial axis 0; expected 1 or more',
  ],
  [
    'maxUnpool2d',
    [{ shape: [1, 1, 1, 1] }, { ...I, shape: [1, 1, 1, 1] }, { kernelSize: 2, padding: 1, outputSize: 1, indexSpace: 'inferred' }],
    'maxUnpool2d: indexSpace "inferred" needs a plane but the default size is [0, 0]; expected sizes of 1 or more',
  ],
  [
    'maxUnpool2dBackward',
    [SMALL, I, { kernelSize: 2 }],
    "maxUnpool2dBackward: dy has shape [1, 2, 3, 4]; expected [1, 2, 6, 8], the result's for indices [1, 2, 3, 4]",
  ],
  [
    'maxUnpool2dBackward',
    [{ ...X, layout: 'nhwc' }, I, { kernelSize: 2 }],
    'maxUnpool2dBackward: indices has layout nchw but dy has nhwc; expected one layout',
  ],
  ['maxUnpool2dBackward', [{ ...X, dtype: 'u32' }, I, { kernelSize: 2 }], 'maxUnpool2dBackward: dy has dtype u32; expected f32 or f16'],
  ['avgPool2d', [X, {}], 'avgPool2d: kernelSize is missing; expected whole numbers of 1 or more'],
  ['avgPool2d', [X, { kernelSize: 2, divisorOverride: 0 }], 'avgPool2d: divisorOverride is 0; expected a finite number other than 0'],
  [
    'avgPool2d',
    [X, { kernelSize: 2, divisorOverride: 3, countIncludePad: true }],
    'avgPool2d: countIncludePad is given with divisorOverride; give at most one',
  ],
  [
    'avgPool2d',
    [X, { kernelSize: 2, dilation: 2 }],
    'avgPool2d: unknown option "dilation"; options are kernelSize, stride, padding, ceilMode, autoPad, countIncludePad, divisorOverride',
  ],
  ['adaptiveAvgPool2d', [X, {}], 'adaptiveAvgPool2d: outputSize is missing; expected whole numbers of 1 or more, or null for the size of x'],
  ['adaptiveAvgPool2d', [X, { outputSize: [3, 0] }], 'adaptiveAvgPool2d: outputSize is [3, 0]; expected whole numbers of 1 or more, or null for the size of x'],
  [
    'convertIndices',
    [I, { from: 'plane', to: 'onnx' }],
    "convertIndices: shape is undefined; expected [1, 2, …] with 2 spatial sizes, the shape of the pooling's input",
  ],
  ['convertIndices', [I, { from: 'plane', shape: X.shape }], 'convertIndices: to is ""; expected one of plane, onnx, onnx-column, tf, tf-batch'],
  ['convertIndices', [SMALL, { from: 'plane', to: 'tf', shape: X.shape }], 'convertIndices: indices has dtype f32; expected u32 or i32'],
];

describe('each wrong argument gets its sentence, from the GPU and the reference, before any GPU object is made', () => {
  test.each(WRONG.map(([op, args, sentence]) => ({ sentence, op, args })))('$sentence', async ({ op, args, sentence }) => {
    expect(await verdict(op, args)).toBe(`invalid-argument ${sentence}`);
  });
});

test('10,000 random argument sets: the GPU path and the reference give the same verdict', async () => {
  const ctx = await context();
  let seed = 1;
  const roll = (n: number) => hash32(seed++, 77) % n;
  const pick = <T>(...list: T[]): T => list[roll(list.length)]!;
  const maybe = (name: string, ...values: unknown[]) => (roll(3) ? {} : { [name]: pick(...values) });
  const tensors = new Map<string, Tensor>();
  const tensor = (z: Required<Zeros>) => {
    const key = JSON.stringify(z);
    const t = tensors.get(key) ?? ctx.tensor(new Float32Array(count(z.shape)), z.shape, { dtype: z.dtype, layout: z.layout });
    tensors.set(key, t);
    return t;
  };
  const seen = { shape: 0, refused: 0 };
  for (let i = 0; i < 10_000; i++) {
    const rank = pick(1, 2, 2, 3) as 1 | 2 | 3;
    const shape = [pick(0, 1, 2), pick(1, 2, 3), ...Array.from({ length: roll(20) ? rank : 2 }, () => pick(1, 2, 3, 4, 7))];
    const layout = pick('nchw', 'nhwc') as 'nchw' | 'nhwc';
    const windows = {
      kernelSize: pick<unknown>(1, 2, 2, 3, 0, [2, 3], 1.5),
      ...maybe('stride', 1, 2, 3, 0, [2, 1]),
      ...maybe(
        'padding',
        0,
        1,
        2,
        [1, 0],
        [[1, 0]],
        [
          [0, 1],
          [1, 1],
        ],
        -1,
        'same',
      ),
    };
    const x = { shape, layout, dtype: roll(30) ? 'f32' : 'i32' } as Required<Zeros>;
    const kind = pick('max', 'unpool', 'avg', 'adaptive');
    const op = { max: `maxPool${rank}d`, unpool: `maxUnpool${rank}d`, avg: `avgPool${rank}d`, adaptive: `adaptiveAvgPool${rank}d` }[kind];
    const more = { ...maybe('dilation', 1, 2, 3), ...maybe('ceilMode', true, false), ...maybe('autoPad', 'SAME_UPPER', 'SAME_LOWER', 'VALID', 'NOTSET') };
    const options = {
      max: { ...windows, ...more, ...maybe('returnIndices', true, false), ...maybe('indexFormat', 'tf', 'onnx', 'x'), ...maybe('nan', 'ignore', 'no') },
      unpool: {
        ...windows,
        ...maybe('outputSize', 4, 5, [4, 4], [...shape.slice(0, 2), 4, 4]),
        ...maybe('indexSpace', 'inferred', 'output'),
        ...maybe('duplicates', 'sum', 'first', 'all'),
      },
      avg: { ...windows, ...maybe('ceilMode', true), ...maybe('divisorOverride', 3, 0), ...maybe('countIncludePad', true, false) },
      adaptive: maybe('outputSize', 1, 3, 0, [2, null], [null, 2, 1]),
    }[kind];
    const indices = { ...x, dtype: 'u32' } as const;
    const shapes = kind === 'unpool' ? [x, indices] : [x];
    const given = shapes.map(tensor);
    const ours = await saidByGpu(ctx, () => GPU[op]!(...given, options));
    const theirs = said(() =>
      REFERENCE[op]!(
        ...shapes.map((z) => ({ ...z, data: new Float32Array(count(z.shape)) })),
        kind === 'unpool' ? { checkIndices: false, ...options } : options,
      ),
    );
    expect(theirs, `${op} ${JSON.stringify([shapes, options])}`).toBe(ours);
    seen[ours.startsWith('shape') ? 'shape' : 'refused']++;
  }
  for (const t of tensors.values()) t.dispose();
  expect(Math.min(seen.shape, seen.refused)).toBeGreaterThan(2000);
}, 120_000);

test('adaptive pooling to null keeps every axis; typed arrays stand for lists; explain without a spec says what it expects', async () => {
  expect(await verdict('adaptiveAvgPool2d', [X, { outputSize: null }])).toBe('shape 1,2,6,8');
  expect(await verdict('adaptiveAvgPool2d', [X, { outputSize: [null, 4] }])).toBe('shape 1,2,6,4');
  expect(await verdict('maxPool2d', [X, { kernelSize: Int32Array.of(3, 2), stride: 1, padding: Int32Array.of(1, 0) }])).toBe('shape 1,2,6,7');
  const kept = reference.adaptiveAvgPool2d({ data: [1, 2, 3, 4], shape: [1, 1, 2, 2] }, { outputSize: null });
  expect([...kept.data]).toEqual([1, 2, 3, 4]);
  const ctx = await context();
  expect(() => gpu.maxPool2d.explain(ctx, undefined as never)).toThrow('maxPool2d: spec is undefined; expected an object with shape, dtype, layout');
});

test('every option changes the result', () => {
  const data = generate(2 * 2 * 49, 3);
  data[16] = Number.NaN;
  const x = { data, shape: [2, 2, 7, 7] };
  const pool = (options: object) => {
    const y = reference.maxPool2d(x, { kernelSize: 3, returnIndices: true, ...options });
    return JSON.stringify([y.output.shape, Array.from(y.output.data, String), [...y.indices.data]]);
  };
  const pools = [
    {},
    { kernelSize: 2 },
    { stride: 2 },
    { padding: 1 },
    { padding: [[0, 2], 1] },
    { dilation: 2 },
    { ceilMode: true },
    { nan: 'ignore' },
    { autoPad: 'SAME_LOWER', stride: 2 },
    { autoPad: 'SAME_UPPER', kernelSize: 2, stride: 2 },
    { indexFormat: 'onnx' },
    { indexFormat: 'onnx-column' },
    { indexFormat: 'tf' },
    { indexFormat: 'tf-batch' },
  ];
  expect(new Set(pools.map(pool)).size).toBe(pools.length);
  const small = { data: [1, 2, 3, 4], shape: [1, 1, 2, 2] };
  const indices = { data: [0, 3, 3, 2], shape: [1, 1, 2, 2], dtype: 'u32' as const };
  const unpool = (options: object) => {
    const y = reference.maxUnpool2d(small, indices, { kernelSize: 2, ...options });
    return JSON.stringify([y.shape, [...y.data]]);
  };
  const unpools = [
    {},
    { kernelSize: 3, stride: 3 },
    { kernelSize: 3, stride: 2 },
    { kernelSize: 4, stride: 2, padding: 1, outputSize: 3 },
    { duplicates: 'first' },
    { duplicates: 'sum' },
    { indexFormat: 'onnx-column' },
  ];
  expect(new Set(unpools.map(unpool)).size).toBe(unpools.length);
  const into = { outputSize: [5, 5], indexFormat: 'plane' };
  const wide = (options: object) => [
    ...reference.maxUnpool2d(small, { ...indices, data: [0, 3, 7, 12] }, { kernelSize: 2, ...into, ...options } as never).data,
  ];
  expect(wide({})).not.toEqual(wide({ indexSpace: 'inferred' }));
  const average = (options: object) =>
    [...reference.avgPool2d({ data: generate(98, 1), shape: [1, 2, 7, 7] }, { kernelSize: 3, padding: 1, ...options }).data].join();
  const averages = [
    {},
    { countIncludePad: false },
    { divisorOverride: 5 },
    { ceilMode: true, kernelSize: 4, stride: 2 },
    { kernelSize: 4, stride: 2 },
    { padding: 0 },
  ];
  expect(new Set(averages.map(average)).size).toBe(averages.length);
});

test('prepared pooling encodes values and indices into the caller’s memory; explain tells the plan', async () => {
  const ctx = await context();
  const data = generate(2 * 8 * 16, 2);
  const x = ctx.tensor(data, [1, 2, 8, 16]);
  const spec = { shape: [1, 2, 8, 16], kernelSize: 2 };
  const pool = await gpu.maxPool2d.prepare(ctx, { ...spec, returnIndices: true });
  expect(pool.outputs).toMatchObject({ output: { shape: [1, 2, 4, 8], dtype: 'f32' }, indices: { dtype: 'u32' } });
  expect(pool.explain()).toMatchObject({ plan: 'pair', admissible: ['pair', 'row', 'plain'] });
  expect(gpu.maxPool2d.explain(ctx, { ...spec, shape: [1, 8, 5, 5], layout: 'nhwc' }).admissible).toEqual(['pixel pair', 'pixel', 'plain']);
  expect(gpu.avgPool2d.explain(ctx, spec).plan).toBe('tile_row');
  const output = ctx.tensor(new Float32Array(64), [1, 2, 4, 8]);
  const indices = ctx.tensor(new Uint32Array(64), [1, 2, 4, 8], { dtype: 'u32' });
  const dx = ctx.tensor(new Float32Array(256), [1, 2, 8, 16]);
  const back = await gpu.maxPool2dBackward.prepare(ctx, { shape: [1, 2, 4, 8], inputShape: spec.shape, kernelSize: 2 });
  const convert = await gpu.convertIndices.prepare(ctx, { shape: [1, 2, 4, 8], dtype: 'u32', inputShape: spec.shape, from: 'plane', to: 'onnx' });
  const converted = ctx.tensor(new Uint32Array(64), [1, 2, 4, 8], { dtype: 'u32' });
  const encoder = ctx.device.createCommandEncoder();
  pool.encode(encoder, { input: x, output, indices });
  back.encode(encoder, { dy: output, indices, dx });
  convert.encode(encoder, { input: indices, output: converted });
  ctx.device.queue.submit([encoder.finish()]);
  const want = reference.maxPool2d({ data, shape: spec.shape }, { kernelSize: 2, returnIndices: true });
  expect([...(await output.data())]).toEqual([...want.output.data]);
  expect([...(await indices.data())]).toEqual([...want.indices.data]);
  const grads = reference.maxPool2dBackward(want.output, want.indices, spec.shape, { kernelSize: 2 });
  expect([...(await dx.data())]).toEqual([...grads.data]);
  expect([...(await converted.data())]).toEqual(Array.from(want.indices.data, (v, i) => v + 128 * Math.floor(i / 32)));
  for (const p of [pool, back, convert]) p.dispose();
  for (const t of [x, output, indices, dx, converted]) t.dispose();
});
