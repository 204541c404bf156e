// Single elements of a convolution: whole results of the largest rows would take the reference hours.
import { count } from '../cases/case.ts';
import type { ConvCase } from '../cases/conv.ts';
import type { Arrays } from '../library.ts';

/** A pair that is multiplied, of one axis or of all: element numbers within a plane. */
type Pair = readonly [number, number];

/** One axis, seen from the map: small[j] = sum over t of large[j*stride - pad + t*dilation] * w[t]. A resize-convolution's large side is x enlarged by `scale`. */
interface Axis {
  readonly small: number;
  readonly large: number;
  readonly kernel: number;
  readonly stride: number;
  readonly pad: number;
  readonly dilation: number;
  readonly scale: number;
}

const range = (n: number) => Array.from({ length: n }, (_, i) => i);

/** Pairs (large, w) for small[j], pairs (small, w) for large[i], and pairs (small, large) for w[t]. */
const pairs = {
  small: ({ large, kernel, stride, pad, dilation, scale }: Axis, j: number): Pair[] =>
    range(kernel)
      .map((t): Pair => [j * stride - pad + t * dilation, t])
      .filter(([i]) => i >= 0 && i < large * scale)
      .map(([i, t]) => [Math.floor(i / scale), t]),
  large: ({ small, kernel, stride, pad, dilation }: Axis, i: number): Pair[] =>
    range(kernel)
      .map((t): Pair => [(i + pad - t * dilation) / stride, t])
      .filter(([j]) => Number.isInteger(j) && j >= 0 && j < small),
  w: ({ small, large, stride, pad, dilation }: Axis, t: number): Pair[] =>
    range(small)
      .map((j): Pair => [j, j * stride - pad + t * dilation])
      .filter(([, i]) => i >= 0 && i < large),
};

/** Coordinates of element number `at`. */
function coordinates(at: number, shape: readonly number[]): number[] {
  const out: number[] = [];
  for (const size of shape.toReversed()) {
    out.unshift(at % size);
    at = Math.floor(at / size);
  }
  return out;
}

/** Elements of a case's output, by their numbers in the order of its shape. */
export function elementsOf(one: ConvCase, inputs: Arrays, at: readonly number[]): Float64Array {
  const { op, of, x, y, w, stride, padding, dilation, groups } = one;
  const transposed = op === 'convTranspose';
  const [small, large] = transposed ? [x, y] : [y, x];
  const axes = stride.map((s, i): Axis => {
    const enlarges = op === 'resizeConv';
    return {
      ...{ small: small[i + 2]!, large: large[i + 2]!, kernel: w[i + 2]!, pad: padding[i]!, dilation: dilation[i]! },
      ...{ stride: enlarges ? 1 : s, scale: enlarges ? s : 1 },
    };
  });
  const side = of === 'dw' ? 'w' : transposed === (of === 'y') ? 'large' : 'small';
  const [smallPlane, largePlane, taps] = [count(small.slice(2)), count(large.slice(2)), count(w.slice(2))];
  const [perSmall, perLarge] = [small[1]! / groups, large[1]! / groups];
  const [first, second] = { small: [large, w], large: [small, w], w: [small, large] }[side].map((shape) => shape.slice(2)) as [number[], number[]];
  const numbers = { x: inputs['x']!, y: inputs['dy']! };
  const [smallData, largeData] = transposed ? [numbers.x, numbers.y] : [numbers.y, numbers.x];
  const filter = inputs['w']!;

  return Float64Array.from(at, (element) => {
    const [a, b, ...place] = coordinates(element, one.output) as [number, number, ...number[]];
    const planes = axes.reduce<readonly Pair[]>(
      (all, axis, i) => {
        const here = pairs[side](axis, place[i]!);
        return all.flatMap(([p, q]) => here.map(([r, s]): Pair => [p * first[i]! + r, q * second[i]! + s]));
      },
      [[0, 0]],
    );
    let sum = 0;
    const add = (p: ArrayLike<number>, pAt: number, q: ArrayLike<number>, qAt: number) => {
      for (const [i, j] of planes) sum += p[pAt + i]! * q[qAt + j]!;
    };
    if (side === 'small') {
      const group = Math.floor(b / perSmall);
      for (let c = 0; c < perLarge; c++) add(largeData, (a * large[1]! + group * perLarge + c) * largePlane, filter, (b * perLarge + c) * taps);
    } else if (side === 'large') {
      const group = Math.floor(b / perLarge);
      const c = b % perLarge;
      for (let s = group * perSmall; s < (group + 1) * perSmall; s++) add(smallData, (a * small[1]! + s) * smallPlane, filter, (s * perLarge + c) * taps);
    } else {
      const channel = Math.floor(a / perSmall) * perLarge + b;
      for (let n = 0; n < x[0]!; n++) add(smallData, (n * small[1]! + a) * smallPlane, largeData, (n * large[1]! + channel) * largePlane);
    }
    return sum;
  });
}
