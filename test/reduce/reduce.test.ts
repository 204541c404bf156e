// Sums and means over axes, and their transposes: every plan against the reference; axes that merge, alternate, and end nowhere near a cell of four.
import { describe, expect, test } from 'vitest';
import { createContext } from '../../src/index.ts';
import { reduceCall, spreadCall } from '../../src/ops/reduce/arguments.ts';
import * as reference from '../../src/ops/reduce/cpu.ts';
import * as gpu from '../../src/ops/reduce/index.ts';
import { reducePlans, spreadPlans } from '../../src/ops/reduce/plan.ts';
import type { DType, Layout } from '../../src/plan.ts';
import { count, differs } from '../fixtures.ts';
import { context, thrown } from '../gpu.ts';
import { everyPlan, HALF, put, putAskew, values } from '../pointwise/run.ts';

const REFERENCE = { ...reference };

interface Case {
  readonly shape: readonly number[];
  readonly axes?: readonly number[];
  readonly layout?: Layout;
  readonly keepDims?: boolean;
}
const CASES: Case[] = [
  { shape: [] },
  { shape: [1] },
  { shape: [7] },
  { shape: [1031] },
  { shape: [2, 3, 5] },
  { shape: [2, 4, 3, 8], keepDims: true },
  { shape: [2, 3, 5, 7], axes: [2, 3] },
  { shape: [2, 8, 6, 4], axes: [-1, -2], layout: 'nhwc', keepDims: true },
  { shape: [2, 5, 4, 3], axes: [1] },
  { shape: [2, 5, 4, 3], axes: [1], layout: 'nhwc' },
  { shape: [3, 4, 5, 7], axes: [0, 2, 3] },
  { shape: [3, 4, 5, 8], axes: [0, 2, 3], layout: 'nhwc', keepDims: true },
  { shape: [3, 4, 5, 7], axes: [0], layout: 'nhwc', keepDims: true },
  { shape: [3, 4, 5, 7], axes: [0] },
  { shape: [2, 3, 2, 5, 4], axes: [0, 2, 4] },
  { shape: [2, 3, 2, 5, 4], axes: [1, 3], layout: 'nhwc' },
  { shape: [2, 3, 5], axes: [] },
  { shape: [1, 4, 1, 3], axes: [0, 2], layout: 'nhwc', keepDims: true },
  { shape: [4, 2000], axes: [1] },
  { shape: [4, 2001], axes: [1] },
  { shape: [700, 9], axes: [0] },
  { shape: [2, 3, 130, 131], axes: [0, 2, 3], layout: 'nhwc' },
];

async function check(
  ctx: Awaited<ReturnType<typeof context>>,
  { shape, axes, layout = 'nchw', keepDims = false }: Case,
  mean: boolean,
  dtype: DType = 'f32',
  place: typeof putAskew = put,
) {
  const op = mean ? 'mean' : 'sum';
  const options = { ...(axes && { axes }), keepDims };
  const x = values(shape, 1, { layout, dtype });
  const want = REFERENCE[op](x, options);
  const half = dtype === 'f16' ? HALF : 0;
  const terms = count(shape) / Math.max(count(want.shape), 1);
  const input = place(ctx, x, 3);
  const call = reduceCall(mean)(op, input.spec, options);
  expect(call.sum).toMatchObject({ shape: want.shape, layout: want.layout });
  const title = `${op} [${shape}] over ${axes} ${layout} ${dtype}`;
  // Chains of 64, then passes over them: below sqrt(terms) units of the sum of magnitudes.
  for (const { plan, outputs } of await everyPlan(ctx, op, call, reducePlans(call, ctx.adapter), { input }))
    expect(differs(outputs['output']!, want.data, { units: 4 + 2 * Math.sqrt(terms), scale: mean ? 1 : terms, relative: half }), `${title} ${plan}`).toBe('');
  const dy = values(want.shape, 2, { layout: want.layout, dtype });
  const up = place(ctx, dy, 1);
  const back = { ...options, inputLayout: layout };
  const spread = spreadCall(mean)(`${op}Backward`, up.spec, shape, back);
  const dx = REFERENCE[`${op}Backward`](dy, shape, back);
  for (const { plan, outputs } of await everyPlan(ctx, `${op}Backward`, spread, spreadPlans(spread, ctx.adapter), { input: up }))
    expect(differs(outputs['output']!, dx.data, { units: 2, scale: mean ? 1 / terms : 1, relative: half }), `${title} back ${plan}`).toBe('');
  const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => Array.from(a).reduce((s, v, i) => s + v * b[i]!, 0);
  expect(Math.abs(dot(want.data, dy.data) - dot(x.data, dx.data)), `${title}: adjoint`).toBeLessThan(1e-12 * Math.max(count(shape), 1) * 2);
  input.dispose();
  up.dispose();
}

test('reductions: every plan, f32', { timeout: 120_000 }, async () => {
  const ctx = await context();
  for (const [i, c] of CASES.entries()) await check(ctx, c, i % 2 === 0);
});

test('reductions: f16, and tensors that begin anywhere', { timeout: 120_000 }, async () => {
  const ctx = await context();
  for (const [i, c] of CASES.entries()) {
    if (i % 3) continue;
    await check(ctx, c, i % 2 === 1, 'f32', putAskew);
    if (ctx.device.features.has('shader-f16')) await check(ctx, c, i % 2 === 1, 'f16');
  }
});

describe('reductions: at and beyond the edges', () => {
  test('a million numbers of one sign: a few units off, not a thousand', async () => {
    const ctx = await context();
    const n = 2 ** 20;
    const x = { data: values([n], 1).data.map((v) => v + 1.5), shape: [n] };
    const want = reference.sum(x).data[0]!;
    const input = put(ctx, x);
    const call = reduceCall(false)('sum', input.spec, {});
    for (const { plan, outputs } of await everyPlan(ctx, 'sum', call, reducePlans(call, ctx.adapter), { input }))
      expect(Math.abs(outputs['output']![0]! - want) / want, plan).toBeLessThan(16 * 2 ** -24);
    input.dispose();
  });

  test('NaN and infinity reach their own sum alone', async () => {
    const ctx = await context();
    const x = ctx.tensor([1, Number.NaN, 2, 3, Number.POSITIVE_INFINITY, 4], [3, 2]);
    const y = await gpu.sum(x, { axes: [1] }).data();
    expect(Array.from(y)).toEqual([Number.NaN, 5, Number.POSITIVE_INFINITY]);
  });

  test('the same call gives the same bits', async () => {
    const ctx = await context();
    const x = put(ctx, values([3, 5, 41, 43], 1));
    const first = await gpu.mean(x, { axes: [0, 2, 3] }).data();
    for (let i = 0; i < 50; i++) expect(await gpu.mean(x, { axes: [0, 2, 3] }).data()).toEqual(first);
  });

  test('small limits: windows of samples, of channels, and of one long run', async () => {
    const ctx = await createContext({ limits: { maxStorageBufferBindingSize: 65536, maxBufferSize: 262144, maxComputeWorkgroupsPerDimension: 7 } });
    for (const c of [{ shape: [3, 4, 50, 90], axes: [2, 3] }, { shape: [40_000] }, { shape: [3, 4, 50, 90], axes: [0, 2, 3], layout: 'nhwc' as const }])
      await check(ctx, c, false);
    expect((await thrown(() => gpu.sum(ctx.tensor(new Float32Array(20_011), [20_011])))).message).toContain(
      'sum: one run of 80044 bytes exceeds a storage binding; the device allows 65536 bytes',
    );
    const samples = ctx.tensor(new Float32Array(60_000), [2, 30_000]);
    expect((await thrown(() => gpu.sum(samples, { axes: [0] }))).message).toContain('sum: one run of 240000 bytes exceeds a storage binding');
    ctx.destroy();
  });

  test('nothing to sum: 0; nothing to fill: empty', async () => {
    const ctx = await context();
    const x = ctx.tensor([], [0, 3]);
    expect(await gpu.sum(x).item()).toBe(0);
    expect(Array.from(await gpu.sum(x, { axes: [0] }).data())).toEqual([0, 0, 0]);
    expect(Array.from(await gpu.sum(ctx.tensor([], [0, 4]), { axes: [0] }).data())).toEqual([0, 0, 0, 0]);
    expect(Array.from(await gpu.sum(ctx.tensor([], [0, 4, 3]), { axes: [0, 2] }).data())).toEqual([0, 0, 0, 0]);
    expect(gpu.mean(x, { axes: [1] }).shape).toEqual([0]);
    expect(gpu.sumBackward(ctx.tensor([1], []), [0, 3]).shape).toEqual([0, 3]);
  });
});

test("reductions: prepared, and encoded into the caller's encoder; keepDims acts", async () => {
  const ctx = await context();
  const x = values([2, 3, 4], 1);
  const up = await gpu.sum.prepare(ctx, { shape: [2, 3, 4], axes: [1], keepDims: true });
  expect(up.output).toEqual({ shape: [2, 1, 4], dtype: 'f32', layout: 'nchw' });
  const output = ctx.tensor(new Float32Array(8), [2, 1, 4]);
  const encoder = ctx.device.createCommandEncoder();
  up.encode(encoder, { input: put(ctx, x), output });
  ctx.device.queue.submit([encoder.finish()]);
  expect(differs(await output.data(), reference.sum(x, { axes: [1] }).data, { units: 6, scale: 3 })).toBe('');
  expect(gpu.sum.explain(ctx, { shape: [2, 3, 4] }).admissible.sort()).toEqual(['contiguous', 'interleaved']);
  expect(gpu.meanBackward.explain(ctx, { shape: [], inputShape: [8] })).toMatchObject({ plan: 'wide' });
  up.dispose();
});

const x = values([2, 3, 4], 1);
const REFUSALS: [string, () => unknown, string][] = [
  ['axis', () => reference.sum(x, { axes: [3] }), 'sum: axes contains 3; expected whole numbers from -3 to 2'],
  ['twice', () => reference.sum(x, { axes: [1, -2] }), 'sum: axes [1, -2] names an axis twice; expected each axis once'],
  ['axes', () => reference.mean(x, { axes: 1 as never }), 'mean: axes is 1; expected an array of axes'],
  ['keepDims', () => reference.mean(x, { keepDims: 1 as never }), 'mean: keepDims is 1; expected true or false'],
  ['option', () => reference.sum(x, { dim: 1 } as never), 'sum: unknown option "dim"; options are axes, keepDims'],
  ['dtype', () => reference.sum({ ...x, dtype: 'u32' }), 'sum: x has dtype u32; expected f32 or f16'],
  ['empty', () => reference.mean(values([0, 3], 1), { axes: [0] }), 'mean: x [0, 3] has no elements'],
  [
    'no layout',
    () => reference.sum(values([2, 3, 4, 5], 1, { layout: 'nhwc' }), { axes: [0] }),
    'sum: without its batch axis the sum of an nhwc tensor [2, 3, 4, 5] has no layout; use keepDims',
  ],
  ['dy', () => reference.sumBackward(values([3], 1), [2, 3, 4]), 'sumBackward: dy has shape [3]; expected [], as the sum'],
  [
    'inputLayout',
    () => reference.sumBackward(values([], 1), [2, 3, 4], { inputLayout: 'x' as never }),
    'sumBackward: inputLayout is "x"; expected one of nchw, nhwc',
  ],
];
test('reductions: wrong arguments get their sentence', async () => {
  for (const [name, call, sentence] of REFUSALS) expect((await thrown(call)).message, name).toContain(sentence);
});
