// A folded convolution does what the convolution and the batch norm after it do: the reference in float64, kernels within their bounds.
import { expect, test } from 'vitest';
import { conv1d, conv2d, convTranspose2d, convTranspose3d } from '../../src/index.ts';
import { foldBatchNorm } from '../../src/ops/norm/index.ts';
import * as reference from '../../src/reference.ts';
import { count, differs } from '../fixtures.ts';
import { context, thrown } from '../gpu.ts';
import { values } from './cases.ts';

const OPS = { conv1d, conv2d, convTranspose2d, convTranspose3d } as const;

interface Case {
  readonly op: keyof typeof OPS;
  readonly x: readonly number[];
  readonly w: readonly number[];
  readonly channels: number;
  readonly options?: { readonly groups?: number; readonly stride?: number; readonly filterLayout?: string };
  /** Which of the bias of the filter, the norm's weight and bias are there. */
  readonly with?: string;
}

const CASES: readonly Case[] = [
  { op: 'conv1d', x: [2, 3, 9], w: [5, 3, 3], channels: 5, with: 'bias weight shift' },
  { op: 'conv2d', x: [1, 4, 6, 5], w: [6, 2, 3, 2], channels: 6, options: { groups: 2 }, with: 'weight' },
  { op: 'conv2d', x: [1, 3, 6, 5], w: [3, 2, 3, 4], channels: 4, options: { filterLayout: 'hwio', stride: 2 }, with: 'shift' },
  { op: 'conv2d', x: [1, 3, 4, 4], w: [5, 2, 3, 3], channels: 5, options: { filterLayout: 'ohwi' }, with: 'bias' },
  { op: 'convTranspose2d', x: [2, 4, 3, 3], w: [4, 5, 4, 4], channels: 5, options: { stride: 2 }, with: 'bias weight shift' },
  { op: 'convTranspose2d', x: [1, 6, 3, 3], w: [6, 2, 2, 3], channels: 6, options: { groups: 3 }, with: 'weight shift' },
  { op: 'convTranspose2d', x: [1, 4, 3, 3], w: [3, 2, 3, 4], channels: 6, options: { groups: 2, filterLayout: 'hwoi' }, with: 'bias' },
  { op: 'convTranspose3d', x: [1, 2, 2, 3, 2], w: [3, 2, 2, 2, 2], channels: 3, options: { filterLayout: 'ohwi' }, with: 'weight' },
];

test('folding: the same result, in the reference and on the GPU', async () => {
  const ctx = await context();
  const dtypes = ctx.device.features.has('shader-f16') ? (['f32', 'f16'] as const) : (['f32'] as const);
  for (const dtype of dtypes)
    for (const { op, x: xShape, w: wShape, channels, options = {}, with: names = '' } of CASES) {
      const half = dtype === 'f16';
      const plain = (shape: readonly number[], seed: number, from = -1, type: 'f32' | 'f16' = dtype) => ({
        data: values(count(shape), seed, half, from, 1.5),
        shape: [...shape],
        dtype: type,
      });
      const has = (name: string) => names.split(' ').includes(name);
      const [x, w] = [plain(xShape, 1), plain(wShape, 2)];
      const bias = has('bias') ? plain([channels], 3) : undefined;
      const norm = {
        runningMean: plain([channels], 4, -1, 'f32'),
        runningVar: plain([channels], 5, 0.25, 'f32'),
        eps: 1e-3,
        ...(has('weight') && { weight: plain([channels], 6, 0.5) }),
        ...(has('shift') && { bias: plain([channels], 7) }),
      };
      const transposed = op.startsWith('convT');
      const { filterLayout, groups } = options;
      const how = { transposed, ...(filterLayout && { filterLayout: filterLayout as 'hwoi' }), ...(transposed && groups && { groups }) };
      const what = `${op} [${wShape}] ${JSON.stringify(options)} ${names} ${dtype}`;
      const run = (reference as never as Record<string, (...args: unknown[]) => reference.PlainResult>)[op]!;
      const y = run(x, w, { ...options, bias });
      const { eps, ...tensors } = norm;
      const want = reference.batchNorm(y, { ...tensors, eps });
      const folded = reference.foldBatchNorm(w, bias, norm, how);
      expect(differs(run(x, folded.weight, { ...options, bias: folded.bias }).data, want.data, { units: 1e-3, scale: 10 }), what).toBe('');
      const put = (t: ReturnType<typeof plain>) => ctx.tensor(t.data, t.shape, { dtype: t.dtype });
      const given = Object.fromEntries(Object.entries(tensors).map(([name, t]) => [name, put(t)])) as never as {
        runningMean: ReturnType<typeof put>;
        runningVar: ReturnType<typeof put>;
      };
      const made = foldBatchNorm(put(w), bias && put(bias), { ...given, eps }, how);
      const relative = half ? 2 ** -11 : 0;
      for (const [name, got] of Object.entries(made)) {
        const expected = folded[name as 'weight'].data;
        // A root, a quotient and at most three roundings more, of terms as large as the bias before it was shifted.
        const scale = (name === 'weight' ? 1.5 : 6) * 1.5 * 2;
        expect(differs(await got.data(), expected, { units: 16, scale, relative }), `${what} ${name}`).toBe('');
      }
      if (half) continue; // a rounded filter is another filter
      const terms = count(wShape);
      const out = OPS[op](put(x), made.weight, { ...options, bias: made.bias } as never);
      expect(differs(await out.data(), want.data, { units: 16 + 2 * Math.sqrt(terms), scale: 3 * 1.5 * 1.5 * terms }), what).toBe('');
    }
});

test('folding: wrong arguments get their sentence', async () => {
  const ctx = await context();
  const t = (shape: readonly number[], dtype: 'f32' | 'u32' = 'f32') => ctx.tensor(new Float32Array(count(shape)), shape, { dtype });
  const norm = { runningMean: t([4]), runningVar: t([4]) };
  const cases: [() => unknown, string][] = [
    [() => foldBatchNorm(t([3, 2, 1]), undefined, norm), 'runningMean has shape [4]; expected [3], one value per output channel'],
    [() => foldBatchNorm(t([4, 2, 1]), t([2]), norm), 'bias has shape [2]; expected [4], one value per output channel'],
    [() => foldBatchNorm(t([4, 2, 1]), undefined, { ...norm, weight: t([1]) }), 'weight of the norm has shape [1]; expected [4], one value per output channel'],
    [
      () => foldBatchNorm(t([4, 2, 1]), undefined, { ...norm, epsilon: 1 } as never),
      'unknown option "epsilon"; options are runningMean, runningVar, weight, bias, eps',
    ],
    [
      () => foldBatchNorm(t([4, 2, 1]), undefined, { runningMean: t([4]) } as never),
      'runningVar is null; expected a tensor of ctx.tensor, ctx.wrap or an operation',
    ],
    [() => foldBatchNorm(t([4, 2, 1]), undefined, { ...norm, eps: -1 }), 'eps is -1; expected 0 or more'],
    [() => foldBatchNorm(t([4, 2]), undefined, norm), 'weight has shape [4, 2]; expected a filter in order oihw'],
    [() => foldBatchNorm(t([4, 2, 1], 'u32'), undefined, norm), 'weight has dtype u32; expected f32 or f16'],
    [() => foldBatchNorm(t([4, 2, 1]), undefined, norm, { groups: 2 }), 'groups has no effect here; it belongs to filters of transposed convolutions'],
    [
      () => foldBatchNorm(t([3, 2, 1]), undefined, norm, { groups: 2, transposed: true }),
      'groups 2 do not divide the 3 input channels of weight [3, 2, 1]; expected a divisor',
    ],
    [() => foldBatchNorm(t([4, 2, 1]), undefined, norm, { filterLayout: 'iohw' }), 'filterLayout is "iohw"; expected one of oihw, hwio, ohwi, ihwo'],
  ];
  for (const [call, message] of cases) expect((await thrown(call)).message).toBe(`foldBatchNorm: ${message}`);
});
