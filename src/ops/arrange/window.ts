import { UpsampleError } from '../../check.ts';
import type { Adapter, DType, Window } from '../../plan.ts';
import { windowOf } from '../slices.ts';
import { type Edge, type MoveAxis, sourceOf } from './call.ts';

/** A tensor or buffer of a plan. */
export interface Side {
  readonly name: string;
  readonly dtype: DType;
  readonly bytes: number;
}

/** A stretch of the slowest axis whose bindings respect the limit. */
export interface Run {
  /** The slowest axis within it. */
  readonly axis: MoveAxis;
  readonly x: string | Window;
  readonly y: string | Window;
  readonly xAt: number;
  readonly yAt: number;
}

/** Cuts the slowest axis of a copy into runs whose windows fit the binding limit.
 * @param from the source and its first element, `to` the target and its: in units
 * @param units bytes of a unit of each */
export function runs(
  op: string,
  axes: readonly MoveAxis[],
  edge: Edge,
  [from, xAt]: readonly [Side, number],
  [to, yAt]: readonly [Side, number],
  units: { readonly x: number; readonly y: number },
  { limits }: Adapter,
): Run[] {
  const [slow, ...rest] = axes as [MoveAxis, ...MoveAxis[]];
  if (Math.max(from.bytes, to.bytes) <= limits.binding) return [{ axis: slow, x: from.name, y: to.name, xAt, yAt }];
  const xWithin = rest.reduce((n, a) => n + (a.limit - 1) * a.x, 1);
  const yWithin = rest.reduce((n, a) => n + (a.size - 1) * a.y, 1);
  const run = (first: number, count: number) => {
    let [low, high] = [Number.POSITIVE_INFINITY, -1];
    for (let c = first; c < first + count; c++) {
      const i = sourceOf(edge, slow, c);
      if (i >= 0) [low, high] = [Math.min(low, i), Math.max(high, i)];
    }
    if (high < 0) [low, high] = [0, 0]; // all outside: any window will do
    const x = windowOf(from.name, units.x, xAt + low * slow.x, (high - low) * slow.x + xWithin);
    const y = windowOf(to.name, units.y, yAt + first * slow.y, (count - 1) * slow.y + yWithin);
    return { low, x, y, bytes: Math.max(x.bind.size, y.bind.size) };
  };
  const out: Run[] = [];
  for (let first = 0; first < slow.size; ) {
    let count = slow.size - first;
    let made = run(first, count);
    while (made.bytes > limits.binding && count > 1) {
      count = Math.ceil(count / 2);
      made = run(first, count);
    }
    if (made.bytes > limits.binding)
      throw new UpsampleError(
        'limit-exceeded',
        op,
        `one of ${slow.size} planes needs a binding of ${made.bytes} bytes; the device allows ${limits.binding} bytes`,
      );
    // Within the run coordinates start again at 0, and so does the window's part of x; mirrored edges are told from the run's place.
    out.push({ axis: { ...slow, size: count, begin: slow.begin + first }, x: made.x.bind, y: made.y.bind, xAt: made.x.at - made.low * slow.x, yAt: made.y.at });
    first += count;
  }
  return out;
}
