// Every normalisation under every plan against the reference in float64: results, running statistics and gradients.
import { expect, test } from 'vitest';
import { type Context, createContext, type Tensor } from '../../src/index.ts';
import { normBackwardCall, normCall } from '../../src/ops/norm/arguments.ts';
import { normBackwardPlans, normPlans } from '../../src/ops/norm/plan.ts';
import type { DType, Layout } from '../../src/plan.ts';
import { count, differs } from '../fixtures.ts';
import { context } from '../gpu.ts';
import { bounds, CASES, type Case, tensorsOf, title, wanted } from './cases.ts';

/** What is wrong with the results of every plan, as sentences; `seen` collects the plans. */
async function wrong(ctx: Context, c: Case, layout: Layout, dtype: DType, seen: Set<string>, skew = 0): Promise<string[]> {
  const plain = tensorsOf(c, layout, dtype);
  const want = wanted(c, plain);
  const allowed = bounds(c, plain, dtype === 'f16');
  const { kind, options = {} } = c;
  const found: string[] = [];
  for (const back of [false, true]) {
    const put = (name: string): Tensor => {
      const t = plain[name]!;
      if (!skew) return ctx.tensor(t.data, t.shape, { layout: t.layout, dtype: t.dtype });
      const buffer = ctx.device.createBuffer({ size: 4 * (t.data.length + skew), usage: 0x80 | 0x4 | 0x8 });
      ctx.device.queue.writeBuffer(buffer, 4 * skew, t.data);
      return ctx.wrap(buffer, t.shape, { layout: t.layout, dtype: t.dtype, offset: 4 * skew });
    };
    const names = Object.keys(plain).filter((name) => back || name !== 'dy');
    const given = Object.fromEntries(names.map((name) => [name, put(name)]));
    const specs = Object.fromEntries(names.map((name) => [name, given[name]!.spec]));
    const op = `${kind}Norm${back ? 'Backward' : ''}`;
    const call = back ? normBackwardCall(kind)(op, specs, { ...options, gradients: ['dx', 'dw', 'db'] }) : normCall(kind)(op, specs, options);
    const plans = (back ? normBackwardPlans : normPlans)(call, ctx.adapter);
    for (const [i, plan] of plans.entries()) {
      const into = call.moves ? { runningMean: put('runningMean'), runningVar: put('runningVar') } : {};
      const inputs = Object.fromEntries(Object.entries(given).filter(([name]) => !(name in into)));
      const out = ctx.run(op, `${JSON.stringify(call)} test ${i}`, inputs, () => plan, into);
      seen.add(plan.name);
      for (const [name, t] of Object.entries(out)) {
        const message = differs(await t.data(), want[name]!, allowed[name]!);
        if (message) found.push(`${title(c, layout, dtype)}, ${plan.name}, ${name}: ${message}`);
        expect(t.shape).toEqual(name === 'output' || name === 'dx' ? c.shape : [c.shape[1]]);
        t.dispose();
      }
    }
    for (const t of Object.values(given)) t.dispose();
  }
  return found;
}

const LAYOUTS = ['nchw', 'nhwc'] as const;

test('normalisations: f32, both layouts, forward and gradients under every plan', { timeout: 120_000 }, async () => {
  const ctx = await context();
  const seen = new Set<string>();
  const found: string[] = [];
  for (const c of CASES) for (const layout of LAYOUTS) found.push(...(await wrong(ctx, c, layout, 'f32', seen)));
  expect(found).toEqual([]);
  expect([...seen].sort()).toEqual(['invocations plain', 'invocations vec4', 'plain', 'vec4', 'workgroups plain', 'workgroups vec4']);
});

test('normalisations: tensors that begin at odd places', async () => {
  const ctx = await context();
  const found: string[] = [];
  for (const c of CASES.filter((_, i) => i % 3 === 0)) found.push(...(await wrong(ctx, c, 'nchw', 'f32', new Set(), 3)));
  expect(found).toEqual([]);
});

test('normalisations: f16 storage, f32 sums', { timeout: 120_000 }, async () => {
  const ctx = await context();
  if (!ctx.device.features.has('shader-f16')) {
    expect(() => ctx.tensor([1], [1], { dtype: 'f16' })).toThrow(/shader-f16/);
    return;
  }
  const found: string[] = [];
  for (const c of CASES) for (const layout of LAYOUTS) found.push(...(await wrong(ctx, c, layout, 'f16', new Set())));
  expect(found).toEqual([]);
});

test('normalisations: a batch above a binding is cut into windows, the grid folds', { timeout: 120_000 }, async () => {
  const ctx = await createContext({ limits: { maxStorageBufferBindingSize: 2 ** 14, maxBufferSize: 2 ** 18, maxComputeWorkgroupsPerDimension: 7 } });
  const found: string[] = [];
  const all = 'weight bias runningMean runningVar';
  const big: Case[] = [
    { kind: 'batch', shape: [7, 5, 33, 11], options: { training: true }, with: all },
    { kind: 'batch', shape: [9, 4, 16, 12], with: all },
    { kind: 'group', shape: [7, 6, 31, 11], options: { groups: 2 }, with: 'weight bias' },
    { kind: 'instance', shape: [11, 4, 16, 20], with: 'weight' },
  ];
  for (const c of big) for (const layout of LAYOUTS) found.push(...(await wrong(ctx, c, layout, 'f32', new Set())));
  expect(found).toEqual([]);
  const spec = { x: { shape: [2, 1, 5000], dtype: 'f32', layout: 'nchw', skew: 0 } } as const;
  expect(() => normPlans(normCall('instance')('instanceNorm', spec, {}), ctx.adapter)).toThrow(
    'instanceNorm: one sample of 20000 bytes exceeds a storage binding; the device allows 16384 bytes',
  );
  ctx.destroy();
});

test('variances do not cancel: a mean of 2^20 beside a deviation of about 1', async () => {
  const ctx = await context();
  for (const shape of [
    [4, 2, 33, 31],
    [2, 3, 5],
  ])
    for (const layout of LAYOUTS) {
      // Whole numbers symmetric about 2^20: the mean is exact, and x - mean too.
      const n = count(shape);
      const half = n / 2;
      const space = count(shape.slice(2));
      const near = (i: number) => ((i * 7) % 5) - 2;
      const data = Float32Array.from({ length: n }, (_, i) => 2 ** 20 + (i < half ? near(i) : -near(i - half)));
      if (layout === 'nchw' && half % (shape[1]! * space)) continue; // halves of the batch mirror each other
      const c: Case = { kind: 'batch', shape, options: { training: true } };
      const want = wanted(c, { x: { data, shape, layout }, dy: { data, shape, layout } })['output']!;
      const x = ctx.tensor(data, shape, { layout });
      const call = normCall('batch')('batchNorm', { x: x.spec }, { training: true });
      for (const [i, plan] of normPlans(call, ctx.adapter).entries()) {
        const { output } = ctx.run('batchNorm', `${JSON.stringify(call)} test ${i}`, { x }, () => plan);
        expect(differs(await output!.data(), want, { units: 16 + 2 * Math.sqrt(n), scale: 2 }), `${plan.name} [${shape}] ${layout}`).toBe('');
        output!.dispose();
      }
      x.dispose();
    }
});

test('the same call gives the same bits, fifty times', async () => {
  const ctx = await context();
  const seen: string[] = [];
  const c = CASES.find((k) => k.kind === 'group' && k.shape[1] === 12)!;
  const plain = tensorsOf(c, 'nchw', 'f32');
  const x = ctx.tensor(plain['x']!.data, c.shape);
  const call = normCall('group')('groupNorm', { x: x.spec }, c.options!);
  for (let i = 0; i < 50; i++) {
    const { output } = ctx.run('groupNorm', JSON.stringify(call), { x }, () => normPlans(call, ctx.adapter)[0]!);
    seen.push(Array.from(new Uint32Array(((await output!.data()) as Float32Array).buffer)).join());
    output!.dispose();
  }
  expect(new Set(seen).size).toBe(1);
});
