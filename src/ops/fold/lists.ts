// What each output of a fold adds up, an axis at a time: offsets of x add up over the axes.
import type { ConvAxis } from '../conv/geometry.ts';

/** For each output along an axis the offsets of its terms, in the order of the taps. */
export type Lists = readonly (readonly number[])[];

/** The windows o and taps t with o*stride - pad + t*dilation = i, as t*tap + o*window. */
export function listsOf({ large, small, kernel, stride, dilation, pad }: ConvAxis, tap: number, window: number): Lists {
  const lists = Array.from({ length: large }, (): number[] => []);
  for (let t = 0; t < kernel; t++)
    for (let o = 0; o < small; o++) {
      const i = o * stride - pad + t * dilation;
      if (i >= 0 && i < large) lists[i]!.push(t * tap + o * window);
    }
  return lists;
}

export const mostOf = (lists: Lists): number => lists.reduce((most, list) => Math.max(most, list.length), 1);

/** fold: where each list begins and one more, axis after axis, then the lists; places count from the beginning of the table. */
export function packed(axes: readonly Lists[]): { table: Uint32Array; at: number[] } {
  const heads = axes.reduce((sum, lists) => sum + lists.length + 1, 0);
  const words: number[] = [];
  const at: number[] = [];
  let next = heads;
  for (const lists of axes) {
    at.push(words.length);
    for (const list of lists) {
      words.push(next);
      next += list.length;
    }
    words.push(next);
  }
  return { table: Uint32Array.from(words.concat(axes.flat(2))), at };
}

/** fold_row: for every 4 outputs, `taps` offsets of each; where there are fewer, no element. */
export function blocksOf(lists: Lists, taps: number): Uint32Array {
  const table = new Uint32Array(4 * taps * Math.ceil(lists.length / 4)).fill(0xffffffff);
  for (const [i, list] of lists.entries()) for (const [k, offset] of list.entries()) table[4 * (Math.floor(i / 4) * taps + k) + (i % 4)] = offset;
  return table;
}
