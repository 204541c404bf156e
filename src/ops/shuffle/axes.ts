import { product } from '../../plan.ts';
import { stridesOf } from '../conv/geometry.ts';
import type { ShuffleCall } from './arguments.ts';

/** One axis of a permutation: its length, and how far apart its elements stand in x and in y. */
export interface Axis {
  readonly size: number;
  readonly x: number;
  readonly y: number;
}

export const UNIT: Axis = { size: 1, x: 0, y: 0 };

export const length = (axes: readonly Axis[]): number => product(axes.map((a) => a.size));

/** The axes of y in memory order, the slowest first. Those that are neighbours in x and in y are one, so that layout, rank and order no longer matter. */
export function axesOf({ x, shape, factors, order, unshuffle }: ShuffleCall): Axis[] {
  const [wide, deep] = unshuffle ? [x.shape, shape] : [shape, x.shape];
  const w = stridesOf(wide, x.layout);
  const d = stridesOf(deep, x.layout);
  const [n = 0, c = 0] = wide;
  const three = (list: readonly number[]) => [...new Array<number>(3 - list.length).fill(1), ...list];
  const cell = three(factors);
  const [channel, place] = order === 'CRD' ? [product(cell), 1] : [1, c];
  const all = [
    { size: n, wide: w.batch, deep: d.batch },
    { size: c, wide: w.channel, deep: d.channel * channel },
    ...three(deep.slice(2)).map((size, i) => ({ size, wide: w.axes[i]! * cell[i]!, deep: d.axes[i]! })),
    ...cell.map((size, i) => ({ size, wide: w.axes[i]!, deep: d.channel * place * product(cell.slice(i + 1)) })),
  ];
  const axes = all
    .filter(({ size }) => size > 1)
    .map((a): Axis => (unshuffle ? { size: a.size, x: a.wide, y: a.deep } : { size: a.size, x: a.deep, y: a.wide }))
    .sort((a, b) => b.y - a.y);
  const merged: Axis[] = [];
  for (const axis of axes) {
    const last = merged.at(-1);
    if (last && last.x === axis.size * axis.x && last.y === axis.size * axis.y) merged[merged.length - 1] = { ...axis, size: last.size * axis.size };
    else merged.push(axis);
  }
  return merged;
}

/** Takes axes from the fast end while their product is within `most`; one that is too long is cut where it has a divisor. */
function take(axes: Axis[], most: number): Axis[] {
  const taken: Axis[] = [];
  for (let room = most; axes.length; ) {
    const axis = axes.pop()!;
    let part = Math.min(axis.size, room);
    while (axis.size % part) part--;
    if (part > 1) taken.unshift({ ...axis, size: part });
    if (part < axis.size) {
      axes.push({ size: axis.size / part, x: axis.x * part, y: axis.y * part });
      break;
    }
    room = Math.floor(room / part);
  }
  return taken;
}

/** The axis that is the slowest of x and of y, and the others. */
export function leadOf(axes: readonly Axis[], most: number): { lead: Axis; rest: readonly Axis[] } {
  const [first = UNIT, ...others] = axes;
  if (first.x !== first.y) return { lead: UNIT, rest: axes };
  if (others.length) return { lead: first, rest: others };
  const left = [first]; // nothing changes its place
  const rest = take(left, most);
  return { lead: left[0] ?? UNIT, rest };
}

/** Elements that are neighbours in x and in y. */
export function runOf(axes: readonly Axis[]): number {
  const last = axes.at(-1);
  return last?.x === 1 && last.y === 1 ? last.size : 1;
}

/** The same axes in words of `unit` elements, which are neighbours in x and in y. */
export const inWords = (axes: readonly Axis[], unit: number): Axis[] =>
  axes.map(({ size, x, y }, i) => (unit > 1 && i === axes.length - 1 ? { size: size / unit, x, y } : { size, x: x / unit, y: y / unit }));

/** A permutation as kernels see it: three outer axes by their steps, rows and columns by their offsets. Columns are contiguous in y. */
export interface Split {
  readonly outer: readonly [Axis, Axis, Axis];
  readonly rows: readonly Axis[];
  readonly columns: readonly Axis[];
}

/** Divides axes among columns, rows and outer axes: at most `most` columns and, where no more than two other axes remain, rows. */
export function splitOf(lead: Axis, rest: readonly Axis[], most: number): Split {
  const left = [...rest];
  const columns = take(left, most);
  const rows = take(left, most);
  while (left.length > 2) rows.unshift(left.pop()!);
  const [a = UNIT, b = UNIT] = left;
  return { outer: [lead, a, b], rows, columns };
}

/** The offsets of all elements of some axes, the first axis slowest. */
export const offsets = (axes: readonly Axis[], side: 'x' | 'y'): number[] =>
  axes.reduce((all, axis) => all.flatMap((at) => Array.from({ length: axis.size }, (_, i) => at + i * axis[side])), [0]);
