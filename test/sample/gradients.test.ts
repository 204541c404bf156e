// Checks that need no outside result: the adjoint identity, differences of the float64 reference, and the same bits in every run.
import { describe, expect, test } from 'vitest';
import { gridSample, gridSampleBackward } from '../../src/index.ts';
import * as reference from '../../src/ops/sample/cpu.ts';
import { count, generated, hash32 } from '../fixtures.ts';
import { context } from '../gpu.ts';
import { clearGrid, everyPlan, noise, operand, put } from './run.ts';

const MODES = ['nearest', 'bilinear', 'bicubic'] as const;
const PADDINGS = ['zeros', 'border', 'reflection'] as const;

const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  let [sum, size] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    sum += a[i]! * b[i]!;
    size += Math.abs(a[i]! * b[i]!);
  }
  return { sum, size };
};

/** Whole numbers from a seed. */
function dice(seed: number) {
  let i = 0;
  return (from: number, to: number) => from + (hash32(i++, seed) % (to - from + 1));
}

/** A random call. */
function random(seed: number) {
  const roll = dice(seed);
  const dims = roll(2, 3);
  const axes = (most: number) => Array.from({ length: dims }, () => roll(1, most));
  const shape = [roll(1, 3), roll(1, 9), ...axes(dims === 2 ? 12 : 6)];
  const options = { mode: MODES[roll(0, 2)]!, paddingMode: PADDINGS[roll(0, 2)]!, alignCorners: roll(0, 1) === 1 };
  const layout = roll(0, 1) ? 'nchw' : 'nhwc';
  const out = axes(dims === 2 ? 14 : 6);
  const gridShape = [shape[0]!, ...out, dims];
  const grid = operand(
    Array.from({ length: count(gridShape) }, (_, i) => generated(i, seed) * 2),
    gridShape,
  );
  const x = noise(shape, seed + 1, 'f32', layout);
  const dy = noise([shape[0]!, shape[1]!, ...out], seed + 2, 'f32', layout);
  return { x, grid, dy, options, what: `seed ${seed}: [${shape}] at [${out}] ${JSON.stringify(options)} ${layout}` };
}

describe('<sample(x), dy> = <x, dx>', () => {
  test('in the reference, to 1e-12', () => {
    for (let seed = 1; seed <= 300; seed++) {
      const { x, grid, dy, options, what } = random(seed);
      const [left, right] = [
        dot(reference.gridSample(x, grid, options).data, dy.data),
        dot(reference.gridSampleBackward(dy, x, grid, { ...options, gradients: ['dx'] }).dx.data, x.data),
      ];
      expect(Math.abs(left.sum - right.sum), what).toBeLessThanOrEqual(1e-12 * (left.size + right.size));
    }
  });

  test('on the GPU, random calls', { timeout: 60_000 }, async () => {
    const ctx = await context();
    for (let seed = 1; seed <= 60; seed++) {
      const { x, grid, dy, options, what } = random(seed);
      const tensors = { x: put(ctx, x), grid: put(ctx, grid), dy: put(ctx, dy) };
      const y = gridSample(tensors.x, tensors.grid, options);
      const { dx } = gridSampleBackward(tensors.dy, tensors.x, tensors.grid, { ...options, gradients: ['dx'] });
      const [left, right] = [dot(await y.data(), dy.data), dot(await dx.data(), x.data)];
      expect(Math.abs(left.sum - right.sum), what).toBeLessThanOrEqual(1e-5 * (left.size + right.size));
      for (const t of [...Object.values(tensors), y, dx]) t.dispose();
    }
  });
});

describe('differences of the float64 reference', () => {
  const STEP = 1e-6;
  for (const mode of MODES)
    for (const paddingMode of PADDINGS)
      test(`${mode}, ${paddingMode}: dx and dgrid, away from kinks`, () => {
        for (const alignCorners of [false, true])
          for (const [shape, out] of [
            [
              [2, 2, 4, 5],
              [3, 4],
            ],
            [
              [1, 2, 3, 4, 2],
              [2, 3, 2],
            ],
          ] as const) {
            const options = { mode, paddingMode, alignCorners };
            const x = noise(shape, 1);
            const grid = clearGrid(shape, out, alignCorners, 2);
            const dy = noise([shape[0], shape[1], ...out], 3);
            const { dx, dgrid } = reference.gridSampleBackward(dy, x, grid, options);
            const value = (a: ArrayLike<number>, b: ArrayLike<number>) =>
              dot(reference.gridSample({ ...x, data: a }, { ...grid, data: b }, options).data, dy.data).sum;
            const moved = (data: ArrayLike<number>, i: number, by: number) => Float64Array.from(data, (v, k) => (k === i ? v + by : v));
            const compare = (name: string, got: ArrayLike<number>, f: (i: number, by: number) => number) => {
              for (let i = 0; i < got.length; i++) {
                const difference = (f(i, STEP) - f(i, -STEP)) / (2 * STEP);
                const what = `${name}[${i}] ${JSON.stringify(options)} [${shape}]`;
                expect(Math.abs(got[i]! - difference), what).toBeLessThanOrEqual(1e-5 + 1e-3 * Math.abs(difference));
              }
            };
            compare('dx', dx.data, (i, by) => value(moved(x.data, i, by), grid.data));
            compare('dgrid', dgrid.data, (i, by) => value(x.data, moved(grid.data, i, by)));
            if (mode === 'nearest') expect(dgrid.data.every((v) => v === 0)).toBe(true);
          }
      });
});

test('the same bits a hundred times, with thousands of samples on one pixel', { timeout: 60_000 }, async () => {
  const ctx = await context();
  const shape = [1, 5, 6, 7];
  const crowd = operand(
    Array.from({ length: 2 * 5000 }, (_, i) => (i % 20 ? 0.1 + generated(i, 4) / 100 : generated(i, 4) * 1.5)),
    [1, 50, 100, 2],
  );
  const x = put(ctx, noise(shape, 1));
  const dy = put(ctx, noise([1, 5, 50, 100], 2));
  const grid = put(ctx, crowd);
  for (const [mode, times] of [
    ['bilinear', 100],
    ['bicubic', 10],
  ] as const) {
    let first: unknown;
    for (let i = 0; i < times; i++) {
      const { dx, dgrid } = gridSampleBackward(dy, x, grid, { mode });
      const bits = [dx, dgrid].map(async (t) => new Uint32Array((await t.data()).buffer));
      const now = await Promise.all(bits);
      first ??= now;
      expect(now).toEqual(first);
      dx.dispose();
      dgrid.dispose();
    }
  }
  // Every plan of the sort adds in the same order.
  const [one, ...rest] = (await everyPlan(ctx, { x, grid, dy }, {})).filter(({ plan }) => plan !== 'search');
  for (const { plan, outputs } of rest) expect(outputs['dx'], plan).toEqual(one!.outputs['dx']);
});
