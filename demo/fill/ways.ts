import { bedOfNails2d, bicubic2d, bilinear2d, nearest2d, resize, type Tensor } from '../../src/index.ts';
import * as reference from '../../src/reference.ts';
import { options } from '../kit/code.ts';

type Plain = reference.Plain;

export const WAYS = { nearest: 'Nearest', nails: 'Bed of nails', bilinear: 'Bilinear', bicubic: 'Bicubic' } as const;
export type Way = keyof typeof WAYS;

export const RULES = { half: 'Half-pixel', corners: 'Align corners', asymmetric: 'Asymmetric' } as const;
export type Rule = keyof typeof RULES;

type Size = readonly [height: number, width: number];

/** A call of the library that enlarges, on either side, and as one writes it. */
export interface Enlargement {
  readonly gpu: (x: Tensor) => Tensor;
  readonly cpu: (x: Plain) => Plain;
  readonly name: string;
  readonly options: string;
}

/** Coordinate rules in ONNX's words, for what PyTorch's functions do not offer. */
const ONNX = { half: 'half_pixel', corners: 'align_corners', asymmetric: 'asymmetric' } as const;

function resized(mode: 'nearest' | 'linear' | 'cubic', rule: Rule, size: Size): Enlargement {
  const given = { mode, sizes: [...size], axes: [2, 3], coordinateTransformationMode: ONNX[rule] };
  return { name: 'resize', options: options(given), gpu: (x) => resize(x, given), cpu: (x) => reference.resize(x, given) };
}

/** How `from` becomes `to`, in the shortest call that says it. */
export function enlargement(way: Way, rule: Rule, from: Size, to: Size): Enlargement {
  const size = [...to] as [number, number];
  if (way === 'nails') {
    const given = { stride: [to[0] / from[0], to[1] / from[1]] };
    return { name: 'bedOfNails2d', options: options(given), gpu: (x) => bedOfNails2d(x, given), cpu: (x) => reference.bedOfNails2d(x, given) };
  }
  if (way === 'nearest') {
    if (rule === 'corners') return resized('nearest', rule, to);
    const given = { size, ...(rule === 'half' && { exact: true }) };
    return { name: 'nearest2d', options: options(given), gpu: (x) => nearest2d(x, given), cpu: (x) => reference.nearest2d(x, given) };
  }
  if (rule === 'asymmetric') return resized(way === 'bilinear' ? 'linear' : 'cubic', rule, to);
  const given = { size, ...(rule === 'corners' && { alignCorners: true }) };
  return way === 'bilinear'
    ? { name: 'bilinear2d', options: options(given), gpu: (x) => bilinear2d(x, given), cpu: (x) => reference.bilinear2d(x, given) }
    : { name: 'bicubic2d', options: options(given), gpu: (x) => bicubic2d(x, given), cpu: (x) => reference.bicubic2d(x, given) };
}

/** One line, enlarged by the reference. */
const line = (way: Way, rule: Rule, x: readonly number[], to: number): readonly number[] =>
  Array.from(enlargement(way, rule, [1, x.length], [1, to]).cpu({ data: x, shape: [1, 1, 1, x.length] }).data);

/** Unit vectors of n elements, one after another. */
export const units = (n: number): number[] => Array.from({ length: n * n }, (_, i) => (i % (n + 1) ? 0 : 1));

/** Where each of `to` outputs looks, in input indices: what linear interpolation makes of the ramp 0, 1, 2, …
 * Taken from the middle of a ramp 32 times as long, where no border holds the values back; corners that are aligned look nowhere outside. */
export function samplePoints(rule: Rule, from: number, to: number): readonly number[] {
  const times = rule === 'corners' ? 1 : 32;
  const ramp = Array.from({ length: times * from }, (_, i) => i);
  const begin = times >> 1;
  return line('bilinear', rule, ramp, times * to)
    .slice(begin * to, (begin + 1) * to)
    .map((v) => v - begin * from);
}

/** What an input contributes at a distance from it: the answer to a single 1 among zeros, finely sampled. */
export function kernel(way: Way, rule: Rule): readonly (readonly [distance: number, weight: number])[] {
  const [length, middle, fine] = [9, 4, 40];
  const impulse = Array.from({ length }, (_, i) => (i === middle ? 1 : 0));
  const points = samplePoints(way === 'nails' ? 'asymmetric' : rule, length, length * fine);
  return line(way, rule, impulse, length * fine).map((weight, o) => [points[o]! - middle, weight]);
}

/** Weight of each input in each output of one axis: weights[input][output]. */
export const lineWeights = (way: Way, rule: Rule, from: number, to: number): readonly (readonly number[])[] =>
  Array.from({ length: from }, (_, s) =>
    line(
      way,
      rule,
      Array.from({ length: from }, (_, i) => (i === s ? 1 : 0)),
      to,
    ),
  );
