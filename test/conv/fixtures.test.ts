// Every plan on the GPU against outside results, forward and gradients.
import { expect, test } from 'vitest';
import { fromHalf } from '../../src/half.ts';
import type { Context, Tensor } from '../../src/index.ts';
import { differs, type Rec, samplesDiffer } from '../fixtures.ts';
import { context } from '../gpu.ts';
import { HALF, units } from './bound.ts';
import { type ConvCase, convCases, type Data } from './cases.ts';
import { everyPlan } from './run.ts';

const tensor = (ctx: Context, d: Data): Tensor =>
  ctx.tensor(d.half ? Uint16Array.from(d.data) : d.data, d.shape, { layout: d.layout, dtype: d.half ? 'f16' : 'f32' });

/** Everything a case says about the GPU's results, as sentences. */
async function faults(ctx: Context, c: ConvCase): Promise<string[]> {
  const found: string[] = [];
  const made: Tensor[] = [];
  const put = (d: Data | null) => {
    const t = d ? tensor(ctx, d) : undefined;
    if (t) made.push(t);
    return t;
  };
  const [x, w, bias, dy] = [put(c.x)!, put(c.w)!, put(c.bias), put(c.dy)];
  const compare = async (recs: Partial<Record<'y' | 'dx' | 'dw' | 'db', Rec | null>>, backward: boolean) => {
    // Large layers run under the plan that is chosen for them.
    const most = c.set === 'torch-large' ? 1 : Number.POSITIVE_INFINITY;
    const { call, results } = await everyPlan(ctx, c.op, { x, w, bias, dy: backward ? dy : undefined }, c.options, most);
    for (const { plan, outputs } of results)
      for (const [key, rec] of Object.entries(recs)) {
        if (!rec) continue;
        const name = key as 'y';
        const want = rec.dtype === 'float16' ? fromHalf(Uint16Array.from(rec.data)) : rec.data;
        const scale = rec.scaleAbs ?? Math.max(rec.maxAbs ?? 0, 1e-30);
        // torch-exact: whole numbers, any order gives these bits. The sources of the other sets computed in float32 themselves: their error adds to ours.
        const allowed = c.set === 'torch-exact' ? 0 : units(call)[name] * (c.set.startsWith('torch') ? 1 : 2);
        const bound = c.tolAbs ? { units: c.tolAbs * 2 ** 24, scale: 1 } : { units: allowed, scale, relative: c.x.half ? 2 * HALF : 0 };
        const message = rec.samples ? samplesDiffer(outputs[name]!, rec, bound) : differs(outputs[name]!, want, bound);
        if (message) found.push(`${c.name}, ${plan}, ${name}: ${message}`);
      }
  };
  if (c.y) await compare({ y: c.y }, false);
  if (c.dy) await compare(c.grads, true);
  for (const t of made) t.dispose();
  return found;
}

for (const set of ['torch', 'torch-exact', 'onnx-node', 'wpt-webnn', 'tfjs', 'torch-large'])
  test(`conv on the GPU, ${set}: every case under every plan, forward and gradients`, { timeout: 600_000 }, async () => {
    const ctx = await context();
    const half = ctx.device.features.has('shader-f16');
    const cases = (await convCases(set)).filter((c) => half || !c.x.half);
    const found: string[] = [];
    for (const c of cases) found.push(...(await faults(ctx, c)));
    expect(found).toEqual([]);
  });
