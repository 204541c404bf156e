import { expect, test } from 'vitest';
import { createContext, interpolate, type Tensor, UpsampleError } from '../../src/index.ts';
import { CALLS, hash, operand } from './calls.ts';

test('64 callers at once: the same bits as one after another, and every injected fault blames its own call', async () => {
  const ctx = await createContext();
  const expected = new Map<string, string>();
  for (const call of CALLS) {
    using x = operand(ctx, call);
    using y = call.run(x);
    expected.set(call.name, hash(await y.data()));
  }
  let seed = 7;
  const random = (n: number) => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((seed / 2 ** 32) * n);
  };
  let calls = 0;
  let faults = 0;
  const caller = async () => {
    for (let i = 0; i < 16; i++) {
      calls++;
      if (random(8) === 0) {
        // Somebody destroys a buffer that we were given: this call must fail, and no other.
        const buffer = ctx.device.createBuffer({ size: 64, usage: 0x80 | 0x4 });
        const x = ctx.wrap(buffer, [1, 1, 4]);
        buffer.destroy();
        const error = await interpolate(x, { size: 8 })
          .data()
          .then(
            () => undefined,
            (e) => e,
          );
        expect(error).toBeInstanceOf(UpsampleError);
        faults++;
        continue;
      }
      const call = CALLS[random(CALLS.length)]!;
      const x = operand(ctx, call);
      const y = call.run(x);
      for (let k = random(3); k > 0; k--) await Promise.resolve();
      expect(hash(await y.data()), call.name).toBe(expected.get(call.name));
      x.dispose();
      y.dispose();
    }
  };
  await Promise.all(Array.from({ length: 64 }, caller));
  expect(calls).toBe(1024);
  expect(faults).toBeGreaterThan(64);
  ctx.destroy();
});

test('a hundred repeats of every call give the same bits', async () => {
  const ctx = await createContext();
  for (const call of CALLS) {
    using x = operand(ctx, call);
    const results: Tensor[] = Array.from({ length: 100 }, () => call.run(x));
    const bits = new Set((await Promise.all(results.map((y) => y.data()))).map(hash));
    expect(bits.size, call.name).toBe(1);
    for (const y of results) y.dispose();
  }
  ctx.destroy();
});
