import { checkOptions, countElements, finite, isCount, oneOf, perAxis, perSide, refuse, show } from '../../check.ts';
import { BYTES, type TensorSpec } from '../../plan.ts';
import type { Activation, ConvCall, Gradient } from './call.ts';
import { checkFilter, FILTER_LAYOUTS, type FilterLayout, TRANSPOSED_FILTER_LAYOUTS, type TransposedFilterLayout, viewOf } from './filter.ts';
import { type ConvAxis, span, threeAxes } from './geometry.ts';

type PerAxis = number | readonly number[];
/** Zeros around each spatial axis: one number, one an axis, or a pair [begin, end] an axis. */
export type Padding = number | readonly (number | readonly [number, number])[];
/** ONNX's auto_pad. */
export type AutoPad = 'NOTSET' | 'SAME_UPPER' | 'SAME_LOWER' | 'VALID';

interface Common {
  /** Distance between positions of the kernel, one number or one an axis; default 1. */
  stride?: PerAxis | undefined;
  /** Distance between taps of the kernel, one number or one an axis; default 1. */
  dilation?: PerAxis | undefined;
  /** Channels are divided into this many groups that do not mix; default 1. */
  groups?: number | undefined;
  /** Applied to every output after the bias; default none. */
  activation?: Activation | undefined;
  /** Slope of `leakyRelu` below 0; default 0.01. */
  negativeSlope?: number | undefined;
}

export interface ConvOptions extends Common {
  /** Elements outside x count as 0: a number, one an axis, pairs [begin, end], `'same'` (stride 1: the size of x), `'valid'` (0); default 0. */
  padding?: Padding | 'same' | 'valid' | undefined;
  /** ONNX's words instead of `padding`: `SAME_UPPER` and `SAME_LOWER` make ceil(size/stride) outputs. */
  autoPad?: AutoPad | undefined;
  /** Order of the filter's axes; default `'oihw'`. */
  filterLayout?: FilterLayout | undefined;
}

export interface ConvTransposeOptions extends Common {
  /** Cells cut off at the begin and the end of the result: a number, one an axis, pairs [begin, end], `'same'` (size*stride), `'valid'` (0); default 0. */
  padding?: Padding | 'same' | 'valid' | undefined;
  /** Cells added at the end of the result, below stride or below dilation; default 0. With ONNX's output_shape they only enter the padding. */
  outputPadding?: PerAxis | undefined;
  /** Size of the result instead of `outputPadding`, from the size without it to stride - 1 more. With `autoPad` or `'same'`: padding is computed from it. */
  outputSize?: PerAxis | undefined;
  /** ONNX's words instead of `padding`. Given at all, even `NOTSET`, it makes `outputSize` ONNX's output_shape, from which padding is computed. */
  autoPad?: AutoPad | undefined;
  /** Order of the filter's axes; default `'iohw'`. */
  filterLayout?: TransposedFilterLayout | undefined;
}

export interface ResizeConvOptions {
  /** Nearest scale factors, whole numbers: one, or one an axis. */
  scaleFactor: PerAxis;
  /** Zeros around the enlarged x, below the kernel size: a number, one an axis, pairs [begin, end], `'same'`, `'valid'`; default 0. */
  padding?: Padding | 'same' | 'valid' | undefined;
  /** Channels are divided into this many groups that do not mix; default 1. */
  groups?: number | undefined;
  /** Order of the filter's axes; default `'oihw'`. */
  filterLayout?: FilterLayout | undefined;
  /** Applied to every output after the bias; default none. */
  activation?: Activation | undefined;
  /** Slope of `leakyRelu` below 0; default 0.01. */
  negativeSlope?: number | undefined;
}

/** The tensors of a call, without their data. */
export interface ConvTensors {
  readonly x: TensorSpec;
  readonly w: TensorSpec;
  readonly bias: TensorSpec | null;
}

const ACTIVATIONS = ['relu', 'leakyRelu', 'tanh', 'sigmoid', 'silu', 'gelu'] as const;
const AUTO_PADS = ['NOTSET', 'SAME_UPPER', 'SAME_LOWER', 'VALID'] as const;
const COMMON = ['stride', 'dilation', 'groups', 'activation', 'negativeSlope', 'padding', 'filterLayout', 'bias'];
const CONV = [...COMMON, 'autoPad'];
const TRANSPOSE = [...COMMON, 'outputPadding', 'outputSize', 'autoPad'];
const RESIZE = ['scaleFactor', 'groups', 'activation', 'negativeSlope', 'padding', 'filterLayout', 'bias'];

const NAMES = ['L', 'H, W', 'D, H, W'] as const;

function checkTensors(op: string, { x, w, bias }: ConvTensors, spatial: number): void {
  if (x.shape.length !== spatial + 2)
    refuse(op, `x [${x.shape.join(', ')}] has rank ${x.shape.length}`, `expected rank ${spatial + 2}: [N, C, ${NAMES[spatial - 1]}]`);
  if (x.shape.slice(1).some((n) => n === 0))
    refuse(op, `x [${x.shape.join(', ')}] has an empty axis`, 'expected channels and spatial sizes of 1 or more; only the batch may be 0');
  for (const [name, t] of [
    ['x', x],
    ['weight', w],
    ['bias', bias],
  ] as const) {
    if (!t) continue;
    if (t.dtype !== 'f32' && t.dtype !== 'f16') refuse(op, `${name} has dtype ${t.dtype}`, 'expected f32 or f16');
    if (t.dtype !== x.dtype) refuse(op, `${name} has dtype ${t.dtype} but x has ${x.dtype}`, 'expected one dtype for all tensors');
  }
}

function checkGroups(op: string, groups: unknown, channels: number): number {
  if (groups === undefined) return 1;
  if (!isCount(groups)) refuse(op, `groups is ${show(groups)}`, 'expected a whole number of 1 or more');
  if (channels % groups) refuse(op, `groups ${groups} do not divide the ${channels} channels of x`, 'expected a divisor of input and output channels');
  return groups;
}

function checkBias(op: string, bias: TensorSpec | null, channels: number): void {
  if (bias && (bias.shape.length !== 1 || bias.shape[0] !== channels))
    refuse(op, `bias has shape [${bias.shape.join(', ')}]`, `expected [${channels}], one value per output channel`);
}

function checkActivation(op: string, { activation, negativeSlope }: Common): { activation: Activation | null; negativeSlope: number } {
  const named = activation === undefined || activation === null ? null : oneOf(op, 'activation', activation, ACTIVATIONS, 'relu');
  if (negativeSlope !== undefined && named !== 'leakyRelu') refuse(op, 'negativeSlope has no effect here', "it applies to activation 'leakyRelu'");
  return { activation: named, negativeSlope: finite(op, 'negativeSlope', negativeSlope, 0.01) };
}

const isPad = (n: unknown): n is number => typeof n === 'number' && Number.isInteger(n) && n >= 0;

/** Pairs [begin, end] an axis, or a word. */
function checkPadding(op: string, padding: unknown, autoPad: unknown, spatial: number): 'same' | AutoPad | [number, number][] {
  const auto = oneOf(op, 'autoPad', autoPad, AUTO_PADS, 'NOTSET');
  if (auto !== 'NOTSET' && padding !== undefined) refuse(op, `padding is given with autoPad "${auto}"`, 'give one of them');
  if (auto !== 'NOTSET') return auto;
  if (typeof padding === 'string') {
    oneOf(op, 'padding', padding, ['same', 'valid'] as const, 'valid');
    return padding === 'same' ? 'same' : 'VALID';
  }
  return perSide(op, padding, spatial);
}

const counts = (op: string, name: string, value: unknown, spatial: number): number[] =>
  perAxis(op, name, value ?? 1, spatial, isCount, 'whole numbers of 1 or more');

function complete(
  op: string,
  tensors: ConvTensors,
  parts: { transposed: boolean; groups: number; channels: number; size: readonly number[]; axes: readonly ConvAxis[]; fold: boolean; view: ConvCall['filter'] },
  options: Common,
): ConvCall {
  const { x, w, bias } = tensors;
  const { transposed, groups, channels, size, axes, fold, view } = parts;
  checkBias(op, bias, channels);
  const shape = [x.shape[0]!, channels, ...size];
  countElements(op, 'the result', shape, BYTES[x.dtype]);
  const [smallChannels, largeChannels] = transposed ? [x.shape[1]!, channels] : [channels, x.shape[1]!];
  return {
    op,
    backward: false,
    transposed,
    geometry: { batch: x.shape[0]!, groups, smallChannels, largeChannels, axes: threeAxes(axes) },
    x,
    w,
    bias,
    y: { shape, dtype: x.dtype, layout: x.layout, skew: 0 },
    dy: null,
    filter: view,
    fold,
    ...checkActivation(op, options),
    gradients: [],
  };
}

/** Completes the arguments of `conv1d` to `conv3d`. */
export function convCall(op: string, spatial: number, tensors: ConvTensors, options: ConvOptions): ConvCall {
  checkOptions(op, options, CONV);
  const { x, w } = tensors;
  checkTensors(op, tensors, spatial);
  const groups = checkGroups(op, options.groups, x.shape[1]!);
  const layout = oneOf(op, 'filterLayout', options.filterLayout, FILTER_LAYOUTS, 'oihw');
  const filter = checkFilter(op, w, layout, false, x.shape[1]!, groups, spatial);
  const stride = counts(op, 'stride', options.stride, spatial);
  const dilation = counts(op, 'dilation', options.dilation, spatial);
  const padding = checkPadding(op, options.padding, options.autoPad, spatial);
  const axes = x.shape.slice(2).map((large, i): ConvAxis => {
    const [kernel, s, d] = [filter.kernel[i]!, stride[i]!, dilation[i]!];
    const ke = span(kernel, d);
    let pads: readonly [number, number];
    if (padding === 'same') {
      if (s !== 1) refuse(op, `padding 'same' with stride ${s}`, "expected stride 1; autoPad 'SAME_UPPER' makes ceil(size/stride) outputs");
      pads = [(ke - 1) >> 1, ke - 1 - ((ke - 1) >> 1)];
    } else if (padding === 'SAME_UPPER' || padding === 'SAME_LOWER') {
      const total = Math.max((Math.ceil(large / s) - 1) * s + ke - large, 0);
      const begin = padding === 'SAME_UPPER' ? Math.floor(total / 2) : Math.ceil(total / 2);
      pads = [begin, total - begin];
    } else pads = Array.isArray(padding) ? padding[i]! : [0, 0];
    const room = large + pads[0] + pads[1];
    if (ke > room) refuse(op, `the kernel spans ${ke} but x has ${large} elements and ${pads[0]} + ${pads[1]} padding`, `expected at most ${room}`);
    return { large, small: Math.floor((room - ke) / s) + 1, kernel, stride: s, dilation: d, pad: pads[0] };
  });
  const size = axes.map((a) => a.small);
  return complete(op, tensors, { transposed: false, groups, channels: filter.outChannels, size, axes, fold: false, view: viewOf(filter, false) }, options);
}

/** Completes the arguments of `convTranspose1d` to `convTranspose3d`. */
export function convTransposeCall(op: string, spatial: number, tensors: ConvTensors, options: ConvTransposeOptions): ConvCall {
  checkOptions(op, options, TRANSPOSE);
  const { x, w } = tensors;
  checkTensors(op, tensors, spatial);
  const groups = checkGroups(op, options.groups, x.shape[1]!);
  const layout = oneOf(op, 'filterLayout', options.filterLayout, TRANSPOSED_FILTER_LAYOUTS, 'iohw');
  const filter = checkFilter(op, w, layout, true, x.shape[1]!, groups, spatial);
  const stride = counts(op, 'stride', options.stride, spatial);
  const dilation = counts(op, 'dilation', options.dilation, spatial);
  const padding = checkPadding(op, options.padding, options.autoPad, spatial);
  const { outputSize, outputPadding } = options;
  const onnx = options.autoPad !== undefined;
  if (outputSize !== undefined && outputPadding !== undefined && !onnx) refuse(op, 'both outputSize and outputPadding are given', 'give at most one');
  const sizes = outputSize === undefined ? undefined : perAxis(op, 'outputSize', outputSize, spatial, isCount, 'whole numbers of 1 or more');
  const extra = perAxis(op, 'outputPadding', outputPadding ?? 0, spatial, isPad, 'whole numbers of 0 or more');
  const same = padding === 'same' || padding === 'SAME_UPPER' || padding === 'SAME_LOWER';
  if (options.autoPad === 'NOTSET' && sizes && options.padding !== undefined)
    refuse(op, "padding is given with outputSize and autoPad 'NOTSET', which computes padding", 'leave autoPad or padding out');
  const axes = x.shape.slice(2).map((small, i): ConvAxis => {
    const [kernel, s, d, op_] = [filter.kernel[i]!, stride[i]!, dilation[i]!, extra[i]!];
    const ke = span(kernel, d);
    if (op_ >= s && op_ >= d) refuse(op, `outputPadding ${op_} is neither below stride ${s} nor below dilation ${d}`, 'expected fewer cells');
    const full = (small - 1) * s + ke;
    let pad: number;
    let large: number;
    if (same || (sizes && onnx)) {
      large = sizes?.[i] ?? small * s;
      if (large > full + s - 1) refuse(op, `outputSize ${large} is beyond what ${small} elements reach`, `expected at most ${full + s - 1}`);
      const total = Math.max(full + op_ - large, 0);
      pad = padding === 'SAME_UPPER' || padding === 'same' ? Math.floor(total / 2) : Math.ceil(total / 2);
    } else {
      const pads = Array.isArray(padding) ? padding[i]! : [0, 0];
      const least = full - pads[0]! - pads[1]!;
      large = sizes?.[i] ?? least + op_;
      pad = pads[0]!;
      const most = least + s - 1;
      if (sizes && most < 1) refuse(op, `padding ${pads[0]} + ${pads[1]} leaves nothing of ${full} elements`, `expected at most ${full + s - 2} in all`);
      if (sizes && (large < least || large > most))
        refuse(op, `outputSize ${large} cannot be reached with stride ${s}`, `expected ${Math.max(least, 1)} to ${most}`);
      if (large < 1) refuse(op, `the result would have ${large} elements: (${small}-1)*${s} - ${pads[0]} - ${pads[1]} + ${ke} + ${op_}`, 'expected 1 or more');
    }
    return { large, small, kernel, stride: s, dilation: d, pad };
  });
  const size = axes.map((a) => a.large);
  const channels = filter.outChannels * groups;
  return complete(op, tensors, { transposed: true, groups, channels, size, axes, fold: false, view: viewOf(filter, true) }, options);
}

/** Completes the arguments of `resizeConv2d`: nearest enlargement and convolution as one transposed convolution. */
export function resizeConvCall(op: string, spatial: number, tensors: ConvTensors, options: ResizeConvOptions): ConvCall {
  checkOptions(op, options, RESIZE);
  const { x, w } = tensors;
  checkTensors(op, tensors, spatial);
  if (options.scaleFactor === undefined) refuse(op, 'scaleFactor is missing', 'expected whole numbers of 1 or more');
  const scale = counts(op, 'scaleFactor', options.scaleFactor, spatial);
  const groups = checkGroups(op, options.groups, x.shape[1]!);
  const layout = oneOf(op, 'filterLayout', options.filterLayout, FILTER_LAYOUTS, 'oihw');
  const filter = checkFilter(op, w, layout, false, x.shape[1]!, groups, spatial);
  const padding = checkPadding(op, options.padding, undefined, spatial);
  const axes = x.shape.slice(2).map((small, i): ConvAxis => {
    const [k, s] = [filter.kernel[i]!, scale[i]!];
    const pads = padding === 'same' ? [(k - 1) >> 1, k - 1 - ((k - 1) >> 1)] : Array.isArray(padding) ? padding[i]! : [0, 0];
    if (pads[0]! >= k || pads[1]! >= k) refuse(op, `padding [${pads.join(', ')}] is not below the kernel size ${k}`, `expected at most ${k - 1}`);
    const large = small * s + pads[0]! + pads[1]! - k + 1;
    if (large < 1) refuse(op, `the kernel spans ${k} but x enlarged has ${small * s} elements and ${pads.join(' + ')} padding`, 'expected a smaller kernel');
    return { large, small, kernel: k + s - 1, stride: s, dilation: 1, pad: k - 1 - pads[0]! };
  });
  const size = axes.map((a) => a.large);
  return complete(op, tensors, { transposed: true, groups, channels: filter.outChannels, size, axes, fold: true, view: viewOf(filter, false) }, options);
}

const GRADIENTS = ['dx', 'dw', 'db'] as const;

/** The backward call of a forward one: `dy` has the shape of its result. */
export function convBackwardCall(dy: TensorSpec, forward: ConvCall, gradients: unknown): ConvCall {
  const { op, y } = forward;
  if (dy.dtype !== y.dtype) refuse(op, `dy has dtype ${dy.dtype} but x has ${y.dtype}`, 'expected one dtype for all tensors');
  if (dy.shape.join() !== y.shape.join()) refuse(op, `dy has shape [${dy.shape.join(', ')}]`, `expected [${y.shape.join(', ')}], the result's`);
  if (gradients !== undefined && (!Array.isArray(gradients) || !gradients.length || gradients.some((g) => !GRADIENTS.includes(g))))
    refuse(op, `gradients is ${show(gradients)}`, `expected some of ${GRADIENTS.join(', ')}`);
  const wanted = GRADIENTS.filter((g) => (gradients as Gradient[] | undefined)?.includes(g) ?? true);
  return { ...forward, backward: true, dy, gradients: wanted };
}
