// Functions of two operands: every way in which the second may repeat, under every plan, forward and both gradients.
import { describe, expect, test } from 'vitest';
import { createContext } from '../../src/index.ts';
import { pairBackwardCall, pairCall } from '../../src/ops/pointwise/arguments.ts';
import type { Binary } from '../../src/ops/pointwise/call.ts';
import * as reference from '../../src/ops/pointwise/cpu.ts';
import * as gpu from '../../src/ops/pointwise/pair.ts';
import { pairBackwardPlans, pairPlans } from '../../src/ops/pointwise/plan.ts';
import type { Plain, PlainResult } from '../../src/plain.ts';
import type { DType, Layout } from '../../src/plan.ts';
import type { Tensor } from '../../src/tensor.ts';
import { count, differs } from '../fixtures.ts';
import { context, thrown } from '../gpu.ts';
import { everyPlan, gradcheck, HALF, most, put, putAskew, values } from './run.ts';

const REFERENCE = { ...reference };

/** Shapes of a and b: no b is a number. Cells of four fit along a, along b, along neither; up to three runs of axes are kept. */
const SHAPES: [a: readonly number[], b?: readonly number[]][] = [
  [[2, 3, 5]],
  [
    [2, 4, 3, 8],
    [2, 4, 3, 8],
  ],
  [
    [1, 3, 37, 31],
    [1, 3, 37, 31],
  ],
  [[], []],
  [[2, 4, 3, 8], [1]],
  [
    [7, 3],
    [1, 1],
  ],
  [[2, 4, 3, 8], [4]],
  [[2, 5, 3, 7], [5]],
  [[3, 7], [7]],
  [
    [2, 4, 3, 8],
    [2, 4, 1, 1],
  ],
  [
    [2, 8, 3, 4],
    [2, 1, 3, 4],
  ],
  [
    [2, 3, 3, 5],
    [2, 1, 3, 1],
  ],
  [
    [2, 3, 2, 3, 4],
    [2, 1, 2, 1, 4],
  ],
  [
    [3, 1, 4],
    [3, 1, 1],
  ],
  [[2, 600, 9], [600]],
  [[2, 3, 40, 40], [3]],
  [[1, 2, 64, 65], [1]],
];
const NAMES: Binary[] = ['add', 'sub', 'mul', 'prelu'];

/** What one rounding, or the sum of n terms in passes of at most 64 in a row, may be off by: semantics.md 14 for sums. */
const units = (terms: number) => 4 + 2 * Math.sqrt(terms);

async function check(
  ctx: Awaited<ReturnType<typeof context>>,
  name: Binary,
  [as, bs]: (typeof SHAPES)[number],
  layout: Layout,
  dtype: DType,
  place: typeof putAskew = put,
) {
  const names = name === 'prelu' ? (['x', 'w'] as const) : (['a', 'b'] as const);
  const a = values(as, 1, { layout, dtype });
  const b = bs ? values(bs, 2, { layout, dtype }) : 0.375;
  const dy = values(as, 3, { layout, dtype });
  const relative = dtype === 'f16' ? HALF : 0;
  const found: string[] = [];
  const run = REFERENCE[name] as unknown as (a: Plain, b: Plain | number) => PlainResult;
  const back = REFERENCE[`${name}Backward`] as unknown as (dy: Plain, a: Plain, b: Plain | number) => Record<string, PlainResult>;
  const want = run(a, b).data;
  const grads = back(dy, a, b);
  const tensors: Record<string, Tensor> = { [names[0]]: place(ctx, a, 1), ...(typeof b !== 'number' && { [names[1]]: place(ctx, b, 2) }) };
  const given = { ...Object.fromEntries(Object.entries(tensors).map(([n, t]) => [n, t.spec])), ...(typeof b === 'number' && { [names[1]]: b }) };
  const call = pairCall(name, names)(name, given, {});
  for (const { plan, outputs } of await everyPlan(ctx, name, call, pairPlans(call, ctx.adapter), tensors)) {
    const message = differs(outputs['output']!, want, { units: 2, scale: 2, relative });
    if (message) found.push(`${plan}: ${message}`);
  }
  const up = place(ctx, dy, 3);
  const backCall = pairBackwardCall(name, names)(`${name}Backward`, { dy: up.spec, ...given }, {});
  const terms = typeof b === 'number' ? 1 : count(as) / Math.max(count(bs!), 1);
  for (const { plan, outputs } of await everyPlan(ctx, `${name}Backward`, backCall, pairBackwardPlans(backCall, ctx.adapter), { dy: up, ...tensors })) {
    expect(Object.keys(outputs).sort()).toEqual(Object.keys(grads).sort());
    for (const [n, got] of Object.entries(outputs)) {
      const message = differs(got, grads[n]!.data, n === `d${names[0]}` ? { units: 2, scale: 1, relative } : { units: units(terms), scale: terms, relative });
      if (message) found.push(`${plan}, ${n}: ${message}`);
    }
  }
  for (const t of [up, ...Object.values(tensors)]) t.dispose();
  expect(found, `${name} [${as}] [${bs}] ${layout} ${dtype}`).toEqual([]);
}

const fits = (name: Binary, [, b]: (typeof SHAPES)[number]) => name !== 'prelu' || b?.length === 1;

test('pairs: every plan, f32, both layouts', { timeout: 120_000 }, async () => {
  const ctx = await context();
  for (const name of NAMES)
    for (const shapes of SHAPES) for (const layout of ['nchw', 'nhwc'] as const) if (fits(name, shapes)) await check(ctx, name, shapes, layout, 'f32');
});

test('pairs: f16, and tensors that begin anywhere', { timeout: 120_000 }, async () => {
  const ctx = await context();
  for (const name of NAMES)
    for (const shapes of SHAPES.filter((_, i) => i % 3 === 0 || i === 1)) {
      if (!fits(name, shapes)) continue;
      await check(ctx, name, shapes, 'nhwc', 'f32', putAskew);
      if (ctx.device.features.has('shader-f16')) await check(ctx, name, shapes, 'nchw', 'f16');
    }
});

test('pairs: gradients are those of the functions, by finite differences in float64', () => {
  for (const name of NAMES)
    for (const [as, bs] of [
      [[2, 3, 4], [3]],
      [[2, 3, 2], [1]],
    ] as const) {
      const [a, b, dy] = [values(as, 1), values(bs, 2), values(as, 3)];
      const run = REFERENCE[name] as unknown as (a: Plain, b: Plain) => PlainResult;
      const grads = Object.values((REFERENCE[`${name}Backward`] as unknown as (dy: Plain, a: Plain, b: Plain) => Record<string, PlainResult>)(dy, a, b));
      expect(
        gradcheck((t) => run({ ...a, data: t }, b).data, a.data, dy.data, grads[0]!.data),
        name,
      ).toBeLessThan(1);
      expect(
        gradcheck((t) => run(a, { ...b, data: t }).data, b.data, dy.data, grads[1]!.data),
        name,
      ).toBeLessThan(1);
    }
});

describe('pairs: at and beyond the edges', () => {
  test('the sum over a million elements errs by less than a few units: passes, not one long chain', async () => {
    const ctx = await context();
    const shape = [2, 1, 724, 725];
    const dy = { data: values(shape, 1).data.map((v) => v + 1), shape };
    const want = reference.addBackward(dy, dy, values([1], 1)).db.data[0]!;
    const up = put(ctx, dy);
    const call = pairBackwardCall('add', ['a', 'b'])(
      'addBackward',
      { dy: up.spec, a: up.spec, b: { shape: [1], dtype: 'f32', layout: 'nchw', skew: 0 } },
      { gradients: ['db'] },
    );
    for (const { plan, outputs } of await everyPlan(ctx, 'addBackward', call, pairBackwardPlans(call, ctx.adapter), { dy: up, a: up }))
      expect(Math.abs(outputs['db']![0]! - want) / want, plan).toBeLessThan(16 * 2 ** -24);
  });

  test('at 0 prelu gives its slope, and NaN passes', async () => {
    const ctx = await context();
    const [x, w, dy] = [ctx.tensor([0, Number.NaN, 2], [1, 1, 3]), ctx.tensor([0.25], [1]), ctx.tensor([4, 4, 4], [1, 1, 3])];
    expect(Array.from(await gpu.prelu(x, w).data())).toEqual([0, Number.NaN, 2]);
    const { dx, dw } = gpu.preluBackward(dy, x, w);
    expect((await dx.data())[0]).toBe(1);
    expect((await dx.data())[2]).toBe(4);
    expect(await dw.item()).toBeNaN();
    for (const name of ['add', 'sub', 'mul'] as const) expect((await { ...gpu }[name](x, 3).data())[1], name).toBeNaN();
  });

  test('small limits: windows, folded grids, partial sums', async () => {
    const ctx = await createContext({ limits: { maxStorageBufferBindingSize: 65536, maxBufferSize: 262144, maxComputeWorkgroupsPerDimension: 7 } });
    for (const shapes of [
      [[3, 4, 60, 90], [4]],
      [
        [3, 4, 60, 90],
        [3, 4, 60, 90],
      ],
      [[1, 2, 200, 100], [1]],
    ] as const)
      for (const name of ['mul', 'prelu'] as const)
        if (fits(name, shapes as never)) for (const layout of ['nchw', 'nhwc'] as const) await check(ctx, name, shapes as never, layout, 'f32');
    const wide = ctx.tensor(new Float32Array(20_011), [20_011]);
    expect((await thrown(() => gpu.addBackward(wide, wide, ctx.tensor([1], [1])))).message).toContain(
      'addBackward: one run of 80044 bytes exceeds a storage binding; the device allows 65536 bytes',
    );
    ctx.destroy();
  });

  test('an empty batch: empty results, and zeros as gradients of what repeats', async () => {
    const ctx = await context();
    const [x, w] = [ctx.tensor([], [0, 3, 4]), ctx.tensor([1, 2, 3], [3])];
    expect((await gpu.mul(x, w).data()).length).toBe(0);
    const { da, db } = gpu.mulBackward(x, x, w);
    expect(da.shape).toEqual([0, 3, 4]);
    expect(Array.from(await db.data())).toEqual([0, 0, 0]);
  });

  test('the same call gives the same bits', async () => {
    const ctx = await context();
    const [x, dy, w] = [put(ctx, values([2, 3, 41, 43], 1)), put(ctx, values([2, 3, 41, 43], 2)), put(ctx, values([3], 3))];
    const first = await gpu.preluBackward(dy, x, w).dw.data();
    for (let i = 0; i < 50; i++) expect(await gpu.preluBackward(dy, x, w, { gradients: ['dw'] }).dw.data()).toEqual(first);
  });
});

test('pairs: scale is its own transpose, and linear', async () => {
  const ctx = await context();
  const [x, y] = [values([2, 3, 5], 1), values([2, 3, 5], 2)];
  const got = await gpu.scale(put(ctx, x), -2.5).data();
  expect(differs(got, reference.scale(x, -2.5).data, { units: 2, scale: 2.5 })).toBe('');
  expect(await gpu.scaleBackward(put(ctx, y), -2.5).data()).toEqual(await gpu.scale(put(ctx, y), -2.5).data());
});

test("pairs: prepared, and encoded into the caller's encoder; gradients by choice", async () => {
  const ctx = await context();
  const [a, b, dy] = [values([2, 3, 4], 1), values([3], 2), values([2, 3, 4], 3)];
  const up = await gpu.mul.prepare(ctx, { a: { shape: [2, 3, 4] }, b: { shape: [3] } });
  const back = await gpu.mulBackward.prepare(ctx, { dy: { shape: [2, 3, 4] }, a: { shape: [2, 3, 4] }, b: { shape: [3] }, gradients: ['db'] });
  expect(Object.keys(back.outputs)).toEqual(['db']);
  const io = { a: put(ctx, a), b: put(ctx, b), output: put(ctx, a), dy: put(ctx, dy), db: put(ctx, b) };
  const encoder = ctx.device.createCommandEncoder();
  up.encode(encoder, io);
  back.encode(encoder, io as never);
  ctx.device.queue.submit([encoder.finish()]);
  expect(differs(await io.output.data(), reference.mul(a, b).data, { units: 2, scale: 1 })).toBe('');
  expect(differs(await io.db.data(), reference.mulBackward(dy, a, b).db.data, { units: 8, scale: most(dy.data) * 8 })).toBe('');
  expect(gpu.add.explain(ctx, { a: { shape: [4] }, b: 2 })).toMatchObject({ plan: 'wide', admissible: ['wide', 'plain'] });
  up.dispose();
  back.dispose();
});

const t = (shape: readonly number[], layout: Layout = 'nchw', dtype: DType = 'f32') => values(shape, 1, { layout, dtype });
const REFUSALS: [string, () => unknown, string][] = [
  [
    'shapes',
    () => reference.add(t([2, 5, 4]), t([4])),
    'add: b [4] does not repeat to [2, 5, 4]; expected that shape, or with ones in it, [5] (one a channel), or [1]',
  ],
  ['rank', () => reference.mul(t([2, 5, 4]), t([5, 1])), 'mul: b [5, 1] does not repeat'],
  ['a repeats', () => reference.mul(t([1, 5]), t([2, 5])), 'mul: b [2, 5] does not repeat to [1, 5]'],
  ['layouts', () => reference.sub(t([2, 5, 4]), t([2, 5, 4], 'nhwc')), 'sub: b is nhwc but a is nchw; expected one layout for all operands'],
  ['layouts, repeated', () => reference.sub(t([2, 5, 4]), t([2, 1, 4], 'nhwc')), 'expected one layout for all operands'],
  ['dtypes', () => reference.mul(t([2]), t([2], 'nchw', 'f16')), 'mul: b has dtype f16; expected f32, as the first operand'],
  ['whole numbers', () => reference.mul(t([2], 'nchw', 'i32'), 1), 'mul: a has dtype i32; expected f32 or f16'],
  ['NaN', () => reference.add(t([2]), Number.NaN), 'add: b is NaN; expected a finite number'],
  ['slope', () => reference.prelu(t([2, 3]), t([2, 3])), 'prelu: w has shape [2, 3]; expected [1] or [channels]'],
  ['slopes', () => reference.prelu(t([2, 3]), t([2])), 'prelu: w [2] does not repeat to [2, 3]'],
  ['dy', () => reference.addBackward(t([3]), t([2]), 1), 'addBackward: dy has shape [3]; expected [2], as a'],
  ['gradients', () => reference.addBackward(t([2]), t([2]), 1, { gradients: ['db' as never] }), 'addBackward: gradients contains "db"; expected some of da'],
  [
    'gradient',
    () => reference.preluBackward(t([2]), t([2]), t([1]), { gradients: ['da' as never] }),
    'preluBackward: gradients contains "da"; expected some of dx, dw',
  ],
  ['none', () => reference.preluBackward(t([2]), t([2]), t([1]), { gradients: [] }), 'preluBackward: gradients is empty'],
  ['factor', () => reference.scale(t([2]), Number.POSITIVE_INFINITY), 'scale: factor is Infinity; expected a finite number'],
];
test('pairs: wrong arguments get their sentence', async () => {
  for (const [name, call, sentence] of REFUSALS) expect((await thrown(call)).message, name).toContain(sentence);
  const ctx = await context();
  expect((await thrown(() => gpu.add(ctx.tensor([1], [1]), 'x' as never))).message).toContain('add: b is "x"; expected a tensor');
  expect((await thrown(() => gpu.scale(ctx.tensor([1], [1]), ctx.tensor([1], [1]) as never))).message).toBe(
    'scale: factor is a tensor; expected a number; mul takes tensors',
  );
  const other = await createContext();
  expect((await thrown(() => gpu.add(ctx.tensor([1], [1]), other.tensor([1], [1])))).message).toBe('add: b belongs to another context');
  other.destroy();
});
