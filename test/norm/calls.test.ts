// Calls as users write them: golden values, statistics in place, prepared calls, options that act, sentences; gradients of the reference by differences.
import { describe, expect, test } from 'vitest';
import type { Tensor } from '../../src/index.ts';
import * as reference from '../../src/ops/norm/cpu.ts';
import { batchNorm, batchNormBackward, groupNorm, groupNormBackward, instanceNorm, instanceNormBackward } from '../../src/ops/norm/index.ts';
import type { Plain, PlainResult } from '../../src/plain.ts';
import { count, generate } from '../fixtures.ts';
import { context, objectsMade, thrown } from '../gpu.ts';
import { CASES, tensorsOf } from './cases.ts';

const near = (got: ArrayLike<number>, want: readonly number[], by = 1e-6) =>
  expect(Math.max(...want.map((v, i) => Math.abs(got[i]! - v))), `${Array.from(got)} is not ${want}`).toBeLessThan(by);

describe('batchNorm', () => {
  // Two channels with means 2.5 and 0, biased variances 1.25 and 4, unbiased 5/3 and 16/3; eps makes them 4 and 6.75 - 2.5 and 2.
  const data = [1, 2, 3, 4, -2, 2, -2, 2];

  test('training: the biased variance divides, the unbiased one is kept, in place', async () => {
    const ctx = await context();
    const x = ctx.tensor(data, [1, 2, 4]);
    const runningMean = ctx.tensor([10, 1], [2]);
    const runningVar = ctx.tensor([1, 3], [2]);
    const y = batchNorm(x, { training: true, runningMean, runningVar, weight: ctx.tensor([2, 3], [2]), bias: ctx.tensor([1, -1], [2]), eps: 2.75 });
    const r = 1 / Math.sqrt(6.75);
    near(await y.data(), [1 - 1.5, 1 - 0.5, 1.5, 2.5, -1 - 6 * r, -1 + 6 * r, -1 - 6 * r, -1 + 6 * r]);
    near(await runningMean.data(), [10 * 0.9 + 0.25, 0.9]);
    near(await runningVar.data(), [0.9 + 0.1 * (5 / 3), 2.7 + 0.1 * (16 / 3)]);
    batchNorm(x, { training: true, runningMean, runningVar, momentum: 1 });
    near(await runningMean.data(), [2.5, 0]);
    near(await runningVar.data(), [5 / 3, 16 / 3]);
    expect([runningMean.version, runningVar.version]).toEqual([2, 2]);
    batchNormBackward(x, x, { training: true, runningMean, runningVar });
    batchNorm(x, { runningMean, runningVar });
    expect([runningMean.version, runningVar.version]).toEqual([2, 2]);
  });

  test('inference: the running statistics, and they stay', async () => {
    const ctx = await context();
    const x = ctx.tensor(data, [1, 2, 4]);
    const options = { runningMean: ctx.tensor([1, 2], [2]), runningVar: ctx.tensor([3, 0], [2]), eps: 1, weight: ctx.tensor([4, 1], [2]) };
    near(await batchNorm(x, options).data(), [0, 2, 4, 6, -4, 0, -4, 0]);
    expect(Array.from(await options.runningMean.data())).toEqual([1, 2]);
    const { dx, dw } = batchNormBackward(ctx.tensor([1, 1, 1, 1, 2, 0, 0, 0], [1, 2, 4]), x, options);
    near(await dx.data(), [2, 2, 2, 2, 2, 0, 0, 0]);
    near(await dw.data(), [(0 + 1 + 2 + 3) / 2, -8]);
  });

  test('only the wanted gradients are made: by default those of the tensors given', async () => {
    const ctx = await context();
    const x = ctx.tensor(data, [1, 2, 4]);
    const weight = ctx.tensor([1, 1], [2]);
    expect(Object.keys(batchNormBackward(x, x, { training: true }))).toEqual(['dx']);
    expect(Object.keys(batchNormBackward(x, x, { training: true, weight, bias: weight }))).toEqual(['dx', 'dw', 'db']);
    expect(Object.keys(batchNormBackward(x, x, { training: true, weight, gradients: ['db'] }))).toEqual(['db']);
    const kernels = batchNormBackward.explain(ctx, { dy: { shape: [2, 2, 4] }, x: { shape: [2, 2, 4] }, training: true, gradients: ['db'] }).kernels;
    expect(kernels.map((k) => k.kernel)).not.toContain('norm/back');
  });

  test('prepared: statistics are written where encode says', async () => {
    const ctx = await context();
    const two = { shape: [2] };
    const norm = await batchNorm.prepare(ctx, { x: { shape: [1, 2, 4] }, runningMean: two, runningVar: two, training: true });
    expect(Object.keys(norm.outputs)).toEqual(['output', 'runningMean', 'runningVar']);
    const [x, runningMean, runningVar] = [ctx.tensor(data, [1, 2, 4]), ctx.tensor([0, 0], [2]), ctx.tensor([1, 1], [2])];
    const output = ctx.tensor(new Float32Array(8), [1, 2, 4]);
    const encoder = ctx.device.createCommandEncoder();
    norm.encode(encoder, { x, runningMean, runningVar, output });
    ctx.device.queue.submit([encoder.finish()]);
    near(await runningMean.data(), [0.25, 0]);
    near(
      await output.data(),
      [-1.5, -0.5, 0.5, 1.5].map((v) => v / Math.sqrt(1.25 + 1e-5)),
    );
    norm.dispose();
  });

  test('an empty batch: an empty result, gradients of weights are 0, nothing moves', async () => {
    const ctx = await context();
    const x = ctx.tensor([], [0, 2, 3]);
    const runningMean = ctx.tensor([1, 2], [2]);
    const runningVar = ctx.tensor([3, 4], [2]);
    const weight = ctx.tensor([1, 1], [2]);
    expect(batchNorm(x, { training: true, runningMean, runningVar }).shape).toEqual([0, 2, 3]);
    expect(Array.from(await runningMean.data())).toEqual([1, 2]);
    const { dx, dw, db } = batchNormBackward(x, x, { training: true, weight, bias: weight });
    expect(dx.shape).toEqual([0, 2, 3]);
    expect(Array.from(await dw.data())).toEqual([0, 0]);
    expect(Array.from(await db.data())).toEqual([0, 0]);
    expect(instanceNorm.explain(ctx, { x: { shape: [0, 2, 3] } }).kernels).toEqual([]);
  });
});

test('one group is a layer norm, groups of one channel are an instance norm', async () => {
  const ctx = await context();
  const data = generate(2 * 4 * 6, 1);
  const x = ctx.tensor(data, [2, 4, 6]);
  near(await groupNorm(x, { groups: 4 }).data(), Array.from(await instanceNorm(x).data()));
  const y = await groupNorm(x, { groups: 1 }).data();
  for (const n of [0, 1]) {
    const part = Array.from(y.subarray(24 * n, 24 * n + 24));
    expect(Math.abs(part.reduce((a, v) => a + v, 0))).toBeLessThan(1e-5);
    expect(Math.abs(part.reduce((a, v) => a + v * v, 0) / 24 - 1)).toBeLessThan(1e-3);
  }
});

test('a group of one value is its bias, and its gradient 0', async () => {
  const ctx = await context();
  const x = ctx.tensor([1, -2, 3, 4], [2, 2, 1]);
  const options = { groups: 2, weight: ctx.tensor([3, 4], [2]), bias: ctx.tensor([5, 6], [2]) };
  expect(Array.from(await groupNorm(x, options).data())).toEqual([5, 6, 5, 6]); // ONNX Runtime 1.30 CPU
  const { dx, dw, db } = groupNormBackward(x, x, options);
  expect([dx, dw, db].map((t) => t.shape)).toEqual([[2, 2, 1], [2], [2]]);
  near(await dx.data(), [0, 0, 0, 0], 1e-4);
  near(await dw.data(), [0, 0]);
  near(await db.data(), [4, 2]);
});

type Ops = Record<string, (...args: unknown[]) => never>;
const cpu = reference as unknown as Ops;

test('gradients of the reference are those of finite differences', () => {
  for (const c of CASES.filter((k) => count(k.shape) < 200))
    for (const layout of ['nchw', 'nhwc'] as const) {
      const { dy, ...t } = tensorsOf(c, layout, 'f32') as Record<string, Plain>;
      const tensors = Object.fromEntries(Object.entries(t).map(([name, v]) => [name, { ...v, data: Float64Array.from(v.data) }]));
      const loss = () => {
        const { x, ...rest } = tensors;
        const y = cpu[`${c.kind}Norm`]!(x, { ...c.options, ...rest }) as PlainResult;
        return y.data.reduce((sum, v, i) => sum + v * dy!.data[i]!, 0);
      };
      const { x, ...rest } = tensors;
      const grads = cpu[`${c.kind}NormBackward`]!(dy, x, { ...c.options, ...rest }) as Record<string, PlainResult>;
      for (const [name, gradient] of [
        ['x', 'dx'],
        ['weight', 'dw'],
        ['bias', 'db'],
      ] as const) {
        const data = tensors[name]?.data;
        expect(!!grads[gradient], `${c.kind} ${gradient}`).toBe(!!data);
        for (let i = 0; data && i < data.length; i++) {
          const old = data[i]!;
          data[i] = old + 1e-6;
          const up = loss();
          data[i] = old - 1e-6;
          const slope = (up - loss()) / 2e-6;
          data[i] = old;
          const got = grads[gradient]!.data[i]!;
          expect(Math.abs(got - slope), `${c.kind}Norm [${c.shape}] ${layout} ${gradient}[${i}]: ${got}, differences ${slope}`).toBeLessThan(
            1e-5 + 1e-3 * Math.abs(slope),
          );
        }
      }
    }
});

const x3 = [2, 4, 3];
const REFUSED: readonly (readonly [op: string, shape: readonly number[], options: object, message: string])[] = [
  ['batchNorm', x3, { train: true }, 'unknown option "train"; options are weight, bias, runningMean, runningVar, training, momentum, eps'],
  ['batchNorm', x3, {}, 'runningMean is missing, runningVar missing; expected both, since training is false'],
  ['batchNorm', x3, { training: true, runningMean: [4] }, 'runningMean is given, runningVar missing; expected both or none'],
  ['batchNorm', x3, { training: 1 }, 'training is 1; expected true or false'],
  ['batchNorm', x3, { training: true, momentum: 0.5 }, 'momentum has no effect here; it moves running statistics in training'],
  ['batchNorm', x3, { runningMean: [4], runningVar: [4], momentum: 0.5 }, 'momentum has no effect here; it moves running statistics in training'],
  ['batchNorm', x3, { training: true, runningMean: [4], runningVar: [4], momentum: 2 }, 'momentum is 2; expected a number from 0 to 1'],
  ['batchNorm', x3, { training: true, eps: -1 }, 'eps is -1; expected 0 or more'],
  ['batchNorm', x3, { training: true, eps: '1' }, 'eps is "1"; expected a finite number'],
  ['batchNorm', x3, { training: true, weight: [3] }, 'weight has shape [3]; expected [4], one value per channel'],
  ['batchNorm', x3, { training: true, bias: [4, 1] }, 'bias has shape [4, 1]; expected [4], one value per channel'],
  ['batchNorm', [1, 4], { training: true }, 'x [1, 4] has one value for each mean; expected more than one value per channel in training'],
  ['batchNorm', [4], { training: true }, 'x [4] has rank 1; expected [N, C, ...spatial]'],
  ['batchNorm', [2, 0, 3], { training: true }, 'x [2, 0, 3] has an empty axis; expected channels and spatial sizes of 1 or more; only the batch may be 0'],
  ['instanceNorm', [2, 4, 1], {}, 'x [2, 4, 1] has one value for each mean; expected more than one'],
  ['instanceNorm', x3, { training: true }, 'unknown option "training"; options are weight, bias, eps'],
  ['groupNorm', [1, 4, 1], { groups: 4 }, 'x [1, 4, 1] has one value for each mean; expected more than one'],
  ['groupNorm', x3, {}, 'groups is undefined; expected a whole number of 1 or more'],
  ['groupNorm', x3, { groups: 3 }, 'groups 3 do not divide the 4 channels of x; expected a divisor of the channels'],
  ['batchNormBackward', x3, { training: true, gradients: ['db', 'dz'] }, 'gradients is ["db", "dz"]; expected some of dx, dw, db'],
  ['batchNormBackward', x3, { training: true, gradients: [] }, 'gradients is []; expected some of dx, dw, db'],
];
const gpu = { batchNorm, batchNormBackward, instanceNorm, instanceNormBackward, groupNorm, groupNormBackward } as unknown as Record<
  string,
  (...a: unknown[]) => Tensor
>;

test.each(REFUSED)('%s %j %j is refused, and nothing is made', async (op, shape, options, message) => {
  const ctx = await context();
  const TENSORS = ['weight', 'bias', 'runningMean', 'runningVar'];
  const make = (of: (shape: number[]) => unknown) =>
    Object.fromEntries(Object.entries(options).map(([name, v]) => [name, TENSORS.includes(name) ? of(v as number[]) : v]));
  const zeros = (s: readonly number[]) => new Float32Array(count(s));
  const x = ctx.tensor(zeros(shape), shape);
  const given = make((s) => ctx.tensor(zeros(s), s));
  const args = op.endsWith('Backward') ? 2 : 1;
  let error: Error | undefined;
  expect(
    await objectsMade(ctx.device, async () => {
      error = await thrown(() => gpu[op]!(...new Array(args).fill(x), given));
    }),
  ).toBe(0);
  expect(error!.message).toBe(`${op}: ${message}`);
  const plain = (s: readonly number[]) => ({ data: zeros(s), shape: [...s] });
  expect((await thrown(() => cpu[op]!(...(new Array(args).fill(plain(shape)) as []), make(plain) as never))).message).toBe(`${op}: ${message}`);
});

test('dtypes and shapes that do not belong together', async () => {
  const ctx = await context();
  const x = ctx.tensor(new Float32Array(24), [2, 4, 3]);
  const four = ctx.tensor([1, 2, 3, 4], [4]);
  const cases: [() => unknown, string][] = [
    [() => batchNorm(x, { training: true, runningMean: four, runningVar: four }), 'batchNorm: runningMean and runningVar are one tensor; expected two'],
    [() => batchNorm(ctx.tensor([1, 2], [2, 1], { dtype: 'u32' }), { training: true }), 'batchNorm: x has dtype u32; expected f32 or f16'],
    [() => batchNorm(x, { training: true, weight: ctx.tensor([1, 2, 3, 4], [4], { dtype: 'i32' }) }), 'batchNorm: weight has dtype i32; expected f32 or f16'],
    [
      () => batchNorm(x, { runningMean: ctx.tensor([1, 2, 3, 4], [4], { dtype: 'i32' }), runningVar: ctx.tensor([1, 2, 3, 4], [4]) }),
      'batchNorm: runningMean has dtype i32; expected f32',
    ],
    [
      () => instanceNormBackward(ctx.tensor(new Float32Array(24), [2, 3, 4]), x),
      "instanceNormBackward: dy has shape [2, 3, 4]; expected [2, 4, 3], the result's",
    ],
    [
      () => groupNormBackward(ctx.tensor(new Float32Array(24), [2, 4, 3], { layout: 'nhwc' }), x, { groups: 2 }),
      'groupNormBackward: dy has layout nhwc but x has nchw; expected one layout for both',
    ],
  ];
  for (const [call, message] of cases) expect((await thrown(call)).message).toBe(message);
});
