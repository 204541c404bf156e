import { Variable } from '../autograd/graph.ts';
import { refuse } from '../check.ts';
import { checkTensor } from '../op.ts';
import type { Tensor } from '../tensor.ts';
import { graph } from './tape.ts';

/** Makes a tensor a parameter: eager calls on it are recorded, and so are calls on their results, until `loss.backward()` goes back through them and adds
 * to `parameter.grad`. Prepared operations are not recorded.
 * @param x an f32 tensor that no recorded call has made; it stays the same object, and yours to dispose, its `grad` too
 * @returns x
 * @throws UpsampleError `invalid-argument`, `disposed` */
export function parameter(x: Tensor): Tensor {
  const op = 'parameter';
  checkTensor(op, 'x', x);
  const list = `[${x.shape.join(', ')}]`;
  if (x.dtype !== 'f32') refuse(op, `x ${list} is ${x.dtype}`, 'expected f32: in fewer bits small updates vanish');
  const known = x.tape as Variable | undefined;
  if (known?.source) refuse(op, `x ${list} is the result of ${known.source.op} on a parameter`, 'detach it first');
  if (!known?.gathers) x.tape = new Variable(graph, undefined, '', true);
  return x;
}

/** Whether a tensor was made a `parameter`. */
export const isParameter = (x: Tensor): boolean => !!(x.tape as Variable | undefined)?.gathers;

/** Frees the gradients of parameters, and begins anew. */
export function zeroGrad(params: Iterable<Tensor>): void {
  for (const p of params) {
    p.grad?.dispose();
    if (p.tape) p.tape.grad = undefined;
  }
}

/** Runs a synchronous function whose calls are not recorded, on parameters neither.
 * @returns what the function returns */
export function noGrad<T>(body: () => T): T {
  const result = graph.while(false, body);
  if (result instanceof Promise) refuse('noGrad', 'the function returned a promise', 'expected a synchronous function: what follows an await is recorded');
  return result;
}

/** A copy of a tensor that no gradient flows back through.
 * @returns a tensor of its own, with the elements of x
 * @throws UpsampleError `disposed` */
export function detach(x: Tensor): Tensor {
  checkTensor('detach', 'x', x);
  return noGrad(() => graph.rules.copy(x));
}
