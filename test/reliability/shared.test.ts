// What calls share: pipelines, packed weights, encoders of the caller. A fault of one call is not another's, and what is kept is never stale.
import { describe, expect, test } from 'vitest';
import { bilinear2d, type Context, conv2d, createContext, fromDevice, interpolate, maxUnpool2d, type Tensor, type UpsampleError } from '../../src/index.ts';
import { batchNorm, relu } from '../../src/nn/index.ts';
import { context, liveBuffers, thrown } from '../gpu.ts';

const STORAGE = 0x80 | 0x4 | 0x8;
const sum = async (t: Tensor) => Array.from(await t.data()).reduce((a, b) => a + b, 0);

/** Lets the next pipeline be an invalid one, with what its scopes then say. */
function failing(device: GPUDevice, error: GPUError): () => void {
  const { createComputePipeline, popErrorScope } = device;
  let popped = 3;
  let once = true;
  device.createComputePipeline = (descriptor) => {
    if (!once) return createComputePipeline.call(device, descriptor);
    once = false;
    popped = 0;
    return createComputePipeline.call(device, { ...descriptor, compute: { ...descriptor.compute, entryPoint: 'missing' } });
  };
  device.popErrorScope = () => {
    const real = popErrorScope.call(device);
    const n = popped++;
    if (n === 0) return real.then(() => error);
    return n === 2 ? real.then(() => null) : real;
  };
  return () => {
    delete (device as Partial<GPUDevice>).createComputePipeline;
    delete (device as Partial<GPUDevice>).popErrorScope;
  };
}

describe('pipelines', () => {
  test('one that ran out of memory is made anew', async () => {
    const ctx = await createContext();
    const x = ctx.tensor([1, 2, 3, 4], [1, 1, 2, 2]);
    await x.data();
    const end = failing(ctx.device, { message: 'injected' });
    const bad = bilinear2d(x, { scaleFactor: 2 });
    end();
    expect(((await thrown(() => bad.data())) as UpsampleError).code).toBe('out-of-memory');
    for (const scaleFactor of [2, 2, 3]) expect((await bilinear2d(x, { scaleFactor }).data()).length).toBe(4 * scaleFactor ** 2);
    ctx.destroy();
  });

  test('calls that share one which does not compile are all told so, none of them stays', async () => {
    const ctx = await createContext();
    const code = '@group(0) @binding(0) var<storage, read_write> y: array<f32>;\n@compute @workgroup_size(4) fn main() { y[0] = nope; }';
    const plan = () => {
      const output = { shape: [4], dtype: 'f32', layout: 'nchw', skew: 0 } as const;
      const steps = [{ kernel: { name: 'test/bad', code }, types: {}, constants: {}, params: {}, bind: { y: 'output' }, grid: [1, 1, 1] as const }];
      return { name: 'bad', why: 'a test', outputs: { output }, scratch: {}, tables: {}, steps };
    };
    const [a, b] = ['one', 'two'].map((key) => ctx.run('broken', key, {}, plan)['output']!);
    for (const t of [a!, b!]) expect(((await thrown(() => t.data())) as UpsampleError).code).toBe('compile');
    expect(ctx.memory()).toMatchObject({ plans: 0, pipelines: 0 });
    const x = ctx.tensor([1, 2], [1, 1, 2]);
    const fine = interpolate(x, { size: 4 });
    const again = ctx.run('broken', 'two', {}, plan)['output']!;
    expect(Array.from(await fine.data())).toEqual([1, 1, 2, 2]);
    expect(((await thrown(() => again.data())) as UpsampleError).code).toBe('compile');
    ctx.destroy();
  });
});

describe('packed weights', () => {
  /** A convolution with ones whose plan packs them: its sum is that of x times w. */
  const setting = (ctx: Context) => ({
    w: ctx.tensor(new Float32Array(16 * 16 * 9).fill(1), [16, 16, 3, 3]),
    x: ctx.tensor(new Float32Array(16 * 64).fill(1), [1, 16, 8, 8]),
  });

  test('are of their own: what else was wrong with the call that made them is not said of others', async () => {
    for (const settled of [true, false]) {
      const ctx = await createContext();
      const { w, x } = setting(ctx);
      const values = ctx.tensor(new Float32Array(256), [1, 16, 4, 4]);
      const wild = ctx.tensor(new Uint32Array(256).fill(9999), [1, 16, 4, 4], { dtype: 'u32' });
      if (settled) for (const t of [w, x, values, wild]) await t.data();
      const bad = conv2d(maxUnpool2d(values, wild, { kernelSize: 2 }), w);
      const fine = conv2d(x, w);
      expect(w.derived, 'this plan packs its weights').toBeDefined();
      expect(await sum(fine)).toBe(16 * 16 * 9 * 36);
      expect(((await thrown(() => bad.data())) as UpsampleError).code).toBe('index-out-of-range');
      // the same of an x that belongs to another device
      const other = await createContext();
      const foreign = ctx.wrap(other.device.createBuffer({ size: 4096, usage: STORAGE }), [1, 16, 8, 8]);
      const v = ctx.tensor(new Float32Array(16 * 16 * 9).fill(2), [16, 16, 3, 3]);
      if (settled) await v.data();
      const wrong = conv2d(foreign, v);
      expect(await sum(conv2d(x, v))).toBe(2 * 16 * 16 * 9 * 36);
      expect(((await thrown(() => wrong.data())) as UpsampleError).code).toBe('device-mismatch');
      other.destroy();
      ctx.destroy();
    }
  });

  test('follow weights that a caller’s encoder writes, whenever it is submitted, and under whatever name', async () => {
    const ctx = await createContext();
    const { w, x } = setting(ctx);
    const five = ctx.tensor(new Float32Array(16 * 16 * 9).fill(5), [16, 16, 3, 3]);
    const up = await relu.prepare(ctx, { shape: w.shape });
    const all = 16 * 16 * 9 * 36;
    expect(await sum(conv2d(x, w))).toBe(all);
    for (const [output, factor] of [
      [w, 5],
      [w.buffer, 2],
    ] as const) {
      const source = scaled(ctx, five, factor);
      const encoder = ctx.device.createCommandEncoder();
      up.encode(encoder, { input: source, output });
      conv2d(x, w); // between the recording and the submission
      ctx.flush();
      ctx.device.queue.submit([encoder.finish()]);
      expect(await sum(conv2d(x, w))).toBe(all * factor);
    }
    expect(await sum(conv2d(x, w))).toBe(2 * all);
    up.dispose();
    ctx.destroy();
  });
  const scaled = (ctx: Context, { shape }: Tensor, value: number) => ctx.tensor(new Float32Array(16 * 16 * 9).fill(value), shape);
});

describe('prepared operations', () => {
  test('faults of what they read are those of what they write, and end when it is written anew', async () => {
    const ctx = await createContext();
    const up = await bilinear2d.prepare(ctx, { shape: [1, 1, 4, 4], scaleFactor: 1 });
    const values = ctx.tensor([1, 2, 3, 4], [1, 1, 2, 2]);
    const wild = ctx.tensor(new Uint32Array(4).fill(99), [1, 1, 2, 2], { dtype: 'u32' });
    const bad = maxUnpool2d(values, wild, { kernelSize: 2 });
    const good = ctx.tensor(new Float32Array(16).fill(3), [1, 1, 4, 4]);
    const y = ctx.tensor(new Float32Array(16), [1, 1, 4, 4]);
    const run = (input: Tensor) => {
      const encoder = ctx.device.createCommandEncoder();
      up.encode(encoder, { input, output: y });
      ctx.device.queue.submit([encoder.finish()]);
    };
    run(bad);
    expect(((await thrown(() => y.data())) as UpsampleError).code).toBe('index-out-of-range');
    run(good);
    expect(await sum(y)).toBe(48);
    up.dispose();
    ctx.destroy();
  });

  test('a buffer of another device is reported by the output', async () => {
    const ctx = await createContext();
    const other = await createContext();
    const up = await bilinear2d.prepare(ctx, { shape: [1, 1, 2, 2], scaleFactor: 2 });
    const y = ctx.tensor(new Float32Array(16), [1, 1, 4, 4]);
    const foreign = other.device.createBuffer({ size: 64, usage: STORAGE });
    const encoder = ctx.device.createCommandEncoder();
    for (const input of [foreign, foreign, ctx.wrap(foreign, [1, 1, 2, 2])]) up.encode(encoder, { input, output: y });
    expect(((await thrown(() => y.data())) as UpsampleError).code).toBe('device-mismatch');
    ctx.device.pushErrorScope('validation');
    encoder.finish();
    expect((await ctx.device.popErrorScope())?.message).toBeTruthy();
    up.dispose();
    other.destroy();
    ctx.destroy();
  });

  test('weights that could not be allocated are named as that', async () => {
    const ctx = await createContext();
    const { createBuffer, popErrorScope } = ctx.device;
    let popped = 0;
    ctx.device.createBuffer = (d) => createBuffer.call(ctx.device, { ...d, usage: d.usage | 3 });
    ctx.device.popErrorScope = () => {
      const real = popErrorScope.call(ctx.device);
      const n = popped++;
      return n === 0 ? real.then(() => ({ message: 'injected' }) as GPUError) : real.then(() => null);
    };
    const w = ctx.tensor(new Float32Array(16 * 16 * 9), [16, 16, 3, 3]);
    delete (ctx.device as Partial<GPUDevice>).createBuffer;
    delete (ctx.device as Partial<GPUDevice>).popErrorScope;
    const error = (await thrown(() => conv2d.prepare(ctx, { shape: [1, 16, 8, 8], weight: w }))) as UpsampleError;
    expect(error.code).toBe('out-of-memory');
    ctx.destroy();
  });
});

test('tensors written in place lie in buffers of their own', async () => {
  const ctx = await context();
  const buffer = ctx.device.createBuffer({ size: 1024, usage: STORAGE });
  const x = ctx.tensor(new Float32Array(8), [2, 2, 2, 1]);
  const at = (offset: number) => ctx.wrap(buffer, [2], { offset });
  const call = (mean: Tensor, variance: Tensor, weight: Tensor) => batchNorm(x, { training: true, runningMean: mean, runningVar: variance, weight });
  const weight = ctx.tensor([1, 1], [2]);
  expect((await thrown(() => call(at(0), at(8), weight))).message).toBe(
    'batchNorm: runningMean and runningVar share a part of one buffer; expected each at a multiple of 256 bytes, or separate buffers',
  );
  expect((await call(at(0), at(256), at(512)).data()).length).toBe(8);
  expect((await call(at(0), at(256), at(8)).data()).length).toBe(8); // the weight is read by another dispatch
  buffer.destroy();
});

test('a context that ends frees its tensors, on a device that stays too', async () => {
  const adapter = (await navigator.gpu.requestAdapter())!;
  const device = await adapter.requestDevice();
  const { live } = liveBuffers(device);
  const ctx = fromDevice(device);
  const x = ctx.tensor(new Float32Array(1024), [1, 16, 8, 8]);
  const w = ctx.tensor(new Float32Array(16 * 16 * 9), [16, 16, 3, 3]);
  const y = conv2d(x, w);
  await y.data();
  await expect(bilinear2d.prepare(ctx, { shape: [1, 1, 2, 2], scaleFactor: 2 }).then((up) => up.dispose())).resolves.toBeUndefined();
  expect(live.size).toBeGreaterThan(3);
  ctx.destroy();
  expect(live.size).toBe(0);
  expect(ctx.memory()).toMatchObject({ tensors: 0, bytes: 0, idleBytes: 0, plans: 0, planBytes: 0 });
  for (const t of [x, w, y]) t.dispose();
  expect(ctx.memory()).toMatchObject({ tensors: 0, bytes: 0 });
  device.destroy();
});
