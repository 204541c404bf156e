import { describe, expect, test } from 'vitest';
import { bicubic2d, type Context, createContext, fromDevice, type Tensor, type UpsampleError } from '../../src/index.ts';
import { liveBuffers, thrown } from '../gpu.ts';
import { CALLS, operand } from './calls.ts';

/** Lets the k-th createBuffer run out of memory: the buffer is invalid, and the scope around it says so. Returns how many were asked for. */
async function failing(device: GPUDevice, k: number, body: () => Promise<unknown>): Promise<{ asked: number; error: Error | undefined }> {
  let asked = 0;
  let popped = 3;
  const { createBuffer, popErrorScope } = device;
  device.createBuffer = (descriptor) => {
    if (++asked !== k) return createBuffer.call(device, descriptor);
    popped = 0;
    return createBuffer.call(device, { ...descriptor, usage: descriptor.usage | 3 });
  };
  device.popErrorScope = () => {
    const real = popErrorScope.call(device);
    // The three scopes around the call, innermost first: out of memory, internal, validation.
    const n = popped++;
    if (n === 0) return real.then(() => ({ message: 'injected' }) as GPUError);
    return n === 2 ? real.then(() => null) : real;
  };
  let error: Error | undefined;
  try {
    await body();
  } catch (caught) {
    error = caught as Error;
  } finally {
    delete (device as Partial<GPUDevice>).createBuffer;
    delete (device as Partial<GPUDevice>).popErrorScope;
  }
  return { asked, error };
}

const live = (ctx: Context) => {
  const { tensors, bytes } = ctx.memory();
  return { tensors, bytes };
};

describe.each(CALLS.map((c) => [c.name, c] as const))('%s', (_, call) => {
  test('rejects out-of-memory whichever allocation fails, leaks nothing and works again', async () => {
    let allocations = 0;
    const first = await createContext();
    await call.run(operand(first, call)).data(); // while its pipelines live, the device compiles none of them again
    for (let k = 1; k <= allocations + 1; k++) {
      const ctx = fromDevice(first.device); // nothing pooled, nothing compiled
      const before = live(ctx);
      const { asked, error } = await failing(ctx.device, k, async () => {
        const x = operand(ctx, call);
        const y = call.run(x);
        try {
          await y.data();
        } finally {
          x.dispose();
          y.dispose();
        }
      });
      allocations = Math.max(allocations, asked);
      if (k <= asked) expect((error as UpsampleError | undefined)?.code, `allocation ${k} of ${asked}`).toBe('out-of-memory');
      else expect(error).toBeUndefined();
      expect(live(ctx)).toEqual(before);
      const x = operand(ctx, call);
      const y = call.run(x);
      expect((await y.data()).length).toBe(y.size);
      x.dispose();
      y.dispose();
      expect(live(ctx)).toEqual(before);
      ctx.destroy();
    }
    first.destroy();
    expect(allocations).toBeGreaterThanOrEqual(4); // operand, parameters, result, staging
  });
});

test('an innocent call in the same task is not harmed by one that runs out of memory', async () => {
  const ctx = await createContext();
  const [guilty, innocent] = [CALLS[4]!, CALLS[0]!];
  const expected = await innocent.run(operand(ctx, innocent)).data();
  let fine: Promise<ArrayLike<number>> | undefined;
  const { error } = await failing(ctx.device, 3, async () => {
    const bad = guilty.run(operand(ctx, guilty));
    fine = innocent.run(operand(ctx, innocent)).data();
    await bad.data();
  });
  expect((error as UpsampleError).code).toBe('out-of-memory');
  expect(await fine).toEqual(expected);
  ctx.destroy();
});

test('a prepared operation rejects when it cannot allocate', async () => {
  const ctx = await createContext();
  const spec = { shape: [1, 1, 4, 4], size: 3, antialias: true };
  const { asked } = await failing(ctx.device, 0, () => bicubic2d.prepare(ctx, spec));
  expect(asked).toBeGreaterThan(0);
  for (let k = 1; k <= asked; k++) {
    const { live, end } = liveBuffers(ctx.device);
    const { error } = await failing(ctx.device, k, () => bicubic2d.prepare(ctx, spec));
    end();
    expect((error as UpsampleError | undefined)?.code, `allocation ${k} of ${asked}`).toBe('out-of-memory');
    expect(live.size, `after allocation ${k} of ${asked}`).toBe(0);
  }
  ctx.destroy();
});

test('10,000 calls forward and backward leave live bytes and the caches where they were', async () => {
  const ctx = await createContext();
  const round = () => {
    for (const call of CALLS) {
      using x = operand(ctx, call);
      using y = call.run(x);
      void y;
    }
  };
  const last = operand(ctx, CALLS[0]!);
  round();
  await last.data();
  const before = ctx.memory();
  for (let i = 0; i < 10_000 / CALLS.length; i++) {
    round();
    if (i % 20 === 0) await last.data(); // lets the GPU keep up
  }
  await last.data();
  expect(ctx.memory()).toEqual(before);
  expect(before.pipelines).toBeLessThanOrEqual(256);
  ctx.destroy();
});

test('a loop binds its buffers once; other buffers are bound anew, however often they change', async () => {
  const ctx = await createContext();
  const { createBindGroup } = ctx.device;
  let made = 0;
  ctx.device.createBindGroup = (descriptor) => {
    made++;
    return createBindGroup.call(ctx.device, descriptor);
  };
  const x = ctx.tensor([1, 2, 3, 4], [1, 1, 2, 2]);
  const twice = (x: Tensor) => bicubic2d(x, { scaleFactor: 2 });
  const expected = await twice(x).data();
  for (let i = 0; i < 3; i++) twice(x).dispose();
  made = 0;
  for (let i = 0; i < 10; i++) twice(x).dispose();
  expect(made).toBe(0);
  const scales = Array.from({ length: 40 }, (_, i) => i + 1);
  const inputs = scales.map((s) => ctx.tensor([s, 2 * s, 3 * s, 4 * s], [1, 1, 2, 2]));
  for (let round = 0; round < 2; round++) {
    made = 0;
    const results = await Promise.all(inputs.map((t) => twice(t).data())); // more at once than are kept
    for (const [i, y] of results.entries()) expect(y).toEqual(expected.map((v) => v * scales[i]!));
    expect(made).toBeGreaterThanOrEqual(inputs.length);
  }
  ctx.destroy();
});

test('tidy keeps what is returned, using and dispose free once, and a freed tensor is refused', async () => {
  const ctx = await createContext();
  const call = CALLS[4]!;
  const kept = ctx.tidy(() => {
    const x = operand(ctx, call);
    call.run(x);
    return { y: call.run(x) };
  });
  expect(ctx.memory().tensors).toBe(1);
  expect((await kept.y.data()).length).toBe(96);
  kept.y.dispose();
  kept.y.dispose();
  expect(ctx.memory()).toMatchObject({ tensors: 0, bytes: 0 });
  expect(((await thrown(() => call.run(kept.y))) as UpsampleError).code).toBe('disposed');
  expect(((await thrown(() => kept.y.data())) as UpsampleError).code).toBe('disposed');
  expect((await thrown(() => ctx.tidy(async () => 1))).message).toContain('synchronous');
  ctx.destroy();
});
