import { expect } from 'vitest';
import type { Context, Tensor } from '../../src/index.ts';

/** Goes some steps of a training and expects that none leaves memory behind.
 * @param step makes its batch and frees it; the losses are freed here
 * @returns losses by name, a list each */
export async function trained(ctx: Context, steps: number, step: (i: number) => Record<string, Tensor>): Promise<Record<string, number[]>> {
  const losses: Record<string, number[]> = {};
  const { tensors } = ctx.memory();
  let bytes: number | undefined;
  for (let i = 0; i < steps; i++) {
    for (const [name, loss] of Object.entries(step(i))) {
      (losses[name] ??= []).push(await loss.item());
      loss.dispose();
    }
    const left = ctx.memory();
    bytes ??= left.bytes; // after the first step, which lays weights out as kernels read them
    expect([left.tensors, left.bytes], `tensors and bytes after step ${i}`).toEqual([tensors, bytes]);
  }
  return losses;
}

const mean = (list: readonly number[]) => list.reduce((a, b) => a + b, 0) / list.length;

/** The last five losses over the first, in the mean. */
export const left = (losses: readonly number[]): number => mean(losses.slice(-5)) / losses[0]!;

/** Peak signal-to-noise ratio of pictures from 0 to 1, in dB. */
export function psnr(found: ArrayLike<number>, truth: ArrayLike<number>): number {
  return -10 * Math.log10(mean(Array.from(truth, (v, i) => (found[i]! - v) ** 2)));
}
