import dropoutKernel from '../../../shaders/pointwise/dropout.wgsl';
import { checkObject, checkOptions } from '../../check.ts';
import type { Context } from '../../context.ts';
import { checkContext, checkTensor, type Explanation, eager, explanation, type Prepared, type PrepareSpec, prepared } from '../../op.ts';
import { type Adapter, type Plan, product, type TensorSpec } from '../../plan.ts';
import type { Tensor } from '../../tensor.ts';
import { checkBuffers } from '../slices.ts';
import { checkSeed, type DropoutOptions, dropoutCall } from './arguments.ts';
import type { DropoutCall } from './call.ts';
import { aligned, dispatches, LANES, runs } from './cells.ts';
import { result, widePlans } from './plan.ts';

/** Dropout: called at once with a seed, or prepared: then `encode` is given the seed, a u32 in a buffer, so that one recording serves every step. */
export interface Dropout {
  (x: Tensor, options: DropoutOptions): Tensor;
  /** Compiles and allocates everything that `encode(encoder, { input, seed, output })` needs. */
  prepare(ctx: Context, spec: PrepareSpec & Omit<DropoutOptions, 'seed'>): Promise<Prepared<'input' | 'seed' | 'output'>>;
  /** Which plan a call would run, and why; computes nothing. */
  explain(ctx: Context, spec: PrepareSpec & Omit<DropoutOptions, 'seed'>): Explanation;
}

const SEED: TensorSpec = { shape: [1], dtype: 'u32', layout: 'nchw', skew: 0 };

/** Every admissible plan, best first. */
export function dropoutPlans({ op, x, threshold, scale }: DropoutCall, adapter: Adapter): Plan[] {
  const outputs = { output: result(x) };
  checkBuffers(op, outputs, adapter);
  const flats = [
    { slot: 'x', name: 'input', dtype: x.dtype, skew: x.skew },
    { slot: 'y', name: 'output', dtype: x.dtype, skew: 0 },
  ];
  const n = product(x.shape);
  const all = Number(threshold === 2 ** 32);
  return widePlans(aligned(flats) && n >= LANES, outputs, (wide) =>
    dispatches(
      dropoutKernel,
      runs(n, flats, wide, adapter),
      ({ lanes, first }) => ({
        types: lanes === 1 ? {} : { bits: 'vec4<u32>', LANE: 'vec4<u32>(0u, 1u, 2u, 3u)' },
        constants: {},
        params: { lanes, first, threshold: all ? 0 : threshold, all, scale, seed_at: 0 },
        bind: { seed: 'seed' },
      }),
      adapter,
    ),
  );
}

function build(op: string, first: 'x' | 'dy'): Dropout {
  const now = (x: Tensor, options: DropoutOptions = {} as DropoutOptions): Tensor => {
    checkTensor(op, first, x);
    const { ctx } = x;
    ctx.alive(op);
    checkOptions(op, options, ['p', 'seed']);
    const { seed, ...rest } = options;
    const call = dropoutCall(op, { x: x.spec }, rest);
    checkSeed(op, seed);
    // The seed is data: a new one at every step must not make a new plan.
    const seeds = ctx.tensor(Uint32Array.of(seed), [1], { dtype: 'u32' });
    try {
      return eager(
        op,
        [x, options],
        { input: x, seed: seeds },
        call,
        () => dropoutPlans(call, ctx.adapter)[0]!,
        (outputs) => outputs['output']!,
      );
    } finally {
      seeds.dispose();
    }
  };
  const complete = (ctx: Context, spec: PrepareSpec & Omit<DropoutOptions, 'seed'>) => {
    checkContext(op, ctx);
    checkObject(op, 'spec', spec, 'shape, dtype, layout and p');
    const { shape, dtype = 'f32', layout = 'nchw', ...options } = spec;
    const x = { ...ctx.checkSpec(op, shape, { dtype, layout }), skew: 0 };
    return { all: dropoutPlans(dropoutCall(op, { x }, options), ctx.adapter), inputs: { input: x, seed: SEED } };
  };
  return Object.assign(now, {
    explain: (ctx: Context, spec: PrepareSpec & Omit<DropoutOptions, 'seed'>) => {
      const { all, inputs } = complete(ctx, spec);
      return explanation(all, inputs);
    },
    prepare: async (ctx: Context, spec: PrepareSpec & Omit<DropoutOptions, 'seed'>) => {
      const { all, inputs } = complete(ctx, spec);
      return prepared<'input' | 'seed' | 'output'>(ctx, op, all, inputs);
    },
  });
}

/** `y = x / (1 - p)` for elements that stay, 0 for those that go, each with chance p. A hash of the seed and the element's place in memory decides:
 * the same call gives the same result, on every device. There is no hidden state: give a new seed at every step, and none in inference.
 * @param x any shape, f32 or f16
 * @param options `seed`, a whole number below 2^32; `p` 0.5
 * @returns y, in the shape, layout and dtype of x
 * @throws UpsampleError `invalid-argument`, `limit-exceeded`, `disposed`, `device-mismatch`, `device-lost`
 * Source: PyTorch dropout, training; its random numbers are others. */
export const dropout: Dropout = /*#__PURE__*/ build('dropout', 'x');
/** `dx = dy / (1 - p)` for elements that stay, 0 for the others: the transpose of `dropout`, which is itself.
 * @param dy gradient of the result, f32 or f16
 * @param options as given to `dropout`
 * @returns dx, in the shape, layout and dtype of dy
 * @throws UpsampleError as `dropout` */
export const dropoutBackward: Dropout = /*#__PURE__*/ build('dropoutBackward', 'dy');
