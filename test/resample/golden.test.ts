import { describe, expect, test } from 'vitest';
import type { InterpolateOptions, ResizeOptions } from '../../src/index.ts';
import * as gpu from '../../src/index.ts';
import * as reference from '../../src/reference.ts';
import { context } from '../gpu.ts';

const GPU = { ...gpu };
const REFERENCE = { ...reference };
const five = [0, 1, 2, 3, 4];
const next = [1, 2, 3, 4, 5];
const mirrored = (half: number[]) => [...half, ...half.toReversed()];

/** One axis as [1, 1, L], or [1, 1, 1, L] where the mode wants two: op, x, options for that axis, values printed to 6 decimals. */
type Vector = readonly [op: 'interpolate' | 'resize' | 'bedOfNails1d' | 'zeroInsert1d', x: readonly number[], options: object, y: readonly number[]];
const i = (options: InterpolateOptions, y: readonly number[], x: readonly number[] = five): Vector => ['interpolate', x, options, y];
const r = (options: ResizeOptions, y: readonly number[], x: readonly number[] = next): Vector => ['resize', x, { axes: [2], ...options }, y];
const crop = (begin: number, end: number) => ({ coordinateTransformationMode: 'tf_crop_and_resize' as const, roi: [begin, end], extrapolationValue: -9 });

const FORWARD: readonly Vector[] = [
  // The step: ratio of sizes, or the factor itself.
  i({ mode: 'linear', size: 7 }, [0, 0.571429, 1.285714, 2, 2.714286, 3.428571, 4]),
  i({ mode: 'linear', scaleFactor: 1.5 }, [0, 0.5, 1.166667, 1.833333, 2.5, 3.166667, 3.833333]),
  // Nearest.
  i({ mode: 'nearest', size: 7 }, [0, 0, 1, 2, 2, 3, 4]),
  i({ mode: 'nearest-exact', size: 7 }, [0, 1, 1, 2, 3, 3, 4]),
  i({ mode: 'nearest', size: 2 }, [0, 2]),
  i({ mode: 'nearest-exact', size: 2 }, [1, 3]),
  i({ mode: 'nearest', scaleFactor: 1.1 }, [0, 0, 1, 2, 3]),
  r({ scales: [2] }, [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]),
  r({ scales: [2], nearestMode: 'floor' }, [1, 1, 1, 2, 2, 3, 3, 4, 4, 5]),
  r({ scales: [2], nearestMode: 'ceil' }, [1, 2, 2, 3, 3, 4, 4, 5, 5, 5]),
  // Linear.
  i({ mode: 'linear', size: 7, alignCorners: true }, [0, 0.666667, 1.333333, 2, 2.666667, 3.333333, 4]),
  i({ mode: 'linear', size: 1 }, [2]),
  i({ mode: 'linear', size: 1, alignCorners: true }, [0]),
  r({ mode: 'linear', sizes: [1] }, [3]),
  r({ mode: 'linear', sizes: [1], coordinateTransformationMode: 'pytorch_half_pixel' }, [1]),
  r({ mode: 'linear', scales: [1.5], coordinateTransformationMode: 'half_pixel_symmetric' }, [1, 1.666667, 2.333333, 3, 3.666667, 4.333333, 5]),
  r({ mode: 'linear', scales: [1.5], coordinateTransformationMode: 'align_corners' }, [1, 1.666667, 2.333333, 3, 3.666667, 4.333333, 5]),
  r({ mode: 'linear', scales: [2] }, [1, 1.25, 1.75, 2.25, 2.75, 3], [1, 2, 3]),
  r({ mode: 'linear', scales: [2], coordinateTransformationMode: 'asymmetric' }, [1, 1.5, 2, 2.5, 3, 3], [1, 2, 3]),
  // Coordinates that are whole but for rounding (ONNX Runtime 1.30 CPU).
  r({ mode: 'linear', sizes: [4], ...crop(0.2, 1) }, [1.8, 2.866667, 3.933333, 5]),
  r({ mode: 'linear', sizes: [8], ...crop(-0.2, 1.2) }, [-9, 1, 1.8, 2.6, 3.4, 4.2, 5, -9]),
  // Regions whose length is a decimal: 0.7 - 0.2 is a rounding below 0.5, and not an element less; neither is anything rounded up.
  r({ mode: 'linear', scales: [2], ...crop(0.2, 0.7) }, [1.8, 2.3, 2.8, 3.3, 3.8]),
  r({ mode: 'linear', scales: [1.99], ...crop(0.2, 0.7) }, [1.8, 2.466667, 3.133333, 3.8]),
  r({ scales: [2.3], coordinateTransformationMode: 'half_pixel_symmetric', nearestMode: 'ceil' }, [1, 2, 2, 3, 3, 3, 4, 4, 5, 5, 5]),
  // Cubic.
  i({ mode: 'bicubic', size: 10 }, [-0.105469, 0.191406, 0.667969, 1.296875, 1.703125, 2.296875, 2.703125, 3.332031, 3.808594, 4.105469]),
  i({ mode: 'bicubic', scaleFactor: 1.5 }, [-0.086806, 0.40625, 1.212963, 1.787037, 2.5, 3.230324, 3.873843]),
  i({ mode: 'bicubic', size: 7, alignCorners: true }, [0, 0.574074, 1.37037, 2, 2.62963, 3.425926, 4]),
  r(
    { mode: 'cubic', scales: [2], cubicCoeffA: -0.5, excludeOutside: true },
    [0.911765, 1.167883, 1.709924, 2.25, 2.75, 3.25, 3.75, 4.290076, 4.832117, 5.088235],
  ),
  // Antialias.
  i({ mode: 'bilinear', size: 2, antialias: true }, [1, 3]),
  i({ mode: 'bicubic', size: 2, antialias: true }, [0.856778, 3.143222]),
  i({ mode: 'bicubic', size: 10, antialias: true }, [-0.088235, 0.167883, 0.709924, 1.25, 1.75, 2.25, 2.75, 3.290076, 3.832117, 4.088235]),
  r({ mode: 'linear', scales: [0.5], antialias: true }, [1.625, 3.5]),
  r({ mode: 'linear', scales: [0.5], antialias: true, excludeOutside: true }, [1.714286, 3.5]),
  r({ mode: 'cubic', scales: [0.5], antialias: true }, [1.472656, 3.570313]),
  // Area.
  i({ mode: 'area', size: 3 }, [0.5, 2, 3.5]),
  i({ mode: 'area', size: 7 }, [0, 0.5, 1.5, 2, 2.5, 3.5, 4]),
  // Bed of nails, zero insertion.
  ['bedOfNails1d', [1, 2, 3], { stride: 3, offset: 1 }, [0, 1, 0, 0, 2, 0, 0, 3, 0]],
  ['zeroInsert1d', [1, 2, 3], { stride: 3 }, [1, 0, 0, 2, 0, 0, 3]],
];

const ones = (n: number) => new Array<number>(n).fill(1);
/** Gradients of ones: input size, options, values. */
const GRADIENTS: readonly (readonly [size: number, options: InterpolateOptions & { size: number }, dx: readonly number[]])[] = [
  [5, { mode: 'nearest', size: 7 }, [2, 1, 2, 1, 1]],
  [5, { mode: 'nearest-exact', size: 7 }, [1, 2, 1, 2, 1]],
  [5, { mode: 'linear', size: 7 }, [1.428571, 1.285714, 1.571429, 1.285714, 1.428571]],
  [8, { mode: 'linear', size: 2 }, [0, 0.5, 0.5, 0, 0, 0.5, 0.5, 0]],
  [5, { mode: 'bicubic', size: 7 }, [1.389213, 1.408163, 1.405248, 1.408163, 1.389213]],
  [8, { mode: 'bicubic', size: 2 }, [-0.09375, 0.59375, 0.59375, -0.09375, -0.09375, 0.59375, 0.59375, -0.09375]],
  [8, { mode: 'bilinear', size: 2, antialias: true }, mirrored([0.178571, 0.25, 0.285714, 0.285714])],
  [8, { mode: 'bicubic', size: 2, antialias: true }, mirrored([0.174843, 0.244781, 0.281837, 0.298539])],
  [5, { mode: 'area', size: 7 }, [1.5, 1, 2, 1, 1.5]],
];

/** One axis as the mode wants it. */
function placed(options: object, length: number): { shape: number[]; options: never } {
  const { mode, size, scaleFactor } = options as InterpolateOptions;
  if (mode !== 'bilinear' && mode !== 'bicubic') return { shape: [1, 1, length], options: options as never };
  const target = size === undefined ? { scaleFactor: [1, scaleFactor] } : { size: [1, size] };
  return { shape: [1, 1, 1, length], options: { ...options, ...target } as never };
}

describe('golden vectors', () => {
  test.each(FORWARD)('%s of [%s], %o', async (op, x, given, y) => {
    const { shape, options } = placed(given, x.length);
    const close = (values: ArrayLike<number>) => expect(Array.from(values, (v) => Math.round(v * 1e6) / 1e6 + 0)).toEqual(y.map((v) => v + 0));
    close(REFERENCE[op]({ data: x, shape }, options).data);
    const ctx = await context();
    const values = Array.from(await GPU[op](ctx.tensor(x, shape), options).data());
    expect(values.length).toBe(y.length);
    for (const [k, v] of values.entries()) expect(Math.abs(v - y[k]!)).toBeLessThan(2e-6);
  });

  test.each(GRADIENTS)('gradient of ones, %i inputs, %o', async (size, given, dx) => {
    const { shape, options } = placed(given, size);
    const dy = { data: ones(given.size), shape: [...shape.slice(0, -1), given.size] };
    const expected = REFERENCE.interpolateBackward(dy, shape, options).data;
    for (const [k, v] of Array.from(expected).entries()) expect(Math.abs(v - dx[k]!)).toBeLessThan(1e-6);
    const ctx = await context();
    const values = await GPU.interpolateBackward(ctx.tensor(dy.data, dy.shape), shape, options).data();
    for (const [k, v] of Array.from(values).entries()) expect(Math.abs(v - dx[k]!)).toBeLessThan(2e-6);
  });

  test('phase weights of cubic at twice the size', () => {
    const weights = (cubicCoeffA: number) =>
      // Output 6 of 4 pixels reads at 2.75, output 5 at 2.25: taps 1 to 4 and 1 to 4 of eight.
      Array.from({ length: 4 }, (_, tap) => {
        const data = Float64Array.from({ length: 8 }, (_, k) => Number(k === 1 + tap));
        return REFERENCE.resize({ data, shape: [8] }, { mode: 'cubic', scales: [2], cubicCoeffA }).data[5]!;
      });
    expect(weights(-0.75)).toEqual([-0.10546875, 0.87890625, 0.26171875, -0.03515625]);
    expect(weights(-0.5)).toEqual([-0.0703125, 0.8671875, 0.2265625, -0.0234375]);
  });

  test('output sizes from scales, rounded down in float64', () => {
    const size = (n: number, scaleFactor: number) => REFERENCE.interpolate({ data: new Array(n).fill(0), shape: [1, 1, n] }, { scaleFactor }).shape[2];
    const table = [
      [10, 0.7, 7],
      [5, 1.5, 7],
      [5, 1.1, 5],
      [7, 0.5, 3],
      [3, 0.34, 1],
      [100, 0.29, 28],
    ] as const;
    expect(table.map(([n, scale]) => [n, scale, size(n, scale)])).toEqual(table);
    for (let n = 1; n < 64; n++)
      for (const scale of [0.3, 0.7, 1.1, 1.3, 1.7, 2.3, 2.9]) if (n * scale >= 1) expect(size(n, scale)).toBe(Math.floor(n * scale));
  });

  test('a reciprocal would miss exact multiples', () => {
    const x = Array.from({ length: 3 }, (_, k) => k);
    for (const factor of [41, 49, 55]) {
      const y = REFERENCE.interpolate({ data: x, shape: [1, 1, 3] }, { scaleFactor: factor }).data;
      expect(Array.from(y)).toEqual(Array.from(y, (_, o) => Math.floor(o / factor)));
    }
  });

  test("PyTorch's float32 rule for indices differs where semantics says it does", () => {
    const index = (inSize: number, size: number, mode: 'nearest' | 'nearest-exact', indexRule: 'exact' | 'torch') =>
      REFERENCE.interpolate({ data: Array.from({ length: inSize }, (_, k) => k), shape: [1, 1, inSize] }, { mode, size, indexRule }).data;
    expect(index(2, 82, 'nearest', 'exact')[41]).toBe(1);
    expect(index(2, 82, 'nearest', 'torch')[41]).toBe(0);
    expect(index(2, 41, 'nearest-exact', 'exact')[20]).not.toBe(index(2, 41, 'nearest-exact', 'torch')[20]);
    const differ = { nearest: 0, 'nearest-exact': 0 };
    for (let a = 1; a < 40; a++)
      for (let b = 1; b < 120; b++)
        for (const mode of ['nearest', 'nearest-exact'] as const) if (index(a, b, mode, 'exact').join() !== index(a, b, mode, 'torch').join()) differ[mode]++;
    expect(differ).toEqual({ nearest: 42, 'nearest-exact': 98 });
  });

  test("PyTorch's antialias is ONNX's with excludeOutside and a = -0.5", () => {
    const data = Array.from({ length: 31 }, (_, k) => Math.sin(3 * k));
    const ours = REFERENCE.interpolate({ data, shape: [1, 1, 1, 31] }, { mode: 'bicubic', antialias: true, size: [1, 12] }).data;
    const options = { mode: 'cubic', antialias: true, excludeOutside: true, cubicCoeffA: -0.5, axes: [3], sizes: [12] } as const;
    const theirs = REFERENCE.resize({ data, shape: [1, 1, 1, 31] }, options).data;
    for (const [k, v] of ours.entries()) expect(Math.abs(v - theirs[k]!)).toBeLessThan(1e-14);
  });
});
