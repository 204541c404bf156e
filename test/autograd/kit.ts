// What the tests of the tape share.

import { expect } from 'vitest';
import type { Context, Tensor } from '../../src/index.ts';
import { conv2d } from '../../src/index.ts';
import { reshape } from '../../src/nn/index.ts';
import { generate } from '../fixtures.ts';
import { context } from '../gpu.ts';

export const ctx: Context = await context();

export const of = (shape: readonly number[], seed = 1) =>
  ctx.tensor(
    generate(
      shape.reduce((a, b) => a * b, 1),
      seed,
    ),
    shape,
  );
export const list = async (x: Tensor | undefined) => Array.from(await x!.data());
export const live = () => ctx.memory().tensors;
/** The sum of all elements times known weights, as a tensor of one element. */
export const sum = (x: Tensor) => conv2d(reshape(x, [1, 1, 1, x.size]), ones(x.size));
let kept: Tensor[] = [];
function ones(n: number): Tensor {
  kept[n] ??= ctx.keep(ctx.tensor(new Float32Array(n).fill(1), [1, 1, 1, n]));
  return kept[n];
}

/** Runs a test that leaves as many tensors as it found. */
export const balanced = (body: () => Promise<void>) => async () => {
  const before = live();
  kept = [];
  await body();
  for (const t of kept) t?.dispose();
  expect(live(), 'tensors left').toBe(before);
};
