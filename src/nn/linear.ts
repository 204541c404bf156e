// Transposes of linear maps of one tensor.

import type { Transpose } from '../autograd/graph.ts';
import { refuse } from '../check.ts';
import { add } from '../ops/pointwise/pair.ts';
import { product } from '../plan.ts';
import type { Tensor } from '../tensor.ts';

/** An operation as the table calls it. */
// biome-ignore lint/suspicious/noExplicitAny: arguments go back to the operation they were recorded from
export type Op = (...args: any[]) => Tensor;

/** Of `y = A x`, where `back(dy, shape of x, ...)` is the transpose. */
export const down =
  (back: Op): Transpose =>
  ({ args: [x, ...rest], dy }) => [[x, back(dy, x.shape, ...rest)]];

/** Of that transpose: A again, without options that make it affine. */
export const up =
  (forward: Op, ...without: string[]): Transpose =>
  ({ args: [g, , options, ...rest], dy }) => [[g, forward(dy, options && leave(options, without), ...rest)]];

/** Of `y = A x`, where `other(dy, ...)` with the same arguments is the transpose. */
export const swap =
  (other: Op): Transpose =>
  ({ args: [x, ...rest], dy }) => [[x, other(dy, ...rest)]];

const leave = (options: object, names: readonly string[]) => Object.fromEntries(Object.entries(options).filter(([name]) => !names.includes(name)));

/** Zeros like a tensor, or of another shape. */
export const zeros = ({ ctx, shape, dtype, layout }: Tensor, of: readonly number[] = shape): Tensor =>
  ctx.tensor(new Float32Array(product(of)), of, { dtype, layout });

/** Refuses a gradient of a gradient whose tensors are of several dtypes: it is composed of operations that take one. */
export function checkOne(op: string, ...tensors: (Tensor | number | undefined)[]): void {
  const dtypes = new Set(tensors.flatMap((t) => (typeof t === 'object' ? [t.dtype] : [])));
  if (dtypes.size > 1) refuse('backward', `${op} has a second gradient of one dtype only, not of ${[...dtypes].join(' and ')}`, 'expected f32 throughout');
}

/** A smaller tensor repeated to the shape of another, as a second operand is. */
export const spread = (v: Tensor, like: Tensor): Tensor => (v.shape.join() === like.shape.join() ? v : add(zeros(like), v));
