import { checkOptions, checkShape, countElements, finite, flag, isCount, listed, oneOf, perAxis, refuse, show, storable, UpsampleError } from '../../check.ts';
import { BYTES, type TensorSpec } from '../../plan.ts';
import type { ResampleCall } from './call.ts';
import type { AxisRule, Coordinates, Filter, Rounding, Where } from './table.ts';

/** One number for all axes, or one an axis. */
export type PerAxis = number | readonly number[];

/** Modes of `interpolate`. */
export type InterpolateMode =
  | 'nearest'
  | 'nearest-exact'
  | 'linear'
  | 'bilinear'
  | 'trilinear'
  | 'bicubic'
  | 'area'
  | 'lanczos3'
  | 'lanczos5'
  | 'mitchell'
  | 'gaussian';

export interface InterpolateOptions {
  /** How values between samples are found; default `'nearest'`. */
  mode?: InterpolateMode | undefined;
  /** Output size in elements, one number for all spatial axes or one an axis. Exactly one of `size`, `scaleFactor`. */
  size?: PerAxis | undefined;
  /** Output size as a multiple of the input's, rounded down; coordinates then use the factor itself, not the ratio of sizes. */
  scaleFactor?: PerAxis | undefined;
  /** Whether the centres of the corner elements, not their outer edges, coincide; default false. Linear and cubic modes. */
  alignCorners?: boolean | undefined;
  /** Whether the kernel widens when shrinking; default false. 4-D bilinear and bicubic (then a = -0.5), and the filter modes. */
  antialias?: boolean | undefined;
  /** With `scaleFactor`: whether coordinates use the ratio of sizes; default false. */
  recomputeScaleFactor?: boolean | undefined;
  /** Nearest indices in exact integers (default) or with PyTorch's float32 arithmetic. Nearest modes. */
  indexRule?: 'exact' | 'torch' | undefined;
}

export interface ResizeOptions {
  /** How values between samples are found; default `'nearest'`. */
  mode?: 'nearest' | 'linear' | 'cubic' | undefined;
  /** Output sizes in elements, one per entry of `axes`. Exactly one of `sizes`, `scales`. */
  sizes?: readonly number[] | undefined;
  /** Output sizes as multiples of the input's, one per entry of `axes`. */
  scales?: readonly number[] | undefined;
  /** Axes of the tensor, negative from the end; default all. */
  axes?: readonly number[] | undefined;
  /** Region of interest [begin…, end…], relative to the input, for `tf_crop_and_resize`. */
  roi?: readonly number[] | undefined;
  /** How an output's index becomes a coordinate of the input; default `'half_pixel'`. */
  coordinateTransformationMode?: Coordinates | undefined;
  /** How a coordinate becomes an index; default `'round_prefer_floor'`. Mode nearest. */
  nearestMode?: Rounding | undefined;
  /** The kernel's parameter a; default -0.75. Mode cubic. */
  cubicCoeffA?: number | undefined;
  /** Whether taps outside the tensor are dropped and the rest renormalised; default false. Mode cubic, or linear with antialias. */
  excludeOutside?: boolean | undefined;
  /** Whether the kernel widens when shrinking; default false. Modes linear and cubic. */
  antialias?: boolean | undefined;
  /** What `sizes` mean when they disagree with the aspect ratio; default `'stretch'`. */
  keepAspectRatioPolicy?: 'stretch' | 'not_larger' | 'not_smaller' | undefined;
  /** Value outside the region of `tf_crop_and_resize`; default 0. */
  extrapolationValue?: number | undefined;
  /** With `align_corners` and `scales`: whether the last sample lies at the fractional length scale*size, as the ONNX reference evaluator has it, or at the rounded one (default), as ONNX Runtime and PyTorch do. */
  fractionalCorners?: boolean | undefined;
}

export interface InsertOptions {
  /** Distance between neighbours in the output, one number or one an axis; default 2. */
  stride?: PerAxis | undefined;
  /** Zeros before the first element, one number or one an axis; default 0. */
  offset?: PerAxis | undefined;
  /** Output size, one number or one an axis. Default: `size*stride` for bed of nails, `offset + (size-1)*stride + 1` for zero insertion. */
  outputSize?: PerAxis | undefined;
}

/** Refuses what is not a list. */
function listOf(op: string, name: string, value: unknown, what: string): number[] {
  return (listed(value) ?? refuse(op, `${name} is ${show(value)}`, `expected an array of ${what}`)) as number[];
}

/** Completes an option that is one number an entry of `axes`. */
function perEntry(op: string, name: string, value: unknown, count: number, accept: (n: number) => boolean, expected: string): number[] {
  const list = listOf(op, name, value, expected);
  if (list.length !== count) refuse(op, `${name} ${show(list)} has ${list.length} values for ${count} axes`, 'expected one per entry of axes, all by default');
  return perAxis(op, name, list, count, accept, expected);
}

/** Beyond, the product of two coordinates is no longer exact in float64. */
const MOST_PRODUCT = 2 ** 52;

function complete(op: string, x: TensorSpec, rules: readonly AxisRule[], fill: number): ResampleCall {
  const shape = rules.map((r) => r.outSize);
  countElements(op, 'the result', shape, BYTES[x.dtype]);
  for (const { inSize, outSize } of rules)
    if (2 * inSize * outSize >= MOST_PRODUCT)
      throw new UpsampleError('limit-exceeded', op, `coordinates of ${inSize} to ${outSize} elements are beyond 2^52; use smaller axes`);
  const moves = rules.every((r) => ['copy', 'nearest', 'nearest-f32', 'insert'].includes(r.kind));
  if (!moves && (x.dtype === 'u32' || x.dtype === 'i32'))
    refuse(op, `x has dtype ${x.dtype}`, 'expected f32 or f16; whole numbers can only be copied (nearest, bed of nails)');
  return { op, backward: false, x, shape, rules, fill };
}

function checkInput(op: string, x: TensorSpec, ranks: readonly number[]): void {
  if (!ranks.includes(x.shape.length))
    refuse(op, `x [${x.shape.join(', ')}] has rank ${x.shape.length}`, `expected rank ${ranks.join(' or ')}: [N, C, ...spatial]`);
  if (x.shape.slice(2).some((n) => n === 0)) refuse(op, `x [${x.shape.join(', ')}] has an empty spatial axis`, 'expected spatial sizes of 1 or more');
}

const copy = (size: number): AxisRule => ({ kind: 'copy', inSize: size, outSize: size });

const LINEAR: Record<string, number> = { linear: 3, bilinear: 4, trilinear: 5 };
const FILTERS = ['lanczos3', 'lanczos5', 'mitchell', 'gaussian'];
const MODES: readonly InterpolateMode[] = [
  'nearest',
  'nearest-exact',
  'linear',
  'bilinear',
  'trilinear',
  'bicubic',
  'area',
  'lanczos3',
  'lanczos5',
  'mitchell',
  'gaussian',
];

/** Completes the arguments of `interpolate`. */
export function interpolateCall(op: string, x: TensorSpec, options: InterpolateOptions): ResampleCall {
  checkOptions(op, options, ['mode', 'size', 'scaleFactor', 'alignCorners', 'antialias', 'recomputeScaleFactor', 'indexRule']);
  const mode = oneOf(op, 'mode', options.mode, MODES, 'nearest');
  const rank = mode === 'bicubic' ? 4 : LINEAR[mode];
  checkInput(op, x, [3, 4, 5]);
  if (rank && x.shape.length !== rank)
    refuse(
      op,
      `mode "${mode}" needs rank ${rank} but x [${x.shape.join(', ')}] has ${x.shape.length}`,
      'linear takes [N, C, width], bilinear and bicubic [N, C, height, width], trilinear [N, C, depth, height, width], other modes each of these',
    );
  const smooth = mode in LINEAR || mode === 'bicubic';
  const filter = FILTERS.includes(mode);
  if (options.alignCorners !== undefined && !smooth) refuse(op, `alignCorners does not apply to mode "${mode}"`, 'leave it out, or use a linear or cubic mode');
  const corners = flag(op, 'alignCorners', options.alignCorners);
  const antialias = flag(op, 'antialias', options.antialias);
  if (antialias && mode !== 'bilinear' && mode !== 'bicubic' && !filter)
    refuse(op, `antialias does not apply to mode "${mode}"`, `use bilinear, bicubic, ${FILTERS.join(', ')}`);
  const recompute = flag(op, 'recomputeScaleFactor', options.recomputeScaleFactor);
  const torch = oneOf(op, 'indexRule', options.indexRule, ['exact', 'torch'] as const, 'exact') === 'torch';
  if (torch && !mode.startsWith('nearest')) refuse(op, `indexRule "torch" does not apply to mode "${mode}"`, 'use it with nearest or nearest-exact');

  const spatial = x.shape.slice(2);
  const { size, scaleFactor } = options;
  if ((size === undefined) === (scaleFactor === undefined))
    refuse(op, size === undefined ? 'neither size nor scaleFactor is given' : 'both size and scaleFactor are given', 'give exactly one');
  if (recompute && size !== undefined) refuse(op, 'recomputeScaleFactor is given with size', 'it applies to scaleFactor only');
  const factors =
    scaleFactor === undefined
      ? undefined
      : perAxis(op, 'scaleFactor', scaleFactor, spatial.length, (n) => Number.isFinite(n) && n > 0, 'finite numbers above 0');
  const sizes = factors ? spatial.map((n, i) => Math.floor(n * factors[i]!)) : perAxis(op, 'size', size, spatial.length, isCount, 'whole numbers of 1 or more');
  for (const [i, n] of sizes.entries()) if (n < 1) refuse(op, `scaleFactor ${factors![i]} makes ${spatial[i]} elements ${n}`, 'expected at least 1');

  const rules = spatial.map((inSize, i): AxisRule => {
    const outSize = sizes[i]!;
    const both = { inSize, outSize };
    const factor = recompute ? undefined : factors?.[i];
    const scale = factor === undefined ? ([outSize, inSize] as const) : ([factor, 1] as const);
    const step = corners ? (outSize > 1 ? (inSize - 1) / (outSize - 1) : 0) : factor === undefined ? inSize / outSize : 1 / factor;
    if (mode === 'area') return { kind: 'area', ...both };
    if (filter) return { kind: 'windowed', ...both, step, filter: mode as Filter, antialias, normalise: 'tf' };
    if (antialias) return { kind: 'windowed', ...both, step, filter: mode === 'bicubic' ? 'cubic' : 'linear', antialias, normalise: 'always' };
    if (torch) {
      const f = Math.fround;
      return { kind: 'nearest-f32', ...both, step: factor === undefined ? f(f(inSize) / f(outSize)) : f(1 / factor), half: mode === 'nearest-exact' };
    }
    if (mode === 'nearest') return { kind: 'nearest', ...both, where: { rule: 'asymmetric', scale }, round: 'floor' };
    if (mode === 'nearest-exact') return { kind: 'nearest', ...both, where: { rule: 'tf_half_pixel_for_nn', scale }, round: 'floor' };
    const where: Where = { rule: corners ? 'align_corners' : 'half_pixel', scale };
    if (mode === 'bicubic') return { kind: 'cubic', ...both, where, a: -0.75, excludeOutside: false };
    return inSize === outSize ? copy(inSize) : { kind: 'linear', ...both, where }; // PyTorch copies an axis of equal sizes whatever the factor
  });
  return complete(op, x, [copy(x.shape[0]!), copy(x.shape[1]!), ...rules], 0);
}

const COORDINATES: readonly Coordinates[] = [
  'half_pixel',
  'half_pixel_symmetric',
  'pytorch_half_pixel',
  'align_corners',
  'asymmetric',
  'tf_crop_and_resize',
  'tf_half_pixel_for_nn',
];
const ROUNDINGS: readonly Rounding[] = ['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil'];

/** Completes the arguments of `resize`. */
export function resizeCall(op: string, x: TensorSpec, options: ResizeOptions): ResampleCall {
  const known = ['mode', 'sizes', 'scales', 'axes', 'roi', 'coordinateTransformationMode', 'nearestMode', 'cubicCoeffA', 'excludeOutside', 'antialias'];
  checkOptions(op, options, [...known, 'keepAspectRatioPolicy', 'extrapolationValue', 'fractionalCorners']);
  const rank = x.shape.length;
  if (rank < 1) refuse(op, 'x is a scalar', 'expected rank 1 or more');
  const mode = oneOf(op, 'mode', options.mode, ['nearest', 'linear', 'cubic'] as const, 'nearest');
  const rule = oneOf(op, 'coordinateTransformationMode', options.coordinateTransformationMode, COORDINATES, 'half_pixel');
  const round = oneOf(op, 'nearestMode', options.nearestMode, ROUNDINGS, 'round_prefer_floor');
  const policy = oneOf(op, 'keepAspectRatioPolicy', options.keepAspectRatioPolicy, ['stretch', 'not_larger', 'not_smaller'] as const, 'stretch');
  const a = finite(op, 'cubicCoeffA', options.cubicCoeffA, -0.75);
  const fill = finite(op, 'extrapolationValue', options.extrapolationValue, 0);
  const excludeOutside = flag(op, 'excludeOutside', options.excludeOutside);
  const antialias = flag(op, 'antialias', options.antialias);
  const fractional = flag(op, 'fractionalCorners', options.fractionalCorners);
  const crop = rule === 'tf_crop_and_resize';
  // An option that could not act is refused, unless it has its default value.
  const only = (acts: boolean, name: string, where: string) => acts || refuse(op, `${name} has no effect here`, `it applies to ${where}`);
  only(mode === 'nearest' || round === 'round_prefer_floor', 'nearestMode', 'mode "nearest"');
  only(mode === 'cubic' || a === -0.75, 'cubicCoeffA', 'mode "cubic"');
  only(!excludeOutside || mode === 'cubic' || (mode === 'linear' && antialias), 'excludeOutside', 'mode "cubic", or "linear" with antialias');
  only(!antialias || mode !== 'nearest', 'antialias', 'modes "linear" and "cubic"');
  only(crop || fill === 0, 'extrapolationValue', 'coordinateTransformationMode "tf_crop_and_resize"');
  only(crop || options.roi === undefined, 'roi', 'coordinateTransformationMode "tf_crop_and_resize"');
  storable(op, 'extrapolationValue', x.dtype, fill);
  only(!fractional || (rule === 'align_corners' && options.scales !== undefined), 'fractionalCorners', '"align_corners" with scales');
  only(policy === 'stretch' || options.sizes !== undefined, 'keepAspectRatioPolicy', 'sizes');

  const axes = (options.axes === undefined ? x.shape.map((_, i) => i) : listOf(op, 'axes', options.axes, 'axes')).map((axis) => {
    if (!Number.isInteger(axis) || axis < -rank || axis >= rank)
      refuse(op, `axes contains ${show(axis)}`, `expected whole numbers from ${-rank} to ${rank - 1}`);
    return axis < 0 ? axis + rank : axis;
  });
  if (new Set(axes).size !== axes.length) refuse(op, `axes ${show(axes)} names an axis twice`, 'expected each axis once');
  const { sizes, scales } = options;
  const roi = options.roi === undefined ? undefined : listOf(op, 'roi', options.roi, 'numbers');
  if ((sizes === undefined) === (scales === undefined))
    refuse(op, sizes === undefined ? 'neither sizes nor scales is given' : 'both sizes and scales are given', 'give exactly one');
  const wanted = sizes === undefined ? undefined : sizesOf(op, sizes, axes, x.shape);
  const factors = scales === undefined ? undefined : perEntry(op, 'scales', scales, axes.length, (n) => Number.isFinite(n) && n > 0, 'finite numbers above 0');
  if (crop && roi?.length !== 2 * axes.length)
    refuse(op, `roi has ${roi?.length ?? 0} values`, `expected ${2 * axes.length}: begins, then ends, of ${axes.length} axes`);
  if (crop && !roi!.every(Number.isFinite)) refuse(op, `roi is ${show(roi)}`, 'expected finite numbers');

  const common = policy === 'stretch' ? undefined : extremeRatio(wanted!, axes, x.shape, policy);
  const rules = x.shape.map(copy);
  for (const [i, axis] of axes.entries()) {
    const inSize = x.shape[axis]!;
    const region = crop ? ([roi![i]!, roi![axes.length + i]!] as const) : undefined;
    const factor = factors?.[i];
    if (inSize === 0) {
      if (wanted?.[i]) refuse(op, `axis ${axis} of x is empty`, 'expected a size of 0 for it');
      continue;
    }
    const outSize = factor !== undefined ? scaledSize(inSize, factor, region) : common ? Math.trunc((common[0] * inSize) / common[1] + 0.5) : wanted![i]!;
    if (outSize < 1) refuse(op, `axis ${axis} of ${inSize} elements would have ${outSize}`, 'expected at least 1');
    const scale = factor !== undefined ? fraction(factor) : (common ?? ([outSize, inSize] as const));
    const where: Where = { rule, scale, ...(region && { roi: region }), ...(fractional && { length: inSize * factor! }) };
    const both = { inSize, outSize, where };
    if (mode === 'nearest') rules[axis] = { kind: 'nearest', ...both, round };
    else if (antialias) rules[axis] = { kind: 'stretched', ...both, filter: mode, a, excludeOutside };
    else rules[axis] = mode === 'linear' ? { kind: 'linear', ...both } : { kind: 'cubic', ...both, a, excludeOutside };
  }
  return complete(op, x, rules, fill);
}

/** Completes `sizes`: 0 only for an empty axis of x. */
function sizesOf(op: string, sizes: unknown, axes: readonly number[], shape: readonly number[]): number[] {
  const expected = 'whole numbers of 1 or more';
  const list = perEntry(op, 'sizes', sizes, axes.length, (n) => n === 0 || isCount(n), expected);
  if (list.some((n, i) => n === 0 && shape[axes[i]!] !== 0)) refuse(op, `sizes is ${show(list)}`, `expected ${expected}`);
  return list;
}

/** Elements that a factor makes of an axis, or of a region of it. */
function scaledSize(size: number, factor: number, region: readonly [number, number] | undefined): number {
  if (!region) return Math.floor(size * factor);
  const [begin, end] = region;
  // The difference of two decimals may come out a rounding below the one that is meant: 0.7 - 0.2 is less than 0.5.
  const slack = (Math.abs(begin) + Math.abs(end)) * 2 ** -48;
  return Math.floor(size * (end - begin + slack) * factor);
}

/** A scale as a fraction of whole numbers where it is one. */
function fraction(scale: number): readonly [number, number] {
  const inverse = 1 / scale;
  return !Number.isInteger(scale) && Number.isInteger(inverse) && 1 / inverse === scale ? [1, inverse] : [scale, 1];
}

/** The smallest or largest of the asked ratios output/input, as a fraction; none where all axes are empty. */
function extremeRatio(
  sizes: readonly number[],
  axes: readonly number[],
  shape: readonly number[],
  policy: 'not_larger' | 'not_smaller',
): readonly [number, number] | undefined {
  const ratios = sizes.map((size, i) => [size, shape[axes[i]!]!] as const).filter(([, size]) => size);
  const sign = policy === 'not_larger' ? 1 : -1;
  return ratios.length ? ratios.reduce((best, r) => (sign * (r[0] / r[1] - best[0] / best[1]) < 0 ? r : best)) : undefined;
}

/** Completes the arguments of `bedOfNails` and `zeroInsert`. */
export function insertCall(op: string, x: TensorSpec, options: InsertOptions, spatial: number, nails: boolean): ResampleCall {
  checkOptions(op, options, ['stride', 'offset', 'outputSize']);
  checkInput(op, x, [spatial + 2]);
  const strides = perAxis(op, 'stride', options.stride ?? 2, spatial, isCount, 'whole numbers of 1 or more');
  const offsets = perAxis(op, 'offset', options.offset ?? 0, spatial, (n) => Number.isInteger(n) && n >= 0, 'whole numbers, not negative');
  const wanted = options.outputSize === undefined ? undefined : perAxis(op, 'outputSize', options.outputSize, spatial, isCount, 'whole numbers of 1 or more');
  const rules = x.shape.slice(2).map((inSize, i): AxisRule => {
    const stride = strides[i]!;
    const offset = offsets[i]!;
    if (nails && offset >= stride) refuse(op, `offset ${offset} is not below stride ${stride}`, 'expected each element within its own cell');
    const least = offset + (inSize - 1) * stride + 1;
    const outSize = wanted?.[i] ?? (nails ? inSize * stride : least);
    if (outSize < least)
      refuse(op, `outputSize ${outSize} cannot hold ${inSize} elements at stride ${stride} and offset ${offset}`, `expected at least ${least}`);
    return { kind: 'insert', inSize, outSize, stride, offset };
  });
  return complete(op, x, [copy(x.shape[0]!), copy(x.shape[1]!), ...rules], 0);
}

/** The transposed call: `dy` has the shape of the forward map's result, and the result has `inputShape`. */
export function backwardCall(op: string, dy: TensorSpec, inputShape: readonly number[], forward: (x: TensorSpec) => ResampleCall): ResampleCall {
  const shape = checkShape(op, 'inputShape', inputShape);
  countElements(op, 'the result', shape, BYTES[dy.dtype]);
  if (dy.dtype !== 'f32' && dy.dtype !== 'f16') refuse(op, `dy has dtype ${dy.dtype}`, 'expected f32 or f16');
  const call = forward({ ...dy, shape });
  if (call.shape.length !== dy.shape.length || call.shape.some((n, i) => n !== dy.shape[i]))
    refuse(op, `dy has shape [${dy.shape.join(', ')}]`, `expected [${call.shape.join(', ')}], the result's for input [${shape.join(', ')}]`);
  return { ...call, backward: true, x: dy, shape, fill: 0 };
}

/** Options of the two-dimensional helpers. */
export interface Size2d {
  /** [height, width] of the result in elements, or one number for both. Exactly one of `size`, `scaleFactor`. */
  size?: PerAxis | undefined;
  /** Factors for height and width, or one for both. */
  scaleFactor?: PerAxis | undefined;
}
export interface Nearest2dOptions extends Size2d {
  /** Whether output centres choose the nearest input centre, as PyTorch's nearest-exact; default false. */
  exact?: boolean | undefined;
}
export interface Smooth2dOptions extends Size2d {
  /** Whether the centres of the corner elements, not their outer edges, coincide; default false. */
  alignCorners?: boolean | undefined;
  /** Whether the kernel widens when shrinking; default false. */
  antialias?: boolean | undefined;
}

const size2d = ({ size, scaleFactor }: Size2d) => ({ ...(size !== undefined && { size }), ...(scaleFactor !== undefined && { scaleFactor }) });

/** Completes the arguments of `nearest2d`. */
export function nearest2dCall(op: string, x: TensorSpec, options: Nearest2dOptions): ResampleCall {
  checkOptions(op, options, ['size', 'scaleFactor', 'exact']);
  checkInput(op, x, [4]);
  return interpolateCall(op, x, { mode: flag(op, 'exact', options.exact) ? 'nearest-exact' : 'nearest', ...size2d(options) });
}

/** Completes the arguments of `bilinear2d` and `bicubic2d`. */
export const smooth2dCall =
  (mode: 'bilinear' | 'bicubic') =>
  (op: string, x: TensorSpec, options: Smooth2dOptions): ResampleCall => {
    checkOptions(op, options, ['size', 'scaleFactor', 'alignCorners', 'antialias']);
    const { alignCorners = false, antialias = false } = options;
    return interpolateCall(op, x, { mode, alignCorners, antialias, ...size2d(options) });
  };

/** Completes the arguments of `bedOfNails1d` to `3d` (`nails`) and `zeroInsert1d` to `3d`. */
export const insertNdCall =
  (spatial: number, nails: boolean) =>
  (op: string, x: TensorSpec, options: InsertOptions = {}): ResampleCall =>
    insertCall(op, x, options, spatial, nails);
