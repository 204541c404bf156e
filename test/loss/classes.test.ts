// Cross entropy: every plan, layout, reduction, weight and label against the reference.
import { describe, expect, test } from 'vitest';
import { createContext } from '../../src/index.ts';
import { classesCall } from '../../src/ops/loss/arguments.ts';
import type { Reduction } from '../../src/ops/loss/call.ts';
import { classesBackwardPlans, classesPlans } from '../../src/ops/loss/classes.ts';
import * as reference from '../../src/ops/loss/cpu.ts';
import * as gpu from '../../src/ops/loss/index.ts';
import type { Plain } from '../../src/plain.ts';
import type { DType, Layout } from '../../src/plan.ts';
import { count, differs, hash32 } from '../fixtures.ts';
import { context, thrown } from '../gpu.ts';
import { everyPlan, gradcheck, HALF, put, putAskew, values } from '../pointwise/run.ts';

interface Case {
  readonly shape: readonly number[];
  readonly layout?: Layout;
  readonly weighted?: boolean;
  readonly ignoreIndex?: number;
  readonly labels?: 'i32' | 'u32';
}
const CASES: Case[] = [
  { shape: [1, 1] },
  { shape: [5, 3], weighted: true },
  { shape: [2, 4, 7], layout: 'nhwc', ignoreIndex: 2 },
  { shape: [2, 3, 5, 7], weighted: true, ignoreIndex: -100 },
  { shape: [2, 21, 9, 11], layout: 'nhwc', weighted: true, ignoreIndex: 255, labels: 'u32' },
  { shape: [1, 2, 3, 4, 5], weighted: true, ignoreIndex: 0 },
  { shape: [1, 2, 60, 70], layout: 'nhwc' },
];
const REDUCTIONS: Reduction[] = ['mean', 'sum', 'none'];

function data({ shape, layout = 'nchw', weighted, ignoreIndex, labels: kind = 'i32' }: Case, dtype: DType) {
  const [n, classes, ...spatial] = shape as [number, number, ...number[]];
  const x = values(shape, 1, { scale: 5, layout, dtype });
  const each = [n, ...spatial];
  const chosen = Array.from({ length: count(each) }, (_, i) => (ignoreIndex !== undefined && hash32(i, 3) % 4 === 0 ? ignoreIndex : hash32(i, 2) % classes));
  const weight = { ...values([classes], 4), data: values([classes], 4).data.map((w) => Math.abs(w) + 0.25) };
  const labels: Plain = { data: kind === 'i32' ? Int32Array.from(chosen) : Uint32Array.from(chosen), shape: each, dtype: kind };
  return { x, labels, weight: weighted ? weight : undefined, options: ignoreIndex === undefined ? {} : { ignoreIndex } };
}

async function check(ctx: Awaited<ReturnType<typeof context>>, c: Case, reduction: Reduction, dtype: DType = 'f32', place: typeof putAskew = put) {
  const { x, labels, weight, options } = data(c, dtype);
  const [dy, g] = [
    reduction === 'none' ? values(labels.shape, 5, { dtype }) : { data: [1.25], shape: [1] },
    values(c.shape, 6, { dtype, layout: c.layout ?? 'nchw' }),
  ];
  const inputs = { x: place(ctx, x, 3), labels: put(ctx, labels), ...(weight && { weight: place(ctx, weight, 1) }) };
  const more = { dy: put(ctx, dy), g: put(ctx, g) };
  const specs = Object.fromEntries(Object.entries({ ...inputs, ...more }).map(([n, t]) => [n, t.spec]));
  const all = { ...options, reduction, ...(weight && { weight }) };
  const half = dtype === 'f16' ? HALF : 0;
  const n = count(labels.shape);
  const runs = [
    // log near 1 errs by 2^-21, 8 units, and by 3 ulp elsewhere; exp by its 3 + 2|x| ulp, |x| up to 10: 46 units of a share
    {
      op: 'crossEntropy',
      want: reference.crossEntropy(x, labels, all),
      plans: classesPlans,
      extra: {},
      units: 64 + 2 * Math.sqrt(n),
      scale: reduction === 'sum' ? 12 * n : 12,
    },
    {
      op: 'crossEntropyBackward',
      want: reference.crossEntropyBackward(dy, x, labels, all),
      plans: classesBackwardPlans,
      extra: { dy: more.dy },
      units: 100,
      scale: 2,
    },
    {
      op: 'crossEntropyDoubleBackward',
      want: reference.crossEntropyDoubleBackward(g, dy, x, labels, all),
      plans: classesBackwardPlans,
      extra: more,
      units: 150,
      scale: 2,
    },
  ];
  for (const { op, want, plans, extra, units, scale } of runs) {
    const { dy: sdy, g: sg, ...rest } = specs;
    const call = classesCall(op, { ...rest, ...('dy' in extra && { dy: sdy! }), ...('g' in extra && { g: sg! }) }, { ...options, reduction });
    const size = op !== 'crossEntropy' && reduction === 'mean' ? scale / n : scale;
    for (const { plan, outputs } of await everyPlan(ctx, op, call, plans(call, ctx.adapter), { ...inputs, ...extra }))
      expect(differs(outputs['output']!, want.data, { units, scale: size, relative: half }), `${op} [${c.shape}] ${c.layout} ${reduction} ${plan}`).toBe('');
  }
  for (const t of [...Object.values(inputs), ...Object.values(more)]) t.dispose();
}

test('cross entropy: every plan, layout and reduction, weights and ignored labels, three derivatives', { timeout: 120_000 }, async () => {
  const ctx = await context();
  for (const c of CASES) for (const reduction of REDUCTIONS) await check(ctx, c, reduction);
});

test('cross entropy: f16, and tensors that begin anywhere', { timeout: 120_000 }, async () => {
  const ctx = await context();
  for (const c of CASES.slice(1, 5)) {
    await check(ctx, c, 'mean', 'f32', putAskew);
    if (ctx.device.features.has('shader-f16')) for (const reduction of REDUCTIONS) await check(ctx, c, reduction, 'f16');
  }
});

test('cross entropy: derivatives by finite differences in float64', () => {
  for (const reduction of REDUCTIONS) {
    const { x, labels, weight, options } = data({ shape: [2, 3, 5], weighted: true, ignoreIndex: 1 }, 'f32');
    const all = { ...options, reduction, weight: weight! };
    const dy = reduction === 'none' ? values(labels.shape, 5) : { data: [1.25], shape: [] };
    const g = values(x.shape, 6);
    const dx = reference.crossEntropyBackward(dy, x, labels, all).data;
    expect(
      gradcheck((t) => reference.crossEntropy({ ...x, data: t }, labels, all).data, x.data, dy.data, dx),
      reduction,
    ).toBeLessThan(1);
    const again = reference.crossEntropyDoubleBackward(g, dy, x, labels, all).data;
    expect(
      gradcheck((t) => reference.crossEntropyBackward(dy, { ...x, data: t }, labels, all).data, x.data, g.data, again),
      reduction,
    ).toBeLessThan(1);
  }
});

describe('cross entropy: at and beyond the edges', () => {
  test('large scores do not overflow, and equal ones share', async () => {
    const ctx = await context();
    const x = ctx.tensor([1e30, -1e30, 5, 5, -3e38, 3e38], [3, 2]);
    const y = await gpu.crossEntropy(x, ctx.tensor([0, 1, 1], [3], { dtype: 'i32' }), { reduction: 'none' }).data();
    expect(y[0]).toBe(0);
    expect(y[1]).toBeCloseTo(Math.log(2), 6);
    expect(y[2]).toBe(0);
  });

  test('a label that is no class makes the loss NaN, and only its own gradient', async () => {
    const ctx = await context();
    const x = ctx.tensor([1, 2, 3, 4], [2, 2]);
    for (const bad of [2, -1, 2 ** 31 - 1]) {
      const labels = ctx.tensor([0, bad], [2], { dtype: 'i32' });
      expect(await gpu.crossEntropy(x, labels).item(), `${bad}`).toBeNaN();
      const dx = await gpu.crossEntropyBackward(ctx.tensor([1, 1], [2]), x, labels, { reduction: 'none' }).data();
      expect(Array.from(dx, Number.isNaN), `${bad}`).toEqual([false, false, true, true]);
    }
  });

  test('NaN in a score is NaN in its position alone; an ignored position counts nothing, whatever it holds', async () => {
    const ctx = await context();
    const x = ctx.tensor([1, Number.NaN, 3, 4], [2, 2]);
    const y = await gpu.crossEntropy(x, ctx.tensor([0, 1], [2], { dtype: 'i32' }), { reduction: 'none' }).data();
    expect(y[0]).toBeNaN();
    expect(y[1]).toBeCloseTo(0.3132617, 6);
    const labels = ctx.tensor([-100, 1], [2], { dtype: 'i32' });
    expect(await gpu.crossEntropy(x, labels).item()).toBeCloseTo(0.3132617, 6);
    expect(Array.from(await gpu.crossEntropyBackward(ctx.tensor([1], []), x, labels).data()).slice(0, 2)).toEqual([0, 0]);
  });

  test('nothing but ignored positions: the sum is 0, and no gradient flows', async () => {
    const ctx = await context();
    const [x, labels] = [ctx.tensor([1, 2], [1, 2]), ctx.tensor([-100], [1], { dtype: 'i32' })];
    expect(await gpu.crossEntropy(x, labels, { reduction: 'sum' }).item()).toBe(0);
    expect(Array.from(await gpu.crossEntropyBackward(ctx.tensor([1], []), x, labels).data())).toEqual([0, 0]);
  });

  test('small limits: the batch in windows', async () => {
    const ctx = await createContext({ limits: { maxStorageBufferBindingSize: 65536, maxBufferSize: 262144, maxComputeWorkgroupsPerDimension: 7 } });
    for (const layout of ['nchw', 'nhwc'] as const)
      for (const reduction of REDUCTIONS) await check(ctx, { shape: [5, 3, 30, 41], layout, weighted: true }, reduction);
    const wide = ctx.tensor(new Float32Array(20_000), [1, 20_000]);
    expect((await thrown(() => gpu.crossEntropy(wide, ctx.tensor([1], [1], { dtype: 'i32' })))).message).toBe(
      'crossEntropy: one sample of 80000 bytes exceeds a storage binding; the device allows 65536 bytes',
    );
    ctx.destroy();
  });

  test('an empty batch', async () => {
    const ctx = await context();
    const [x, labels] = [ctx.tensor([], [0, 3, 4]), ctx.tensor([], [0, 4], { dtype: 'i32' })];
    expect(await gpu.crossEntropy(x, labels, { reduction: 'sum' }).item()).toBe(0);
    expect(gpu.crossEntropyBackward(ctx.tensor([1], []), x, labels, { reduction: 'sum' }).shape).toEqual([0, 3, 4]);
  });
});

test('cross entropy: prepared with weights; each option acts', async () => {
  const ctx = await context();
  const { x, labels, weight, options } = data({ shape: [2, 3, 5], weighted: true, ignoreIndex: 1 }, 'f32');
  const w = { weight: weight! };
  const results = [{}, w, options, { ...w, ...options }, { reduction: 'sum' as const }].map((o) => reference.crossEntropy(x, labels, o).data[0]!);
  expect(new Set(results.map((r) => r.toFixed(6))).size).toBe(5);
  const up = await gpu.crossEntropy.prepare(ctx, { x: { shape: [2, 3, 5] }, labels: { shape: [2, 5], dtype: 'i32' }, weight: { shape: [3] }, ignoreIndex: 1 });
  const output = ctx.tensor([0], []);
  const encoder = ctx.device.createCommandEncoder();
  up.encode(encoder, { x: put(ctx, x), labels: put(ctx, labels), weight: put(ctx, weight!), output });
  ctx.device.queue.submit([encoder.finish()]);
  expect(await output.item()).toBeCloseTo(results[3]!, 5);
  up.dispose();
});

const x = values([2, 3, 4], 1);
const l = (shape: number[], more: object = {}): Plain => ({ data: new Int32Array(count(shape)), shape, dtype: 'i32', ...more });
const REFUSALS: [string, () => unknown, string][] = [
  ['labels', () => reference.crossEntropy(x, l([2, 3])), 'crossEntropy: labels has shape [2, 3]; expected [2, 4] for x [2, 3, 4]'],
  [
    'shares',
    () => reference.crossEntropy(x, values([2, 4], 1)),
    'crossEntropy: labels has dtype f32; expected u32 or i32: the class of each position, not a share of each class',
  ],
  [
    'layout',
    () => reference.crossEntropy(values([2, 3, 4, 4], 1), l([2, 4, 4], { layout: 'nhwc' })),
    'crossEntropy: labels is nhwc; expected nchw, whatever x is',
  ],
  ['rank', () => reference.crossEntropy(values([3], 1), l([1])), 'crossEntropy: x has shape [3]; expected [N, C, ...spatial]'],
  ['weight', () => reference.crossEntropy(x, l([2, 4]), { weight: values([4], 1) }), 'crossEntropy: weight has shape [4]; expected [3], one a class'],
  ['weight dtype', () => reference.crossEntropy(x, l([2, 4]), { weight: l([3]) }), 'crossEntropy: weight has dtype i32; expected f32 or f16'],
  ['ignoreIndex', () => reference.crossEntropy(x, l([2, 4]), { ignoreIndex: 1.5 }), 'crossEntropy: ignoreIndex is 1.5; expected a whole number of 32 bits'],
  ['option', () => reference.crossEntropy(x, l([2, 4]), { labelSmoothing: 0.1 } as never), 'crossEntropy: unknown option "labelSmoothing"'],
  ['empty', () => reference.crossEntropy(values([0, 3], 1), l([0])), 'crossEntropy: labels [0] has no elements; expected some to take the mean of'],
  [
    'dy',
    () => reference.crossEntropyBackward(values([2, 4], 1), x, l([2, 4])),
    'crossEntropyBackward: dy has shape [2, 4]; expected one number, as the mean is',
  ],
  [
    'g',
    () => reference.crossEntropyDoubleBackward(values([2, 4], 1), values([1], 1), x, l([2, 4])),
    'crossEntropyDoubleBackward: g has shape [2, 4]; expected [2, 3, 4], as x',
  ],
];
test('cross entropy: wrong arguments get their sentence', async () => {
  for (const [name, call, sentence] of REFUSALS) expect((await thrown(call)).message, name).toContain(sentence);
  const ctx = await context();
  expect((await thrown(() => gpu.crossEntropy(put(ctx, x), put(ctx, l([2, 4])), { weight: 2 as never }))).message).toContain(
    'crossEntropy: weight is 2; expected a tensor',
  );
});
