// What each row must give, from the float64 reference.
import * as reference from '../../src/reference.ts';
import type { Case } from './cases/case.ts';
import type { Arrays } from './library.ts';
import { wordsOf } from './ours/resample.ts';

/** The exact output, [N, C, ...spatial] in memory, of inputs that lie the same way. */
export function expected(one: Case, inputs: Arrays): Float64Array {
  const x = { data: inputs['x']!, shape: one.inputs['x']! };
  const words = wordsOf(one);
  if (words.op === 'resize') return (one.backward ? reference.resizeBackward(x, one.output, words.options) : reference.resize(x, words.options)).data;
  return (one.backward ? reference.interpolateBackward(x, one.output, words.options) : reference.interpolate(x, words.options)).data;
}

/** Largest difference, relative to the largest exact value. A NaN is infinitely wrong. */
export function errorOf(result: ArrayLike<number>, exact: Float64Array): number {
  let largest = 0;
  let worst = result.length === exact.length ? 0 : Number.POSITIVE_INFINITY;
  for (let i = 0; i < exact.length; i++) {
    largest = Math.max(largest, Math.abs(exact[i]!));
    const difference = Math.abs(result[i]! - exact[i]!);
    if (!(difference <= worst)) worst = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
  }
  return worst / largest;
}
