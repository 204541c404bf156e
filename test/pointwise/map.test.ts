// Functions of one number and their derivatives: every plan against the reference, in every shape that cells of four do and do not fit.
import { describe, expect, test } from 'vitest';
import { createContext } from '../../src/index.ts';
import { mapCall } from '../../src/ops/pointwise/arguments.ts';
import type { Unary } from '../../src/ops/pointwise/call.ts';
import * as reference from '../../src/ops/pointwise/cpu.ts';
import * as gpu from '../../src/ops/pointwise/index.ts';
import { mapPlans } from '../../src/ops/pointwise/plan.ts';
import type { Plain } from '../../src/plain.ts';
import type { DType, Layout } from '../../src/plan.ts';
import { differs, generate } from '../fixtures.ts';
import { context, thrown } from '../gpu.ts';
import { everyPlan, gradcheck, HALF, most, put, putAskew, values } from './run.ts';

/** What WGSL and the formulas may be off by for |x| <= 8, in units of 2^-24: of the largest factor, and of the result itself.
 * exp errs by 3 + 2|x| ulp = 38 units of itself; log by 2^-21 near 1; a division by 2.5 ulp; the normal share by 1.5e-7, times x. */
const ALLOWED: Record<Unary, { units: number; relative: number }> = {
  relu: { units: 0, relative: 1 },
  leakyRelu: { units: 0, relative: 2 },
  tanh: { units: 12, relative: 2 },
  sigmoid: { units: 10, relative: 2 },
  silu: { units: 24, relative: 10 },
  gelu: { units: 32, relative: 10 },
  square: { units: 0, relative: 2 },
  abs: { units: 0, relative: 1 },
  exp: { units: 0, relative: 42 },
  log: { units: 8, relative: 14 },
  sqrt: { units: 0, relative: 24 },
};
const NAMES = Object.keys(ALLOWED) as Unary[];
const SHAPES: [readonly number[], Layout][] = [
  [[], 'nchw'],
  [[3], 'nchw'],
  [[2, 3, 5], 'nhwc'],
  [[2, 4, 3, 8], 'nchw'],
  [[1, 3, 37, 31], 'nhwc'],
];
const OPS = ['', 'Backward', 'DoubleBackward'] as const;
type Values = ReturnType<typeof values>;
type Call = (...args: unknown[]) => { data: Float64Array };
const GPU = { ...gpu };
const referenceOf = (op: string) => (reference as unknown as Record<string, Call>)[op]!;

/** x away from what a function cannot take. */
const domain = (name: Unary, x: Values): Values => (name === 'log' || name === 'sqrt' ? { ...x, data: x.data.map((v) => Math.abs(v) + 0.0625) } : x);
const options = (name: Unary) => (name === 'leakyRelu' ? { negativeSlope: 0.1875 } : {});

for (const dtype of ['f32', 'f16'] as DType[])
  test(`pointwise: every function and derivative under every plan, ${dtype}`, { timeout: 120_000 }, async () => {
    const ctx = await context();
    if (dtype === 'f16' && !ctx.device.features.has('shader-f16')) return expect(() => ctx.tensor([1], [1], { dtype })).toThrow(/shader-f16/);
    const found: string[] = [];
    const seen = new Set<string>();
    for (const [shape, layout] of dtype === 'f32' ? SHAPES : SHAPES.slice(2)) {
      const [x, dy, g] = [8, 1, 1].map((scale, i) => values(shape, i + 1, { scale, layout, dtype })) as [Values, Values, Values];
      for (const name of NAMES)
        for (const [order, suffix] of OPS.entries()) {
          const own = { g, dy, x: domain(name, x) };
          const tensors = Object.fromEntries(Object.entries(own).slice(2 - order)) as Record<string, Plain>;
          const want = referenceOf(`${name}${suffix}`)(...Object.values(tensors), options(name)).data;
          const inputs = Object.fromEntries(Object.entries(tensors).map(([n, t]) => [order || n !== 'x' ? n : 'input', put(ctx, t)]));
          const specs = Object.fromEntries(Object.entries(inputs).map(([n, t]) => [n === 'input' ? 'x' : n, t.spec]));
          const call = mapCall(name)(name + suffix, specs, options(name));
          const { units, relative } = ALLOWED[name];
          const bound = {
            units: Math.max(units, 1),
            scale: name === 'log' || name === 'silu' || name === 'gelu' ? 8 : 1,
            relative: relative * 2 ** -24 + (dtype === 'f16' ? HALF : 0),
          };
          for (const { plan, outputs } of await everyPlan(ctx, name + suffix, call, mapPlans(call, ctx.adapter), inputs)) {
            seen.add(plan);
            const message = differs(outputs['output']!, want, bound);
            if (message) found.push(`${name}${suffix} [${shape}] ${plan}: ${message}`);
          }
          for (const t of Object.values(inputs)) t.dispose();
        }
    }
    expect(found).toEqual([]);
    expect([...seen].sort()).toEqual(['plain', 'wide']);
  });

test('pointwise: derivatives are those of the functions, by finite differences in float64', () => {
  for (const name of NAMES) {
    const x = domain(name, values([24], 3, { scale: 3 }));
    const dy = values([24], 4);
    const g = values([24], 5);
    const plain = (data: ArrayLike<number>): Plain => ({ data, shape: [24] });
    const back = referenceOf(`${name}Backward`)(dy, x, options(name)).data;
    expect(
      gradcheck((t) => referenceOf(name)(plain(t), options(name)).data, x.data, dy.data, back),
      name,
    ).toBeLessThan(1);
    const again = referenceOf(`${name}DoubleBackward`)(g, dy, x, options(name)).data;
    expect(
      gradcheck((t) => referenceOf(`${name}Backward`)(dy, plain(t), options(name)).data, x.data, g.data, again),
      `${name} twice`,
    ).toBeLessThan(1);
  }
});

describe('pointwise: at and beyond the edges', () => {
  test('at the kinks: the derivative from below, and 0 for abs', async () => {
    const ctx = await context();
    const at = ctx.tensor([0, -0], [2]);
    const dy = ctx.tensor([3, 3], [2]);
    for (const name of ['relu', 'abs'] as const) expect(most(await GPU[`${name}Backward`](dy, at).data()), name).toBe(0);
    expect(Array.from(await gpu.leakyReluBackward(dy, at, { negativeSlope: 0.5 }).data())).toEqual([1.5, 1.5]);
  });

  test('NaN passes every function, and reaches no neighbour', async () => {
    const ctx = await context();
    const clean = domain('log', values([1, 2, 3, 4], 1));
    const dirty = { ...clean, data: clean.data.slice() };
    dirty.data[5] = Number.NaN;
    for (const name of NAMES) {
      const [a, b] = [await GPU[name](put(ctx, clean)).data(), await GPU[name](put(ctx, dirty)).data()];
      expect(b[5], name).toBeNaN();
      expect(Array.from(b).toSpliced(5, 1), name).toEqual(Array.from(a).toSpliced(5, 1));
    }
  });

  test('large arguments saturate: no overflow inside', async () => {
    const ctx = await context();
    const x = ctx.tensor([-3e38, -200, -89, 89, 200, 3e38], [6]);
    expect(Array.from(await gpu.tanh(x).data())).toEqual([-1, -1, -1, 1, 1, 1]);
    expect(Array.from(await gpu.sigmoid(x).data()).slice(3)).toEqual([1, 1, 1]);
    expect(most((await gpu.sigmoid(x).data()).slice(0, 3))).toBeLessThan(1e-37);
    for (const name of ['silu', 'gelu'] as const) {
      const y = await GPU[name](x).data();
      expect(most(y.slice(0, 3)), name).toBeLessThan(1e-36);
      expect(Array.from(y.slice(3)), name).toEqual([89, 200, Math.fround(3e38)]);
    }
  });

  test('tensors that begin anywhere in a foreign buffer', async () => {
    const ctx = await context();
    for (const skew of [1, 2, 4, 67]) {
      const [x, dy] = [values([3, 7, 5], 1), values([3, 7, 5], 2)];
      const y = gpu.siluBackward(putAskew(ctx, dy, 0), putAskew(ctx, x, skew));
      expect(differs(await y.data(), reference.siluBackward(dy, x).data, { units: 12, scale: 1.2 }), `${skew}`).toBe('');
    }
  });

  test('small limits: windows and folded grids', async () => {
    const ctx = await createContext({ limits: { maxStorageBufferBindingSize: 65536, maxBufferSize: 262144, maxComputeWorkgroupsPerDimension: 7 } });
    const n = 40_003;
    const [x, dy] = [values([n], 1), values([n], 2)];
    const call = mapCall('tanh')('tanhBackward', { dy: put(ctx, dy).spec, x: put(ctx, x).spec }, {});
    const plans = mapPlans(call, ctx.adapter);
    expect(plans[0]!.steps.length).toBeGreaterThan(2);
    for (const { plan, outputs } of await everyPlan(ctx, 'tanhBackward', call, plans, { dy: put(ctx, dy), x: put(ctx, x) }))
      expect(differs(outputs['output']!, reference.tanhBackward(dy, x).data, { units: 16, scale: 1 }), plan).toBe('');
    ctx.destroy();
  });

  test('an empty tensor gives an empty tensor, without a dispatch', async () => {
    const ctx = await context();
    const x = ctx.tensor([], [0, 3, 4]);
    expect(gpu.relu(x).shape).toEqual([0, 3, 4]);
    expect((await gpu.relu(x).data()).length).toBe(0);
    expect(gpu.relu.explain(ctx, { shape: [0, 3, 4] }).kernels).toEqual([]);
  });
});

test("pointwise: prepared, and encoded into the caller's encoder; explained", async () => {
  const ctx = await context();
  const x = values([2, 3, 5, 7], 1, { layout: 'nhwc' });
  const up = await gpu.leakyRelu.prepare(ctx, { shape: x.shape, layout: 'nhwc', negativeSlope: 0.25 });
  const output = ctx.tensor(new Float32Array(210), x.shape, { layout: 'nhwc' });
  const encoder = ctx.device.createCommandEncoder();
  up.encode(encoder, { input: put(ctx, x), output });
  ctx.device.queue.submit([encoder.finish()]);
  expect(await output.data()).toEqual(Float32Array.from(reference.leakyRelu(x, { negativeSlope: 0.25 }).data));
  expect(up.explain()).toMatchObject({ plan: 'wide', admissible: ['wide', 'plain'] });
  const back = await gpu.leakyReluBackward.prepare(ctx, { dy: { shape: [4] }, x: { shape: [4] } });
  expect(back.explain().kernels).toEqual([{ kernel: 'pointwise/slope', grid: [1, 1, 1] }]);
  up.dispose();
  back.dispose();
});

test('pointwise: a new size compiles nothing, and the same call the same bits', async () => {
  const ctx = await createContext();
  const run = async (n: number) => await gpu.gelu(ctx.tensor(generate(n, 1), [n])).data();
  const first = await run(64);
  const before = ctx.memory().pipelines;
  for (const n of [128, 4096, 260]) await run(n);
  expect(ctx.memory().pipelines).toBe(before);
  for (let i = 0; i < 20; i++) expect(await run(64)).toEqual(first);
  ctx.destroy();
});

const REFUSALS: [string, () => unknown, string][] = [
  ['dtype', () => reference.relu({ data: [1], shape: [1], dtype: 'i32' }), 'relu: x has dtype i32; expected f32 or f16'],
  ['option', () => reference.relu({ data: [1], shape: [1] }, { slope: 1 }), 'relu: unknown option "slope"'],
  ['slope', () => reference.leakyRelu({ data: [1], shape: [1] }, { negativeSlope: Number.NaN }), 'leakyRelu: negativeSlope is NaN; expected a finite number'],
  ['shapes', () => reference.tanhBackward(values([2], 1), values([3], 1)), 'tanhBackward: x has shape [3]; expected [2], as dy'],
  [
    'layouts',
    () => reference.siluBackward(values([1, 2, 3], 1), values([1, 2, 3], 1, { layout: 'nhwc' })),
    'siluBackward: x is nhwc but dy is nchw; expected one layout for all operands',
  ],
  [
    'dtypes',
    () => reference.siluBackward(values([1], 1), values([1], 1, { dtype: 'f16' })),
    'siluBackward: x has dtype f16; expected f32, as the first operand',
  ],
];
test('pointwise: wrong arguments get their sentence', async () => {
  for (const [name, call, sentence] of REFUSALS) expect((await thrown(call)).message, name).toContain(sentence);
  const ctx = await context();
  const x = ctx.tensor([1], [1]);
  expect((await thrown(() => gpu.relu(undefined as never))).message).toBe('relu: x is undefined; expected a tensor of ctx.tensor, ctx.wrap or an operation');
  expect((await thrown(() => gpu.reluBackward(x, 3 as never))).message).toContain('reluBackward: x is 3; expected a tensor');
  expect((await thrown(() => gpu.reluBackward.prepare(ctx, {} as never))).message).toContain(
    'reluBackward: dy is undefined; expected { shape, dtype, layout }',
  );
});
