// Softmax and its logarithm along any axis: every plan against the reference.
import { describe, expect, test } from 'vitest';
import { fromHalf, toHalf } from '../../src/half.ts';
import { createContext } from '../../src/index.ts';
import { softmaxCall } from '../../src/ops/reduce/arguments.ts';
import * as reference from '../../src/ops/reduce/cpu.ts';
import * as gpu from '../../src/ops/reduce/index.ts';
import { softmaxPlans } from '../../src/ops/reduce/softmax.ts';
import type { DType, Layout } from '../../src/plan.ts';
import { differs } from '../fixtures.ts';
import { context, thrown } from '../gpu.ts';
import { everyPlan, gradcheck, HALF, put, putAskew, values } from '../pointwise/run.ts';

const [GPU, REFERENCE] = [{ ...gpu }, { ...reference }];
const CASES: [shape: readonly number[], axis: number | undefined, layout: Layout][] = [
  [[1], 0, 'nchw'],
  [[5, 1], undefined, 'nchw'],
  [[3, 7], undefined, 'nchw'],
  [[2, 5, 4], undefined, 'nchw'],
  [[2, 5, 4], undefined, 'nhwc'],
  [[2, 3, 5, 8], -1, 'nchw'],
  [[2, 4, 3, 5], 2, 'nhwc'],
  [[5, 3, 4], 0, 'nchw'],
  [[2, 4, 3, 2, 3], undefined, 'nhwc'],
  [[2, 300], undefined, 'nchw'],
];

async function check(
  ctx: Awaited<ReturnType<typeof context>>,
  [shape, axis, layout]: (typeof CASES)[number],
  log: boolean,
  dtype: DType = 'f32',
  place: typeof putAskew = put,
) {
  const op = log ? 'logSoftmax' : 'softmax';
  const options = axis === undefined ? {} : { axis };
  const [x, dy] = [values(shape, 1, { scale: 5, layout, dtype }), values(shape, 2, { layout, dtype })];
  const want = REFERENCE[op](x, options);
  // The result as the GPU will have it, so that its own error is not counted twice.
  const y = { ...want, data: dtype === 'f16' ? fromHalf(toHalf(want.data)) : Float32Array.from(want.data) };
  const dx = REFERENCE[`${op}Backward`](dy, y, options);
  const half = dtype === 'f16' ? HALF : 0;
  const inputs = { input: place(ctx, x, 1), dy: place(ctx, dy, 2), y: place(ctx, y as never, 3) };
  const title = `${op} [${shape}] along ${axis} ${layout} ${dtype}`;
  const classes = shape[axis === undefined ? 1 : (axis + shape.length) % shape.length]!;
  const runs = [
    // exp errs by 3 + 2|x| ulp, |x| up to 10, of a share; log by 2^-21 or 3 ulp of at most 10.
    { call: softmaxCall(log)(op, { x: inputs.input.spec }, options), tensors: { input: inputs.input }, want: want.data, scale: log ? 10 : 1 },
    {
      call: softmaxCall(log)(`${op}Backward`, { dy: inputs.dy.spec, y: inputs.y.spec }, options),
      tensors: { dy: inputs.dy, y: inputs.y },
      want: dx.data,
      scale: log ? 1 + Math.sqrt(classes) : 1,
    },
  ];
  for (const { call, tensors, want, scale } of runs)
    for (const { plan, outputs } of await everyPlan(ctx, call.op, call, softmaxPlans(call, ctx.adapter), tensors))
      expect(differs(outputs['output']!, want, { units: 64 + (half && 0.5), scale, relative: half }), `${title} ${call.op} ${plan}`).toBe('');
  for (const t of Object.values(inputs)) t.dispose();
}

test('softmax: every plan along every axis, and the gradients', { timeout: 120_000 }, async () => {
  const ctx = await context();
  for (const c of CASES) for (const log of [false, true]) await check(ctx, c, log);
});

test('softmax: f16, and tensors that begin anywhere', { timeout: 120_000 }, async () => {
  const ctx = await context();
  for (const c of CASES.slice(2, 6))
    for (const log of [false, true]) {
      await check(ctx, c, log, 'f32', putAskew);
      if (ctx.device.features.has('shader-f16')) await check(ctx, c, log, 'f16');
    }
});

test('softmax: gradients by finite differences in float64', () => {
  for (const op of ['softmax', 'logSoftmax'] as const) {
    const [x, dy] = [values([2, 4, 3], 1, { scale: 2 }), values([2, 4, 3], 2)];
    const dx = REFERENCE[`${op}Backward`](dy, REFERENCE[op](x)).data;
    expect(
      gradcheck((t) => REFERENCE[op]({ ...x, data: t }).data, x.data, dy.data, dx),
      op,
    ).toBeLessThan(1);
  }
});

describe('softmax: at and beyond the edges', () => {
  test('large scores neither overflow nor vanish', async () => {
    const ctx = await context();
    const x = ctx.tensor([1e30, 0, -1e30, 88, 89, -300], [2, 3]);
    const y = await gpu.softmax(x).data();
    expect(Array.from(y.slice(0, 3))).toEqual([1, 0, 0]);
    expect(y[3]! + y[4]! + y[5]!).toBeCloseTo(1, 6);
    expect(Array.from(await gpu.logSoftmax(x).data()).slice(0, 2)).toEqual([0, Math.fround(-1e30)]);
  });

  test('NaN makes its own run NaN, and no other', async () => {
    const ctx = await context();
    const x = ctx.tensor([1, Number.NaN, 2, 1, 2, 3], [2, 3]);
    for (const op of ['softmax', 'logSoftmax'] as const) {
      const y = await GPU[op](x).data();
      expect(Array.from(y, Number.isNaN), op).toEqual([true, true, true, false, false, false]);
    }
  });

  test('small limits: runs in windows', async () => {
    const ctx = await createContext({ limits: { maxStorageBufferBindingSize: 65536, maxBufferSize: 262144, maxComputeWorkgroupsPerDimension: 7 } });
    for (const layout of ['nchw', 'nhwc'] as const) await check(ctx, [[5, 7, 21, 60], undefined, layout], false);
    expect((await thrown(() => gpu.softmax(ctx.tensor(new Float32Array(20_000), [1, 20_000])))).message).toBe(
      'softmax: one run of 80000 bytes exceeds a storage binding; the device allows 65536 bytes',
    );
    ctx.destroy();
  });

  test('an empty batch', async () => {
    const ctx = await context();
    expect(gpu.softmax(ctx.tensor([], [0, 3, 4])).shape).toEqual([0, 3, 4]);
  });
});

test("softmax: prepared, and encoded into the caller's encoder", async () => {
  const ctx = await context();
  const x = values([2, 3, 4], 1);
  const up = await gpu.softmax.prepare(ctx, { shape: [2, 3, 4], axis: 2 });
  const output = ctx.tensor(new Float32Array(24), [2, 3, 4]);
  const encoder = ctx.device.createCommandEncoder();
  up.encode(encoder, { input: put(ctx, x), output });
  ctx.device.queue.submit([encoder.finish()]);
  expect(differs(await output.data(), reference.softmax(x, { axis: 2 }).data, { units: 32, scale: 1 })).toBe('');
  expect(gpu.logSoftmaxBackward.explain(ctx, { dy: { shape: [2, 3, 4] }, y: { shape: [2, 3, 4] } })).toMatchObject({
    plan: 'wide',
    admissible: ['wide', 'plain'],
  });
  up.dispose();
});

const x = values([2, 3, 4], 1);
test('softmax: wrong arguments get their sentence', async () => {
  const sentences: [() => unknown, string][] = [
    [() => reference.softmax(x, { axis: 3 }), 'softmax: axis is 3; expected whole numbers from -3 to 2'],
    [() => reference.softmax(values([3], 1)), 'softmax: axis is 1; expected whole numbers from -1 to 0'],
    [() => reference.softmax(x, { dim: 1 } as never), 'softmax: unknown option "dim"; options are axis'],
    [() => reference.logSoftmax({ ...x, dtype: 'i32' }), 'logSoftmax: x has dtype i32; expected f32 or f16'],
    [() => reference.softmaxBackward(x, values([2, 3], 1)), 'softmaxBackward: y has shape [2, 3]; expected [2, 3, 4], as dy'],
    [() => reference.softmaxBackward(x, values([2, 3, 4], 1, { layout: 'nhwc' })), 'softmaxBackward: y is nhwc but dy is nchw'],
  ];
  for (const [call, sentence] of sentences) expect((await thrown(call)).message).toContain(sentence);
});
