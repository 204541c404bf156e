// The public calls: prepared and explained, gradients, options, refusals.
import { describe, expect, test } from 'vitest';
import * as gpu from '../../src/index.ts';
import { fold, foldBackward, UpsampleError, unfold, unfoldBackward } from '../../src/index.ts';
import { foldPlans } from '../../src/ops/fold/plan.ts';
import * as reference from '../../src/reference.ts';
import { count, differs, generate, hash32 } from '../fixtures.ts';
import { context, objectsMade } from '../gpu.ts';
import { EXAMPLES, titleOf } from './cases.ts';
import { callOf, directionsOf } from './run.ts';

/** Operations by name. */
const GPU = { ...gpu };
const REFERENCE = { ...reference };

const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => Array.from(a).reduce((sum, v, i) => sum + v * b[i]!, 0);

test('<U x, y> = <x, Ut y>: unfold and fold, each the gradient of the other', async () => {
  const ctx = await context();
  for (const example of EXAMPLES) {
    const { shape, options, layout } = example;
    const x = ctx.tensor(generate(count(shape), 1), shape, { layout });
    const y = unfold(x, options);
    const dy = ctx.tensor(generate(y.size, 2), y.shape, { layout });
    const dx = unfoldBackward(dy, shape, options);
    expect(dx.shape).toEqual(shape);
    const [left, right] = [dot(await y.data(), await dy.data()), dot(await x.data(), await dx.data())];
    expect(Math.abs(left - right), titleOf(example)).toBeLessThan(1e-6 * y.size);
    const back = { ...options, outputSize: shape.slice(2) };
    expect(await fold(dy, back).data()).toEqual(await dx.data());
    const columns = foldBackward(x, back);
    expect([columns.shape, await columns.data()]).toEqual([y.shape, await y.data()]);
    const plain = { data: await x.data(), shape, layout };
    expect(differs(await columns.data(), reference.foldBackward(plain, back).data, { units: 0, scale: 1 })).toBe('');
    const want = reference.unfoldBackward({ data: await dy.data(), shape: y.shape, layout }, shape, options);
    expect(differs(await dx.data(), want.data, { units: 4 + 2 * Math.sqrt(27), scale: 27 })).toBe('');
    for (const t of [x, y, dy, dx, columns]) t.dispose();
  }
});

test('a prepared call encodes into buffers of the caller; explain tells the same plan', async () => {
  const ctx = await context();
  const spec = { shape: [2, 12, 20], outputSize: [5, 6], kernelSize: 2, layout: 'nhwc' } as const;
  const back = await fold.prepare(ctx, spec);
  expect(back.output).toEqual({ shape: [2, 3, 5, 6], dtype: 'f32', layout: 'nhwc' });
  expect(back.explain()).toEqual(fold.explain(ctx, spec));
  const data = generate(480, 1);
  const input = ctx.tensor(data, spec.shape, { layout: 'nhwc' });
  const output = ctx.tensor(new Float32Array(180), back.output.shape, { layout: 'nhwc' });
  const encoder = ctx.device.createCommandEncoder();
  back.encode(encoder, { input, output });
  ctx.device.queue.submit([encoder.finish()]);
  const expected = reference.fold({ data, shape: [...spec.shape], layout: 'nhwc' }, { outputSize: [5, 6], kernelSize: 2 });
  expect(differs(await output.data(), expected.data, { units: 8, scale: 4 })).toBe('');
  back.dispose();
  const gradient = await unfoldBackward.prepare(ctx, { shape: [1, 4, 9], inputShape: [1, 1, 4, 4], kernelSize: 2 });
  expect(gradient.output.shape).toEqual([1, 1, 4, 4]);
  gradient.dispose();
});

test('each option acts', async () => {
  const ctx = await context();
  const x = ctx.tensor(generate(2 * 7 * 8, 1), [1, 2, 7, 8]);
  const shapeOf = (options: gpu.UnfoldOptions) => unfold(x, options).shape;
  expect(shapeOf({ kernelSize: 3 })).toEqual([1, 18, 30]);
  expect(shapeOf({ kernelSize: [3, 2] })).toEqual([1, 12, 35]);
  expect(shapeOf({ kernelSize: 3, stride: 2 })).toEqual([1, 18, 9]);
  expect(shapeOf({ kernelSize: 3, padding: 1 })).toEqual([1, 18, 56]);
  expect(shapeOf({ kernelSize: 3, padding: [[2, 0], 1] })).toEqual([1, 18, 56]);
  expect(shapeOf({ kernelSize: 3, padding: [Int32Array.of(2, 0), 1] as never })).toEqual([1, 18, 56]);
  expect(shapeOf({ kernelSize: 3, dilation: 2 })).toEqual([1, 18, 12]);
  const same = await unfold(x, { kernelSize: 3, padding: 1 }).data();
  expect(await unfold(x, { kernelSize: 3, padding: [[2, 0], 1] }).data()).not.toEqual(same);
});

test('an empty batch is an empty result; where no window reaches a fold is 0', async () => {
  const ctx = await context();
  const y = unfold(ctx.tensor([], [0, 2, 3, 3]), { kernelSize: 2 });
  expect([y.shape, (await y.data()).length]).toEqual([[0, 8, 4], 0]);
  expect(fold(y, { outputSize: [3, 3], kernelSize: 2 }).shape).toEqual([0, 2, 3, 3]);
  const gaps = fold(ctx.tensor([1, 2, 3], [1, 1, 3]), { outputSize: [8], kernelSize: 1, stride: 3 });
  expect([...(await gaps.data())]).toEqual([1, 0, 0, 2, 0, 0, 3, 0]);
});

test('no dispatch moves or adds more than about 1e9 elements, and each window respects the binding', () => {
  const limits = { binding: 2 ** 27, buffer: 2 ** 28, groups: 65535 };
  const [up, down] = directionsOf({ shape: [1, 64, 120, 120], options: { kernelSize: 7, padding: 3 }, layout: 'nchw', dtype: 'f32' });
  for (const map of [up, down])
    for (const plan of foldPlans(callOf(map), { software: true, subgroup: 0, limits })) {
      expect(plan.steps.length).toBeGreaterThan(1);
      for (const step of plan.steps) for (const b of Object.values(step.bind)) if (typeof b !== 'string') expect(b.size).toBeLessThanOrEqual(limits.binding);
    }
});

describe('wrong arguments', () => {
  const X = [1, 2, 5, 6];
  const COUNT = 'expected whole numbers of 1 or more';
  const PADS = 'expected whole numbers of 0 or more: one, one per axis, or a pair [begin, end] per axis';
  const F = { outputSize: [4, 4], kernelSize: 2 };
  test.each<[keyof typeof gpu, readonly number[], readonly unknown[], string, gpu.DType?]>([
    ['unfold', X, [], 'kernelSize is missing; expected a whole number of 1 or more, or one per spatial axis'],
    ['unfold', X, [null], 'options is null; expected an object with kernelSize, stride, padding, dilation'],
    ['unfold', X, [{ kernel: 2 }], 'unknown option "kernel"; options are kernelSize, stride, padding, dilation'],
    ['unfold', X, [{ kernelSize: 0 }], `kernelSize is 0; ${COUNT}`],
    ['unfold', X, [{ kernelSize: [2, 2, 2] }], 'kernelSize [2, 2, 2] has 3 values for 2 spatial axes; expected one number or one per axis'],
    ['unfold', X, [{ kernelSize: 2, stride: 0 }], `stride is 0; ${COUNT}`],
    ['unfold', X, [{ kernelSize: 2, dilation: [1, 0.5] }], `dilation is [1, 0.5]; ${COUNT}`],
    ['unfold', X, [{ kernelSize: 2, padding: -1 }], `padding is -1; ${PADS}`],
    ['unfold', X, [{ kernelSize: 2, padding: [1] }], `padding [1] has 1 entries for 2 spatial axes; ${PADS}`],
    ['unfold', X, [{ kernelSize: 2, padding: [[1, 2, 3], 0] }], `padding is [[1, 2, 3], 0]; ${PADS}`],
    ['unfold', X, [{ kernelSize: 3, dilation: 3 }], 'the kernel spans 7 but x has 5 elements and 0 + 0 padding; expected at most 5'],
    ['unfold', [2, 3], [{ kernelSize: 1 }], 'x [2, 3] has rank 2; expected rank 3, 4 or 5: [N, C, ...spatial]'],
    ['unfold', [1, 1, 0, 2], [{ kernelSize: 1 }], 'x [1, 1, 0, 2] has an empty spatial axis; expected spatial sizes of 1 or more'],
    ['fold', [1, 4, 9], [{ kernelSize: 2 }], 'outputSize is missing; expected the spatial size of the result: [L], [H, W] or [D, H, W]'],
    ['fold', [1, 4, 9], [{ kernelSize: 2, outputSize: 4 }], 'outputSize is 4; expected an array of sizes'],
    ['fold', [1, 4, 9], [{ kernelSize: 2, outputSize: [4, 0] }], 'outputSize is [4, 0]; expected one to three sizes of 1 or more'],
    ['fold', [1, 4, 9], [{ kernelSize: 2, outputSize: [] }], 'outputSize is []; expected one to three sizes of 1 or more'],
    ['fold', [1, 4, 8], [F], 'x has 8 columns; expected 9, the 3 x 3 windows over [4, 4]'],
    ['fold', [1, 6, 9], [F], 'x has 6 channels; expected a multiple of 4, the 2 x 2 taps of a window'],
    ['fold', [1, 4, 3, 3], [F], 'x [1, 4, 3, 3] has rank 4; expected rank 3: [N, C*taps, windows]'],
    ['fold', [1, 4, 9], [F], 'x has dtype u32; expected f32 or f16', 'u32'],
    ['fold', [1, 4, 9], [{ ...F, kernelSize: 5 }], 'the kernel spans 5 but outputSize has 4 elements and 0 + 0 padding; expected at most 4'],
    ['foldBackward', [1, 4, 9], [F], "dy has shape [1, 4, 9]; expected [N, C, 4, 4], the result's"],
    ['foldBackward', [1, 4, 4, 4], [F], 'dy has dtype i32; expected f32 or f16', 'i32'],
    ['unfoldBackward', [1, 4, 8], [[1, 1, 4, 4], { kernelSize: 2 }], "dy has shape [1, 4, 8]; expected [1, 4, 9], the result's for input [1, 1, 4, 4]"],
    ['unfoldBackward', [1, 4, 9], [[4, 4], { kernelSize: 2 }], 'inputShape [4, 4] has rank 2; expected rank 3, 4 or 5: [N, C, ...spatial]'],
    ['unfoldBackward', [1, 4, 9], [7, { kernelSize: 2 }], 'inputShape is 7; expected an array of sizes'],
    ['unfoldBackward', [1, 4, 9], [[1, 1, 4, 4], { kernelSize: 2 }], 'dy has dtype u32; expected f32 or f16', 'u32'],
  ])('%s of [%s], %j', async (op, shape, rest, sentence, dtype = 'f32') => {
    const ctx = await context();
    const x = ctx.tensor(new Float32Array(count(shape)), shape, { dtype });
    const run = (f: unknown, given: unknown) => () => (f as (...given: unknown[]) => unknown)(given, ...rest);
    expect(await objectsMade(ctx.device, () => expect(run(GPU[op], x)).toThrow(new UpsampleError('invalid-argument', op, sentence)))).toBe(0);
    expect(run(REFERENCE[op as 'fold'], { data: new Float32Array(count(shape)), shape, dtype })).toThrow(new UpsampleError('invalid-argument', op, sentence));
  });
});

test('3,000 random calls get the same verdict from the GPU and the reference, and results agree', async () => {
  const ctx = await context();
  let state = 0;
  const random = (n: number) => hash32(state++, 33) % n;
  const pick = <T>(list: readonly T[]): T => list[random(list.length)]!;
  const said = <T>(body: () => T): T | string => {
    try {
      return body();
    } catch (error) {
      if (!(error instanceof UpsampleError)) throw error;
      return `${error.code} ${error.message}`;
    }
  };
  const tally = { accepted: 0, refused: 0 };
  for (let i = 0; i < 3000; i++) {
    const spatial = 1 + random(3);
    const number = (from: number, to: number) => (random(80) ? from + random(to - from + 1) : pick<unknown>([-1, 2.5, Number.NaN, '2', null, []]));
    const per = (from: number, to: number) =>
      random(2) ? number(from, to) : Array.from({ length: random(60) ? spatial : spatial + 1 }, () => number(from, to));
    const options = {
      kernelSize: per(1, 3),
      ...(random(2) && { stride: per(1, 3) }),
      ...(random(2) && { dilation: per(1, 2) }),
      ...(random(2) && { padding: random(2) ? per(0, 2) : Array.from({ length: spatial }, () => [number(0, 2), number(0, 2)]) }),
    } as gpu.UnfoldOptions;
    const shape = [1 + random(2), 1 + random(3), ...Array.from({ length: spatial }, () => 1 + random(6))];
    const layout = pick(['nchw', 'nhwc'] as const);
    const op = pick(['unfold', 'fold', 'unfoldBackward', 'foldBackward'] as const);
    const columns = said(() => reference.unfold({ data: new Float32Array(count(shape)), shape, layout }, options));
    const image = op === 'unfold' || op === 'foldBackward';
    const right = typeof columns === 'string' ? [1, 4, 4] : [...columns.shape];
    if (!random(10)) right[1 + random(2)]!++;
    const from = image ? shape : right;
    const rest = op === 'unfold' ? [options] : op === 'unfoldBackward' ? [shape, options] : [{ ...options, outputSize: shape.slice(2) }];
    const data = generate(count(from), i);
    const x = ctx.tensor(data, from, { layout });
    const run = <T>(f: unknown, given: unknown) => said(() => (f as (...given: unknown[]) => T)(given, ...rest));
    const theirs = run<reference.PlainResult>(REFERENCE[op], { data, shape: from, layout });
    const ours = run<gpu.Tensor>(GPU[op], x);
    const call = `${op} ${layout} [${from}] ${JSON.stringify(rest)}`;
    if (typeof theirs === 'string' || typeof ours === 'string') {
      expect(ours, call).toBe(theirs);
      tally.refused++;
    } else {
      tally.accepted++;
      expect(ours.shape, call).toEqual(theirs.shape);
      if (i % 8 === 0) expect(differs(await ours.data(), theirs.data, { units: 4 + 2 * Math.sqrt(27), scale: 27 }), call).toBe('');
      ours.dispose();
    }
    x.dispose();
  }
  console.log('random windows:', tally);
  expect(Math.min(tally.accepted, tally.refused)).toBeGreaterThan(500);
}, 120_000);
