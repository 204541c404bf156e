// Results that the semantics fix, number by number: windows, ties, NaN, index formats, unpooling, averages.
import { describe, expect, test } from 'vitest';
import type { Context, Tensor } from '../../src/index.ts';
import * as gpu from '../../src/index.ts';
import * as reference from '../../src/ops/pool/cpu.ts';
import { count, differs, generate } from '../fixtures.ts';
import { context } from '../gpu.ts';

type Plain = { data: ArrayLike<number>; shape: readonly number[] };
type Pooled = { output: Plain & { data: ArrayLike<number> }; indices: Plain };
const REFERENCE = { ...reference } as unknown as Record<string, (...args: unknown[]) => never>;
const GPU = { ...gpu } as unknown as Record<string, (...args: unknown[]) => never>;
const { NaN: nan, NEGATIVE_INFINITY: low } = Number;

/** A pooling's values and indices, which the GPU and the reference agree on. */
async function pooled(ctx: Context, data: readonly number[], shape: readonly number[], options: object) {
  const op = `maxPool${shape.length - 2}d`;
  const x = ctx.tensor(data, shape);
  const all = { ...options, returnIndices: true };
  const y = GPU[op]!(x, all) as { output: Tensor; indices: Tensor };
  const [values, indices] = [[...(await y.output.data())], [...(await y.indices.data())]];
  const want = REFERENCE[op]!({ data, shape }, all) as Pooled;
  expect([values, indices]).toEqual([[...Array.from(want.output.data)], [...Array.from(want.indices.data)]]);
  for (const t of [x, y.output, y.indices]) t.dispose();
  return { values, indices, shape: want.output.shape };
}

const FOUR = [1, 5, 2, 7, 3, 4, 6, 0, 9, 8, 1, 2, 7, 3, 4, 4];
const RISING = Array.from({ length: 16 }, (_, i) => i);
const plane = [1, 1, 4, 4];

describe('max pooling', () => {
  test.each([
    ['4x4, k2', FOUR, plane, { kernelSize: 2 }, [5, 7, 9, 4], [1, 3, 8, 14]],
    ['ones tie: the first', new Array(9).fill(1), [1, 1, 3, 3], { kernelSize: 2, stride: 1 }, [1, 1, 1, 1], [0, 1, 3, 4]],
    ['a NaN wins, the last of several', [1, nan, nan, 2], [1, 1, 2, 2], { kernelSize: 2 }, [nan], [2]],
    ['NaN ignored', [1, nan, nan, 2], [1, 1, 2, 2], { kernelSize: 2, nan: 'ignore' }, [2], [3]],
    ['nothing but NaN, ignored: its first', [nan, nan, 5, nan], [1, 1, 4], { kernelSize: 2, nan: 'ignore' }, [nan, 5], [0, 2]],
    ['a window of -inf', [low, low, low, 3], [1, 1, 4], { kernelSize: 2 }, [low, 3], [0, 3]],
    ['-inf beside an ignored NaN', [nan, low, nan, nan], [1, 1, 4], { kernelSize: 2, nan: 'ignore' }, [low, nan], [1, 2]],
    ['-0 and 0 tie', [-0, 0, 0, -0], [1, 1, 4], { kernelSize: 2 }, [-0, 0], [0, 2]],
    ['ceil: [0..5] k3 s2', [0, 1, 2, 3, 4, 5], [1, 1, 6], { kernelSize: 3, stride: 2, ceilMode: true }, [2, 4, 5], [2, 4, 5]],
    ['ceil: [0..4] k2 s3 p1', [0, 1, 2, 3, 4], [1, 1, 5], { kernelSize: 2, stride: 3, padding: 1, ceilMode: true }, [0, 3], [0, 3]],
    ['ONNX, columns', RISING, plane, { kernelSize: 2, indexFormat: 'onnx-column' }, [5, 7, 13, 15], [5, 13, 7, 15]],
    [
      'ONNX, columns of three axes, as ONNX Runtime 1.30 counts them',
      Array.from({ length: 12 }, (_, i) => i),
      [1, 1, 2, 2, 3],
      { kernelSize: [1, 1, 2], stride: 1, indexFormat: 'onnx-column' },
      [1, 2, 4, 5, 7, 8, 10, 11],
      [4, 8, 6, 10, 5, 9, 7, 11],
    ],
    ['rows', RISING, plane, { kernelSize: 2 }, [5, 7, 13, 15], [5, 7, 13, 15]],
    ['ONNX, second plane', [...RISING, ...RISING], [1, 2, 4, 4], { kernelSize: [4, 2], indexFormat: 'onnx' }, [13, 15, 13, 15], [13, 15, 29, 31]],
    ['TensorFlow, second channel', [...RISING, ...RISING], [1, 2, 4, 4], { kernelSize: 4, indexFormat: 'tf' }, [15, 15], [30, 31]],
    ['TensorFlow, second sample', [...RISING, ...RISING], [2, 1, 4, 4], { kernelSize: 4, indexFormat: 'tf-batch' }, [15, 15], [15, 31]],
  ])('%s', async (_, data, shape, options, values, indices) => {
    const got = await pooled(await context(), data as number[], shape as number[], options);
    expect(got.values).toEqual(values);
    expect(got.indices).toEqual(indices);
  });

  test('gradient of ones over ones, k2 s1', async () => {
    const ctx = await context();
    const indices = ctx.tensor([0, 1, 3, 4], [1, 1, 2, 2], { dtype: 'u32' });
    const dy = ctx.tensor([1, 1, 1, 1], [1, 1, 2, 2]);
    const dx = gpu.maxPool2dBackward(dy, indices, [1, 1, 3, 3], { kernelSize: 2, stride: 1 });
    expect([...(await dx.data())]).toEqual([1, 1, 0, 1, 1, 0, 0, 0, 0]);
    for (const t of [indices, dy, dx]) t.dispose();
  });

  test('autoPad makes the paddings that pairs say', async () => {
    const ctx = await context();
    for (const [autoPad, padding] of [
      ['SAME_UPPER', [[0, 1]]],
      ['SAME_LOWER', [[1, 0]]],
      ['VALID', 0],
    ] as const)
      expect(await pooled(ctx, [5, 1, 2, 7, 3, 6], [1, 1, 6], { kernelSize: 2, stride: 1, autoPad })).toEqual(
        await pooled(ctx, [5, 1, 2, 7, 3, 6], [1, 1, 6], { kernelSize: 2, stride: 1, padding }),
      );
  });
});

/** An unpooling that the GPU and the reference agree on. */
async function unpooled(ctx: Context, data: readonly number[], indices: readonly number[], options: object): Promise<number[]> {
  const shape = [1, 1, 2, 2];
  const [x, i] = [ctx.tensor(data, shape), ctx.tensor(indices, shape, { dtype: 'u32' })];
  const y = gpu.maxUnpool2d(x, i, options as never);
  const got = [...(await y.data())];
  expect(got).toEqual([...reference.maxUnpool2d({ data, shape }, { data: indices, shape, dtype: 'u32' }, options as never).data]);
  for (const t of [x, i, y]) t.dispose();
  return got;
}
const at = (cells: Record<number, number>, n = 16) => Array.from({ length: n }, (_, i) => cells[i] ?? 0);

describe('max unpooling', () => {
  const k2 = { kernelSize: 2 };
  test('what pooling took goes back', async () => {
    expect(await unpooled(await context(), [5, 7, 9, 4], [1, 3, 8, 14], k2)).toEqual(at({ 1: 5, 3: 7, 8: 9, 14: 4 }));
  });
  test('duplicates: last, first, sum', async () => {
    const ctx = await context();
    const given = [
      [1, 2, 3, 4],
      [0, 3, 3, 15],
    ] as const;
    expect(await unpooled(ctx, ...given, k2)).toEqual(at({ 0: 1, 3: 3, 15: 4 }));
    expect(await unpooled(ctx, ...given, { ...k2, duplicates: 'first' })).toEqual(at({ 0: 1, 3: 2, 15: 4 }));
    expect(await unpooled(ctx, ...given, { ...k2, duplicates: 'sum' })).toEqual(at({ 0: 1, 3: 5, 15: 4 }));
  });
  test('the gradient goes to the winner, for sums to all', async () => {
    const ctx = await context();
    const dy = ctx.tensor(RISING, plane);
    const indices = ctx.tensor([0, 3, 3, 15], [1, 1, 2, 2], { dtype: 'u32' });
    for (const [duplicates, want] of [
      ['last', [0, 0, 3, 15]],
      ['first', [0, 3, 0, 15]],
      ['sum', [0, 3, 3, 15]],
    ] as const) {
      const dx = gpu.maxUnpool2dBackward(dy, indices, { ...k2, duplicates });
      expect([...(await dx.data())]).toEqual(want);
      dx.dispose();
    }
    for (const t of [dy, indices]) t.dispose();
  });
  test('indexSpace: [5,7,13,15] into 5x5', async () => {
    const ctx = await context();
    const into = { ...k2, outputSize: [5, 5] };
    expect(await unpooled(ctx, [1, 2, 3, 4], [5, 7, 13, 15], into)).toEqual(at({ 5: 1, 7: 2, 13: 3, 15: 4 }, 25));
    expect(await unpooled(ctx, [1, 2, 3, 4], [5, 7, 13, 15], { ...into, indexSpace: 'inferred' })).toEqual(at({ 6: 1, 8: 2, 16: 3, 18: 4 }, 25));
  });
  test('an inferred plane that is cut: what falls outside is reported', async () => {
    const ctx = await context();
    const options = { ...k2, outputSize: [3, 3], indexSpace: 'inferred' } as const;
    expect(await unpooled(ctx, [1, 2, 3, 4], [5, 7, 13, 15], { ...options, checkIndices: false })).toEqual(at({ 4: 1 }, 9));
    await expect(unpooled(ctx, [1, 2, 3, 4], [5, 7, 13, 15], options)).rejects.toThrow('maxUnpool2d: indices[0, 0, 0, 1] is 7, outside its plane of 16 cells');
  });
  test('pooling what was unpooled gives it back only where it is not negative', async () => {
    const ctx = await context();
    const y = await unpooled(ctx, [5, -7, 9, 4], [1, 3, 8, 14], k2);
    expect((await pooled(ctx, y, plane, k2)).values).toEqual([5, 0, 9, 4]);
  });
});

test('convertIndices: every format to every other, both layouts; what is outside stays outside', async () => {
  const ctx = await context();
  const shape = [2, 3, 3, 4, 5];
  const small = [2, 3, 1, 2, 2];
  const formats = ['plane', 'onnx', 'onnx-column', 'tf', 'tf-batch'] as const;
  for (const layout of ['nchw', 'nhwc'] as const) {
    const data = generate(count(shape), 5);
    const places = (indexFormat: (typeof formats)[number]) =>
      [...reference.maxPool3d({ data, shape, layout }, { kernelSize: [3, 2, 2], indexFormat, returnIndices: true }).indices.data] as number[];
    for (const from of formats)
      for (const to of formats) {
        const given = [...places(from).slice(0, -1), 2 ** 32 - 1];
        const want = [...places(to).slice(0, -1), 2 ** 32 - 1];
        const indices = ctx.tensor(given, small, { dtype: 'u32', layout });
        const y = gpu.convertIndices(indices, { from, to, shape });
        expect([...(await y.data())], `${from} to ${to}, ${layout}`).toEqual(want);
        expect([...reference.convertIndices({ data: given, shape: small, dtype: 'u32', layout }, { from, to, shape }).data]).toEqual(want);
        for (const t of [indices, y]) t.dispose();
      }
  }
  expect(gpu.indicesFromInt64(BigInt64Array.of(0n, 7n, -1n, 2n ** 32n))).toEqual(Uint32Array.of(0, 7, 2 ** 32 - 1, 2 ** 32 - 1));
  expect(gpu.indicesToInt64(Uint32Array.of(0, 2 ** 32 - 1))).toEqual(BigInt64Array.of(0n, 2n ** 32n - 1n));
});

/** Averages by the definition, one window after another. */
function averages(
  data: ArrayLike<number>,
  [n, c, h, w]: readonly number[],
  o: { k: number[]; s: number[]; p: number[]; size: number[]; pad: boolean; divisor?: number },
) {
  const y: number[] = [];
  for (let plane = 0; plane < n! * c!; plane++)
    for (let i = 0; i < o.size[0]!; i++)
      for (let j = 0; j < o.size[1]!; j++) {
        const [top, left] = [i * o.s[0]! - o.p[0]!, j * o.s[1]! - o.p[1]!];
        const [bottom, right] = [Math.min(top + o.k[0]!, h! + o.p[0]!), Math.min(left + o.k[1]!, w! + o.p[1]!)];
        let [sum, inside] = [0, 0];
        for (let a = Math.max(top, 0); a < Math.min(bottom, h!); a++)
          for (let b = Math.max(left, 0); b < Math.min(right, w!); b++, inside++) sum += data[(plane * h! + a) * w! + b]!;
        y.push(sum / (o.divisor ?? (o.pad ? (bottom - top) * (right - left) : inside)));
      }
  return y;
}

describe('average pooling', () => {
  test.each([
    [{ kernelSize: 2 }, { k: [2, 2], s: [2, 2], p: [0, 0], size: [3, 4], pad: true }],
    [
      { kernelSize: 3, stride: 2, padding: 1 },
      { k: [3, 3], s: [2, 2], p: [1, 1], size: [4, 5], pad: true },
    ],
    [
      { kernelSize: 3, stride: 2, padding: 1, countIncludePad: false },
      { k: [3, 3], s: [2, 2], p: [1, 1], size: [4, 5], pad: false },
    ],
    [
      { kernelSize: [3, 2], stride: [2, 3], padding: [1, 0], ceilMode: true },
      { k: [3, 2], s: [2, 3], p: [1, 0], size: [4, 3], pad: true },
    ],
    [
      { kernelSize: 4, stride: 3, padding: 2, ceilMode: true },
      { k: [4, 4], s: [3, 3], p: [2, 2], size: [3, 4], pad: true },
    ],
    [
      { kernelSize: 3, stride: 1, divisorOverride: -2 },
      { k: [3, 3], s: [1, 1], p: [0, 0], size: [5, 7], pad: true, divisor: -2 },
    ],
    [
      { kernelSize: 1, stride: 2 },
      { k: [1, 1], s: [2, 2], p: [0, 0], size: [4, 5], pad: true },
    ],
    [
      { kernelSize: 2, autoPad: 'SAME_UPPER', countIncludePad: false },
      { k: [2, 2], s: [2, 2], p: [0, 0], size: [4, 5], pad: false },
    ],
  ] as const)('%o', async (options, by) => {
    const ctx = await context();
    const shape = [2, 3, 7, 9];
    const data = generate(count(shape), 3);
    const want = averages(data, shape, by as never);
    const plain = reference.avgPool2d({ data, shape }, options as never);
    expect(plain.shape).toEqual([2, 3, ...by.size]);
    expect(differs(plain.data, want, { units: 1e-3, scale: 1 })).toBe('');
    const x = ctx.tensor(data, shape);
    const y = gpu.avgPool2d(x, options as never);
    expect(differs(await y.data(), want, { units: 8, scale: 1 })).toBe('');
    // <A x, y> = <x, At y>
    const dyData = generate(want.length, 4);
    const dy = ctx.tensor(dyData, y.shape);
    const dx = gpu.avgPool2dBackward(dy, shape, options as never);
    const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => Array.from(a).reduce((s, v, i) => s + v * b[i]!, 0);
    expect(dot(await dx.data(), data)).toBeCloseTo(dot(want, dyData), 4);
    const back = reference.avgPool2dBackward({ data: dyData, shape: y.shape }, shape, options as never);
    expect(dot(back.data, data)).toBeCloseTo(dot(want, dyData), 9);
    expect(differs(await dx.data(), back.data, { units: 14, scale: 4 })).toBe('');
    for (const t of [x, y, dy, dx]) t.dispose();
  });

  test('adaptive: [0..4] to 3 and 7, and the gradient of ones', async () => {
    const ctx = await context();
    const x = ctx.tensor([0, 1, 2, 3, 4], [1, 1, 5]);
    const [three, seven] = [3, 7].map((outputSize) => gpu.adaptiveAvgPool1d(x, { outputSize })) as [Tensor, Tensor];
    expect([...(await three.data())]).toEqual([0.5, 2, 3.5]);
    expect([...(await seven.data())]).toEqual([0, 0.5, 1.5, 2, 2.5, 3.5, 4]);
    const ones = ctx.tensor(new Array(7).fill(1), [1, 1, 7]);
    const dx = gpu.adaptiveAvgPool1dBackward(ones, [1, 1, 5], { outputSize: 7 });
    expect([...(await dx.data())]).toEqual([1.5, 1, 2, 1, 1.5]);
    const image = ctx.tensor(generate(60, 1), [1, 1, 3, 4, 5], { layout: 'nhwc' });
    const kept = gpu.adaptiveAvgPool3d(image, { outputSize: [null, 2, null] });
    expect(kept.shape).toEqual([1, 1, 3, 2, 5]);
    expect(
      differs(
        await kept.data(),
        reference.adaptiveAvgPool3d({ data: generate(60, 1), shape: [1, 1, 3, 4, 5], layout: 'nhwc' }, { outputSize: [null, 2, null] }).data,
        { units: 8, scale: 1 },
      ),
    ).toBe('');
    for (const t of [x, three, seven, ones, dx, image, kept]) t.dispose();
  });

  test('1D and 3D, f16, and an empty batch', async () => {
    const ctx = await context();
    const x = ctx.tensor([1, 2, 3, 4, 5, 6], [1, 2, 3]);
    const y = gpu.avgPool1d(x, { kernelSize: 2, stride: 1 });
    expect([...(await y.data())]).toEqual([1.5, 2.5, 4.5, 5.5]);
    const cube = ctx.tensor(
      Array.from({ length: 16 }, (_, i) => i),
      [1, 2, 2, 2, 2],
      { dtype: ctx.device.features.has('shader-f16') ? 'f16' : 'f32', layout: 'nhwc' },
    );
    const mean = gpu.avgPool3d(cube, { kernelSize: 2 });
    expect([...(await mean.data())]).toEqual([7, 8]);
    const none = ctx.tensor([], [0, 2, 4, 4]);
    const empty = [gpu.avgPool2d(none, { kernelSize: 2 }), gpu.maxPool2d(none, { kernelSize: 2 }), gpu.adaptiveAvgPool2d(none, { outputSize: 1 })] as Tensor[];
    const both = gpu.maxPool2d(none, { kernelSize: 2, returnIndices: true });
    const up = gpu.maxUnpool2d(both.output, both.indices, { kernelSize: 2 });
    const back = gpu.maxUnpool2dBackward(up, both.indices, { kernelSize: 2 });
    const dx = gpu.maxPool2dBackward(both.output, both.indices, none.shape, { kernelSize: 2 });
    expect([...empty, both.indices, up, back, dx].map((t) => t.shape)).toEqual([
      [0, 2, 2, 2],
      [0, 2, 2, 2],
      [0, 2, 1, 1],
      [0, 2, 2, 2],
      [0, 2, 4, 4],
      [0, 2, 2, 2],
      [0, 2, 4, 4],
    ]);
    for (const t of [...empty, both.output, both.indices, up, back, dx, none, x, y, cube, mean]) {
      if (t.shape[0] === 0) expect((await t.data()).length).toBe(0);
      t.dispose();
    }
  });
});
