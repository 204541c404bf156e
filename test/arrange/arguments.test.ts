// Every wrong argument gets its sentence, the same on the GPU and in the reference; prepared calls, explanations, empty batches.
import { describe, expect, test } from 'vitest';
import type { Tensor } from '../../src/index.ts';
import * as reference from '../../src/ops/arrange/cpu.ts';
import {
  concat,
  concatBackward,
  crop,
  flatten,
  flattenBackward,
  pad,
  padBackward,
  reshape,
  reshapeBackward,
  slice,
  sliceBackward,
  transpose,
} from '../../src/ops/arrange/index.ts';
import { context, objectsMade, thrown } from '../gpu.ts';

type Loose = (...args: unknown[]) => unknown;
const OPS = { slice, sliceBackward, crop, pad, padBackward, transpose, reshape, reshapeBackward, flatten, flattenBackward } as unknown as Record<string, Loose>;

const REFUSED: readonly (readonly [op: string, shape: readonly number[], args: readonly unknown[], message: string])[] = [
  ['slice', [2, 3, 4], [{ begin: 1 }], 'unknown option "begin"; options are start, size, axes'],
  ['slice', [2, 3, 4], [{ start: [0, 1] }], 'start [0, 1] has 2 values for 3 axes; expected one number or one per axis'],
  ['slice', [2, 3, 4], [{ start: -1 }], 'start is -1; expected whole numbers of 0 or more'],
  ['slice', [2, 3, 4], [{ start: 2, size: 3, axes: [2] }], 'axis 2 of [2, 3, 4] from 2, 3 elements; expected 1 to 2 elements from there'],
  ['slice', [2, 3, 4], [{ size: 0, axes: [1] }], 'axis 1 of [2, 3, 4] from 0, 0 elements; expected 1 to 3 elements from there'],
  ['slice', [3], [{ start: 5 }], 'start 5 is outside axis 0 of [3]; expected a start below 3'],
  ['slice', [3], [{ start: 3, size: 1 }], 'start 3 is outside axis 0 of [3]; expected a start below 3'],
  ['slice', [0, 3], [{ start: 1 }], 'start 1 is outside axis 0 of [0, 3]; expected start 0'],
  ['slice', [0, 3], [{ size: 1 }], 'axis 0 of [0, 3] from 0, 1 elements; expected 0 elements from there'],
  ['slice', [2, 3, 4], [{ axes: [0, -3] }], 'axes [0, -3] name an axis twice; expected different axes'],
  ['slice', [2, 3, 4], [{ axes: [3] }], 'axes is 3; expected a whole number from -3 to 2 for rank 3'],
  ['slice', [2, 3, 4], [{ axes: 1 }], 'axes is 1; expected a list of axes'],
  ['sliceBackward', [2, 3, 4], [[2, 3, 9], { size: 5, axes: [2] }], "dy has shape [2, 3, 4]; expected [2, 3, 5], the result's"],
  ['crop', [2, 3], [{ start: 0 }], 'x [2, 3] has no spatial axes; expected [N, C, ...spatial]; slice cuts any axes'],
  ['crop', [2, 3, 4], [{ axes: [2] }], 'unknown option "axes"; options are start, size'],
  ['pad', [2, 3, 4], [{}], 'padding is missing; expected one number, one per axis, or a pair [begin, end] per axis'],
  ['pad', [2, 3, 4], [{ padding: [1, 2] }], 'padding [1, 2] has 2 entries for 1 axes of x [2, 3, 4]; expected one per axis'],
  ['pad', [2, 3], [{ padding: 1 }], 'padding 1 has 0 entries for 0 axes of x [2, 3]; expected one per axis'],
  ['pad', [2, 3, 4], [{ padding: -1 }], 'padding is -1; expected whole numbers of 0 or more'],
  ['pad', [2, 3, 4], [{ padding: [[1, 2, 3]] }], 'padding [1, 2, 3] has 3 values for 2 axes; expected one number or one per axis'],
  ['pad', [2, 3, 4], [{ padding: 4, mode: 'reflect' }], 'padding [4, 4] of axis 2 is not below its size 4; expected at most 3 for mode "reflect"'],
  ['pad', [2, 3, 4], [{ padding: 1, mode: 'circular' }], 'mode is "circular"; expected one of constant, reflect, replicate'],
  ['pad', [2, 3, 4], [{ padding: 1, mode: 'replicate', value: 1 }], 'value has no effect on mode "replicate"; it belongs to mode "constant"'],
  ['pad', [2, 3, 4], [{ padding: 1, value: '1' }], 'value is "1"; expected a number'],
  ['padBackward', [2, 3, 4], [[2, 3, 4], { padding: 1, mode: 'reflect' }], "dy has shape [2, 3, 4]; expected [2, 3, 6], the result's"],
  ['transpose', [2, 3, 4], [[0, 1]], 'axes [0, 1] are 2 for a tensor of rank 3; expected each of its axes once'],
  ['transpose', [2, 3, 4], [[0, 1, 1]], 'axes [0, 1, 1] name an axis twice; expected different axes'],
  ['transpose', [2, 3, 4], [], 'axes is undefined; expected a list of axes'],
  ['transpose', [2, 3, 4], [null], 'axes is null; expected a list of axes'],
  ['reshape', [2, 3, 4], [[5, 5]], 'x [2, 3, 4] has 24 elements; expected 25 for shape [5, 5]'],
  ['reshape', [2, 3, 4], [[5, -1]], 'x [2, 3, 4] has 24 elements; no size for -1 makes [5, -1] hold them'],
  ['reshape', [2, 3, 4], [[-1, -1]], 'shape is [-1, -1]; expected at most one -1'],
  ['reshape', [2, 3, 4], [24], 'shape is 24; expected an array of sizes, of which one may be -1'],
  ['reshapeBackward', [2, 3, 4], [[2, 3]], 'dy [2, 3, 4] has 24 elements; expected 6 for inputShape [2, 3]'],
  ['flatten', [2, 3, 4], [{ startAxis: 2, endAxis: 1 }], 'startAxis 2 comes after endAxis 1; expected axes in order for rank 3'],
  ['flatten', [2, 3, 4], [{ from: 2 }], 'unknown option "from"; options are startAxis, endAxis'],
  ['flattenBackward', [2, 12], [[2, 3, 5]], "dy has shape [2, 12]; expected [2, 15], the result's"],
];

const filled = (n: number) => Float32Array.from({ length: n }, (_, i) => i);
const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

test.each(REFUSED)('%s %j %j is refused, and nothing is made', async (op, shape, args, message) => {
  const ctx = await context();
  const x = ctx.tensor(filled(size(shape)), shape);
  let error: Error | undefined;
  expect(
    await objectsMade(ctx.device, async () => {
      error = await thrown(() => OPS[op]!(x, ...args));
    }),
  ).toBe(0);
  expect(error!.message).toBe(`${op}: ${message}`);
  const plain = { data: filled(size(shape)), shape: [...shape] };
  expect((await thrown(() => (reference as unknown as Record<string, Loose>)[op]!(plain, ...args))).message).toBe(`${op}: ${message}`);
  x.dispose();
});

test('typed arrays stand for lists', async () => {
  const ctx = await context();
  const x = ctx.tensor(filled(24), [2, 3, 4]);
  const plain = { data: filled(24), shape: [2, 3, 4] };
  const lists = (...values: number[]) => [values, Int32Array.from(values)] as never[];
  const calls: [op: string, options: (list: (...values: number[]) => never) => unknown][] = [
    ['slice', (list) => ({ start: list(1, 2), size: list(2, 1), axes: list(1, 2) })],
    ['pad', (list) => ({ padding: list(1, 2), axes: list(0, 2) })],
    ['transpose', (list) => list(2, 0, 1)],
    ['reshape', (list) => list(4, -1)],
  ];
  for (const [op, options] of calls) {
    const given = [0, 1].map((i) => options((...values) => lists(...values)[i]!));
    const [want, ...same] = given.flatMap((o) => [OPS[op]!(x, o) as Tensor, (reference as unknown as Record<string, Loose>)[op]!(plain, o) as Tensor]);
    for (const y of same) expect(y.shape, op).toEqual(want!.shape);
    expect(await (same[1] as Tensor).data(), op).toEqual(await want!.data());
  }
});

test('concat: explain without a spec says what it expects', async () => {
  const ctx = await context();
  const sentence = 'concat: spec is undefined; expected an object with shapes, dtype, layout and the options';
  expect((await thrown(() => concat.explain(ctx, undefined as never))).message).toBe(sentence);
});

describe('dtypes', () => {
  test('a fill value that the dtype cannot hold is refused; gradients that add up are for reals', async () => {
    const ctx = await context();
    const x = ctx.tensor([1, 2, 3], [1, 1, 3], { dtype: 'u32' });
    expect((await thrown(() => pad(x, { padding: 1, value: -1 }))).message).toBe('pad: value is -1; expected a whole number from 0 to 4294967295 for u32');
    expect((await thrown(() => padBackward(x, [1, 1, 1], { padding: 1, mode: 'replicate' }))).message).toBe(
      'padBackward: dy has dtype u32; expected f32 or f16, since gradients are added up',
    );
    expect(Array.from(await pad(x, { padding: 1, value: 7 }).data())).toEqual([7, 1, 2, 3, 7]);
    expect(Array.from(await pad(ctx.tensor([-1, 2], [1, 1, 2], { dtype: 'i32' }), { padding: 1, value: -9 }).data())).toEqual([-9, -1, 2, -9]);
    expect(Array.from(await pad(ctx.tensor([1], [1, 1, 1]), { padding: 1, value: Number.NEGATIVE_INFINITY }).data())).toEqual([-Infinity, 1, -Infinity]);
  });
});

describe('concat', () => {
  const WRONG: readonly (readonly [(make: (shape: number[], o?: object) => Tensor) => unknown, string])[] = [
    [() => concat([]), 'concat: no tensors are given; expected one tensor or more of rank 1 or more'],
    [(t) => concat([t([1, 2]), t([2, 2])]), 'concat: tensor 1 has shape [2, 2]; expected [1, *] as tensor 0'],
    [(t) => concat([t([1, 2]), t([1, 2, 1])]), 'concat: tensor 1 has shape [1, 2, 1]; expected [1, *] as tensor 0'],
    [(t) => concat([t([1, 2])], { axis: 2 }), 'concat: axis is 2; expected a whole number from -2 to 1 for rank 2'],
    [(t) => concat([t([1, 2])], { dim: 1 } as never), 'concat: unknown option "dim"; options are axis'],
    [(t) => concat([t([1, 2]), t([1, 2], { dtype: 'u32' })]), 'concat: tensor 1 is u32 nchw; expected f32 nchw as tensor 0'],
    [(t) => concat([t([1, 2, 1]), t([1, 2, 1], { layout: 'nhwc' })]), 'concat: tensor 1 is f32 nhwc; expected f32 nchw as tensor 0'],
    [(t) => concat([t([1, 2]), {} as never]), 'concat: tensor 1 is Object; expected a tensor of ctx.tensor, ctx.wrap or an operation'],
    [(t) => concatBackward(t([1, 2]), [[1, 1]]), "concatBackward: dy has shape [1, 2]; expected [1, 1], the result's"],
    [(t) => concatBackward(t([1, 2]), 3 as never), 'concatBackward: inputShapes is 3; expected the shapes of the forward inputs'],
  ];
  test.each(WRONG)('%s is refused', async (call, message) => {
    const ctx = await context();
    const make = (shape: number[], o: object = {}) => ctx.tensor(filled(size(shape)), shape, o);
    expect((await thrown(() => call(make))).message).toBe(message);
  });

  test('prepared: encodes from tensors or buffers; one tensor may stand twice', async () => {
    const ctx = await context();
    const join = await concat.prepare(ctx, {
      shapes: [
        [1, 2, 2],
        [1, 1, 2],
      ],
    });
    expect(join.output).toEqual({ shape: [1, 3, 2], dtype: 'f32', layout: 'nchw' });
    const [a, b] = [ctx.tensor([1, 2, 3, 4], [1, 2, 2]), ctx.tensor([5, 6], [1, 1, 2])];
    const y = ctx.tensor(new Float32Array(6), [1, 3, 2]);
    const encoder = ctx.device.createCommandEncoder();
    join.encode(encoder, { input0: a, input1: b.buffer, output: y });
    ctx.device.queue.submit([encoder.finish()]);
    expect(Array.from(await y.data())).toEqual([1, 2, 3, 4, 5, 6]);
    join.dispose();
    expect(Array.from(await concat([a, a]).data())).toEqual([1, 2, 3, 4, 1, 2, 3, 4]);
    const parts = concatBackward(y, [
      [1, 1, 2],
      [1, 2, 2],
    ]);
    expect(await Promise.all(parts.map(async (p) => Array.from(await p.data())))).toEqual([
      [1, 2],
      [3, 4, 5, 6],
    ]);
    const back = await concatBackward.prepare(ctx, {
      shapes: [
        [1, 1, 2],
        [1, 2, 2],
      ],
    });
    expect(back.outputs).toEqual({
      dx0: { shape: [1, 1, 2], dtype: 'f32', layout: 'nchw' },
      dx1: { shape: [1, 2, 2], dtype: 'f32', layout: 'nchw' },
    });
    back.dispose();
    expect(concat.explain(ctx, { shapes: Array.from({ length: 9 }, () => [1, 4, 2]) }).kernels.length).toBe(9);
  });
});

test('prepare and explain take the options beside the shape', async () => {
  const ctx = await context();
  const specs = [
    [slice.explain(ctx, { shape: [1, 4, 3], start: 1, axes: [1] }), 'words'],
    [crop.explain(ctx, { shape: [1, 4, 8], start: 4 }), 'vec4'],
    [pad.explain(ctx, { shape: [1, 4, 8], padding: 4, layout: 'nhwc' }), 'vec4'],
    [padBackward.explain(ctx, { shape: [1, 4, 10], inputShape: [1, 4, 8], padding: 1, mode: 'reflect' }), 'sums'],
    [transpose.explain(ctx, { shape: [2, 3, 4], axes: [1, 0, 2] }), 'vec4'],
    [reshape.explain(ctx, { shape: [2, 3, 4], to: [2, 12] }), 'vec4'],
    [flatten.explain(ctx, { shape: [2, 3, 4], layout: 'nhwc' }), 'words'],
  ] as const;
  for (const [explained, plan] of specs) expect(explained.plan).toBe(plan);
  expect(reshape.explain(ctx, { shape: [2, 6, 4], to: [2, 8, 3], layout: 'nhwc' }).kernels.length).toBe(2);
  const turn = await transpose.prepare(ctx, { shape: [2, 3], axes: [1, 0] });
  expect(turn.output.shape).toEqual([3, 2]);
  turn.dispose();
});

test('an empty batch gives an empty result and no dispatch', async () => {
  const ctx = await context();
  const x = ctx.tensor([], [0, 3, 4]);
  const results: [Tensor, number[]][] = [
    [slice(x, { start: 1, axes: [2] }), [0, 3, 3]],
    [pad(x, { padding: 2 }), [0, 3, 8]],
    [padBackward(x, [0, 3, 2], { padding: 1, mode: 'reflect' }), [0, 3, 2]],
    [transpose(x, [1, 0, 2]), [3, 0, 4]],
    [flatten(x), [0, 12]],
    [reshape(x, [0, 4, 3]), [0, 4, 3]],
    [concat([x, x]), [0, 6, 4]],
  ];
  for (const [y, shape] of results) {
    expect(y.shape).toEqual(shape);
    expect(await y.data()).toEqual(new Float32Array(0));
  }
  expect(pad.explain(ctx, { shape: [0, 3, 4], padding: 1 }).kernels).toEqual([]);
  const one = ctx.tensor([1, 2, 3, 4], [1, 1, 4]);
  expect(Array.from(await concat([ctx.tensor([], [0, 1, 4]), one], { axis: 0 }).data())).toEqual([1, 2, 3, 4]);
});
