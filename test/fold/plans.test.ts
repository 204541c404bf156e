import { expect, test } from 'vitest';
import { type Context, fromDevice } from '../../src/index.ts';
import { context } from '../gpu.ts';
import { EXAMPLES, type Example, HALVES, WIDE } from './cases.ts';
import { checkPlans, directionsOf } from './run.ts';

/** Checks examples both ways and tells which plans ran how often. */
async function all(ctx: Context, examples: readonly Example[], offsets?: readonly number[]) {
  const ran: Record<string, number> = {};
  const faults: string[] = [];
  for (const [i, map] of examples.flatMap(directionsOf).entries()) {
    const found = await checkPlans(ctx, map, i + 1, offsets?.[i % offsets.length]);
    for (const name of found.names) ran[name] = (ran[name] ?? 0) + 1;
    faults.push(...found.faults);
  }
  expect(faults.slice(0, 10)).toEqual([]);
  return ran;
}

test('every plan equals the reference: unfolds bit for bit, folds within the bound of sums', async () => {
  const ctx = await context();
  const n = EXAMPLES.length;
  expect(await all(ctx, EXAMPLES)).toEqual({ unfold_window: n, unfold: n, fold_row: n, fold: n });
  await all(ctx, EXAMPLES, [4, 8, 12, 260, 16]);
});

test('halves', async () => {
  const ctx = await context();
  if (!ctx.device.features.has('shader-f16')) return console.log('this adapter has no shader-f16: f16 is refused here, and tested in Node');
  const n = HALVES.length;
  expect(await all(ctx, HALVES)).toEqual({ unfold_half: n, fold_row: n, fold: n });
  await all(ctx, HALVES, [2, 4, 6, 262, 16]);
});

test('bindings of 64 KiB, buffers of 256 KiB, 7 workgroups a dimension', async () => {
  const { device } = await context();
  const ctx = fromDevice(device, { limits: { maxStorageBufferBindingSize: 2 ** 16, maxBufferSize: 2 ** 18, maxComputeWorkgroupsPerDimension: 7 } });
  await all(ctx, WIDE);
  await all(ctx, WIDE, [4, 260]);
  ctx.destroy();
});
