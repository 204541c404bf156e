import { expect, test } from 'vitest';
import { type Context, createContext, UpsampleError } from '../../src/index.ts';
import { thrown } from '../gpu.ts';
import { CALLS, operand } from './calls.ts';

const call = (ctx: Context, i: number) => {
  const c = CALLS[i % CALLS.length]!;
  return c.run(operand(ctx, c));
};
const soon = <T>(promise: Promise<T>) =>
  Promise.race([promise, new Promise<never>((_, reject) => setTimeout(() => reject(new Error('still pending after 2 s')), 2000))]);

/** Where in the life of a call the device goes. Each gives the promise that must reject. */
const STAGES: Record<string, (ctx: Context, i: number) => Promise<unknown>> = {
  'before the call': (ctx, i) => {
    ctx.device.destroy();
    return ctx.lost.then(() => call(ctx, i).data());
  },
  'recorded, not submitted': (ctx, i) => {
    const y = call(ctx, i);
    ctx.device.destroy();
    return y.data();
  },
  'submitted, not read': (ctx, i) => {
    const y = call(ctx, i);
    ctx.flush();
    ctx.device.destroy();
    return y.data();
  },
  'while reading': (ctx, i) => {
    const read = call(ctx, i).data();
    ctx.device.destroy();
    return read;
  },
  'some time later': async (ctx, i) => {
    const y = call(ctx, i);
    for (let k = 0; k < i % 4; k++) await Promise.resolve();
    ctx.device.destroy();
    return y.data();
  },
};

test.each(Object.entries(STAGES))('a device lost %s rejects everything with device-lost, 20 times', async (_, stage) => {
  for (let i = 0; i < 20; i++) {
    const ctx = await createContext();
    const error = await soon(thrown(() => stage(ctx, i)));
    expect(error).toBeInstanceOf(UpsampleError);
    expect((error as UpsampleError).code).toBe('device-lost');
    await ctx.lost;
    expect(((await thrown(() => ctx.tensor([1], [1]))) as UpsampleError).code).toBe('device-lost');
  }
  const again = await createContext();
  const y = await call(again, 0).data();
  expect(y.length).toBe(96);
  again.destroy();
});

test('prepare rejects and encode throws on a lost device', async () => {
  const { bilinear2d } = await import('../../src/index.ts');
  const ctx = await createContext();
  const spec = { shape: [1, 1, 2, 2], scaleFactor: 2 };
  const up = await bilinear2d.prepare(ctx, spec);
  const pending = bilinear2d.prepare(ctx, { ...spec, scaleFactor: 3 });
  ctx.device.destroy();
  expect(((await soon(thrown(() => pending))) as UpsampleError).code).toBe('device-lost');
  await ctx.lost;
  const error = await thrown(() => up.encode(undefined as never, undefined as never));
  expect((error as UpsampleError).code).toBe('device-lost');
});

test('a destroyed context refuses calls, and pending reads reject', async () => {
  const ctx = await createContext();
  const y = call(ctx, 0);
  const read = y.data();
  ctx.destroy();
  expect(((await soon(thrown(() => read))) as UpsampleError).code).toBe('disposed');
  expect(((await thrown(() => call(ctx, 1))) as UpsampleError).code).toBe('disposed');
  y.dispose();
  ctx.destroy();
});
