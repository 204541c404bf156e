import { checkOptions, checkShape, countElements, flag, isCount, listed, oneOf, perAxis, perSide, refuse, show } from '../../check.ts';
import { BYTES, type TensorSpec } from '../../plan.ts';
import { type ConvAxis, span, threeAxes } from '../conv/geometry.ts';
import type { MaxPoolCall, SpreadCall } from './call.ts';
import { FORMATS, type IndexFormat } from './format.ts';

export type PerAxis = number | readonly number[];
/** Cells that windows reach beyond either end of every axis: one number, one an axis, or a pair [begin, end] an axis. */
export type PoolPadding = number | readonly (number | readonly [number, number])[];
export type PoolAutoPad = 'NOTSET' | 'SAME_UPPER' | 'SAME_LOWER' | 'VALID';

/** Options that max and average pooling share. */
export interface WindowOptions {
  /** Cells of a window, one number or one an axis. */
  kernelSize: PerAxis;
  /** Cells from one window to the next; default `kernelSize`. */
  stride?: PerAxis | undefined;
  /** Default 0. At most half the window; pairs [begin, end] up to the window less 1. */
  padding?: PoolPadding | undefined;
  /** Whether a last window may begin inside and end beyond the padding; default false. */
  ceilMode?: boolean | undefined;
  /** ONNX's rule for padding, in place of `padding`; default `'NOTSET'`. */
  autoPad?: PoolAutoPad | undefined;
}

/** Options of `maxPool1d` to `maxPool3d` that its gradient needs too. */
export interface MaxPoolGeometry extends WindowOptions {
  /** Distance between the cells of a window; default 1. */
  dilation?: PerAxis | undefined;
  /** How indices count; default `'plane'`. */
  indexFormat?: IndexFormat | undefined;
}
export interface MaxPoolOptions extends MaxPoolGeometry {
  /** Whether a NaN wins, the last of several (default, PyTorch), or loses (ONNX, TensorFlow). */
  nan?: 'propagate' | 'ignore' | undefined;
  /** Whether the call returns `{ output, indices }` in place of the output; default false. */
  returnIndices?: boolean | undefined;
}

export const NAMES = ['L', 'H, W', 'D, H, W'] as const;
const AUTO_PADS: readonly PoolAutoPad[] = ['NOTSET', 'SAME_UPPER', 'SAME_LOWER', 'VALID'];

/** Checks the tensor that is pooled, or pooled from. */
export function checkInput(op: string, name: string, x: TensorSpec, spatial: number): void {
  const shape = `${name} [${x.shape.join(', ')}]`;
  if (x.shape.length !== spatial + 2) refuse(op, `${shape} has rank ${x.shape.length}`, `expected rank ${spatial + 2}: [N, C, ${NAMES[spatial - 1]}]`);
  if (x.shape.slice(1).some((n) => n === 0))
    refuse(op, `${shape} has an empty axis`, 'expected channels and spatial sizes of 1 or more; only the batch may be 0');
  if (x.dtype !== 'f32' && x.dtype !== 'f16') refuse(op, `${name} has dtype ${x.dtype}`, 'expected f32 or f16');
}

/** Pairs [begin, end] of every axis, below the window of `spans` cells; numbers that stand for both ends are at most half of it where `half` says so. */
export function checkPadding(op: string, padding: unknown, spans: readonly number[], half = false): [number, number][] {
  const entries = listed(padding);
  return perSide(op, padding, spans.length).map((pair, i) => {
    const cells = spans[i]!;
    const entry = entries ? entries[i] : padding;
    const halved = half && !listed(entry);
    const most = halved ? Math.floor(cells / 2) : cells - 1;
    if (pair.some((p) => p > most))
      refuse(op, `padding ${show(entry)} is too much for a window of ${cells}`, `expected at most ${most}${halved ? ', half the window' : ''}`);
    return pair;
  });
}

/** One axis of windows; `end` is the padding behind. */
export interface WindowAxis extends ConvAxis {
  readonly end: number;
}

/** The windows of every spatial axis: outputs, paddings. */
export function checkWindows(op: string, x: TensorSpec, options: WindowOptions & { dilation?: PerAxis | undefined }): WindowAxis[] {
  const spatial = x.shape.length - 2;
  if (options.kernelSize === undefined) refuse(op, 'kernelSize is missing', 'expected whole numbers of 1 or more');
  const counts = (name: string, value: unknown) => perAxis(op, name, value, spatial, isCount, 'whole numbers of 1 or more');
  const kernel = counts('kernelSize', options.kernelSize);
  const stride = counts('stride', options.stride ?? kernel);
  const dilation = counts('dilation', options.dilation ?? 1);
  const ceil = flag(op, 'ceilMode', options.ceilMode);
  const auto = oneOf(op, 'autoPad', options.autoPad, AUTO_PADS, 'NOTSET');
  if (auto !== 'NOTSET' && options.padding !== undefined) refuse(op, `padding is given with autoPad "${auto}"`, 'give one of them');
  if (auto !== 'NOTSET' && ceil) refuse(op, `ceilMode is given with autoPad "${auto}", which sets the size itself`, 'leave one of them out');
  const spans = kernel.map((k, i) => span(k, dilation[i]!));
  const pads = checkPadding(op, options.padding, spans, true);
  return x.shape.slice(2).map((large, i) => {
    const [k, s, d, ke] = [kernel[i]!, stride[i]!, dilation[i]!, spans[i]!];
    let [pad, end] = pads[i]!;
    let small: number;
    if (auto === 'SAME_UPPER' || auto === 'SAME_LOWER') {
      small = Math.ceil(large / s);
      const total = Math.max((small - 1) * s + ke - large, 0);
      pad = auto === 'SAME_UPPER' ? Math.floor(total / 2) : Math.ceil(total / 2);
      end = total - pad;
    } else {
      small = Math.floor((large + pad + end - ke + (ceil ? s - 1 : 0)) / s) + 1;
      if (ceil && (small - 1) * s >= large + pad) small--; // no window begins in the padding behind
      if (small < 1) refuse(op, `a window spans ${ke} but x has ${large} elements and ${pad} + ${end} padding`, `expected at most ${large + pad + end}`);
    }
    for (let o = 0; o < small && o * s < pad; o++) {
      const first = o * s - pad + Math.ceil((pad - o * s) / d) * d;
      if (first >= large || first > o * s - pad + (k - 1) * d)
        refuse(op, `window ${o} of ${k} cells, ${d} apart, with padding ${pad} has none inside ${large} elements`, 'expected a cell in every window');
    }
    return { large, small, kernel: k, stride: s, dilation: d, pad, end };
  });
}

/** A result's spec, refused where it could not be indexed. */
export function resultSpec(op: string, { shape, dtype, layout }: TensorSpec, axes: readonly number[], as = dtype): TensorSpec {
  const result = [...shape.slice(0, 2), ...axes];
  countElements(op, 'the result', result, BYTES[as]);
  return { shape: result, dtype: as, layout, skew: 0 };
}

const GEOMETRY = ['kernelSize', 'stride', 'padding', 'dilation', 'ceilMode', 'autoPad', 'indexFormat'];

/** Completes the arguments of `maxPool1d` to `maxPool3d`. */
export function maxPoolCall(
  op: string,
  spatial: number,
  x: TensorSpec,
  options: MaxPoolOptions,
  known: readonly string[] = [...GEOMETRY, 'nan', 'returnIndices'],
): MaxPoolCall {
  checkOptions(op, options, known);
  checkInput(op, 'x', x, spatial);
  const axes = checkWindows(op, x, options);
  const format = oneOf(op, 'indexFormat', options.indexFormat, FORMATS, 'plane');
  const returnIndices = flag(op, 'returnIndices', options.returnIndices);
  if (!returnIndices && known.includes('nan') && options.indexFormat !== undefined)
    refuse(op, 'indexFormat has no effect here', 'it applies to returnIndices true');
  const three = threeAxes(axes);
  const small = axes.map((a) => a.small);
  if (returnIndices) resultSpec(op, x, small, 'u32');
  return {
    op,
    x,
    y: resultSpec(op, x, small),
    axes: three,
    nan: oneOf(op, 'nan', options.nan, ['propagate', 'ignore'] as const, 'propagate'),
    returnIndices,
    indexing: { format, plane: [three[0].large, three[1].large, three[2].large], channels: x.shape[1]! },
  };
}

/** Checks indices against the tensor whose elements they belong to. */
export function checkIndices(op: string, indices: TensorSpec, of: string, { shape, layout }: TensorSpec): void {
  if (indices.dtype !== 'u32' && indices.dtype !== 'i32')
    refuse(op, `indices has dtype ${indices.dtype}`, 'expected u32 or i32; indicesFromInt64 converts those of ONNX');
  if (indices.shape.join() !== shape.join())
    refuse(op, `indices has shape [${indices.shape.join(', ')}]`, `expected [${shape.join(', ')}], one for each element of ${of}`);
  if (indices.layout !== layout) refuse(op, `indices has layout ${indices.layout} but ${of} has ${layout}`, 'expected one layout');
}

/** The gradient of max pooling: `dy` and `indices` have the shape of its result. */
export function maxPoolBackwardCall(
  op: string,
  spatial: number,
  dy: TensorSpec,
  indices: TensorSpec,
  inputShape: readonly number[],
  options: MaxPoolGeometry,
): SpreadCall {
  const shape = checkShape(op, 'inputShape', inputShape);
  countElements(op, 'the result', shape, BYTES[dy.dtype]);
  const { axes, y, indexing } = maxPoolCall(op, spatial, { ...dy, shape, skew: 0 }, options, GEOMETRY);
  if (dy.shape.join() !== y.shape.join())
    refuse(op, `dy has shape [${dy.shape.join(', ')}]`, `expected [${y.shape.join(', ')}], the result's for input [${shape.join(', ')}]`);
  checkIndices(op, indices, 'dy', dy);
  const large: TensorSpec = { shape, dtype: dy.dtype, layout: dy.layout, skew: 0 };
  return { op, backward: false, free: false, small: dy, large, indices, axes, indexing, duplicates: 'sum', check: false };
}
