import { expect, test } from 'vitest';
import { createContext, nearest2d, type UpsampleError } from '../../src/index.ts';
import { thrown } from '../gpu.ts';

test('a buffer that the adapter really cannot give rejects with out-of-memory, and the next call works', async () => {
  const ctx = await createContext();
  const { buffer } = ctx.adapter.limits;
  const n = buffer / 2 ** 22; // planes of 4 MiB; SwiftShader refuses one buffer of its own maximum, 1 GiB
  const x = ctx.tensor(new Float32Array(n), [n, 1, 1, 1]);
  const before = ctx.memory();
  const y = nearest2d(x, { size: 1024 });
  const error = (await thrown(() => y.data())) as UpsampleError;
  expect([error.code, error.op]).toEqual(['out-of-memory', 'nearest2d']);
  y.dispose();
  expect(ctx.memory()).toMatchObject({ tensors: before.tensors, bytes: before.bytes });
  using z = nearest2d(ctx.tensor([7], [1, 1, 1, 1]), { size: 2 });
  expect(Array.from(await z.data())).toEqual([7, 7, 7, 7]);
  ctx.destroy();
});
