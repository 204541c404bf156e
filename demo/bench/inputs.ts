import type { Layout } from '../../src/index.ts';
import type { AnyCase, Shape } from './cases/case.ts';
import { count } from './cases/case.ts';
import type { Arrays } from './library.ts';

/** Uniform numbers in [-1, 1), the same on every run. */
function uniform(n: number, seed: number): Float32Array<ArrayBuffer> {
  let state = seed;
  return Float32Array.from({ length: n }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

/** Numbers for every input of a case, [N, C, ...spatial] in memory. */
export const inputsOf = ({ inputs }: AnyCase): Arrays =>
  Object.fromEntries(Object.entries(inputs).map(([name, shape], i) => [name, uniform(count(shape), i + 1)]));

/** An array that lies as [N, C, ...spatial], reordered to a layout. */
export function toLayout<T extends Float32Array<ArrayBuffer> | Float64Array>(data: T, shape: Shape, layout: Layout): T {
  const channels = shape[1] ?? 1;
  if (layout === 'nchw' || channels === 1) return data;
  const batch = shape[0]!;
  const pixels = count(shape.slice(2));
  const out = data.slice() as T;
  for (let n = 0; n < batch; n++)
    for (let c = 0; c < channels; c++) for (let p = 0; p < pixels; p++) out[(n * pixels + p) * channels + c] = data[(n * channels + c) * pixels + p]!;
  return out;
}
