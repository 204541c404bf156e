// Runs one call on the GPU under every admissible plan.

import type { TensorData } from '../../src/elements.ts';
import type { Context, Tensor } from '../../src/index.ts';
import { checkTensor } from '../../src/op.ts';
import { type ConvTensors, convBackwardCall, convCall, convTransposeCall, resizeConvCall } from '../../src/ops/conv/arguments.ts';
import type { ConvCall } from '../../src/ops/conv/call.ts';
import { gradientPlans } from '../../src/ops/conv/gradient.ts';
import { convPlans } from '../../src/ops/conv/plan.ts';

/** The checked call of an operation's name. */
export function callOf(op: string, tensors: ConvTensors, options: object): ConvCall {
  const spatial = Number(/(\d)d/.exec(op)![1]);
  if (op.startsWith('resizeConv')) return resizeConvCall(op, spatial, tensors, options as never);
  return op.startsWith('convTranspose') ? convTransposeCall(op, spatial, tensors, options) : convCall(op, spatial, tensors, options);
}

export interface Tensors {
  readonly x: Tensor;
  readonly w: Tensor;
  readonly bias?: Tensor | undefined;
  readonly dy?: Tensor | undefined;
}

/** Results of every plan of a call, or of the first `most`: forward, or with `dy` backward. */
export async function everyPlan(ctx: Context, op: string, { x, w, bias, dy }: Tensors, options: object, most = Number.POSITIVE_INFINITY) {
  for (const t of [x, w, ...(bias ? [bias] : []), ...(dy ? [dy] : [])]) checkTensor(op, 'x', t, ctx);
  let call = callOf(op, { x: x.spec, w: w.spec, bias: bias?.spec ?? null }, options);
  if (dy) call = convBackwardCall(dy.spec, call, undefined);
  const inputs = { ...(dy ? { dy, x } : { input: x }), w, ...(bias && { bias }) };
  const plans = (dy ? gradientPlans : convPlans)(call, ctx.adapter);
  const results: { plan: string; outputs: Record<string, TensorData> }[] = [];
  for (const [i, plan] of plans.slice(0, most).entries()) {
    const out = ctx.run(op, `${JSON.stringify(call)} test ${i}`, inputs, () => plan);
    const outputs: Record<string, TensorData> = {};
    for (const [name, tensor] of Object.entries(out)) {
      outputs[name === 'output' ? 'y' : name] = await tensor.data();
      tensor.dispose();
    }
    results.push({ plan: plan.name, outputs });
  }
  return { call, results };
}
