import { expect, test } from 'vitest';
import { interpolateCall } from '../../src/ops/resample/arguments.ts';
import { resamplePlans } from '../../src/ops/resample/plan.ts';
import * as reference from '../../src/reference.ts';
import { context } from '../gpu.ts';

// Tiles of large results have loops with constant bounds: pipelines that small results do not use.
test.each([
  ['nchw', [1, 4, 96, 96], 'bilinear', 8],
  ['nhwc', [1, 4, 96, 96], 'bicubic', 16],
  ['nhwc', [1, 3, 100, 120], 'bilinear', 8],
  ['nchw', [1, 3, 96, 103], 'bicubic', 16],
] as const)('large %s %j %s x3: every plan equals the reference', async (layout, size, mode, units) => {
  const shape: readonly number[] = size;
  const ctx = await context();
  const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => ((i * 7919) % 1021) / 1021 - 0.5);
  const options = { mode, scaleFactor: 3 } as const;
  const want = reference.interpolate({ data, shape, layout }, options).data;
  expect(want.length).toBeGreaterThanOrEqual(2 ** 18);
  const x = ctx.tensor(data, shape, { layout });
  const plans = resamplePlans(interpolateCall('large', x.spec, options), ctx.adapter);
  expect(plans.some((p) => p.steps[0]?.constants['TAPS_H'])).toBe(true);
  for (const plan of plans) {
    const y = ctx.run('large', `${layout} ${shape} ${plan.name}`, { input: x }, () => plan)['output']!;
    const got = await y.data();
    let worst = 0;
    for (let i = 0; i < want.length; i++) worst = Math.max(worst, Math.abs(got[i]! - want[i]!));
    expect(worst / (2 ** -24 * 0.5), plan.name).toBeLessThanOrEqual(units);
    y.dispose();
  }
  x.dispose();
});
