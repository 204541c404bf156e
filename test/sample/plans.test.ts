// Every plan of a table of cases against the reference, forward and both gradients: each case with every mode, padding and corner rule.
// Cases aim at code paths: channels that fill up no block of four, vectors, one channel, axes of length 1, layouts that differ between
// x and dy, both dtypes of x and grid, two and three axes, and sample counts for one to three levels of the sort's running sum.
import { expect, test } from 'vitest';
import type { Context, GridSampleOptions } from '../../src/index.ts';
import * as reference from '../../src/ops/sample/cpu.ts';
import type { DType, Layout } from '../../src/plan.ts';
import { context } from '../gpu.ts';
import { allowed, beyond, HALF } from './bound.ts';
import { clearGrid, everyPlan, noise, put } from './run.ts';

interface Case {
  x: readonly number[];
  out: readonly number[];
  layout?: Layout;
  dyLayout?: Layout;
  dtype?: DType;
  gridDtype?: DType;
}

const CASES: readonly Case[] = [
  { x: [2, 5, 6, 7], out: [5, 9] },
  { x: [1, 8, 4, 3], out: [7, 3], layout: 'nhwc' },
  { x: [3, 1, 1, 5], out: [4, 6] },
  { x: [2, 3, 5, 4], out: [3, 5], layout: 'nhwc', dyLayout: 'nchw' },
  { x: [2, 3, 2, 5, 4], out: [2, 3, 5] },
  { x: [1, 4, 3, 1, 5], out: [3, 4, 2], layout: 'nhwc' },
];
const HALVES: readonly Case[] = [
  { x: [2, 5, 6, 7], out: [5, 9], dtype: 'f16' },
  { x: [1, 4, 5, 6], out: [7, 3], layout: 'nhwc', dtype: 'f16', gridDtype: 'f16' },
];
const LARGE: readonly Case[] = [
  { x: [1, 2, 40, 50], out: [30, 41] },
  { x: [2, 1, 3, 4], out: [70, 130] },
  { x: [1, 5, 2, 3], out: [40, 50] },
  { x: [1, 4, 2, 2, 2], out: [10, 15, 20], layout: 'nhwc' },
];

const OPTIONS: readonly GridSampleOptions[] = (['nearest', 'bilinear', 'bicubic'] as const).flatMap((mode) =>
  (['zeros', 'border', 'reflection'] as const).flatMap((paddingMode) => [false, true].map((alignCorners) => ({ mode, paddingMode, alignCorners }))),
);

async function check(ctx: Context, { x: xShape, out, layout = 'nchw', dyLayout = layout, dtype = 'f32', gridDtype = 'f32' }: Case, options: GridSampleOptions) {
  const what = `[${xShape}] at [${out}] ${layout} ${dyLayout} ${dtype} ${gridDtype} ${JSON.stringify(options)}`;
  const x = noise(xShape, 1, dtype, layout);
  const grid = clearGrid(xShape, out, options.alignCorners ?? false, 2, gridDtype);
  const y = reference.gridSample(x, grid, options);
  const dy = noise(y.shape, 3, dtype, dyLayout);
  const want = { y, ...reference.gridSampleBackward(dy, x, grid, options) };
  const room = allowed(x, grid, dy, options);
  const roomY = allowed(x, grid, noise(y.shape, 3, dtype, layout), options);
  const tensors = { x: put(ctx, x), grid: put(ctx, grid), dy: put(ctx, dy) };
  const found: string[] = [];
  const plans: string[] = [];
  for (const { plan, outputs } of [...(await everyPlan(ctx, { x: tensors.x, grid: tensors.grid }, options)), ...(await everyPlan(ctx, tensors, options))]) {
    plans.push(plan);
    for (const [key, got] of Object.entries(outputs)) {
      const name = key as 'y' | 'dx' | 'dgrid';
      const half = (name === 'dgrid' ? gridDtype : dtype) === 'f16';
      const message = beyond(got, want[name].data, name === 'y' ? roomY.y : room[name], half ? HALF : 0);
      if (message) found.push(`${what}, ${plan}, ${name}: ${message}`);
    }
  }
  for (const t of Object.values(tensors)) t.dispose();
  expect(found).toEqual([]);
  return plans;
}

test('sampling plans: f32, every case under every option and plan, forward and gradients', { timeout: 120_000 }, async () => {
  const ctx = await context();
  const seen = new Set<string>();
  for (const c of CASES) for (const options of OPTIONS) for (const plan of await check(ctx, c, options)) seen.add(plan);
  expect([...seen].sort()).toEqual(['plain', 'planes', 'search', 'sorted', 'vectors']);
});

test('sampling plans: many samples and many pixels, all levels of the sort and bundles of samples', { timeout: 120_000 }, async () => {
  const ctx = await context();
  for (const c of LARGE)
    for (const [mode, paddingMode] of [
      ['nearest', 'reflection'],
      ['bilinear', 'border'],
      ['bicubic', 'zeros'],
      ['bicubic', 'reflection'],
    ] as const)
      await check(ctx, c, { mode, paddingMode });
});

test('sampling plans: f16 storage, f32 sums, grids of f32 and f16', { timeout: 120_000 }, async () => {
  const ctx = await context();
  if (!ctx.device.features.has('shader-f16')) {
    expect(() => ctx.tensor([1], [1], { dtype: 'f16' })).toThrow(/shader-f16/);
    return;
  }
  for (const c of HALVES) for (const options of OPTIONS) await check(ctx, c, options);
});
