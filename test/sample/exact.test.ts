// Cases whose coordinates and weights are exact in f32: nothing but the rounding of sums is allowed, and where sums are exact too, nothing at all.
// And grids that hold anything: NaN, infinities, numbers far outside.
import { describe, expect, test } from 'vitest';
import type { GridSampleOptions } from '../../src/index.ts';
import { gridSample, gridSampleBackward } from '../../src/index.ts';
import * as reference from '../../src/ops/sample/cpu.ts';
import { count, differs, hash32 } from '../fixtures.ts';
import { context } from '../gpu.ts';
import { everyPlan, operand, put } from './run.ts';

const ROW = [1, 2, 3, 4];
/** Values of a row of four at x = -1, 0, 1 and 1.2. */
const GOLDEN: readonly (readonly [options: GridSampleOptions, y: readonly number[]])[] = [
  [{}, [0.5, 2.5, 2, 0.4]],
  [{ alignCorners: true }, [1, 2.5, 4, 2.8]],
  [{ paddingMode: 'border' }, [1, 2.5, 4, 4]],
  [{ paddingMode: 'reflection', alignCorners: true }, [1, 2.5, 4, 3.7]],
  [{ mode: 'nearest' }, [1, 3, 0, 0]],
];
test.each(GOLDEN)('golden vectors: %o', async (options, y) => {
  const x = operand(ROW, [1, 1, 1, 4]);
  const grid = operand([-1, 0, 0, 0, 1, 0, 1.2, 0], [1, 1, 4, 2]);
  const close = (got: ArrayLike<number>) => {
    expect(got.length).toBe(4);
    for (const [i, v] of y.entries()) expect(Math.abs(got[i]! - v)).toBeLessThan(2e-6);
  };
  close(reference.gridSample(x, grid, options).data);
  const ctx = await context();
  close(await gridSample(put(ctx, x), put(ctx, grid), options).data());
});

/** Whole numbers from -3 to 3. */
const whole = (shape: readonly number[], seed: number) =>
  operand(
    Array.from({ length: count(shape) }, (_, i) => (hash32(i, seed) % 7) - 3),
    shape,
  );

/** Coordinates at quarters of pixels, from two pixels outside to two outside: pixels, edges and ties among them. Sizes are powers of two, or one more with corners. */
function quarters(xShape: readonly number[], out: readonly number[], corners: boolean, seed: number) {
  const sizes = xShape.slice(2).reverse();
  const shape = [xShape[0]!, ...out, sizes.length];
  return operand(
    Array.from({ length: count(shape) }, (_, i) => {
      const size = sizes[i % sizes.length]!;
      const u = (hash32(i, seed) % (4 * (size + 4))) / 4 - 2;
      return corners ? (2 * u) / (size - 1) - 1 : (2 * u + 1) / size - 1;
    }),
    shape,
  );
}

describe('exact coordinates', () => {
  for (const mode of ['nearest', 'bilinear', 'bicubic'] as const)
    test(`${mode}: pixels, edges and ties included, forward and gradients`, { timeout: 60_000 }, async () => {
      const ctx = await context();
      const bad: string[] = [];
      for (const paddingMode of ['zeros', 'border', 'reflection'] as const)
        for (const alignCorners of [false, true])
          for (const dims of [2, 3]) {
            const options = { mode, paddingMode, alignCorners };
            const shape = [2, 2, ...[4, 8, 16].slice(3 - dims).map((n) => n + Number(alignCorners))];
            const x = whole(shape, 1);
            const grid = quarters(shape, dims === 2 ? [9, 11] : [4, 5, 6], alignCorners, 2);
            const y = reference.gridSample(x, grid, options);
            const dy = whole(y.shape, 3);
            const want = { y, ...reference.gridSampleBackward(dy, x, grid, options) };
            const tensors = { x: put(ctx, x), grid: put(ctx, grid), dy: put(ctx, dy) };
            const all = [...(await everyPlan(ctx, { x: tensors.x, grid: tensors.grid }, options)), ...(await everyPlan(ctx, tensors, options))];
            for (const { plan, outputs } of all)
              for (const [name, got] of Object.entries(outputs)) {
                const expected = want[name as 'y'].data;
                // Cubes of quarters do not fit: the value rule, on sums of magnitudes.
                const units = mode === 'bicubic' ? 16 * 1.375 ** dims : 0;
                const message = differs(got, expected, { units, scale: Math.max(...expected.map(Math.abs), 1) });
                if (message) bad.push(`${JSON.stringify(options)} ${dims}D ${plan} ${name}: ${message}`);
              }
            for (const t of Object.values(tensors)) t.dispose();
          }
      expect(bad).toEqual([]);
    });
});

describe('any grid', () => {
  const ODD = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 3e38, -3e38, 1e10, -1e10, 2 ** 24, -(2 ** 24), 1e-45, -0];
  const x = whole([1, 5, 3, 4], 1);
  const gridOf = (odd: readonly number[]) => {
    const pairs = odd.flatMap((a) => [...odd, 0.25].flatMap((b) => [a, b, b, a]));
    return operand(pairs, [1, 1, pairs.length / 2, 2]);
  };
  // A reflection that comes from where f32 is coarser than a pixel ends where rounding says, which a fused multiply-add changes: only beyond 2^30 it is promised.
  const CLEAR = ODD.filter((v) => Math.abs(v) !== 2 ** 24);

  test.each([
    ['zeros', ODD, true],
    ['border', ODD, true],
    ['reflection', CLEAR, true],
    ['reflection', ODD, false],
  ] as const)('%s of %o: nothing but pixels of x is read, gradients stay finite', async (paddingMode, odd, promised) => {
    const ctx = await context();
    const grid = gridOf(odd);
    for (const mode of ['nearest', 'bilinear', 'bicubic'] as const)
      for (const alignCorners of [false, true]) {
        const options = { mode, paddingMode, alignCorners };
        const want = reference.gridSample(x, grid, options);
        const dy = whole(want.shape, 3);
        const grads = reference.gridSampleBackward(dy, x, grid, options);
        const tensors = { x: put(ctx, x), grid: put(ctx, grid), dy: put(ctx, dy) };
        const all = [...(await everyPlan(ctx, { x: tensors.x, grid: tensors.grid }, options)), ...(await everyPlan(ctx, tensors, options))];
        for (const { plan, outputs } of all)
          for (const [name, got] of Object.entries(outputs)) {
            const what = `${JSON.stringify(options)} ${plan} ${name}`;
            const expected = name === 'y' ? want.data : grads[name as 'dx'].data;
            expect(got.every(Number.isFinite), what).toBe(true);
            if (promised) expect(differs(got, expected, { units: 40, scale: Math.max(...expected.map(Math.abs)) }), what).toBe('');
            else if (name === 'y') expect(Math.max(...got.map(Math.abs)), what).toBeLessThanOrEqual(3 * 1.375 ** 2);
          }
        for (const t of Object.values(tensors)) t.dispose();
      }
  });

  test('a coordinate that is not a number lies outside, below', async () => {
    const ctx = await context();
    const nowhere = put(ctx, operand([Number.NaN, Number.NaN, Number.POSITIVE_INFINITY, 0], [1, 1, 2, 2]));
    const one = put(ctx, operand([1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 1, 3, 3]));
    expect(Array.from(await gridSample(one, nowhere).data())).toEqual([0, 0]);
    expect(Array.from(await gridSample(one, nowhere, { paddingMode: 'border' }).data())).toEqual([1, 6]);
    const dy = put(ctx, operand([1, 1], [1, 1, 1, 2]));
    const { dx, dgrid } = gridSampleBackward(dy, one, nowhere);
    expect(Array.from(await dx.data())).toEqual(new Array(9).fill(0));
    expect(Array.from(await dgrid.data())).toEqual([0, 0, 0, 0]);
  });

  test('a NaN in dy or x stays with the pixels and samples that touch it', async () => {
    const ctx = await context();
    const places = [-0.9, -0.9, 0.2, 0.3, 0.9, 0.9];
    const at = put(ctx, operand(places, [1, 1, 3, 2]));
    const image = put(
      ctx,
      operand(
        Array.from({ length: 64 }, (_, i) => (i === 0 ? Number.NaN : i)),
        [1, 1, 8, 8],
      ),
    );
    const y = await gridSample(image, at).data();
    expect(Array.from(y, Number.isNaN)).toEqual([true, false, false]);
    const dy = put(ctx, operand([Number.NaN, 1, 1], [1, 1, 1, 3]));
    for (const { plan, outputs } of await everyPlan(ctx, { x: image, grid: at, dy }, {})) {
      const touched = Array.from(outputs['dx']!, (v, i) => (Number.isNaN(v) ? i : -1)).filter((i) => i >= 0);
      expect(touched.every((i) => [0, 1, 8, 9].includes(i)) && touched.length > 0, plan).toBe(true);
    }
  });
});
