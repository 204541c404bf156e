// Runs checked calls on the GPU under every admissible plan, and holds what the tests of these families share.
import type { TensorData } from '../../src/elements.ts';
import type { Context, Tensor } from '../../src/index.ts';
import type { Plain } from '../../src/plain.ts';
import type { DType, Layout, Plan } from '../../src/plan.ts';
import { count, generate } from '../fixtures.ts';

/** Rounding of the store of an f16 result, beside which its denormals are steps of 2^-24. */
export const HALF = 2 ** -11;

/** Results of every plan. */
export async function everyPlan(ctx: Context, op: string, call: object, plans: readonly Plan[], inputs: Readonly<Record<string, Tensor>>) {
  const results: { plan: string; outputs: Record<string, TensorData> }[] = [];
  for (const [i, plan] of plans.entries()) {
    const made = ctx.run(op, `${JSON.stringify(call)} test ${i}`, inputs, () => plan);
    const outputs: Record<string, TensorData> = {};
    for (const [name, tensor] of Object.entries(made)) {
      outputs[name] = await tensor.data();
      tensor.dispose();
    }
    results.push({ plan: plan.name, outputs });
  }
  return results;
}

/** A tensor of the reference with generated values, which f16 holds exactly where it is asked to. */
export function values(
  shape: readonly number[],
  seed: number,
  { scale = 1, layout = 'nchw', dtype = 'f32' }: { scale?: number; layout?: Layout; dtype?: DType } = {},
) {
  const data = generate(count(shape), seed, scale);
  return { data: dtype === 'f16' ? data.map((v) => Math.round(v * 64) / 64) : data, shape: [...shape], layout, dtype };
}

/** The same on the GPU. */
export const put = (ctx: Context, { data, shape, layout = 'nchw', dtype = 'f32' }: Plain): Tensor => ctx.tensor(data, shape, { layout, dtype });

/** The same where no cell of four begins: some elements into somebody else's buffer. */
export function putAskew(ctx: Context, { data, shape, layout = 'nchw', dtype = 'f32' }: Plain, skew: number): Tensor {
  const width = dtype === 'f16' ? 2 : 4;
  const n = count(shape);
  const whole = ctx.tensor(
    Float32Array.from({ length: n + skew }, (_, i) => (i < skew ? Number.NaN : data[i - skew]!)),
    [n + skew],
    { dtype },
  );
  return ctx.wrap(whole.buffer, shape, { offset: skew * width, layout, dtype });
}

export const most = (data: ArrayLike<number>): number => Array.from(data).reduce((m, v) => Math.max(m, Math.abs(v)), 0);

/** df/dt along generated directions against (f(t + h) - f(t - h)) / 2h in float64: the largest difference relative to what is allowed. */
export function gradcheck(f: (t: Float64Array) => ArrayLike<number>, t: ArrayLike<number>, dy: ArrayLike<number>, gradient: ArrayLike<number>): number {
  const h = 1e-6;
  let worst = 0;
  for (let i = 0; i < t.length; i++) {
    const at = (step: number) => {
      const moved = Float64Array.from(t as ArrayLike<number>);
      moved[i]! += step;
      const y = f(moved);
      let sum = 0;
      for (let k = 0; k < y.length; k++) sum += y[k]! * dy[k]!;
      return sum;
    };
    const slope = (at(h) - at(-h)) / (2 * h);
    worst = Math.max(worst, Math.abs(slope - gradient[i]!) / (1e-5 + 1e-3 * Math.abs(slope)));
  }
  return worst;
}
