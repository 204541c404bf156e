import { afterEach, describe, expect, test } from 'vitest';
import { conv2d, conv2dBackward, convTranspose2d, createContext, tune } from '../../src/index.ts';
import { context, thrown } from '../gpu.ts';

const ctx = await context();
const wave = (n: number) => Float32Array.from({ length: n }, (_, i) => Math.sin(i * 1.7));
const shape = [1, 6, 9, 9];
const weight = ctx.tensor(wave(4 * 6 * 9), [4, 6, 3, 3]);
const spec = { shape, weight, padding: 1 };

afterEach(() => ctx.choices.clear());

describe('tune', () => {
  test('times every admissible plan, and equal calls take the quickest', async () => {
    const before = ctx.memory();
    const { plan, milliseconds } = await tune(ctx, conv2d, spec);
    expect(Object.keys(milliseconds).sort()).toEqual(conv2d.explain(ctx, spec).admissible.toSorted());
    expect(milliseconds[plan]).toBe(Math.min(...Object.values(milliseconds)));
    expect(conv2d.explain(ctx, spec).plan).toBe(plan);
    expect(ctx.memory()).toMatchObject({ tensors: before.tensors, bytes: before.bytes });
  });

  test('the remembered plan is the one that runs: a choice by hand changes explain, prepare and the eager call, and nothing else', async () => {
    using x = ctx.tensor(wave(6 * 81), shape);
    const others = conv2d.explain(ctx, spec).admissible;
    await tune(ctx, conv2d, spec);
    const [call] = ctx.choices.keys();
    for (const plan of others) {
      ctx.choices.set(call!, plan);
      expect(conv2d.explain(ctx, spec).plan).toBe(plan);
      const up = await conv2d.prepare(ctx, spec);
      expect(up.explain().plan).toBe(plan);
      using prepared = ctx.tensor(new Float32Array(4 * 81), [1, 4, 9, 9]);
      const encoder = ctx.device.createCommandEncoder();
      up.encode(encoder, { input: x, output: prepared });
      ctx.device.queue.submit([encoder.finish()]);
      using eager = conv2d(x, weight, { padding: 1 });
      expect(await eager.data()).toEqual(await prepared.data());
      up.dispose();
    }
    expect(conv2d.explain(ctx, { ...spec, padding: 0 }).plan).toBe(others[0]);
  });

  test('an eager call made before does not keep its plan', async () => {
    const own = await createContext();
    const w = own.tensor(wave(4 * 6 * 9), [4, 6, 3, 3]);
    const x = own.tensor(wave(6 * 81), shape);
    await conv2d(x, w).data();
    const programs = own.memory().plans;
    const layer = { shape, weight: w };
    const { plan } = await tune(own, conv2d, layer);
    const other = conv2d.explain(own, layer).admissible.find((name) => name !== plan)!;
    own.choices.set([...own.choices.keys()][0]!, other);
    await conv2d(x, w).data();
    expect(own.memory().plans).toBe(programs + 1);
    own.destroy();
  });

  test('gradients and transposed convolutions', async () => {
    const back = await tune(ctx, conv2dBackward, { ...spec, gradients: ['dw'] });
    expect(conv2dBackward.explain(ctx, { ...spec, gradients: ['dw'] }).plan).toBe(back.plan);
    using w = ctx.tensor(wave(6 * 2 * 16), [6, 2, 4, 4]);
    const up = { shape, weight: w, stride: 2, padding: 1 };
    expect(convTranspose2d.explain(ctx, up).admissible).toContain((await tune(ctx, convTranspose2d, up)).plan);
  });

  test('refuses what prepare refuses', async () => {
    expect((await thrown(() => tune(ctx, conv2d, { ...spec, shape: [1, 5, 9, 9] }))).message).toContain(
      'conv2d: weight [4, 6, 3, 3] has 6 input channels but x has 5',
    );
  });
});
