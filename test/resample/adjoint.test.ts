import { describe, expect, test } from 'vitest';
import * as gpu from '../../src/index.ts';
import { count, hash32 } from '../fixtures.ts';
import { context } from '../gpu.ts';
import { EXAMPLES, type Example, groups, titleOf } from './cases.ts';
import { boundOf, copies, type Direction, directionsOf, refer } from './run.ts';

const GPU = { ...gpu };
const FLOATS = EXAMPLES.filter((e) => e.dtype === 'f32');

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => Array.from(a).reduce((sum, v, i) => sum + v * b[i]!, 0);
const sizes = (a: ArrayLike<number>): Float64Array => Float64Array.from(a, Math.abs);
const whole = (n: number, seed: number) => Float32Array.from({ length: n }, (_, i) => (hash32(i, seed) % 17) - 8);

const pair = (e: Example) => directionsOf(e) as [Direction, Direction];

describe('<A x, y> = <x, Aᵀ y>', () => {
  test.each(groups(FLOATS))('%s on the reference', (_, examples) => {
    const faults: string[] = [];
    for (const [i, e] of examples.entries()) {
      const [forward, backward] = pair(e);
      const x = whole(count(forward.from), i).map((v) => v / 8);
      const y = whole(count(forward.to), i + 1000).map((v) => v / 8);
      const up = refer(forward, x, true);
      const down = refer(backward, y, true);
      const scale = Math.max(dot(sizes(up), sizes(y)), dot(sizes(x), sizes(down)), 1);
      const error = Math.abs(dot(up, y) - dot(x, down)) / scale;
      if (!(error <= 1e-12)) faults.push(`${titleOf(e)}: ${error}`);
    }
    expect(faults).toEqual([]);
  });

  test.each(groups(FLOATS.filter((_, i) => i % 3 === 0)))('%s on the GPU', async (_, examples) => {
    const ctx = await context();
    const faults: string[] = [];
    for (const [i, e] of examples.entries()) {
      const [forward, backward] = pair(e);
      const [op, shape, given] = e.call;
      const options = ('extrapolationValue' in given ? { ...given, extrapolationValue: 0 } : given) as never;
      const xs = whole(count(forward.from), i);
      const ys = whole(count(forward.to), i + 1000);
      const { layout } = e;
      const x = ctx.tensor(xs, forward.from, { layout });
      const y = ctx.tensor(ys, forward.to, { layout });
      const up = GPU[op](x, options);
      const down = GPU[`${op}Backward`](y, shape, options);
      const [a, b] = await Promise.all([up.data(), down.data()]);
      for (const t of [x, y, up, down]) t.dispose();
      const room = (map: Direction, data: Float32Array, other: Float32Array) => {
        if (copies(map)) return 0;
        const { units, scale } = boundOf(map, data);
        return units * 2 ** -24 * scale * sizes(other).reduce((s, v) => s + v, 0);
      };
      const allowed = room(forward, xs, ys) + room(backward, ys, xs);
      const error = Math.abs(dot(a, ys) - dot(xs, b));
      if (!(error <= allowed)) faults.push(`${titleOf(e)}: ${error}, allowed ${allowed}`);
    }
    expect(faults).toEqual([]);
  });

  test('the gradient is the transposed matrix', () => {
    for (const e of FLOATS.filter(({ call: [, shape] }) => count(shape) <= 24)) {
      const [forward, backward] = pair(e);
      const [n, m] = [count(forward.from), count(forward.to)];
      const unit = (size: number, at: number) => Float64Array.from({ length: size }, (_, i) => Number(i === at));
      const columns = Array.from({ length: n }, (_, i) => refer(forward, unit(n, i), true));
      for (let o = 0; o < m; o++) {
        const row = refer(backward, unit(m, o), true);
        for (let i = 0; i < n; i++)
          if (Math.abs(row[i]! - columns[i]![o]!) > 1e-15) expect.fail(`${titleOf(e)}: row ${o}, column ${i}: ${row[i]} and ${columns[i]![o]}`);
      }
    }
  });
});
