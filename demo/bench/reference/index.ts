// What each row must give, from the float64 reference.
import { type Case, follow, type Recipes } from '../cases/case.ts';
import type { Arrays } from '../library.ts';
import { conv } from './conv.ts';
import { pool } from './pool.ts';
import { resample } from './resample.ts';
import { shuffle } from './shuffle.ts';
import { train } from './train.ts';

/** The exact output of inputs, all of them as their shapes say. */
export type ReferenceRecipe<C> = (one: C, inputs: Arrays) => Float64Array;

const recipes: Recipes<[Arrays], Float64Array> = { conv, pool, resample, shuffle, train };
export const expected = (one: Case, inputs: Arrays): Float64Array => follow(recipes, one, inputs);

/** Largest difference, relative to the largest exact value, of all elements or of those `at` places. A NaN is infinitely wrong.
 * @param elements how many a result must have */
export function errorOf(result: ArrayLike<number>, exact: Float64Array, at?: readonly number[], elements = exact.length): number {
  let largest = 0;
  let worst = result.length === elements ? 0 : Number.POSITIVE_INFINITY;
  for (let i = 0; i < exact.length; i++) {
    largest = Math.max(largest, Math.abs(exact[i]!));
    const difference = Math.abs(result[at ? at[i]! : i]! - exact[i]!);
    if (!(difference <= worst)) worst = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
  }
  return worst / largest;
}
