import { describe, expect, test } from 'vitest';
import { bedOfNails2d, type Context, createContext, fromDevice, interpolate, interpolateBackward, resize, type UpsampleError } from '../../src/index.ts';
import { adam, add, dropout, matmul, mseBackward, mul, parameter, preluBackward, relu, reluBackward, sgd } from '../../src/nn/index.ts';
import { cover, fold } from '../../src/plan.ts';
import * as reference from '../../src/reference.ts';
import { context, objectsMade, thrown } from '../gpu.ts';

const most = (ctx: Context, spec: Parameters<typeof interpolate.explain>[1]) => Math.max(...interpolate.explain(ctx, spec).kernels.flatMap((k) => k.grid));

describe('grids', () => {
  test.each([
    ['65,535 * 64 + 1 elements', [1, 1, 65_535 * 64]],
    ['70,000 channels', [1, 70_000, 3]],
    ['70,000 samples', [70_000, 1, 3]],
  ] as const)('%s: the grid folds, no dimension exceeds 65,535', async (_, shape) => {
    const ctx = await context();
    const n = shape.reduce((a, b) => a * b, 1);
    const data = Float32Array.from({ length: n }, (_, i) => i % 1021);
    for (const options of [
      { mode: 'nearest', size: shape[2] + 1 },
      { mode: 'linear', size: shape[2] + 1 },
    ] as const) {
      expect(most(ctx, { shape, ...options })).toBeLessThanOrEqual(65_535);
      using x = ctx.tensor(data, shape);
      using y = interpolate(x, options);
      const got = await y.data();
      const want = reference.interpolate({ data, shape: [...shape] }, options).data;
      let bad = 0;
      for (let i = 0; i < want.length; i++) if (Math.abs(got[i]! - want[i]!) > 8 * 2 ** -24 * 1021) bad++;
      expect(bad).toBe(0);
    }
  });

  test('every count is covered once, at any limit', () => {
    let seed = 1;
    const random = (n: number) => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      return seed % n;
    };
    const counts = [1, 63, 64, 65, 2 ** 31 - 1, 2 ** 31, 2 ** 31 + 1, 2 ** 32 - 1, ...Array.from({ length: 400 }, () => 1 + random(2 ** 31))];
    for (const count of counts)
      for (const limit of [7, 100, 65_535]) {
        if (count / 64 > limit ** 3 * 1000) continue; // a few thousand dispatches will do
        let next = 0;
        for (const { base, grid } of cover(count, limit)) {
          expect(base).toBe(next);
          expect(Math.max(...grid)).toBeLessThanOrEqual(limit);
          expect(Math.min(...grid)).toBeGreaterThanOrEqual(1);
          next = base + grid[0] * grid[1] * grid[2] * 64;
        }
        expect(next).toBeGreaterThanOrEqual(count);
      }
    expect(fold(65_536, 65_535)).toEqual([32_768, 2, 1]);
  });
});

describe('memory', () => {
  test('a tensor of 130 MiB is bound in windows', async () => {
    const device = await (await navigator.gpu.requestAdapter())!.requestDevice({ requiredLimits: { maxBufferSize: 2 ** 28 } });
    const ctx = fromDevice(device);
    expect(ctx.adapter.limits.binding).toBe(2 ** 27);
    const shape = [1, 65, 1024, 512]; // 130 MiB
    const data = new Float32Array(65 * 2 ** 19);
    for (let i = 0; i < data.length; i++) data[i] = i % 8191;
    const x = ctx.tensor(data, shape);
    for (const options of [
      { mode: 'nearest', size: [4, 4] },
      { mode: 'bilinear', size: [4, 4] },
    ] as const) {
      const y = interpolate(x, options);
      const got = await y.data();
      for (const c of [0, 31, 32, 63, 64]) {
        const plane = data.subarray(c * 2 ** 19, (c + 1) * 2 ** 19);
        const want = reference.interpolate({ data: plane, shape: [1, 1, 1024, 512] }, options).data;
        expect(got.subarray(16 * c, 16 * c + 16)).toEqual(Float32Array.from(want));
      }
      y.dispose();
    }
    x.dispose();
    const wide = bedOfNails2d(ctx.tensor(data.subarray(0, 65 * 64), [1, 65, 8, 8]), { stride: [128, 64] }); // 130 MiB out
    const out = (await wide.data()) as Float32Array;
    expect(out[64 * 2 ** 19 + 128 * 512 + 64]).toBe(data[64 * 64 + 8 + 1]);
    expect(out.reduce((a, b) => a + Number(b !== 0), 0)).toBe(65 * 64 - 1);
    ctx.destroy();
    device.destroy();
  });

  test('what cannot be bound is refused with both numbers before any GPU object is made', async () => {
    const ctx = await createContext({ limits: { maxStorageBufferBindingSize: 2 ** 16, maxBufferSize: 2 ** 18 } });
    const x = ctx.tensor(new Float32Array(128 * 128), [1, 1, 128, 128]);
    const wide = ctx.tensor(new Float32Array(3), [1, 1, 3]);
    const cases: [() => unknown, string][] = [
      [() => interpolate(x, { mode: 'bilinear', size: 300 }), 'the result [1, 1, 300, 300] needs 360000 bytes; the device allows buffers of 262144'],
      [() => interpolate(x, { size: 200 }), 'one plane of 160000 bytes exceeds a storage binding; the device allows 65536 bytes'],
      [() => interpolate(wide, { mode: 'linear', size: 17_000 }), 'exceeds a storage binding; the device allows 65536 bytes'],
      [() => ctx.tensor(new Float32Array(2 ** 17), [2 ** 17]), '[131072] needs a buffer of 524288 bytes; the device allows 262144'],
    ];
    for (const [call, message] of cases) {
      let error: Error | undefined;
      expect(
        await objectsMade(ctx.device, async () => {
          error = await thrown(call);
        }),
      ).toBe(0);
      expect(error!.message).toContain(message);
      expect((error as UpsampleError).code).toBe('limit-exceeded');
    }
    ctx.destroy();
  });

  test('no binding exceeds the limit, whatever element the call begins with', async () => {
    const most = 4096;
    const n = 3001;
    const values = (seed: number) => Float32Array.from({ length: n }, (_, i) => Math.sin(i * seed));
    const results: ArrayLike<number>[][] = [];
    for (const limits of [{}, { maxStorageBufferBindingSize: most }]) {
      const ctx = await createContext({ limits });
      const { createBindGroup } = ctx.device;
      let largest = 0;
      ctx.device.createBindGroup = (descriptor) => {
        for (const { resource } of descriptor.entries) largest = Math.max(largest, (resource as GPUBufferBinding).size ?? 0);
        return createBindGroup.call(ctx.device, descriptor);
      };
      const [a, b] = [ctx.tensor(values(1), [1, 1, n]), ctx.tensor(values(2), [1, 1, n])];
      const p = parameter(ctx.tensor(values(3), [n]));
      const q = parameter(ctx.tensor(values(4), [n]));
      p.tape!.grad = ctx.tensor(values(5), [n]);
      q.tape!.grad = ctx.tensor(values(6), [n]);
      sgd([p], { lr: 0.5, momentum: 0.5 }).step();
      adam([q]).step();
      const matrices = [ctx.tensor(values(7).subarray(0, 2400), [100, 4, 6]), ctx.tensor(values(8).subarray(0, 3000), [100, 6, 5])] as const;
      const { dx } = preluBackward(a, b, ctx.tensor([0.5], [1]), { gradients: ['dx'] });
      const all = [
        relu(a),
        reluBackward(a, b),
        add(a, b),
        mul(a, b),
        mul(a, -0.5),
        dropout(a, { seed: 1 }),
        dx,
        mseBackward(ctx.tensor([1], []), a, b).dx,
        matmul(...matrices),
      ];
      results.push(await Promise.all([...all, p, q].map((t) => t.data())));
      if ('maxStorageBufferBindingSize' in limits) expect(largest).toBeLessThanOrEqual(most);
      else expect(largest).toBeGreaterThan(most);
      ctx.destroy();
    }
    expect(results[1]).toEqual(results[0]);
  });

  test('indices beyond u32 are refused on the host', async () => {
    const ctx = await context();
    const spec = (n: number) => ({ shape: [1, 1, n], mode: 'nearest', size: 8 }) as const;
    for (const n of [2 ** 30, 2 ** 31 - 1, 2 ** 31, 2 ** 31 + 1, 2 ** 40]) {
      const error = (await thrown(() => interpolate.explain(ctx, spec(n)))) as UpsampleError;
      expect(error.code).toBe('limit-exceeded');
    }
    for (const size of [2 ** 31 - 1, 2 ** 31, 2 ** 31 + 1]) {
      const error = (await thrown(() => reference.interpolate({ data: [1], shape: [1, 1, 1] }, { size }))) as UpsampleError;
      expect(error.code).toBe('limit-exceeded');
      const both = (await thrown(() => interpolate.explain(ctx, { shape: [1, 1, 1], size }))) as UpsampleError;
      expect(both.message).toBe(error.message);
    }
  });
});

describe('nothing to compute', () => {
  test('an empty batch gives an empty tensor and no dispatch', async () => {
    const ctx = await context();
    const x = ctx.tensor([], [0, 3, 4, 4]);
    for (const mode of ['nearest', 'bilinear', 'bicubic', 'area'] as const) {
      using y = interpolate(x, { mode, size: [8, 8] });
      expect(y.shape).toEqual([0, 3, 8, 8]);
      expect(await y.data()).toEqual(new Float32Array(0));
      using dx = interpolateBackward(y, x.shape, { mode, size: [8, 8] });
      expect(dx.shape).toEqual(x.shape);
      expect(interpolate.explain(ctx, { shape: [0, 3, 4, 4], mode, size: [8, 8] }).kernels).toEqual([]);
    }
    using y = resize(ctx.tensor([], [0, 2]), { axes: [1], sizes: [4] });
    expect(y.shape).toEqual([0, 4]);
  });

  test('a new image size compiles nothing', async () => {
    const ctx = await createContext();
    const options = { mode: 'bilinear', scaleFactor: 2 } as const;
    const run = (h: number, w: number) => interpolate(ctx.tensor(new Float32Array(3 * h * w), [1, 3, h, w]), options).data();
    await run(72, 96);
    const before = ctx.memory().pipelines;
    for (const [h, w] of [
      [96, 128],
      [150, 64],
      [100, 136],
    ] as const)
      await run(h, w);
    expect(ctx.memory().pipelines).toBe(before);
    ctx.destroy();
  });
});
