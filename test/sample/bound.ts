// What a result may differ by from the float64 reference. Coordinates are f32 in the kernels, so beside the rounding of the sums
// (semantics.md 14) stands the rounding of a coordinate times the steepest change of what is computed from it.
import type { GridSampleOptions } from '../../src/index.ts';
import { type Operand, position } from './run.ts';

const EPS = 2 ** -24;
/** Rounding of the store of an f16 result. */
export const HALF = 2 ** -11;

/** Most that a sum of weighted pixels of magnitude 1 reaches, changes by along an axis, and that this change changes by. */
function steepness(mode: GridSampleOptions['mode'], dims: number) {
  // The cubic's weights: magnitudes add up to 1.375, those of the first derivative to 3, of the second to 12.
  if (mode === 'bicubic') return { reach: 1.375 ** dims, first: 3 * 1.375 ** (dims - 1), second: 12 * 1.375 ** (dims - 1), units: 16 };
  return mode === 'nearest' ? { reach: 1, first: 0, second: 0, units: 0 } : { reach: 1, first: 2, second: 4, units: 8 };
}

/** Error of a coordinate in pixels: three roundings of the formula, three of a reflection. */
function slip(g: number, size: number, { alignCorners = false, paddingMode }: GridSampleOptions): number {
  const u = position(g, size, alignCorners);
  return EPS * (1.5 * Math.abs(g + 1) * size + 1 + (paddingMode === 'reflection' ? Math.abs(u) + 2 * size + 1 : 0));
}

/** Where padding leaves a position, and how far pixels lie that its taps may reach. */
function folded(u: number, size: number, { alignCorners, paddingMode }: GridSampleOptions): number {
  if (paddingMode === 'border') return Math.min(Math.max(u, 0), size - 1);
  if (paddingMode !== 'reflection') return u;
  const [low, span] = alignCorners ? [0, size - 1] : [-0.5, size];
  if (!span) return 0;
  const r = (((u - low) % (2 * span)) + 2 * span) % (2 * span);
  return Math.min(Math.max((r < span ? r : 2 * span - r) + low, 0), size - 1);
}

export interface Allowed {
  readonly y: (i: number) => number;
  readonly dx: (i: number) => number;
  readonly dgrid: (i: number) => number;
}

const product = (list: readonly number[]) => list.reduce((a, b) => a * b, 1);
const largest = (data: ArrayLike<number>) => Array.from(data).reduce((m, v) => Math.max(m, Math.abs(v)), 0);

/** Allowances for every element of y, dx and dgrid, in the memory order of x, grid and of y as `dy` lies. */
export function allowed(x: Operand, grid: Operand, dy: Operand, options: GridSampleOptions): Allowed {
  const sizes = x.shape.slice(2).reverse();
  const dims = sizes.length;
  const [N, C] = x.shape as [number, number];
  const pixels = product(sizes);
  const samples = product(grid.shape.slice(1, -1));
  const { reach, first, second, units } = steepness(options.mode, dims);
  const [xMost, dyMost] = [largest(x.data), largest(dy.data)];
  const slips = new Float64Array(N * samples); // of all axes of a sample
  const touch = new Float64Array(N * pixels); // slips of the samples near a pixel,
  const near = new Float64Array(N * pixels); // and their number
  for (let k = 0; k < N * samples; k++) {
    const at = sizes.map((size, a) => folded(position(grid.data[k * dims + a]!, size, options.alignCorners ?? false), size, options));
    for (const [a, size] of sizes.entries()) slips[k]! += slip(grid.data[k * dims + a]!, size, options);
    const box = at.map((p, a) => [Math.max(Math.floor(p) - 3, 0), Math.min(Math.ceil(p) + 3, sizes[a]! - 1)] as const);
    const [bx, by, bz = [0, 0] as const] = box as [readonly [number, number], readonly [number, number], (readonly [number, number])?];
    for (let z = bz[0]; z <= bz[1]; z++)
      for (let yy = by[0]; yy <= by[1]; yy++)
        for (let xx = bx[0]; xx <= bx[1]; xx++) {
          const i = Math.floor(k / samples) * pixels + (z * sizes[1]! + yy) * sizes[0]! + xx;
          touch[i]! += slips[k]!;
          near[i]!++;
        }
  }
  const image = (i: number) => Math.floor(i / (C * pixels)) * pixels + (x.layout === 'nchw' ? i % pixels : Math.floor(i / C) % pixels);
  const sample = (i: number) => Math.floor(i / (C * samples)) * samples + (dy.layout === 'nchw' ? i % samples : Math.floor(i / C) % samples);
  return {
    y: (i) => (EPS * units * reach + slips[sample(i)]! * first) * xMost,
    dx: (i) => (EPS * (units + 4 + 2 * Math.sqrt(near[image(i)]!)) * reach * near[image(i)]! + touch[image(i)]! * first) * dyMost,
    dgrid: (i) => {
      const terms = C * reach * xMost * dyMost * (sizes[i % dims]! / 2);
      const k = Math.floor(i / dims);
      return terms * (EPS * (units + 4 + 2 * Math.sqrt(C * 4 ** dims)) * first + slips[k]! * second);
    },
  };
}

/** The first element beyond its allowance, as a sentence; '' where there is none. */
export function beyond(actual: ArrayLike<number>, expected: ArrayLike<number>, allowance: (i: number) => number, relative = 0): string {
  if (actual.length !== expected.length) return `${actual.length} elements, expected ${expected.length}`;
  for (let i = 0; i < expected.length; i++) {
    const [a, e] = [actual[i]!, expected[i]!];
    if (a === e || (Number.isNaN(a) && Number.isNaN(e))) continue;
    const most = allowance(i) + relative * Math.abs(e) + (relative ? 2 ** -25 : 0); // an f16 may be denormal
    if (!(Math.abs(a - e) <= most)) return `element ${i} is ${a}, expected ${e}: off by ${Math.abs(a - e)}, allowed ${most}`;
  }
  return '';
}
