import { describe, expect, test } from 'vitest';
import { type Context, fromDevice, interpolate } from '../../src/index.ts';
import { context } from '../gpu.ts';
import { EXAMPLES, type Example, groups, HALVES, LONG, TILE_EXAMPLES, WIDE } from './cases.ts';
import { checkAll, inputOf, OFFSETS, wrapped } from './run.ts';

const count = { maps: 0, ran: 0 };
async function all(ctx: Context, ...[examples, options]: [readonly Example[], Parameters<typeof checkAll>[2]?]) {
  const { faults, ...n } = await checkAll(ctx, examples, options);
  for (const key of ['maps', 'ran'] as const) count[key] += n[key];
  expect(n.ran).toBeGreaterThanOrEqual(n.maps);
  expect(faults.slice(0, 20)).toEqual([]);
}

/** Compilation takes seconds a tile on llvmpipe. */
const SLOW = 300_000;

describe('every plan equals the reference', () => {
  test.each(groups(TILE_EXAMPLES))(
    'tiles: %s',
    async (_, examples) => {
      await all(await context(), examples, (_, i) => ({ seed: i }));
    },
    SLOW,
  );
  test.each(groups(EXAMPLES))('%s', async (_, examples) => {
    await all(await context(), examples);
  });
  test(
    'f16',
    async () => {
      const ctx = await context();
      if (ctx.device.features.has('shader-f16')) await all(ctx, HALVES, (_, i) => ({ seed: i }));
      else console.log('this adapter has no shader-f16: f16 is refused here, and tested in Node');
    },
    SLOW,
  );
  test('halves are moved as words where they stay together or repeat, and as vectors', async () => {
    const ctx = await context();
    if (!ctx.device.features.has('shader-f16')) return console.log('this adapter has no shader-f16: f16 is refused here, and tested in Node');
    const plans = (layout: 'nchw' | 'nhwc') =>
      interpolate.explain(ctx, { shape: [1, 8, 6, 8], dtype: 'f16', layout, mode: 'nearest', scaleFactor: 2 }).admissible;
    expect(plans('nchw')).toEqual(['stretch', 'move_half']);
    expect(plans('nhwc').toSorted()).toEqual(['move', 'move vec4', 'move_row']);
  });
  test('long sums', async () => {
    await all(await context(), LONG);
  });
  test('long sums that only grow', async () => {
    const growing = LONG.filter(({ call: [, , options] }) => /area|linear/.test((options as { mode: string }).mode));
    await all(await context(), growing, (map, seed) => ({ data: Float32Array.from(inputOf(map, seed), Math.abs) }));
  });
  test('counts', () => {
    console.log(`plans: ${count.maps} maps, ${count.ran} runs of a plan`);
    expect(count.maps).toBeGreaterThan(2700);
  });
});

test.each([
  ['f32', TILE_EXAMPLES.concat(EXAMPLES.filter((_, i) => i % 9 === 0))],
  ['f16', HALVES.filter((_, i) => i % 9 === 0)],
] as const)('wrapped buffers, %s, begin at odd places', async (dtype, examples) => {
  const ctx = await context();
  if (dtype === 'f32' || ctx.device.features.has('shader-f16'))
    await all(ctx, examples, (map, i) => ({ seed: i, upload: (data) => wrapped(ctx, map, OFFSETS[dtype][i % 4]!, data) }));
});

test('bindings of 64 KiB, buffers of 256 KiB, 7 workgroups a dimension', async () => {
  const { device } = await context();
  const ctx = fromDevice(device, { limits: { maxStorageBufferBindingSize: 2 ** 16, maxBufferSize: 2 ** 18, maxComputeWorkgroupsPerDimension: 7 } });
  await all(ctx, WIDE);
  await all(
    ctx,
    WIDE.filter((_, i) => i % 3 === 0),
    (map, i) => ({ seed: i, upload: (data) => wrapped(ctx, map, OFFSETS.f32[i % 4]!, data) }),
  );
  ctx.destroy();
});
