import type { TensorSpec } from '../../plan.ts';

/** What an element outside of the source is: it does not happen, the fill value, the nearest edge, or mirrored at the edge. */
export type Edge = 'none' | 'constant' | 'replicate' | 'reflect';

/** One axis of a copy: target coordinates 0 <= c < size, source coordinates c + begin. */
export interface MoveAxis {
  readonly size: number;
  /** Strides of the source and of the target, in elements. */
  readonly x: number;
  readonly y: number;
  readonly begin: number;
  /** Size of the source; without an edge that of the target. */
  readonly limit: number;
}

/** A copy of a box, y[yAt + sum of c*y] = x[xAt + sum of i(c)*x]; axes from the slowest to the fastest in y. */
export interface Move {
  readonly from: string;
  readonly to: string;
  readonly axes: readonly MoveAxis[];
  readonly xAt: number;
  readonly yAt: number;
  readonly edge: Edge;
}

/** The transpose of padding with what x holds, along one axis: dy is [outer, long, inner], dx [outer, short, inner]. */
export interface PadSum {
  readonly from: string;
  readonly to: string;
  readonly outer: number;
  readonly long: number;
  readonly short: number;
  readonly inner: number;
  readonly begin: number;
  readonly reflect: boolean;
}

/** An arrangement with its arguments checked and completed, as plain data: what plans and the reference work from. */
export interface ArrangeCall {
  readonly op: string;
  /** The first input. */
  readonly x: TensorSpec;
  readonly inputs: Readonly<Record<string, TensorSpec>>;
  readonly outputs: Readonly<Record<string, TensorSpec>>;
  /** Elements of tensors in between; a sum's are f32, a copy's of the dtype of x. */
  readonly between: Readonly<Record<string, number>>;
  readonly steps: readonly (Move | PadSum)[];
  /** What `constant` edges hold. */
  readonly fill: number;
}

export const isMove = (step: Move | PadSum): step is Move => 'axes' in step;

/** The axes of a shape in memory order. */
export function memoryOrder(rank: number, layout: 'nchw' | 'nhwc'): number[] {
  const order = Array.from({ length: rank }, (_, i) => i);
  if (layout === 'nhwc' && rank > 2) order.push(...order.splice(1, 1));
  return order;
}

/** Steps in memory from one element of an axis to the next, by axis. */
export function stridesOf({ shape, layout }: Pick<TensorSpec, 'shape' | 'layout'>): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (const axis of memoryOrder(shape.length, layout).toReversed()) {
    strides[axis] = step;
    step *= shape[axis]!;
  }
  return strides;
}

/** The source coordinate of c; -1 where there is none. */
export function sourceOf(edge: Edge, { begin, limit }: MoveAxis, c: number): number {
  const i = c + begin;
  if (i >= 0 && i < limit) return i;
  if (edge === 'replicate') return Math.min(Math.max(i, 0), limit - 1);
  return edge === 'reflect' ? limit - 1 - Math.abs(limit - 1 - Math.abs(i)) : -1;
}

/** The same copy along as few axes as possible. */
export function merged(axes: readonly MoveAxis[], edge: Edge): MoveAxis[] {
  const whole = ({ begin, size, limit }: MoveAxis) => begin === 0 && size === limit;
  const out: MoveAxis[] = [];
  for (const axis of axes) {
    if (axis.size === 1 && whole(axis)) continue;
    const last = out.at(-1);
    const { size, x, y, limit } = axis;
    if (last && whole(axis) && last.y === y * size && last.x === x * size && (whole(last) || edge === 'constant'))
      out[out.length - 1] = { size: last.size * size, x, y, begin: last.begin * size, limit: last.limit * limit };
    else out.push(axis);
  }
  return out.length ? out : [{ size: 1, x: 1, y: 1, begin: 0, limit: 1 }];
}
