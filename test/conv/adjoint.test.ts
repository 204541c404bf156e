// The adjoint identity on the GPU: <C x, y> = <x, Ct y>, and the same in the weights, which needs no reference at all.
// Random geometries, one for each seed; sums are taken in float64.
import { expect, test } from 'vitest';
import {
  conv1d,
  conv1dBackward,
  conv2d,
  conv2dBackward,
  conv3d,
  conv3dBackward,
  convTranspose1d,
  convTranspose1dBackward,
  convTranspose2d,
  convTranspose2dBackward,
  convTranspose3d,
  convTranspose3dBackward,
} from '../../src/index.ts';
import { count, generate, hash32 } from '../fixtures.ts';
import { context } from '../gpu.ts';

const FORWARD = { conv: [conv1d, conv2d, conv3d], convTranspose: [convTranspose1d, convTranspose2d, convTranspose3d] } as const;
const BACKWARD = {
  conv: [conv1dBackward, conv2dBackward, conv3dBackward],
  convTranspose: [convTranspose1dBackward, convTranspose2dBackward, convTranspose3dBackward],
} as const;

/** Whole numbers from a seed. */
function dice(seed: number) {
  let i = 0;
  return (from: number, to: number) => from + (hash32(i++, seed) % (to - from + 1));
}

const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  let sum = 0;
  let size = 0;
  for (let i = 0; i < a.length; i++) {
    sum += a[i]! * b[i]!;
    size += Math.abs(a[i]! * b[i]!);
  }
  return { sum, size };
};

for (const kind of ['conv', 'convTranspose'] as const)
  test(`${kind}: <map(x), dy> = <x, dx> = <w, dw>, random geometries in 1, 2 and 3 dimensions`, { timeout: 120_000 }, async () => {
    const ctx = await context();
    for (let seed = 1; seed <= 45; seed++) {
      const roll = dice(seed + (kind === 'conv' ? 0 : 100));
      const spatial = 1 + (seed % 3);
      const axes = <T>(of: () => T) => Array.from({ length: spatial }, of);
      const groups = roll(0, 3) ? 1 : 2;
      const [cin, cout] = [groups * roll(1, 5), groups * roll(1, 9)];
      const kernel = axes(() => roll(1, spatial === 1 ? 16 : 4));
      const stride = axes(() => roll(1, 4));
      const dilation = axes(() => roll(1, 3));
      const least = (i: number) => (kind === 'conv' ? dilation[i]! * (kernel[i]! - 1) + 1 : 2);
      const size = kernel.map((_, i) => least(i) + roll(0, 4));
      const padding = kernel.map((k) => [roll(0, Math.min(k - 1, 1)), roll(0, Math.min(k - 1, 1))] as const);
      const options = {
        ...{ stride, dilation, padding, groups },
        ...(kind === 'convTranspose' && { outputPadding: stride.map((s) => roll(0, s - 1)) }),
      };
      const layout = seed % 2 ? 'nchw' : 'nhwc';
      const xs = [roll(1, 3), cin, ...size];
      const ws = kind === 'conv' ? [cout, cin / groups, ...kernel] : [cin, cout / groups, ...kernel];
      const [xData, wData] = [generate(count(xs), seed), generate(count(ws), seed + 1)];
      const x = ctx.tensor(xData, xs, { layout });
      const w = ctx.tensor(wData, ws);
      const what = `seed ${seed}: [${xs}] * [${ws}] ${JSON.stringify(options)} ${layout}`;
      const y = FORWARD[kind][spatial - 1]!(x, w, options);
      const dyData = generate(y.size, seed + 2);
      const dy = ctx.tensor(dyData, y.shape, { layout });
      const { dx, dw } = BACKWARD[kind][spatial - 1]!(dy, x, w, options);
      const [left, right, weights] = [dot(await y.data(), dyData), dot(await dx.data(), xData), dot(await dw.data(), wData)];
      const bound = 1e-5 * (left.size + right.size + weights.size);
      expect(Math.abs(left.sum - right.sum), what).toBeLessThan(bound);
      expect(Math.abs(left.sum - weights.sum), what).toBeLessThan(bound);
      for (const t of [x, w, y, dy, dx, dw]) t.dispose();
    }
  });

test('conv: the same call gives the same bits, a hundred times', async () => {
  const ctx = await context();
  const x = ctx.tensor(generate(2 * 5 * 8 * 9, 1), [2, 5, 8, 9]);
  const w = ctx.tensor(generate(5 * 7 * 9, 2), [5, 7, 3, 3]);
  const options = { stride: 2, padding: 1, activation: 'tanh' } as const;
  const y = convTranspose2d(x, w, options);
  const first = [await y.data(), await convTranspose2dBackward(y, x, w, options).dw.data()];
  for (let i = 0; i < 100; i++) {
    const g = convTranspose2dBackward(y, x, w, { ...options, gradients: ['dw'] });
    const again = convTranspose2d(x, w, options);
    expect([await again.data(), await g.dw.data()]).toEqual(first);
    again.dispose();
    g.dw.dispose();
  }
});
