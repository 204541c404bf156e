// The reference: the same checks as the kernels, coordinates and sums in float64, each sample's taps written out.

import { withoutGradients } from '../../check.ts';
import { type Plain, type PlainResult, specOf } from '../../plain.ts';
import { product, type TensorSpec } from '../../plan.ts';
import { type GridSampleOptions, sampleBackwardCall, sampleCall } from './arguments.ts';
import { stridesOf } from './batch.ts';
import type { SampleCall, SampleGradient } from './call.ts';

const FAR = 2 ** 30;
/** From here on f32 has no quarters of a pixel. */
const COARSE = 2 ** 22;

/** One tap along an axis: the pixel, its weight, and the derivative of the weight by the grid's coordinate. */
interface Tap {
  readonly pixel: number;
  readonly weight: number;
  readonly slope: number;
}

const mod = (a: number, n: number) => ((a % n) + n) % n;

/** Mirrors about the ends, and whether an odd number of times. */
function mirrored(u: number, size: number, corners: boolean): { at: number; turned: boolean } {
  const [low, span] = corners ? [0, size - 1] : [-0.5, size];
  if (span === 0) return { at: 0, turned: false };
  const r = mod(u - low, 2 * span);
  return r < span ? { at: r + low, turned: false } : { at: 2 * span - r + low, turned: true };
}

/** Half to even. */
function rounded(v: number): number {
  const low = Math.floor(v);
  return v - low > 0.5 || (v - low === 0.5 && mod(low, 2) === 1) ? low + 1 : low;
}

const A = -0.75;
const near = (v: number) => ((A + 2) * v - (A + 3)) * v * v + 1;
const wide = (v: number) => ((A * v - 5 * A) * v + 8 * A) * v - 4 * A;
const nearSlope = (v: number) => (3 * (A + 2) * v - 2 * (A + 3)) * v;
const wideSlope = (v: number) => (3 * A * v - 10 * A) * v + 8 * A;

const clamp = (v: number) => Math.min(Math.max(v, -FAR), FAR);

/** A coordinate in pixels, before padding. NaN counts as far below. Where f32 is coarser than a pixel, which one is reached depends on its rounding: the
 * kernel's is done here. */
function placeOf(given: number, size: number, corners: boolean): number {
  const g = Number.isNaN(given) ? -FAR : clamp(given);
  const u = corners ? ((g + 1) / 2) * (size - 1) : ((g + 1) * size - 1) / 2;
  if (Math.abs(u) < COARSE) return u;
  const f = Math.fround;
  const h = f(f(g) + 1);
  return clamp(corners ? f((h / 2) * (size - 1)) : f(f(h * size) - 1) / 2);
}

/** The taps of a coordinate of the grid along an axis; those outside are left out. */
function tapsOf({ mode, paddingMode, alignCorners }: SampleCall, given: number, size: number): Tap[] {
  const u = placeOf(given, size, alignCorners);
  const factor = (alignCorners ? size - 1 : size) / 2;
  const inside = ({ pixel }: Tap) => pixel >= 0 && pixel < size;
  if (mode === 'bicubic') {
    const i = Math.floor(u);
    const t = u - i;
    const slopes = [wideSlope(t + 1), nearSlope(t), -nearSlope(1 - t), -wideSlope(2 - t)];
    const taps = [wide(t + 1), near(t), near(1 - t), wide(2 - t)].map((weight, k) => ({ pixel: i - 1 + k, weight, slope: slopes[k]! * factor }));
    if (paddingMode === 'zeros') return taps.filter(inside);
    const padded = (p: number) => (paddingMode === 'border' ? Math.min(Math.max(p, 0), size - 1) : mirrored(p, size, alignCorners).at);
    return taps.map((tap) => ({ ...tap, pixel: padded(tap.pixel) }));
  }
  let [at, slope] = [u, factor];
  if (paddingMode === 'reflection') {
    const m = mirrored(Math.abs(u) < COARSE || alignCorners ? u : Math.fround(u + 0.5) - 0.5, size, alignCorners);
    [at, slope] = [m.at, m.turned ? -factor : factor];
  }
  if (paddingMode !== 'zeros') {
    if (at <= 0 || at >= size - 1) slope = 0;
    at = Math.min(Math.max(at, 0), size - 1);
  }
  if (mode === 'nearest') return [{ pixel: rounded(at), weight: 1, slope: 0 }].filter(inside);
  const i = Math.floor(at);
  return [
    { pixel: i, weight: 1 - (at - i), slope: -slope },
    { pixel: i + 1, weight: at - i, slope },
  ].filter(inside);
}

/** Calls `each` for every tap of every sample: image, sample, pixel in its plane, weight, and the weight's derivatives by x, y and z of the grid. */
function visit(
  call: SampleCall,
  grid: ArrayLike<number>,
  each: (n: number, s: number, pixel: number, weight: number, slopes: readonly [number, number, number]) => void,
): void {
  const { x } = call;
  const dims = x.shape.length - 2;
  const [D, H, W] = [1, ...x.shape.slice(2)].slice(-3) as [number, number, number];
  const samples = product(call.grid.shape.slice(1, -1));
  const flat: Tap[] = [{ pixel: 0, weight: 1, slope: 0 }];
  for (let n = 0; n < x.shape[0]!; n++)
    for (let s = 0; s < samples; s++) {
      const at = (n * samples + s) * dims;
      const w = tapsOf(call, grid[at]!, W);
      const h = tapsOf(call, grid[at + 1]!, H);
      const d = dims === 3 ? tapsOf(call, grid[at + 2]!, D) : flat;
      for (const a of d)
        for (const b of h)
          for (const c of w)
            each(n, s, (a.pixel * H + b.pixel) * W + c.pixel, a.weight * b.weight * c.weight, [
              a.weight * b.weight * c.slope,
              a.weight * b.slope * c.weight,
              a.slope * b.weight * c.weight,
            ]);
    }
}

type Rest = [grid: Plain, options?: GridSampleOptions];

/** As its namesake on the GPU. */
export function gridSample(x: Plain, ...[grid, options = {}]: Rest): PlainResult {
  const op = 'gridSample';
  const call = sampleCall(op, specOf(op, 'x', x), specOf(op, 'grid', grid), options);
  const [from, to] = [stridesOf(call.x), stridesOf(call.y)];
  const y = new Float64Array(product(call.y.shape));
  visit(call, grid.data, (n, s, pixel, weight) => {
    for (let c = 0; c < call.x.shape[1]!; c++)
      y[n * to.batch + c * to.channel + s * to.place]! += weight * x.data[n * from.batch + c * from.channel + pixel * from.place]!;
  });
  const { shape, layout, dtype } = call.y;
  return { data: y, shape, layout, dtype };
}

/** As its namesake on the GPU. */
export function gridSampleBackward<G extends SampleGradient = SampleGradient>(
  dy: Plain,
  x: Plain,
  grid: Plain,
  options: GridSampleOptions & { gradients?: readonly G[] | undefined } = {},
): Record<G, PlainResult> {
  const op = 'gridSampleBackward';
  const { gradients, rest } = withoutGradients<GridSampleOptions>(options);
  const forward = sampleCall(op, specOf(op, 'x', x), specOf(op, 'grid', grid), rest);
  const call = sampleBackwardCall(specOf(op, 'dy', dy), forward, gradients);
  const [from, to] = [stridesOf(call.x), stridesOf(call.dy!)];
  const dims = call.x.shape.length - 2;
  const samples = product(call.grid.shape.slice(1, -1));
  const dx = new Float64Array(product(call.x.shape));
  const dgrid = new Float64Array(product(call.grid.shape));
  visit(call, grid.data, (n, s, pixel, weight, slopes) => {
    for (let c = 0; c < call.x.shape[1]!; c++) {
      const at = n * from.batch + c * from.channel + pixel * from.place;
      const v = dy.data[n * to.batch + c * to.channel + s * to.place]!;
      dx[at]! += weight * v;
      for (let a = 0; a < dims; a++) dgrid[(n * samples + s) * dims + a]! += slopes[a]! * v * x.data[at]!;
    }
  });
  const result = (data: PlainResult['data'], { shape, layout, dtype }: TensorSpec): PlainResult => ({ data, shape, layout, dtype });
  const all = { dx: result(dx, call.x), dgrid: result(dgrid, call.grid) };
  return Object.fromEntries(call.gradients.map((g) => [g, all[g]])) as Record<G, PlainResult>;
}
