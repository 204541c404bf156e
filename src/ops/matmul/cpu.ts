// The reference: the same checks and the same products as the kernels, in float64, one multiply-add after another.

import { type Plain, type PlainResult, specOf } from '../../plain.ts';
import { product, type TensorSpec } from '../../plan.ts';
import type { Given, GradientOf } from '../several.ts';
import { type LinearGradient, linearBackwardCall, linearCall, type MatmulGradient, type MatmulOptions, matmulBackwardCall, matmulCall } from './arguments.ts';
import type { MatmulCall } from './call.ts';

function run({ outputs, products, sum }: MatmulCall, inputs: Readonly<Record<string, Plain>>): Record<string, PlainResult> {
  const data: Record<string, Float64Array<ArrayBuffer>> = {};
  for (const [name, t] of Object.entries(outputs)) data[name] = new Float64Array(product(t.shape));
  for (const { a, b, bias, to, batch, rows, columns, depth, aSteps, bSteps, over } of products) {
    const [x, w, c] = [inputs[a]!.data, inputs[b]!.data, data[to]!];
    for (let i = 0; i < batch; i++)
      for (let m = 0; m < rows; m++)
        for (let n = 0; n < columns; n++) {
          let total = bias ? inputs[bias]!.data[n]! : 0;
          for (let k = 0; k < depth; k++) total += x[i * aSteps[0] + m * aSteps[1] + k * aSteps[2]]! * w[i * bSteps[0] + k * bSteps[1] + n * bSteps[2]]!;
          c[((over ? 0 : i) * rows + m) * columns + n]! += total;
        }
  }
  if (sum) for (let i = 0; i < sum.rows * sum.columns; i++) data['db']![i % sum.columns]! += inputs['dy']!.data[i]!;
  return Object.fromEntries(Object.entries(outputs).map(([name, { shape, dtype, layout }]) => [name, { data: data[name]!, shape, dtype, layout }]));
}

/** The checked call, carried out. */
function called<O extends object>(op: string, check: (op: string, given: Given, options: O) => MatmulCall, tensors: Record<string, Plain>, options: O) {
  const { bias, ...rest } = (options ?? {}) as { bias?: Plain };
  const inputs = bias ? { ...tensors, bias } : tensors;
  const given: Record<string, TensorSpec> = Object.fromEntries(Object.entries(inputs).map(([name, t]) => [name, specOf(op, name, t)]));
  return run(check(op, given, rest as O), inputs);
}

interface Biased {
  bias?: Plain | undefined;
}

// Each as its namesake on the GPU.
export const matmul = (a: Plain, b: Plain, options: MatmulOptions = {}): PlainResult => called('matmul', matmulCall, { a, b }, options)['output']!;
export const matmulBackward = <G extends MatmulGradient = MatmulGradient>(
  dy: Plain,
  a: Plain,
  b: Plain,
  options: MatmulOptions & { gradients?: readonly G[] | undefined } = {},
): Record<G, PlainResult> => called('matmulBackward', matmulBackwardCall, { dy, a, b }, options) as Record<G, PlainResult>;
export const linear = (x: Plain, w: Plain, options: Biased = {}): PlainResult => called('linear', linearCall, { x, w }, options)['output']!;
type LinearBackward = {
  <G extends LinearGradient>(dy: Plain, x: Plain, w: Plain, options: Biased & { gradients: readonly G[] }): Record<G, PlainResult>;
  <B extends Plain | undefined = undefined>(
    dy: Plain,
    x: Plain,
    w: Plain,
    options?: Biased & { bias?: B; gradients?: undefined },
  ): { dx: PlainResult; dw: PlainResult } & GradientOf<'db', B, PlainResult>;
  (dy: Plain, x: Plain, w: Plain, options: Biased & { gradients?: readonly LinearGradient[] | undefined }): Partial<Record<LinearGradient, PlainResult>>;
};
export const linearBackward = ((dy: Plain, x: Plain, w: Plain, options: Biased & { gradients?: readonly LinearGradient[] | undefined } = {}) =>
  called('linearBackward', linearBackwardCall, { dy, x, w }, options)) as LinearBackward;
