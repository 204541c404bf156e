// Calls as users write them: options that act, sentences, prepared calls, empty batches.
import { expect, test } from 'vitest';
import type { Tensor } from '../../src/index.ts';
import * as reference from '../../src/ops/matmul/cpu.ts';
import { linear, linearBackward, matmul, matmulBackward } from '../../src/ops/matmul/index.ts';
import { count } from '../fixtures.ts';
import { context, objectsMade, thrown } from '../gpu.ts';

const REFUSED: readonly (readonly [op: string, shapes: readonly (readonly number[])[], options: object, message: string])[] = [
  [
    'matmul',
    [
      [2, 3],
      [4, 5],
    ],
    {},
    'a [2, 3] has 3 columns but b [4, 5] has 4 rows; expected as many',
  ],
  [
    'matmul',
    [
      [2, 3],
      [3, 5],
    ],
    { transposeA: true },
    'a [2, 3] has 2 columns but b [3, 5] has 3 rows; expected as many',
  ],
  [
    'matmul',
    [
      [2, 3],
      [3, 5],
    ],
    { transposeB: true },
    'a [2, 3] has 3 columns but b [3, 5] has 5 rows; expected as many',
  ],
  [
    'matmul',
    [
      [2, 3],
      [3, 5],
    ],
    { transposeA: 1 },
    'transposeA is 1; expected true or false',
  ],
  [
    'matmul',
    [
      [2, 3],
      [3, 5],
    ],
    { transpose: true },
    'unknown option "transpose"; options are transposeA, transposeB',
  ],
  ['matmul', [[3], [3, 5]], {}, 'a [3] has rank 1; expected rank 2 or more'],
  [
    'matmul',
    [
      [2, 2, 3],
      [3, 3, 5],
    ],
    {},
    'a [2, 2, 3] and b [3, 3, 5] have different batches; expected the same leading axes, or none in one of them',
  ],
  [
    'matmulBackward',
    [
      [2, 4],
      [2, 3],
      [3, 5],
    ],
    {},
    "dy has shape [2, 4]; expected [2, 5], the result's",
  ],
  [
    'matmulBackward',
    [
      [2, 5],
      [2, 3],
      [3, 5],
    ],
    { gradients: ['dx'] },
    'gradients is ["dx"]; expected some of da, db',
  ],
  [
    'linear',
    [
      [2, 3],
      [5, 4],
    ],
    {},
    'x [2, 3] has 3 features but w [5, 4] takes 4; expected x [..., 4]',
  ],
  [
    'linear',
    [
      [2, 3],
      [5, 3, 1],
    ],
    {},
    'w has shape [5, 3, 1]; expected [outFeatures, inFeatures]',
  ],
  [
    'linear',
    [
      [2, 3],
      [5, 3],
    ],
    { bias: [3] },
    'bias has shape [3]; expected [5], one value per output feature',
  ],
  [
    'linear',
    [
      [2, 3],
      [5, 3],
    ],
    { bais: true },
    'unknown option "bais"; options are bias',
  ],
  [
    'linearBackward',
    [
      [2, 3],
      [2, 3],
      [5, 3],
    ],
    {},
    "dy has shape [2, 3]; expected [2, 5], the result's",
  ],
  [
    'linearBackward',
    [
      [2, 5],
      [2, 3],
      [5, 3],
    ],
    { gradients: [] },
    'gradients is []; expected some of dx, dw, db',
  ],
];
const gpu = { matmul, matmulBackward, linear, linearBackward } as unknown as Record<string, (...a: unknown[]) => Tensor>;
const cpu = reference as unknown as typeof gpu;

test.each(REFUSED)('%s %j %j is refused, and nothing is made', async (op, shapes, options, message) => {
  const ctx = await context();
  const zeros = (shape: readonly number[]) => new Float32Array(count(shape));
  const biased = (of: (shape: number[]) => unknown) =>
    Object.fromEntries(Object.entries(options).map(([name, v]) => [name, name === 'bias' ? of(v as number[]) : v]));
  const tensors = shapes.map((shape) => ctx.tensor(zeros(shape), shape));
  const given = biased((shape) => ctx.tensor(zeros(shape), shape));
  let error: Error | undefined;
  expect(
    await objectsMade(ctx.device, async () => {
      error = await thrown(() => gpu[op]!(...tensors, given));
    }),
  ).toBe(0);
  expect(error!.message).toBe(`${op}: ${message}`);
  const plain = (shape: readonly number[]) => ({ data: zeros(shape), shape: [...shape] });
  expect((await thrown(() => cpu[op]!(...shapes.map(plain), biased(plain)))).message).toBe(`${op}: ${message}`);
});

test('dtypes and layouts that do not belong together', async () => {
  const ctx = await context();
  const a = ctx.tensor(new Float32Array(6), [2, 3]);
  const u = ctx.tensor(new Uint32Array(6), [3, 2], { dtype: 'u32' });
  const last = ctx.tensor(new Float32Array(6), [1, 2, 3], { layout: 'nhwc' });
  expect((await thrown(() => matmul(a, u))).message).toBe('matmul: b has dtype u32; expected f32 or f16');
  expect((await thrown(() => matmul(last, a, { transposeB: true }))).message).toBe(
    'matmul: a [1, 2, 3] lies channels last; expected layout nchw, in which its last axis is innermost',
  );
});

test('values, and only the wanted gradients', async () => {
  const ctx = await context();
  const a = ctx.tensor([1, 2, 3, 4, 5, 6], [2, 3]);
  const b = ctx.tensor([1, 0, 2, 1, 0, 3], [3, 2]);
  expect(Array.from(await matmul(a, b).data())).toEqual([5, 11, 14, 23]);
  expect(Array.from(await matmul(a, a, { transposeB: true }).data())).toEqual([14, 32, 32, 77]);
  expect(Array.from(await matmul(a, a, { transposeA: true }).data())).toEqual([17, 22, 27, 22, 29, 36, 27, 36, 45]);
  const dy = ctx.tensor([1, 0, 0, 1], [2, 2]);
  const { da, db } = matmulBackward(dy, a, b);
  expect(Array.from(await da.data())).toEqual([1, 2, 0, 0, 1, 3]);
  expect(Array.from(await db.data())).toEqual([1, 4, 2, 5, 3, 6]);
  expect(Object.keys(matmulBackward(dy, a, b, { gradients: ['db'] }))).toEqual(['db']);
  const w = ctx.tensor([1, 0, 2, 1, 0, 3], [2, 3]);
  expect(Array.from(await linear(a, w, { bias: ctx.tensor([10, 20], [2]) }).data())).toEqual([17, 30, 26, 42]);
  expect(Object.keys(linearBackward(dy, a, w))).toEqual(['dx', 'dw']);
  expect(Array.from(await linearBackward(dy, a, w, { gradients: ['db'] }).db.data())).toEqual([1, 1]);
});

test('prepared and explained', async () => {
  const ctx = await context();
  const layer = await linear.prepare(ctx, { x: { shape: [2, 3] }, w: { shape: [1, 3] }, bias: { shape: [1] } });
  const [x, w, bias] = [ctx.tensor([1, 2, 3, 4, 5, 6], [2, 3]), ctx.tensor([1, 1, 1], [1, 3]), ctx.tensor([0.5], [1])];
  const output = ctx.tensor([0, 0], [2, 1]);
  const encoder = ctx.device.createCommandEncoder();
  layer.encode(encoder, { x, w, bias, output });
  ctx.device.queue.submit([encoder.finish()]);
  expect(Array.from(await output.data())).toEqual([6.5, 15.5]);
  layer.dispose();
  const explained = matmul.explain(ctx, { a: { shape: [64, 512] }, b: { shape: [64, 512] }, transposeB: true });
  expect(explained.flops).toBe(2 * 64 * 64 * 512);
  expect(explained.admissible.toSorted()).toEqual(['16x4', '32x4', '64x64', '8x8', 'plain']);
});

test('empty batches: empty results, and gradients of what all share are 0', async () => {
  const ctx = await context();
  const none = ctx.tensor([], [0, 2, 3]);
  const b = ctx.tensor([1, 2, 3], [3, 1]);
  const y = matmul(none, b);
  expect(y.shape).toEqual([0, 2, 1]);
  expect(matmul.explain(ctx, { a: { shape: [0, 2, 3] }, b: { shape: [3, 1] } }).kernels).toEqual([]);
  const { da, db } = matmulBackward(y, none, b);
  expect(da.shape).toEqual([0, 2, 3]);
  expect(Array.from(await db.data())).toEqual([0, 0, 0]);
  const x = ctx.tensor([], [0, 3]);
  const w = ctx.tensor([1, 2, 3, 4, 5, 6], [2, 3]);
  const bias = ctx.tensor([1, 2], [2]);
  const back = linearBackward(linear(x, w, { bias }), x, w, { bias });
  expect(back.dx.shape).toEqual([0, 3]);
  expect(Array.from(await back.dw.data())).toEqual([0, 0, 0, 0, 0, 0]);
  expect(Array.from(await back.db.data())).toEqual([0, 0]);
});

test('the same call gives the same bits, fifty times', async () => {
  const ctx = await context();
  const a = ctx.tensor(
    Float32Array.from({ length: 3 * 900 }, (_, i) => Math.sin(i)),
    [3, 900],
  );
  const seen = new Set<string>();
  for (let i = 0; i < 50; i++) {
    const y = matmul(a, a, { transposeB: true });
    seen.add(Array.from(new Uint32Array(((await y.data()) as Float32Array).buffer)).join());
    y.dispose();
  }
  expect(seen.size).toBe(1);
});
