import { fromHalf, toHalf } from '../../src/half.ts';
import type { Layout } from '../../src/index.ts';
import type { AnyCase, Shape } from './cases/case.ts';
import { count } from './cases/case.ts';
import type { Arrays } from './library.ts';

/** Uniform numbers in [-1, 1), the same on every run. */
function uniform(n: number, seed: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(n);
  let state = seed;
  for (let i = 0; i < n; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    out[i] = state / 2 ** 31 - 1;
  }
  return out;
}

/** Numbers for every input of a case, [N, C, ...spatial] in memory; of an f16 row, such as halves can be. */
export const inputsOf = ({ inputs, dtype }: AnyCase): Arrays =>
  Object.fromEntries(
    Object.entries(inputs).map(([name, shape], i) => {
      const numbers = uniform(count(shape), i + 1);
      return [name, dtype ? fromHalf(toHalf(numbers)) : numbers];
    }),
  );

/** An array that lies as its shape says, reordered to a layout: the last axis of all for channels; for a filter, both of its channel axes. */
export function toLayout<T extends Float32Array<ArrayBuffer> | Float64Array>(data: T, shape: Shape, layout: Layout, filter = false): T {
  const [a, b, ...rest] = shape as [number, number, ...number[]];
  const places = count(rest);
  if (layout === 'nchw' || (b === 1 && !filter)) return data;
  const [stepA, stepB, stepPlace] = filter ? [1, a, a * b] : [places * b, 1, b];
  const out = data.slice() as T;
  let at = 0;
  for (let i = 0; i < a; i++) for (let j = 0; j < b; j++) for (let p = 0; p < places; p++) out[i * stepA + j * stepB + p * stepPlace] = data[at++]!;
  return out;
}
