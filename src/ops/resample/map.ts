// The reference's engine: the same checks and the same rows as the kernels, in float64 and one axis at a time.

import { type Plain, type PlainResult, specOf } from '../../plain.ts';
import { product, type TensorSpec } from '../../plan.ts';
import { backwardCall } from './arguments.ts';
import { type ResampleCall, rowsOfCall } from './call.ts';
import { isIdentity, type Rows } from './table.ts';

/** One axis: y[n,o,c] = sum of weight * x[n,i,c]; selections copy, so that NaN and infinities elsewhere do not matter. */
function along(x: Float64Array<ArrayBuffer>, rows: Rows, outer: number, inner: number, fill: number) {
  const { inSize, start, ptr, weight } = rows;
  const outSize = start.length;
  const y = new Float64Array(outer * outSize * inner);
  for (let n = 0; n < outer; n++)
    for (let o = 0; o < outSize; o++)
      for (let c = 0; c < inner; c++) {
        const begin = ptr[o]!;
        const end = ptr[o + 1]!;
        let sum = begin === end ? fill : 0;
        for (let e = begin; e < end; e++) sum += weight[e]! * x[(n * inSize + start[o]! + e - begin) * inner + c]!;
        y[(n * outSize + o) * inner + c] = end - begin === 1 && weight[begin] === 1 ? x[(n * inSize + start[o]!) * inner + c]! : sum;
      }
  return y;
}

function resample(call: ResampleCall, data: ArrayLike<number>): PlainResult {
  const rank = call.shape.length;
  const order = Array.from({ length: rank }, (_, i) => i);
  if (call.x.layout === 'nhwc' && rank > 2) order.push(...order.splice(1, 1));
  const rows = rowsOfCall(call);
  const sizes = order.map((axis) => call.x.shape[axis]!);
  let y = Float64Array.from(data);
  for (const [i, axis] of order.entries()) {
    const r = rows[axis]!;
    if (isIdentity(r)) continue;
    y = along(y, r, product(sizes.slice(0, i)), product(sizes.slice(i + 1)), call.fill);
    sizes[i] = r.start.length;
  }
  // The fill value is exact wherever any axis has no taps, whatever later axes would weigh it with.
  if (call.fill !== 0) {
    const strides = sizes.map((_, i) => product(sizes.slice(i + 1)));
    for (const [i, axis] of order.entries()) {
      const { ptr } = rows[axis]!;
      y.forEach((_, at) => {
        const o = Math.floor(at / strides[i]!) % sizes[i]!;
        if (ptr[o] === ptr[o + 1]) y[at] = call.fill;
      });
    }
  }
  return { data: y, shape: call.shape, layout: call.x.layout, dtype: call.x.dtype };
}

/** The reference of an operation. */
export const forward =
  <O>(op: string, check: (op: string, x: TensorSpec, options: O) => ResampleCall): ((x: Plain, options: O) => PlainResult) =>
  (x, options = {} as O) =>
    resample(check(op, specOf(op, 'x', x), options), x.data);

/** The reference of its transpose. */
export const backward =
  <O>(op: string, check: (op: string, x: TensorSpec, options: O) => ResampleCall): ((dy: Plain, inputShape: readonly number[], options: O) => PlainResult) =>
  (dy, inputShape, options = {} as O) =>
    resample(
      backwardCall(op, specOf(op, 'dy', dy), inputShape, (x) => check(op, x, options)),
      dy.data,
    );
