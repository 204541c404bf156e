import { type Adapter, BYTES } from '../../plan.ts';
import { cutOf, type Slice, slices } from '../slices.ts';
import { type ResampleCall, rowsOfCall } from './call.ts';
import { isIdentity, type Rows } from './table.ts';

export type Triple = readonly [number, number, number];

/** A resampling as kernels see it: both tensors are [outer, ...axes, inner] in memory, and only the axes change. */
export interface Box {
  readonly outer: number;
  readonly inner: number;
  /** In memory order; three for the fused kernels, any number for passes. */
  readonly axes: readonly Rows[];
}

export const outSize = (rows: Rows): number => rows.start.length;
export const triple = (axes: readonly Rows[], of: (rows: Rows) => number): Triple => axes.map(of) as unknown as Triple;

const identity = (size: number): Rows => ({
  inSize: size,
  start: Uint32Array.from({ length: size }, (_, i) => i),
  ptr: Uint32Array.from({ length: size + 1 }, (_, i) => i),
  weight: new Float64Array(size).fill(1),
});

/** Merges the axes that do not change, in memory order, so that layout and rank no longer matter. */
export function boxOf(call: ResampleCall): Box {
  const rank = call.shape.length;
  const order = Array.from({ length: rank }, (_, i) => i);
  if (call.x.layout === 'nhwc' && rank > 2) order.push(...order.splice(1, 1));
  const rows = rowsOfCall(call);
  const merged: (number | Rows)[] = [];
  for (const axis of order) {
    const r = rows[axis];
    const last = merged.at(-1);
    if (r && !isIdentity(r)) merged.push(r);
    else if (typeof last === 'number') merged[merged.length - 1] = last * call.shape[axis]!;
    else merged.push(call.shape[axis]!);
  }
  const outer = typeof merged[0] === 'number' ? (merged.shift() as number) : 1;
  const inner = typeof merged.at(-1) === 'number' ? (merged.pop() as number) : 1;
  return { outer, inner, axes: merged.map((m) => (typeof m === 'number' ? identity(m) : m)) };
}

/** Most rows that a map of the last axis alone takes from outer: their table is of that length. */
const MOST_ROWS = 2 ** 16;

/** Pads to three axes. A map of the last axis alone takes its rows from outer, so that tiles of 4 x 4 have rows to share; not more than fit a binding. */
export function threeAxes({ outer, inner, axes }: Box, call: ResampleCall, { limits }: Adapter): Box {
  if (axes.length === 1 && inner === 1) {
    const [axis] = axes as [Rows];
    const room = (limits.binding - 1024) / (2 * BYTES[call.x.dtype]);
    let rows = Math.max(Math.min(outer, Math.floor(room / Math.max(axis.inSize, outSize(axis))), MOST_ROWS), 1);
    while (outer % rows) rows--;
    return { outer: outer / rows, inner, axes: [identity(1), identity(rows), axis] };
  }
  return { outer, inner, axes: [...new Array<Rows>(3 - axes.length).fill(identity(1)), ...axes] };
}

/** Takes inner into the last axis: the same copy, told per word of a row. Rows must be selections. */
export function foldInner({ outer, inner, axes }: Box): Box {
  const last = axes.at(-1)!;
  const size = outSize(last);
  const start = new Uint32Array(size * inner);
  const ptr = new Uint32Array(size * inner + 1);
  for (let o = 0; o < size; o++)
    for (let c = 0; c < inner; c++) {
      start[o * inner + c] = last.start[o]! * inner + c;
      ptr[o * inner + c + 1] = ptr[o * inner + c]! + last.ptr[o + 1]! - last.ptr[o]!;
    }
  const folded: Rows = { inSize: last.inSize * inner, start, ptr, weight: new Float64Array(last.weight.length * inner).fill(1) };
  return { outer, inner: 1, axes: [...axes.slice(0, -1), folded] };
}

/** Runs of outer whose windows of input and output fit bindings. `xEach` and `yEach` are elements of one of outer. */
export function partsOf({ op, x }: Pick<ResampleCall, 'op' | 'x'>, outer: number, xEach: number, yEach: number, adapter: Adapter): Slice<'x' | 'y'>[] {
  const places = { x: cutOf('input', x, xEach), y: cutOf('output', { ...x, skew: 0 }, yEach) };
  return slices(op, outer, places, adapter, { one: 'plane', even: x.dtype === 'f16' });
}
