// What a row must give: all of it, or of the largest rows so much as can be computed in seconds.
import type { Layout } from '../../../src/index.ts';
import { type Case, count, type Shape } from '../cases/case.ts';
import { toLayout } from '../inputs.ts';
import type { Arrays } from '../library.ts';
import { expected } from './index.ts';
import { elementsOf } from './sample.ts';

export interface Exact {
  readonly values: Float64Array;
  /** Which elements these are, where not all; numbers in the order of the values they are compared with. */
  readonly at?: readonly number[];
}

/** Multiply-adds up to which a result is computed whole, and those that a sample may cost; of a filter's gradient each is dearer. */
const WHOLE = 5e8;
const SAMPLE = { y: 5e7, dx: 5e7, dw: 1e7 };
const [LEAST, MOST] = [32, 4096];

/** The first, the last, and others at random, the same on every run. */
export function places(n: number, elements: number): number[] {
  let state = 1;
  const chosen = new Set([0, elements - 1]);
  while (chosen.size < Math.min(n, elements)) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    chosen.add(Math.floor((state / 2 ** 32) * elements));
  }
  return [...chosen];
}

/** Multiply-adds at most: pairs outside the tensors are counted too. */
function work(one: Case): number {
  if (one.family !== 'conv') return 0;
  const { op, x, y, w } = one;
  const small = op === 'convTranspose' ? x : y;
  return (count(w) * count(small)) / small[1]!;
}

export function exactOf(one: Case, inputs: Arrays): Exact {
  const all = work(one);
  if (one.family !== 'conv' || all <= WHOLE) return { values: expected(one, inputs) };
  const elements = count(one.output);
  const at = places(Math.min(Math.max(Math.ceil((SAMPLE[one.of] * elements) / all), LEAST), MOST), elements);
  return { values: elementsOf(one, inputs, at), at };
}

/** Where element number `at` of a shape lies in a layout. */
export function placeIn(at: number, shape: Shape, layout: Layout, filter: boolean): number {
  const [a, b, ...rest] = shape as [number, number, ...number[]];
  if (layout === 'nchw') return at;
  const plane = count(rest);
  const place = at % plane;
  const second = Math.floor(at / plane) % b;
  const first = Math.floor(at / plane / b);
  return filter ? (place * b + second) * a + first : (first * plane + place) * b + second;
}

/** The same as a library has it in a layout. */
export function exactIn({ values, at }: Exact, one: Case, layout: Layout): Exact {
  const filter = one.filters.includes('output');
  if (!at) return { values: toLayout(values, one.output, layout, filter) };
  return { values, at: at.map((i) => placeIn(i, one.output, layout, filter)) };
}
