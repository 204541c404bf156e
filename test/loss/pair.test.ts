// Losses of two tensors: every plan, reduction, target and gradient against the reference.
import { describe, expect, test } from 'vitest';
import { createContext } from '../../src/index.ts';
import { lossBackwardCall, lossCall } from '../../src/ops/loss/arguments.ts';
import type { PairLoss, Reduction } from '../../src/ops/loss/call.ts';
import * as reference from '../../src/ops/loss/cpu.ts';
import * as gpu from '../../src/ops/loss/index.ts';
import { lossBackwardPlans, lossPlans } from '../../src/ops/loss/plan.ts';
import type { Plain, PlainResult } from '../../src/plain.ts';
import type { DType, Layout } from '../../src/plan.ts';
import { count, differs } from '../fixtures.ts';
import { context, thrown } from '../gpu.ts';
import { everyPlan, gradcheck, HALF, put, putAskew, values } from '../pointwise/run.ts';

const GPU = { ...gpu };
const NAMES: PairLoss[] = ['mse', 'l1', 'bceWithLogits'];
const REDUCTIONS: Reduction[] = ['mean', 'sum', 'none'];
const SHAPES: (readonly number[])[] = [[], [2, 3, 5], [2, 4, 3, 8], [1, 3, 37, 31], [1, 1, 300, 400]];
type Run = (x: Plain, target: Plain | number, options?: object) => PlainResult;
type Back = (dy: Plain, x: Plain, target: Plain | number, options?: object) => Record<string, PlainResult>;
const forward = (name: PairLoss) => ({ ...reference })[name] as Run;
const backward = (name: PairLoss) => ({ ...reference })[`${name}Backward`] as unknown as Back;

async function check(
  ctx: Awaited<ReturnType<typeof context>>,
  name: PairLoss,
  shape: readonly number[],
  reduction: Reduction,
  { dtype = 'f32' as DType, layout = 'nchw' as Layout, number = false, place = put as typeof putAskew } = {},
) {
  const [x, t] = [values(shape, 1, { scale: 4, dtype, layout }), number ? 0.75 : values(shape, 2, { dtype, layout })];
  const options = { reduction };
  const found: string[] = [];
  const inputs = { x: place(ctx, x, 1), ...(typeof t !== 'number' && { target: place(ctx, t, 2) }) };
  const given = { x: inputs.x.spec, target: inputs.target?.spec ?? (t as number) };
  const call = lossCall(name)(name, given, options);
  const want = forward(name)(x, t, options);
  const half = dtype === 'f16' ? HALF : 0;
  const largest = { mse: 25, l1: 5, bceWithLogits: 9 }[name];
  const n = count(shape);
  // A mean divides the error of the sum; terms err by less than 16 units of the largest, exp by its 3 + 2|x| ulp.
  const bound = { units: 16 + 2 * Math.sqrt(n), scale: reduction === 'sum' ? largest * n : largest, relative: reduction === 'none' ? half : 0 };
  for (const { plan, outputs } of await everyPlan(ctx, name, call, lossPlans(call, ctx.adapter), inputs)) {
    const message = differs(outputs['output']!, want.data, bound);
    if (message) found.push(`${plan}: ${message}`);
  }
  const dy = reduction === 'none' ? values(shape, 3, { dtype, layout }) : { data: [1.5], shape: [] };
  const up = place(ctx, dy as never, reduction === 'none' ? 3 : 1);
  const gradients = number ? ['dx'] : ['dx', 'dtarget'];
  const grads = backward(name)(dy, x, t, { reduction, gradients });
  const back = lossBackwardCall(name)(`${name}Backward`, { dy: up.spec, ...given }, { reduction, gradients } as never);
  for (const { plan, outputs } of await everyPlan(ctx, `${name}Backward`, back, lossBackwardPlans(back, ctx.adapter), { dy: up, ...inputs })) {
    expect(Object.keys(outputs)).toEqual(gradients);
    for (const [key, got] of Object.entries(outputs)) {
      const scale = (reduction === 'mean' ? 1.5 / n : 1.5) * 10;
      const message = differs(got, grads[key]!.data, { units: 12 + (half && 0.5 / scale), scale, relative: half });
      if (message) found.push(`${plan}, ${key}: ${message}`);
    }
  }
  for (const tensor of [up, ...Object.values(inputs)]) tensor.dispose();
  expect(found, `${name} ${reduction} [${shape}] ${dtype} ${layout} ${number}`).toEqual([]);
}

test('losses: every plan, reduction and kind of target', { timeout: 120_000 }, async () => {
  const ctx = await context();
  for (const name of NAMES)
    for (const [i, shape] of SHAPES.entries())
      for (const reduction of REDUCTIONS)
        for (const number of [false, true]) await check(ctx, name, shape, reduction, { number, layout: i % 2 ? 'nhwc' : 'nchw' });
});

test('losses: f16, and tensors that begin anywhere', { timeout: 120_000 }, async () => {
  const ctx = await context();
  for (const name of NAMES)
    for (const shape of SHAPES.slice(1, 4))
      for (const reduction of REDUCTIONS) {
        await check(ctx, name, shape, reduction, { place: putAskew });
        if (ctx.device.features.has('shader-f16')) await check(ctx, name, shape, reduction, { dtype: 'f16' });
      }
});

test('losses: gradients are those of the losses, by finite differences in float64', () => {
  for (const name of NAMES)
    for (const reduction of REDUCTIONS) {
      const [x, t] = [values([2, 3, 4], 1, { scale: 3 }), values([2, 3, 4], 2)];
      const dy = reduction === 'none' ? values([2, 3, 4], 3) : { data: [1.5], shape: [] };
      const { dx, dtarget } = backward(name)(dy, x, t, { reduction, gradients: ['dx', 'dtarget'] });
      const run = forward(name);
      expect(
        gradcheck((v) => run({ ...x, data: v }, t, { reduction }).data, x.data, dy.data, dx!.data),
        `${name} ${reduction}`,
      ).toBeLessThan(1);
      expect(
        gradcheck((v) => run(x, { ...t, data: v }, { reduction }).data, t.data, dy.data, dtarget!.data),
        `${name} ${reduction}`,
      ).toBeLessThan(1);
    }
});

describe('losses: at and beyond the edges', () => {
  test('the mean is one f32 number, whatever the dtype of x', async () => {
    const ctx = await context();
    const dtype = ctx.device.features.has('shader-f16') ? 'f16' : 'f32';
    const y = gpu.mse(ctx.tensor([1, 2, 4], [3], { dtype }), 0);
    expect([y.dtype, y.shape]).toEqual(['f32', []]);
    expect(await y.item()).toBe(7);
  });

  test('l1 is flat where x is its target', async () => {
    const ctx = await context();
    const { dx } = gpu.l1Backward(ctx.tensor([6], [1]), ctx.tensor([1, 2, 3], [3]), 2);
    expect(Array.from(await dx.data(), (v) => v + 0)).toEqual([-2, 0, 2]);
  });

  test('bceWithLogits neither overflows nor loses what is small', async () => {
    const ctx = await context();
    const logits = [-100, -50, -20, -5, 5, 20, 50, 100];
    for (const target of [0, 1]) {
      const y = await gpu.bceWithLogits(ctx.tensor(logits, [8]), target, { reduction: 'none' }).data();
      const want = reference.bceWithLogits({ data: logits, shape: [8] }, target, { reduction: 'none' }).data;
      // exp errs by 3 + 2|x| ulp of itself; below 1e-37 it may be 0
      for (const [i, e] of want.entries())
        if (e > 1e-37) expect(Math.abs(y[i]! - e) / e, `${logits[i]}, ${target}`).toBeLessThan((3 + 2 * Math.abs(logits[i]!) + 8) * 2 ** -23);
    }
  });

  test('NaN passes every loss', async () => {
    const ctx = await context();
    const x = ctx.tensor([1, Number.NaN, 2], [3]);
    for (const name of NAMES) expect(await GPU[name](x, 0).item(), name).toBeNaN();
  });

  test('small limits: windows, and a length that cannot be cut', async () => {
    const ctx = await createContext({ limits: { maxStorageBufferBindingSize: 65536, maxBufferSize: 262144, maxComputeWorkgroupsPerDimension: 7 } });
    for (const reduction of REDUCTIONS) await check(ctx, 'mse', [1, 3, 100, 150], reduction);
    expect((await thrown(() => gpu.mse(ctx.tensor(new Float32Array(20_011), [20_011]), 0))).message).toContain(
      'mse: one run of 80044 bytes exceeds a storage binding',
    );
    ctx.destroy();
  });

  test('sums over nothing are 0', async () => {
    const ctx = await context();
    expect(await gpu.mse(ctx.tensor([], [0, 3]), 0, { reduction: 'sum' }).item()).toBe(0);
    expect(gpu.l1(ctx.tensor([], [0, 3]), 0, { reduction: 'none' }).shape).toEqual([0, 3]);
  });
});

test("losses: prepared, and encoded into the caller's encoder", async () => {
  const ctx = await context();
  const [x, t] = [values([2, 3, 4], 1), values([2, 3, 4], 2)];
  const up = await gpu.mse.prepare(ctx, { x: { shape: [2, 3, 4] }, target: { shape: [2, 3, 4] } });
  const output = ctx.tensor([0], []);
  const encoder = ctx.device.createCommandEncoder();
  up.encode(encoder, { x: put(ctx, x), target: put(ctx, t), output });
  ctx.device.queue.submit([encoder.finish()]);
  expect(await output.item()).toBeCloseTo(reference.mse(x, t).data[0]!, 6);
  expect(gpu.mseBackward.explain(ctx, { dy: { shape: [] }, x: { shape: [8] }, target: 1 })).toMatchObject({
    plan: 'wide',
    kernels: [{ kernel: 'pointwise/pair_slope' }],
  });
  up.dispose();
});

const v = (shape: readonly number[], dtype: DType = 'f32', layout: Layout = 'nchw') => values(shape, 1, { dtype, layout });
const REFUSALS: [string, () => unknown, string][] = [
  ['reduction', () => reference.mse(v([2]), 0, { reduction: 'max' as never }), 'mse: reduction is "max"; expected one of mean, sum, none'],
  ['option', () => reference.l1(v([2]), 0, { mean: true } as never), 'l1: unknown option "mean"; options are reduction'],
  ['shapes', () => reference.mse(v([2]), v([3])), 'mse: target has shape [3]; expected [2], as x'],
  ['no repeating', () => reference.mse(v([2]), v([1])), 'mse: target has shape [1]; expected [2], as x'],
  ['layouts', () => reference.mse(v([1, 2, 3]), v([1, 2, 3], 'f32', 'nhwc')), 'mse: target is nhwc but x is nchw'],
  ['dtypes', () => reference.mse(v([2]), v([2], 'f16')), 'mse: target has dtype f16; expected f32'],
  ['number', () => reference.mse(v([2]), Number.NaN), 'mse: target is NaN; expected a finite number'],
  ['empty', () => reference.mse(v([0, 2]), 0), 'mse: x [0, 2] has no elements; expected some to take the mean of'],
  ['dy', () => reference.mseBackward(v([2]), v([2]), 0), 'mseBackward: dy has shape [2]; expected one number, as the mean is'],
  ['dy of each', () => reference.mseBackward(v([1]), v([2]), 0, { reduction: 'none' }), 'mseBackward: dy has shape [1]; expected [2], as the losses'],
  ['gradients', () => reference.l1Backward(v([1]), v([2]), 0, { gradients: ['dtarget'] }), 'l1Backward: gradients contains "dtarget"; expected some of dx'],
];
test('losses: wrong arguments get their sentence', async () => {
  for (const [name, call, sentence] of REFUSALS) expect((await thrown(call)).message, name).toContain(sentence);
  const ctx = await context();
  expect((await thrown(() => gpu.mse(ctx.tensor([1], [1]), undefined as never))).message).toContain('mse: target is undefined; expected a tensor');
});
