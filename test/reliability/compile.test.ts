import { expect, test } from 'vitest';
import { createContext, interpolate, type UpsampleError } from '../../src/index.ts';
import type { Plan } from '../../src/plan.ts';
import type { Kernel } from '../../src/shader.ts';
import { thrown } from '../gpu.ts';

/** A plan around a kernel that is typed here because the build would refuse it. */
const plan = (code: string, shape = [4]): Plan => {
  const kernel: Kernel = { name: 'test/bad', code };
  const output = { shape, dtype: 'f32', layout: 'nchw', skew: 0 } as const;
  const steps = [{ kernel, types: {}, constants: {}, params: {}, bind: { y: 'output' }, grid: [1, 1, 1] as const }];
  return { name: 'bad', why: 'a test', outputs: { output }, scratch: {}, tables: {}, steps };
};
const head = '@group(0) @binding(0) var<storage, read_write> y: array<f32>;\n';
const good = `${head}@compute @workgroup_size(4) fn main(@builtin(local_invocation_index) i: u32) { y[i] = f32(i); }`;

test('a shader that does not compile rejects with its line, spoils no other call and is not cached', async () => {
  const ctx = await createContext();
  const fine = interpolate(ctx.tensor([1, 2], [1, 1, 2]), { size: 4 });
  const bad = ctx.run('broken', 'key', {}, () => plan(`${head}@compute @workgroup_size(4) fn main() {\n  y[0] = nope;\n}`))['output']!;
  const error = (await thrown(() => bad.data())) as UpsampleError;
  expect(error.code).toBe('compile');
  expect(error.message).toMatch(/^broken: test\/bad:3: .*nope/);
  expect(Array.from(await fine.data())).toEqual([1, 1, 2, 2]);
  expect(ctx.memory()).toMatchObject({ plans: 1 });
  const again = ctx.run('mended', 'key', {}, () => plan(good))['output']!;
  expect(Array.from(await again.data())).toEqual([0, 1, 2, 3]);
  ctx.destroy();
});

test('hundreds of calls in one task carry few faults, and the guilty one of them is named', async () => {
  const ctx = await createContext();
  const chain = (broken: boolean) =>
    ctx.tidy(() => {
      let y = ctx.tensor([1, 2, 3, 4], [1, 1, 2, 2]);
      for (let i = 0; i < 300; i++) {
        const code = broken ? `${head}@compute @workgroup_size(4) fn main() { y[0] = nope; }` : good;
        // Its result, of the right shape, is one that the rest of the chain stems from.
        if (i === 100) y = ctx.run('broken', code, { input: y }, () => plan(code, [1, 1, 2, 2]))['output']!;
        y = interpolate(y, { size: [2, 2], mode: 'bilinear', alignCorners: i % 2 === 0 });
        expect(y.faults.length).toBeLessThan(24);
      }
      return y;
    });
  const [bad, fine] = [chain(true), chain(false)];
  const error = (await thrown(() => bad.data())) as UpsampleError;
  expect([error.code, error.op]).toEqual(['compile', 'broken']);
  expect(Array.from(await fine.data())).toEqual([0, 1, 2, 3]);
  ctx.destroy();
});

test('compiling ahead rejects with the line too', async () => {
  const ctx = await createContext();
  const error = (await thrown(() => ctx.compile('broken', plan(`${head}@compute @workgroup_size(4) fn main() {\n  y[0] = 1u;\n}`)))) as UpsampleError;
  expect([error.code, error.message.split(':').slice(0, 3).join(':')]).toEqual(['compile', 'broken: test/bad:3']);
  ctx.destroy();
});

test('a kernel in f16 on a device without the feature rejects with compile', async () => {
  const adapter = (await navigator.gpu.requestAdapter())!;
  const { fromDevice } = await import('../../src/index.ts');
  const device = await adapter.requestDevice();
  const ctx = fromDevice(device);
  const half = ctx.run('half', 'key', {}, () => plan(`enable f16;${good}`))['output']!;
  expect(((await thrown(() => half.data())) as UpsampleError).code).toBe('compile');
  ctx.destroy();
  device.destroy();
});
