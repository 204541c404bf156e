import { expect, test } from 'vitest';
import { type Context, fromDevice } from '../../src/index.ts';
import { context } from '../gpu.ts';
import { EXAMPLES, type Example, HALVES, WIDE } from './cases.ts';
import { checkPlans, wrapped } from './run.ts';

/** Checks examples and tells which plans ran how often. */
async function all(ctx: Context, examples: readonly Example[], offsets?: readonly number[], most?: number) {
  const ran: Record<string, number> = {};
  const faults: string[] = [];
  for (const [i, e] of examples.entries()) {
    const found = await checkPlans(ctx, e, i + 1, offsets && ((data) => wrapped(ctx, e, offsets[i % offsets.length]!, data)), most);
    for (const name of found.names) ran[name] = (ran[name] ?? 0) + 1;
    faults.push(...found.faults);
  }
  expect(faults.slice(0, 10)).toEqual([]);
  return ran;
}

test('every plan keeps every bit: words', async () => {
  const ran = await all(await context(), EXAMPLES);
  console.log('shuffles, runs of a plan:', ran);
  expect(ran['move']).toBe(EXAMPLES.length);
  for (const name of ['move_row', 'move_block', 'move vec4', 'move_block vec4']) expect(ran[name], name).toBeGreaterThan(20);
});

test('every plan keeps every bit: halves', async () => {
  const ctx = await context();
  if (!ctx.device.features.has('shader-f16')) return console.log('this adapter has no shader-f16: f16 is refused here, and tested in Node');
  const ran = await all(ctx, HALVES);
  console.log('shuffles of halves, runs of a plan:', ran);
  for (const name of ['move', 'move_half', 'move_row', 'move_row_half', 'move vec4', 'move_block vec4']) expect(ran[name], name).toBeGreaterThan(5);
  await all(ctx, HALVES, [2, 4, 6, 262, 16]);
});

test('wrapped buffers begin at odd places', async () => {
  const ctx = await context();
  await all(
    ctx,
    EXAMPLES.filter((_, i) => i % 3 === 0),
    [4, 8, 12, 260, 16],
  );
});

test.each([1, 4, 12])('tables of %i rows and columns: the others are outer axes', async (most) => {
  const ctx = await context();
  await all(ctx, EXAMPLES, undefined, most);
  if (ctx.device.features.has('shader-f16')) await all(ctx, HALVES, undefined, most);
});

test('bindings of 64 KiB, buffers of 256 KiB, 7 workgroups a dimension', async () => {
  const { device } = await context();
  const ctx = fromDevice(device, { limits: { maxStorageBufferBindingSize: 2 ** 16, maxBufferSize: 2 ** 18, maxComputeWorkgroupsPerDimension: 7 } });
  const fit = WIDE.filter((e) => !(e.channels === 16 && e.layout === 'nchw' && e.order === 'DCR')); // one sample of 253,440 bytes whose channels interleave
  await all(ctx, fit);
  await all(ctx, fit, [4, 260]);
  for (const e of WIDE.filter((w) => !fit.includes(w))) await expect(checkPlans(ctx, e, 1)).rejects.toThrow(/exceeds a storage binding/);
  ctx.destroy();
});
