// Arrangements as data, with what each element of the result is, told in logical coordinates and by nothing the library computes.
import type { Layout } from '../../src/plan.ts';

type Coords = readonly number[];
/** Which element of which input: undefined where there is none. */
export type Source = (c: Coords) => { readonly input: number; readonly at: Coords } | undefined;

export interface Case {
  readonly op: 'slice' | 'crop' | 'pad' | 'transpose' | 'reshape' | 'flatten' | 'concat';
  /** Shapes of the inputs. */
  readonly shapes: readonly Coords[];
  /** What follows the tensor, or the list of tensors. */
  readonly args: readonly unknown[];
  readonly result: Coords;
  readonly source: Source;
  readonly fill?: number;
  /** Whether the transpose adds up. */
  readonly sums?: boolean;
}

export const count = (shape: Coords) => shape.reduce((a, b) => a * b, 1);

/** Place of an element in memory. */
export function place(shape: Coords, layout: Layout, c: Coords): number {
  const order = shape.map((_, i) => i);
  if (layout === 'nhwc' && shape.length > 2) order.push(...order.splice(1, 1));
  return order.reduce((n, axis) => n * shape[axis]! + c[axis]!, 0);
}

/** Visits all coordinates of a shape. */
export function each(shape: Coords, visit: (c: Coords) => void): void {
  for (let i = 0; i < count(shape); i++) visit(coords(shape, i));
}
function coords(shape: Coords, i: number): number[] {
  const out = new Array<number>(shape.length);
  let rest = i;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    out[axis] = rest % shape[axis]!;
    rest = Math.floor(rest / shape[axis]!);
  }
  return out;
}

const first = (at: Coords) => ({ input: 0, at });

function cut(op: 'slice' | 'crop', shape: Coords, options: object | undefined, start: Coords, result: Coords): Case {
  return { op, shapes: [shape], args: options ? [options] : [], result, source: (c) => first(c.map((n, i) => n + start[i]!)) };
}

function pad(shape: Coords, options: { mode?: string; value?: number; [k: string]: unknown }, begin: Coords, result: Coords): Case {
  const source: Source = (c) => {
    const at = c.map((n, axis) => {
      const size = shape[axis]!;
      let i = n - begin[axis]!;
      if (options.mode === 'replicate') return i < 0 ? 0 : i >= size ? size - 1 : i;
      if (options.mode === 'reflect') {
        if (i < 0) i = -i;
        return i >= size ? 2 * (size - 1) - i : i;
      }
      return i;
    });
    return at.some((i, axis) => i < 0 || i >= shape[axis]!) ? undefined : first(at);
  };
  const sums = options.mode === 'replicate' || options.mode === 'reflect';
  return { op: 'pad', shapes: [shape], args: [options], result, source, fill: options.value ?? 0, sums };
}

function transpose(shape: Coords, axes: Coords): Case {
  return { op: 'transpose', shapes: [shape], args: [axes], result: axes.map((a) => shape[a]!), source: (c) => first(shape.map((_, a) => c[axes.indexOf(a)]!)) };
}

function reshape(op: 'reshape' | 'flatten', shape: Coords, arg: unknown, result: Coords): Case {
  return { op, shapes: [shape], args: arg === undefined ? [] : [arg], result, source: (c) => first(coords(shape, place(result, 'nchw', c))) };
}

function concat(shapes: readonly Coords[], axis: number | undefined, result: Coords): Case {
  const along = (axis ?? 1) < 0 ? axis! + result.length : (axis ?? 1);
  const source: Source = (c) => {
    let [input, before] = [0, 0];
    while (c[along]! >= before + shapes[input]![along]!) before += shapes[input++]![along]!;
    return { input, at: c.map((n, i) => (i === along ? n - before : n)) };
  };
  return { op: 'concat', shapes, args: axis === undefined ? [] : [{ axis }], result, source };
}

export const CASES: readonly Case[] = [
  cut('slice', [2, 3, 5, 7], { start: [0, 1, 2, 3], size: [2, 2, 1, 4] }, [0, 1, 2, 3], [2, 2, 1, 4]),
  cut('slice', [2, 8, 4, 8], { start: 4, axes: [-1] }, [0, 0, 0, 4], [2, 8, 4, 4]),
  cut('slice', [3, 8, 4, 4], { start: 1, size: 2, axes: [0] }, [1, 0, 0, 0], [2, 8, 4, 4]),
  cut('slice', [2, 8, 3], { start: 4, size: 4, axes: [1] }, [0, 4, 0], [2, 4, 3]),
  cut('slice', [2, 3, 4], undefined, [0, 0, 0], [2, 3, 4]),
  cut('slice', [7], { start: 2, size: 3 }, [2], [3]),
  cut('slice', [2, 2, 2, 2, 2, 3], { start: 1, size: 1, axes: [1, 3] }, [0, 1, 0, 1, 0, 0], [2, 1, 2, 1, 2, 3]),
  cut('slice', [3, 3, 3, 3, 3, 3], { start: [0, 1, 0, 1, 0, 1], size: 2 }, [0, 1, 0, 1, 0, 1], [2, 2, 2, 2, 2, 2]),
  cut('crop', [2, 3, 6], { start: 1, size: 4 }, [0, 0, 1], [2, 3, 4]),
  cut('crop', [1, 4, 5, 8], { start: [1, 4], size: [3, 4] }, [0, 0, 1, 4], [1, 4, 3, 4]),
  cut('crop', [2, 2, 3, 4, 5], { start: [1, 0, 2] }, [0, 0, 1, 0, 2], [2, 2, 2, 4, 3]),
  pad([2, 3, 5], { padding: 2 }, [0, 0, 2], [2, 3, 9]),
  pad([1, 4, 3, 4], { padding: [[1, 2], 4], value: 2.5 }, [0, 0, 1, 4], [1, 4, 6, 12]),
  pad(
    [2, 3, 2, 3],
    {
      padding: [
        [0, 1],
        [2, 0],
      ],
      axes: [1, 0],
      value: -1,
    },
    [2, 0, 0, 0],
    [4, 4, 2, 3],
  ),
  pad([1, 2, 2, 3, 4], { padding: [1, 0, [0, 3]] }, [0, 0, 1, 0, 0], [1, 2, 4, 3, 7]),
  pad([2, 3, 5], { padding: [[4, 3]], mode: 'reflect' }, [0, 0, 4], [2, 3, 12]),
  pad(
    [1, 3, 4, 6],
    {
      padding: [
        [3, 1],
        [0, 5],
      ],
      mode: 'reflect',
    },
    [0, 0, 3, 0],
    [1, 3, 8, 11],
  ),
  pad([1, 2, 3, 2, 4], { padding: [2, 1, [3, 0]], mode: 'reflect' }, [0, 0, 2, 1, 3], [1, 2, 7, 4, 7]),
  pad([1, 4, 1, 1], { padding: 0, mode: 'reflect' }, [0, 0, 0, 0], [1, 4, 1, 1]),
  pad([2, 3, 1], { padding: [[4, 3]], mode: 'replicate' }, [0, 0, 4], [2, 3, 8]),
  pad([1, 4, 3, 4], { padding: [[0, 7], 2], mode: 'replicate' }, [0, 0, 0, 2], [1, 4, 10, 8]),
  pad([1, 2, 3, 2, 3], { padding: [5, 1, [1, 0]], mode: 'replicate' }, [0, 0, 5, 1, 1], [1, 2, 13, 4, 4]),
  pad([3, 2, 4], { padding: [1, [0, 2]], axes: [0, 1], mode: 'replicate' }, [1, 0, 0], [5, 4, 4]),
  transpose([2, 3, 5], [0, 2, 1]),
  transpose([2, 4, 3, 8], [1, 0, 2, 3]),
  transpose([2, 4, 3, 8], [3, 1, 0, 2]),
  transpose([2, 3, 4], [0, 1, 2]),
  transpose([3, 8], [1, 0]),
  transpose([2, 3, 2, 3, 5], [4, 2, 0, 3, 1]),
  transpose([2, 3, 2, 2, 3, 2], [5, 4, 3, 2, 1, 0]),
  reshape('reshape', [2, 6, 4], [2, 8, 3], [2, 8, 3]),
  reshape('reshape', [2, 3, 4, 5], [2, -1], [2, 60]),
  reshape('reshape', [2, 60], [2, 3, 4, 5], [2, 3, 4, 5]),
  reshape('reshape', [2, 3, 4, 5], [5, 2, -1, 2, 3], [5, 2, 2, 2, 3]),
  reshape('reshape', [2, 4, 1, 1], [2, 2, 2], [2, 2, 2]),
  reshape('reshape', [2, 3, 4], [2, 3, 4], [2, 3, 4]),
  reshape('reshape', [1, 1], [1, 1, 1], [1, 1, 1]),
  reshape('flatten', [2, 3, 4, 5], undefined, [2, 60]),
  reshape('flatten', [2, 3, 4, 4], { startAxis: 2 }, [2, 3, 16]),
  reshape('flatten', [2, 3, 4, 5], { startAxis: -4, endAxis: 2 }, [24, 5]),
  concat(
    [
      [2, 3, 4],
      [2, 1, 4],
      [2, 5, 4],
    ],
    undefined,
    [2, 9, 4],
  ),
  concat(
    [
      [1, 4, 3, 4],
      [1, 8, 3, 4],
    ],
    1,
    [1, 12, 3, 4],
  ),
  concat(
    [
      [2, 3, 5],
      [1, 3, 5],
    ],
    0,
    [3, 3, 5],
  ),
  concat(
    [
      [1, 3, 2, 3],
      [1, 3, 2, 2],
      [1, 3, 2, 1],
    ],
    -1,
    [1, 3, 2, 6],
  ),
  concat(
    [
      [1, 1, 3],
      [1, 1, 5],
      [1, 3, 0],
    ].map((s, i) => (i === 2 ? [1, 1, 1] : s)),
    2,
    [1, 1, 9],
  ),
  concat(
    Array.from({ length: 13 }, (_, i) => [2, 1 + (i % 3), 3, 3]),
    1,
    [2, 25, 3, 3],
  ),
  concat([[3, 2]], 0, [3, 2]),
];

export const title = ({ op, shapes, args }: Case) => `${op} ${shapes.map((s) => `[${s}]`).join(' ')} ${JSON.stringify(args)}`;
