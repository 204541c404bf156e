// Dropout: which elements go is a matter of whole numbers, so that the reference agrees exactly.
import { expect, test } from 'vitest';
import { createContext } from '../../src/index.ts';
import { dropoutCall } from '../../src/ops/pointwise/arguments.ts';
import * as reference from '../../src/ops/pointwise/cpu.ts';
import { dropout, dropoutBackward, dropoutPlans } from '../../src/ops/pointwise/dropout.ts';
import { differs } from '../fixtures.ts';
import { context, thrown } from '../gpu.ts';
import { everyPlan, HALF, put, putAskew, values } from './run.ts';

test('dropout: every plan drops the same elements as the reference, f32 and f16, at any size and place', async () => {
  const ctx = await context();
  for (const dtype of ctx.device.features.has('shader-f16') ? (['f32', 'f16'] as const) : (['f32'] as const))
    for (const shape of [[1], [7], [2, 3, 4, 4], [3, 7, 61]])
      for (const [seed, p, place] of [
        [0, 0.5, put],
        [4294967295, 0.1, put],
        [7, 0.75, putAskew],
      ] as const) {
        const x = values(shape, 1, { dtype });
        const input = (place as typeof putAskew)(ctx, x, 3);
        const call = dropoutCall('dropout', { x: input.spec }, { p });
        const seeds = ctx.tensor([seed], [1], { dtype: 'u32' });
        for (const { plan, outputs } of await everyPlan(ctx, 'dropout', call, dropoutPlans(call, ctx.adapter), { input, seed: seeds }))
          expect(differs(outputs['output']!, reference.dropout(x, { p, seed }).data, { units: 2, scale: 4, relative: dtype === 'f16' ? HALF : 0 }), plan).toBe(
            '',
          );
      }
});

test('dropout: p is the share that goes, each seed another choice, and neighbours know nothing of each other', async () => {
  const ctx = await context();
  const n = 2 ** 16;
  const x = ctx.tensor(new Float32Array(n).fill(1), [n]);
  const gone = async (seed: number, p: number) => Array.from(await dropout(x, { seed, p }).data(), (v) => Number(v === 0));
  for (const p of [0.1, 0.5, 0.9]) {
    const [a, b] = [await gone(1, p), await gone(2, p)];
    const share = (list: number[]) => list.reduce((s, v) => s + v, 0) / list.length;
    const five = 5 * Math.sqrt((p * (1 - p)) / n);
    expect(Math.abs(share(a) - p), `p ${p}`).toBeLessThan(five);
    // Pairs that both go: of two seeds, and of neighbours at distances that rows and cells have.
    const both = (other: number[], by: number) => share(a.map((v, i) => v * other[(i + by) % n]!));
    const apart = 5 * Math.sqrt((p * p * (1 - p * p)) / n);
    expect(Math.abs(both(b, 0) - p * p)).toBeLessThan(apart);
    for (const by of [1, 2, 4, 64, 256]) expect(Math.abs(both(a, by) - p * p), `${by} apart`).toBeLessThan(apart);
  }
});

test('dropout: p 0 changes nothing, p 1 leaves nothing, the rest is scaled', async () => {
  const ctx = await context();
  const x = values([50], 1);
  expect(await dropout(put(ctx, x), { p: 0, seed: 3 }).data()).toEqual(x.data);
  expect(await dropout(put(ctx, x), { p: 1, seed: 3 }).data()).toEqual(new Float32Array(50));
  const y = await dropout(ctx.tensor(new Float32Array(50).fill(3), [50]), { p: 0.25, seed: 3 }).data();
  expect(new Set(y)).toEqual(new Set([0, 4]));
});

test('dropout: its gradient goes through the same elements', async () => {
  const ctx = await context();
  const [x, dy] = [values([2, 3, 50], 1), values([2, 3, 50], 2)];
  const options = { p: 0.3, seed: 11 };
  const dx = await dropoutBackward(put(ctx, dy), options).data();
  expect(await dropout(put(ctx, dy), options).data()).toEqual(dx);
  const y = await dropout(put(ctx, x), options).data();
  const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => Array.from(a).reduce((s, v, i) => s + v * b[i]!, 0);
  expect(Math.abs(dot(y, dy.data) - dot(x.data, dx))).toBeLessThan(1e-5);
  expect(dx.filter((v) => v === 0).length).toBeGreaterThan(50);
});

test('dropout: a new seed makes no new plan, eagerly or prepared', async () => {
  const ctx = await createContext();
  const x = put(ctx, values([100], 1));
  dropout(x, { seed: 0 }).dispose();
  const before = ctx.memory();
  for (let seed = 1; seed < 50; seed++) dropout(x, { seed }).dispose();
  expect(ctx.memory()).toMatchObject({ plans: before.plans, tensors: before.tensors, bytes: before.bytes, pipelines: before.pipelines });
  const up = await dropout.prepare(ctx, { shape: [100], p: 0.5 });
  const output = ctx.tensor(new Float32Array(100), [100]);
  for (const seed of [1, 2]) {
    const encoder = ctx.device.createCommandEncoder();
    up.encode(encoder, { input: x, seed: ctx.tensor([seed], [1], { dtype: 'u32' }), output });
    ctx.device.queue.submit([encoder.finish()]);
    expect(await output.data()).toEqual(await dropout(x, { seed }).data());
  }
  expect(dropout.explain(ctx, { shape: [100] }).plan).toBe('wide');
  ctx.destroy();
});

test('dropout: wrong arguments get their sentence', async () => {
  const x = values([2], 1);
  const sentences: [() => unknown, string][] = [
    [() => reference.dropout(x, { p: 1.5, seed: 1 }), 'dropout: p is 1.5; expected a chance from 0 to 1'],
    [() => reference.dropout(x, { p: 0.5 } as never), 'dropout: seed is undefined; expected a whole number from 0 to 2^32 - 1'],
    [() => reference.dropout(x, 0.5 as never), 'dropout: options is 0.5; expected an object with p, seed'],
    [() => reference.dropout(x, { seed: -1 }), 'dropout: seed is -1'],
    [() => reference.dropout(x, { seed: 1, q: 2 } as never), 'dropout: unknown option "q"; options are p, seed'],
    [() => reference.dropoutBackward({ ...x, dtype: 'u32' }, { seed: 1 }), 'dropoutBackward: x has dtype u32'],
  ];
  for (const [call, sentence] of sentences) expect((await thrown(call)).message).toContain(sentence);
  const ctx = await context();
  expect((await thrown(() => dropout(put(ctx, x), undefined as never))).message).toContain('seed is undefined');
  expect((await thrown(() => dropout(put(ctx, x), 0.5 as never))).message).toBe('dropout: options is 0.5; expected an object with p, seed');
});
