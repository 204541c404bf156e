// How the tests of the sampling family run a call: on the reference, and by every plan on the GPU.
import { fromHalf, toHalf } from '../../src/half.ts';
import type { Context, GridSampleOptions, Tensor } from '../../src/index.ts';
import { sampleBackwardCall, sampleCall } from '../../src/ops/sample/arguments.ts';
import { sampleGradientPlans } from '../../src/ops/sample/gradient.ts';
import { samplePlans } from '../../src/ops/sample/plan.ts';
import type { DType, Layout, Plan } from '../../src/plan.ts';
import { count, generate, generated } from '../fixtures.ts';

/** A tensor as tests hold it: numbers that its dtype holds exactly. */
export interface Operand {
  readonly data: Float32Array<ArrayBuffer>;
  readonly shape: readonly number[];
  readonly layout: Layout;
  readonly dtype: DType;
}

export const operand = (data: ArrayLike<number>, shape: readonly number[], dtype: DType = 'f32', layout: Layout = 'nchw'): Operand => ({
  data: dtype === 'f16' ? fromHalf(toHalf(data)) : Float32Array.from(data),
  shape,
  layout,
  dtype,
});

/** Random numbers in [-1, 1). */
export const noise = (shape: readonly number[], seed: number, dtype: DType = 'f32', layout: Layout = 'nchw'): Operand =>
  operand(generate(count(shape), seed), shape, dtype, layout);

export const put = (ctx: Context, { data, shape, layout, dtype }: Operand): Tensor => ctx.tensor(data, shape, { layout, dtype });

/** Where a coordinate of the grid lies, in pixels. */
export const position = (g: number, size: number, alignCorners: boolean): number => (alignCorners ? ((g + 1) / 2) * (size - 1) : ((g + 1) * size - 1) / 2);

/** Least distance of a position from a kink: pixels and the edges between them. */
const CLEAR = 0.03;

/** A random grid, from half an image below x to half an image above, that keeps clear of kinks: where a mode, a padding or a gradient jumps. */
export function clearGrid(xShape: readonly number[], out: readonly number[], alignCorners: boolean, seed: number, dtype: DType = 'f32'): Operand {
  const sizes = xShape.slice(2).reverse(); // x first
  const shape = [xShape[0]!, ...out, sizes.length];
  let i = 0;
  const one = (size: number): number => {
    for (;;) {
      const [g] = operand([generated(i++, seed) * 2], [1], dtype).data as unknown as [number];
      const twice = 2 * position(g, size, alignCorners);
      if (Math.abs(twice - Math.round(twice)) > 2 * CLEAR || (alignCorners && size === 1)) return g;
    }
  };
  return operand(
    Array.from({ length: count(shape) }, (_, k) => one(sizes[k % sizes.length]!)),
    shape,
    dtype,
  );
}

type Results = { plan: string; outputs: Record<string, Float32Array> }[];

async function results(ctx: Context, key: string, inputs: Record<string, Tensor>, plans: readonly Plan[]): Promise<Results> {
  const all: Results = [];
  for (const plan of plans) {
    const outputs: Record<string, Float32Array> = {};
    for (const [name, tensor] of Object.entries(ctx.run('gridSample', `${key} ${plan.name}`, inputs, () => plan))) {
      outputs[name === 'output' ? 'y' : name] = (await tensor.data()) as Float32Array;
      tensor.dispose();
    }
    all.push({ plan: plan.name, outputs });
  }
  return all;
}

/** Results of every plan of a call: forward, or with `dy` backward. */
export async function everyPlan(ctx: Context, tensors: { x: Tensor; grid: Tensor; dy?: Tensor }, options: GridSampleOptions): Promise<Results> {
  const { x, grid, dy } = tensors;
  const forward = sampleCall('gridSample', x.spec, grid.spec, options);
  if (!dy) return results(ctx, JSON.stringify(forward), { x, grid }, samplePlans(forward, ctx.adapter));
  const call = sampleBackwardCall(dy.spec, forward, undefined);
  return results(ctx, JSON.stringify(call), { dy, x, grid }, sampleGradientPlans(call, ctx.adapter));
}
