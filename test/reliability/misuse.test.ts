import { describe, expect, test } from 'vitest';
import { toHalf } from '../../src/half.ts';
import { bilinear2d, conv2d, createContext, fromDevice, interpolate, maxPool2d, type Tensor, UpsampleError } from '../../src/index.ts';
import { add, concat, dropout, pad } from '../../src/nn/index.ts';
import * as reference from '../../src/reference.ts';
import { context, objectsMade, thrown } from '../gpu.ts';

const STORAGE = 0x80 | 0x4 | 0x8;
const code = async (body: () => unknown) => ((await thrown(body)) as UpsampleError).code;

describe('layouts, offsets and lengths', () => {
  test('f16 tensors of 1 to 9 elements, or the documented refusal', async () => {
    const ctx = await context();
    if (!ctx.device.features.has('shader-f16')) {
      expect((await thrown(() => ctx.tensor([1], [1], { dtype: 'f16' }))).message).toBe(
        'tensor: dtype is "f16" but the device lacks the feature shader-f16; use f32',
      );
      return;
    }
    for (let n = 1; n <= 9; n++) {
      const data = Array.from({ length: n }, (_, i) => i - 2.5);
      using x = ctx.tensor(data, [1, 1, n], { dtype: 'f16' });
      expect(Array.from(await x.data())).toEqual(data);
      using y = interpolate(x, { size: n + 1 });
      expect(Array.from(await y.data())).toEqual(Array.from(reference.interpolate({ data, shape: [1, 1, n] }, { size: n + 1 }).data));
      using z = interpolate(x, { mode: 'linear', scaleFactor: 2 });
      expect(Array.from(await z.data())).toEqual(Array.from(reference.interpolate({ data, shape: [1, 1, n] }, { mode: 'linear', scaleFactor: 2 }).data));
    }
  });

  test('wrapped buffers: any element offset, larger than the tensor, never written', async () => {
    const ctx = await context();
    const buffer = ctx.device.createBuffer({ size: 1024, usage: STORAGE });
    const all = Float32Array.from({ length: 256 }, (_, i) => Math.sin(i));
    ctx.device.queue.writeBuffer(buffer, 0, all);
    for (const offset of [0, 4, 8, 16, 252, 256, 260, 1024 - 48]) {
      using x = ctx.wrap(buffer, [1, 1, 3, 4], { offset });
      const data = all.subarray(offset / 4, offset / 4 + 12);
      expect(await x.data()).toEqual(data);
      for (const options of [{ size: [6, 8] }, { size: [4, 5] }] as const) {
        using y = interpolate(x, options);
        expect(await y.data()).toEqual(Float32Array.from(reference.interpolate({ data, shape: [1, 1, 3, 4] }, options).data));
      }
    }
    using everything = ctx.wrap(buffer, [256]);
    expect(await everything.data()).toEqual(all);
    buffer.destroy();
  });

  test('data that is no list of numbers, and numbers that share a key, are told apart', async () => {
    const ctx = await context();
    for (const [data, message] of [
      [
        [
          [1, 2],
          [3, 4],
        ],
        'data[0] is [1, 2]; expected numbers, in one flat array',
      ],
      [['a', 'b'], 'data[0] is "a"; expected numbers, in one flat array'],
      [new Array(2), 'data[0] is undefined; expected numbers, in one flat array'],
      ['12', 'data is "12"; expected an array of numbers'],
      [7, 'data is 7; expected an array of numbers'],
      [new BigInt64Array(2), 'data is BigInt64Array; expected 32-bit numbers; see indicesFromInt64'],
      [[1, 2, 3], 'data has 3 elements for shape [2]; expected 2'],
    ] as const)
      expect((await thrown(() => ctx.tensor(data as never, [2]))).message).toBe(`tensor: ${message}`);
    expect((await thrown(() => ctx.tensor([1], [1], { offset: 4 } as never))).message).toBe('tensor: unknown option "offset"; options are dtype, layout');
    using x = ctx.tensor([1, 2], [1, 1, 2]);
    for (const value of [0, -0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, 0]) {
      using y = pad(x, { padding: 1, value });
      expect(Array.from(await y.data(), (v) => (Object.is(v, -0) ? '-0' : String(v)))).toEqual(
        [value, 1, 2, value].map((v) => (Object.is(v, -0) ? '-0' : String(v))),
      );
    }
  });

  test('a shape that is given away cannot be changed: plans are kept', async () => {
    const ctx = await context();
    using x = ctx.tensor([1, 2, 3, 4], [1, 1, 2, 2]);
    using y = bilinear2d(x, { scaleFactor: 2 });
    for (const { shape } of [x, y]) expect(() => (shape as number[]).reverse()).toThrow(TypeError);
    const up = await bilinear2d.prepare(ctx, { shape: [1, 1, 2, 2], scaleFactor: 2 });
    expect(() => (up.output.shape as number[]).push(1)).toThrow(TypeError);
    up.dispose();
    using again = bilinear2d(x, { scaleFactor: 2 });
    expect([again.shape, (await again.data()).length]).toEqual([[1, 1, 4, 4], 16]);
  });

  test('numbers become halves in one rounding', () => {
    const cases: [number, number][] = [
      [1 + 2 ** -11, 0x3c00],
      [1 + 2 ** -11 + 2 ** -30, 0x3c01],
      [1 + 3 * 2 ** -11, 0x3c02],
      [1 + 3 * 2 ** -11 - 2 ** -40, 0x3c01],
      [65520 - 1e-4, 0x7bff],
      [65520, 0x7c00],
      [-65504, 0xfbff],
      [2 ** -14 - 2 ** -40, 0x0400],
      [2 ** -24, 1],
      [2 ** -25, 0],
      [-(2 ** -25 + 2 ** -60), 0x8001],
    ];
    expect(Array.from(toHalf(cases.map(([v]) => v)))).toEqual(cases.map(([, bits]) => bits));
  });

  test('a buffer that ends within a word is refused', async () => {
    const ctx = await context();
    if (!ctx.device.features.has('shader-f16')) return; // no type of 2 bytes
    const buffer = ctx.device.createBuffer({ size: 6, usage: STORAGE });
    expect((await thrown(() => ctx.wrap(buffer, [1, 1, 3], { dtype: 'f16' }))).message).toBe('wrap: the buffer has 6 bytes; expected 8: whole words');
    expect((await thrown(() => ctx.wrap(buffer, [1, 1, 1], { dtype: 'f16', offset: 4 }))).message).toContain('expected 8');
    using fits = ctx.wrap(buffer, [1, 1, 1], { dtype: 'f16', offset: 2 });
    expect((await fits.data()).length).toBe(1);
    const up = await interpolate.prepare(ctx, { shape: [1, 1, 3], dtype: 'f16', size: 6 });
    const encoder = ctx.device.createCommandEncoder();
    using y = ctx.tensor(new Float32Array(6), [1, 1, 6], { dtype: 'f16' });
    expect((await thrown(() => up.encode(encoder, { input: buffer, output: y }))).message).toContain('input has 6 bytes');
    encoder.finish();
    up.dispose();
    buffer.destroy();
  });

  test.each([
    [{ offset: 2 }, 'offset is 2; expected a multiple of 4 bytes'],
    [{ offset: -4 }, 'offset is -4; expected a multiple of 4 bytes'],
    [{ offset: 1020 }, '[1, 1, 3, 4] at offset 1020 needs 1068 bytes; the buffer has 1024'],
    [{ dtype: 'f64' }, 'dtype is "f64"; expected one of f32, f16, u32, i32'],
    [{ layout: 'auto' }, 'layout is "auto"; expected one of nchw, nhwc'],
    [{ colour: 1 }, 'unknown option "colour"; options are dtype, layout, offset'],
  ])('wrap with %j is refused', async (options, message) => {
    const ctx = await context();
    const buffer = ctx.device.createBuffer({ size: 1024, usage: STORAGE });
    expect((await thrown(() => ctx.wrap(buffer, [1, 1, 3, 4], options as never))).message).toBe(`wrap: ${message}`);
    buffer.destroy();
  });

  test('what is no tensor is refused, and so is data that does not fit', async () => {
    const ctx = await context();
    const cases: [() => unknown, string][] = [
      [() => ctx.tensor([1, 2, 3], [2]), 'tensor: data has 3 elements for shape [2]; expected 2'],
      [() => ctx.tensor([1], [-1]), 'tensor: shape is [-1]; expected whole numbers, not negative'],
      [() => ctx.tensor([1], [1.5]), 'tensor: shape is [1.5]; expected whole numbers, not negative'],
      [() => ctx.tensor([1], 'x' as never), 'tensor: shape is "x"; expected an array of sizes'],
      [() => ctx.wrap({} as never, [1]), 'wrap: buffer is Object; expected a GPUBuffer'],
      [() => interpolate({ shape: [1, 1, 2] } as never, { size: 2 }), 'interpolate: x is Object; expected a tensor of ctx.tensor, ctx.wrap or an operation'],
      [() => fromDevice({} as never), 'fromDevice: device is Object; expected a GPUDevice'],
      [() => ctx.tensor([1, 2], [2]).item(), 'item: the tensor [2] has 2 elements; expected 1'],
    ];
    for (const [call, message] of cases) expect((await thrown(call)).message).toBe(message);
  });
});

describe('foreign and freed', () => {
  test('a tensor of another context is refused at once, without a GPU object', async () => {
    const [ctx, other] = [await context(), await createContext()];
    const up = await bilinear2d.prepare(ctx, { shape: [1, 1, 2, 2], scaleFactor: 2 });
    const x = other.tensor([1, 2, 3, 4], [1, 1, 2, 2]);
    const y = ctx.tensor(new Float32Array(16), [1, 1, 4, 4]);
    const encoder = ctx.device.createCommandEncoder();
    let error: Error | undefined;
    const made = await objectsMade(ctx.device, async () => {
      error = await thrown(() => up.encode(encoder, { input: x, output: y }));
    });
    expect([(error as UpsampleError).code, made]).toEqual(['device-mismatch', 0]);
    encoder.finish();
    up.dispose();
    expect(await code(() => up.encode(encoder, { input: y, output: y }))).toBe('disposed');
    other.destroy();
  });

  test('a wrapped buffer of another device rejects the next awaited call, and harms no other', async () => {
    const [ctx, other] = [await context(), await createContext()];
    const buffer = other.device.createBuffer({ size: 64, usage: STORAGE });
    const fine = ctx.tensor([1, 2, 3, 4], [1, 1, 4]);
    const before = interpolate(fine, { size: 8 });
    const bad = interpolate(ctx.wrap(buffer, [1, 1, 4]), { size: 8 });
    const after = interpolate(fine, { size: 2 });
    expect(await code(() => bad.data())).toBe('device-mismatch');
    expect(await code(() => interpolate(bad, { size: 16 }).data())).toBe('device-mismatch');
    expect(Array.from(await before.data())).toEqual([1, 1, 2, 2, 3, 3, 4, 4]);
    expect(Array.from(await after.data())).toEqual([1, 3]);
    for (const t of [fine, before, bad, after]) t.dispose();
    other.destroy();
  });

  test('a wrapped buffer that its owner destroyed rejects, and harms no other', async () => {
    const ctx = await context();
    const buffer = ctx.device.createBuffer({ size: 64, usage: STORAGE });
    const x = ctx.wrap(buffer, [1, 1, 4]);
    await x.data();
    buffer.destroy();
    const fine = interpolate(ctx.tensor([1, 2], [1, 1, 2]), { size: 4 });
    const bad = interpolate(x, { size: 8 });
    const also = interpolate(ctx.tensor([3, 4], [1, 1, 2]), { size: 4 });
    expect(await thrown(() => bad.data())).toBeInstanceOf(UpsampleError);
    expect(await thrown(() => x.data())).toBeInstanceOf(UpsampleError);
    expect(Array.from(await fine.data())).toEqual([1, 1, 2, 2]);
    expect(Array.from(await also.data())).toEqual([3, 3, 4, 4]);
  });

  test('dispose during a read lets the read finish', async () => {
    const ctx = await context();
    const y = interpolate(ctx.tensor([1, 2], [1, 1, 2]), { size: 4 });
    const read = y.data();
    y.dispose();
    const next = interpolate(ctx.tensor([5, 6], [1, 1, 2]), { size: 4 }); // may take the same buffer
    expect(Array.from(await read)).toEqual([1, 1, 2, 2]);
    expect(Array.from(await next.data())).toEqual([5, 5, 6, 6]);
    expect(await code(() => y.data())).toBe('disposed');
  });

  test('a write into a reused buffer waits for the calls that still read it', async () => {
    const ctx = await context();
    for (let i = 0; i < 50; i++) {
      const x = ctx.tensor([i, i + 1], [1, 1, 2]);
      const y = interpolate(x, { size: 4 });
      x.dispose();
      const z = ctx.tensor([-1, -2], [1, 1, 2]); // the same size class, the same task
      expect(Array.from(await y.data())).toEqual([i, i, i + 1, i + 1]);
      y.dispose();
      z.dispose();
    }
  });
});

describe('prepared', () => {
  test('encodes into the caller’s encoder, from buffers or tensors, and makes nothing but bind groups', async () => {
    const ctx = await context();
    const up = await bilinear2d.prepare(ctx, { shape: [1, 2, 3, 4], scaleFactor: 2 });
    expect(up.output).toEqual({ shape: [1, 2, 6, 8], dtype: 'f32', layout: 'nchw' });
    const data = Float32Array.from({ length: 24 }, (_, i) => i);
    const x = ctx.tensor(data, [1, 2, 3, 4]);
    const y = ctx.tensor(new Float32Array(96), [1, 2, 6, 8]);
    const want = Float32Array.from(reference.bilinear2d({ data, shape: [1, 2, 3, 4] }, { scaleFactor: 2 }).data);
    for (const io of [
      { input: x, output: y },
      { input: x.buffer, output: y.buffer },
    ]) {
      const encoder = ctx.device.createCommandEncoder();
      const { createBuffer, createComputePipeline } = ctx.device;
      ctx.device.createBuffer = ctx.device.createComputePipeline = () => {
        throw new Error('made something');
      };
      up.encode(encoder, io);
      Object.assign(ctx.device, { createBuffer, createComputePipeline });
      ctx.device.queue.submit([encoder.finish()]);
      expect(await y.data()).toEqual(want);
    }
    expect(up.explain().admissible).toContain('gather');
    up.dispose();
  });

  test.each([
    ['the same buffer', (_: Tensor, y: Tensor) => ({ input: y.buffer, output: y.buffer }), 'input and output lie in one buffer; expected separate buffers'],
    [
      'another part of the same buffer',
      (x: Tensor, y: Tensor) => ({ input: x.ctx.wrap(y.buffer, [1, 1, 20, 20], { offset: 4608 }), output: x.ctx.wrap(y.buffer, [1, 1, 40, 40]) }),
      'input and output lie in one buffer; expected separate buffers',
    ],
    ['nothing', () => ({}), 'input is undefined; expected a tensor or a GPUBuffer'],
    ['another shape', (x: Tensor, y: Tensor) => ({ input: y, output: x }), 'input is f32 nchw [1, 1, 40, 40]; expected f32 nchw [1, 1, 20, 20], as prepared'],
    ['a small buffer', (x: Tensor) => ({ input: x, output: x.ctx.tensor([1], [1]).buffer }), 'output has 256 bytes; expected 6400 for [1, 1, 40, 40]'],
  ])('%s is refused', async (_, io, message) => {
    const ctx = await context();
    const up = await bilinear2d.prepare(ctx, { shape: [1, 1, 20, 20], scaleFactor: 2 });
    const x = ctx.tensor(new Float32Array(400), [1, 1, 20, 20]);
    const y = ctx.tensor(new Float32Array(1600), [1, 1, 40, 40]);
    expect(y.buffer.size).toBeGreaterThanOrEqual(4608 + 1600);
    const encoder = ctx.device.createCommandEncoder();
    expect((await thrown(() => up.encode(encoder, io(x, y) as never))).message).toBe(`bilinear2d: ${message}`);
    encoder.finish();
    up.dispose();
  });

  test('what is forgotten or in another place is named', async () => {
    const ctx = await context();
    const up = await bilinear2d.prepare(ctx, { shape: [1, 1, 2, 2], scaleFactor: 2 });
    const x = ctx.tensor([1, 2, 3, 4], [1, 1, 2, 2]);
    const encoder = ctx.device.createCommandEncoder();
    const known = 'expected an object with size, scaleFactor, alignCorners, antialias';
    for (const op of [bilinear2d, conv2d, maxPool2d, concat, dropout, add]) {
      expect((await thrown(() => op.prepare(undefined as never, { shape: [1] } as never))).message).toContain('ctx is undefined; expected a Context');
      expect((await thrown(() => op.explain(Promise.resolve() as never, {} as never))).message).toContain('ctx is Promise; expected a Context');
      expect((await thrown(() => op.prepare(ctx, undefined as never))).message).toMatch(/: spec is undefined; expected an object with /);
    }
    for (const [call, message] of [
      [() => up.encode({ input: x } as never, undefined as never), 'encoder is Object; expected a GPUCommandEncoder'],
      [() => up.encode(encoder, undefined as never), 'io is undefined; expected tensors or buffers by name'],
      [() => bilinear2d(x, x as never), `options is a tensor; ${known}`],
      [() => bilinear2d(x, [2, 2] as never), `options is [2, 2]; ${known}`],
      [() => bilinear2d.explain(ctx, x as never), `options is a tensor; ${known}`],
      [
        () => reference.bilinear2d(x as never, { scaleFactor: 2 }),
        'x is a tensor on the GPU; expected { data, shape }, where data may be what its data() resolves to',
      ],
    ] as const)
      expect((await thrown(call)).message).toBe(`bilinear2d: ${message}`);
    encoder.finish();
    up.dispose();
  });
});
