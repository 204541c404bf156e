import { checkOptions, checkShape, countElements, isCount, perAxis, perSide, refuse, show } from '../../check.ts';
import { BYTES, product, type TensorSpec } from '../../plan.ts';
import { type ConvAxis, span } from '../conv/geometry.ts';

type PerAxis = number | readonly number[];

export interface UnfoldOptions {
  /** Taps of the window, one number for all spatial axes or one an axis. */
  kernelSize: PerAxis;
  /** Distance between windows, one number or one an axis; default 1. */
  stride?: PerAxis | undefined;
  /** Zeros around each spatial axis: one number, one an axis, or a pair [begin, end] an axis; default 0. */
  padding?: number | readonly (number | readonly [number, number])[] | undefined;
  /** Distance between taps, one number or one an axis; default 1. */
  dilation?: PerAxis | undefined;
}

export interface FoldOptions extends UnfoldOptions {
  /** Spatial size of the result: [L], [H, W] or [D, H, W]. */
  outputSize: readonly number[];
}

/** Columns of windows and the tensor they stem from, with the arguments checked and completed, as plain data. Along each axis the windows are the small
 * side of a convolution. */
export interface FoldCall {
  readonly op: string;
  /** Whether x has the columns: they are summed. */
  readonly fold: boolean;
  readonly x: TensorSpec;
  /** Shape of the result. */
  readonly shape: readonly number[];
  /** Spatial axes, one to three. */
  readonly axes: readonly ConvAxis[];
}

const WINDOW = ['kernelSize', 'stride', 'padding', 'dilation'];
const COUNTS = 'whole numbers of 1 or more';

/** The axes of windows over a tensor of a spatial size. */
function axesOf(op: string, size: readonly number[], what: string, options: UnfoldOptions): ConvAxis[] {
  if (options.kernelSize === undefined) refuse(op, 'kernelSize is missing', 'expected a whole number of 1 or more, or one per spatial axis');
  const counts = (name: 'kernelSize' | 'stride' | 'dilation') => perAxis(op, name, options[name] ?? 1, size.length, isCount, COUNTS);
  const [kernel, stride, dilation] = [counts('kernelSize'), counts('stride'), counts('dilation')];
  const pads = perSide(op, options.padding, size.length);
  return size.map((large, i) => {
    const [begin, end] = pads[i]!;
    const ke = span(kernel[i]!, dilation[i]!);
    const room = large + begin + end;
    if (ke > room) refuse(op, `the kernel spans ${ke} but ${what} has ${large} elements and ${begin} + ${end} padding`, `expected at most ${room}`);
    return { large, small: Math.floor((room - ke) / stride[i]!) + 1, kernel: kernel[i]!, stride: stride[i]!, dilation: dilation[i]!, pad: begin };
  });
}

const windows = (axes: readonly ConvAxis[]) => product(axes.map((a) => a.small));
const taps = (axes: readonly ConvAxis[]) => product(axes.map((a) => a.kernel));

function checkImage(op: string, name: string, shape: readonly number[]): void {
  if (shape.length < 3 || shape.length > 5) refuse(op, `${name} [${shape.join(', ')}] has rank ${shape.length}`, 'expected rank 3, 4 or 5: [N, C, ...spatial]');
  if (shape.slice(2).some((n) => n === 0)) refuse(op, `${name} [${shape.join(', ')}] has an empty spatial axis`, 'expected spatial sizes of 1 or more');
}

/** The call that takes windows of x apart. */
function apart(op: string, name: string, x: TensorSpec, options: UnfoldOptions): FoldCall {
  checkImage(op, name, x.shape);
  const [n, c, ...size] = x.shape as [number, number, ...number[]];
  const axes = axesOf(op, size, name, options);
  const shape = [n, c * taps(axes), windows(axes)];
  countElements(op, 'the result', shape, BYTES[x.dtype]);
  return { op, fold: false, x, shape, axes };
}

/** Completes the arguments of `unfold`. */
export function unfoldCall(op: string, x: TensorSpec, options: UnfoldOptions): FoldCall {
  checkOptions(op, options, WINDOW);
  return apart(op, 'x', x, options);
}

function checkGradient(op: string, { dtype }: TensorSpec): void {
  if (dtype !== 'f32' && dtype !== 'f16') refuse(op, `dy has dtype ${dtype}`, 'expected f32 or f16');
}

const checkSize = (op: string, { outputSize }: FoldOptions): readonly number[] => {
  if (outputSize === undefined) refuse(op, 'outputSize is missing', 'expected the spatial size of the result: [L], [H, W] or [D, H, W]');
  const size = checkShape(op, 'outputSize', outputSize);
  if (!size.length || size.length > 3 || size.includes(0)) refuse(op, `outputSize is ${show(size)}`, 'expected one to three sizes of 1 or more');
  return size;
};

/** Completes the arguments of `fold`. */
export function foldCall(op: string, x: TensorSpec, options: FoldOptions): FoldCall {
  checkOptions(op, options, ['outputSize', ...WINDOW]);
  const size = checkSize(op, options);
  const { shape, dtype } = x;
  if (shape.length !== 3) refuse(op, `x [${shape.join(', ')}] has rank ${shape.length}`, 'expected rank 3: [N, C*taps, windows]');
  if (dtype !== 'f32' && dtype !== 'f16') refuse(op, `x has dtype ${dtype}`, 'expected f32 or f16');
  const axes = axesOf(op, size, 'outputSize', options);
  const [n, channels, length] = shape as [number, number, number];
  const times = (name: 'kernel' | 'small') => axes.map((a) => a[name]).join(' x ');
  if (channels % taps(axes)) refuse(op, `x has ${channels} channels`, `expected a multiple of ${taps(axes)}, the ${times('kernel')} taps of a window`);
  if (length !== windows(axes)) refuse(op, `x has ${length} columns`, `expected ${windows(axes)}, the ${times('small')} windows over [${size.join(', ')}]`);
  const result = [n, channels / taps(axes), ...size];
  countElements(op, 'the result', result, BYTES[dtype]);
  return { op, fold: true, x, shape: result, axes };
}

/** Completes the arguments of `unfoldBackward`: `dy` has the shape of the forward result, and the result `inputShape`. */
export function unfoldBackwardCall(op: string, dy: TensorSpec, inputShape: readonly number[], options: UnfoldOptions): FoldCall {
  const shape = checkShape(op, 'inputShape', inputShape);
  countElements(op, 'the result', shape, BYTES[dy.dtype]);
  checkGradient(op, dy);
  checkOptions(op, options, WINDOW);
  const forward = apart(op, 'inputShape', { ...dy, shape }, options);
  if (dy.shape.join() !== forward.shape.join())
    refuse(op, `dy has shape [${dy.shape.join(', ')}]`, `expected [${forward.shape.join(', ')}], the result's for input [${shape.join(', ')}]`);
  return { ...forward, fold: true, x: dy, shape };
}

/** Completes the arguments of `foldBackward`: `dy` has the spatial size `outputSize`. */
export function foldBackwardCall(op: string, dy: TensorSpec, options: FoldOptions): FoldCall {
  checkGradient(op, dy);
  checkOptions(op, options, ['outputSize', ...WINDOW]);
  const size = checkSize(op, options);
  if (dy.shape.length !== size.length + 2 || size.some((n, i) => n !== dy.shape[i + 2]))
    refuse(op, `dy has shape [${dy.shape.join(', ')}]`, `expected [N, C, ${size.join(', ')}], the result's`);
  return apart(op, 'dy', dy, options);
}
