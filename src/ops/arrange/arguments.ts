import { checkOptions, checkShape, countElements, listed, oneOf, refuse, show, storable } from '../../check.ts';
import { BYTES, type Layout, product, type TensorSpec } from '../../plan.ts';
import { type ArrangeCall, type Edge, type Move, type MoveAxis, memoryOrder, type PadSum, stridesOf } from './call.ts';

/** One number for all axes, or one an axis. */
export type PerAxis = number | readonly number[];

export interface SliceOptions {
  /** First element along each of `axes`: one number, or one an axis; default 0. */
  start?: PerAxis | undefined;
  /** Elements taken along each of `axes`: one number, or one an axis; default all that follow `start`. */
  size?: PerAxis | undefined;
  /** Axes of x that are cut; default all. */
  axes?: readonly number[] | undefined;
}
/** The same along the spatial axes. */
export type CropOptions = Omit<SliceOptions, 'axes'>;

export interface PadOptions {
  /** Elements before and after, along each of `axes`: one number, one an axis, or a pair [begin, end] an axis. */
  padding: number | readonly (number | readonly [number, number])[];
  /** What is put there: `'constant'` `value`, `'reflect'` x mirrored without its edge (padding below the size), `'replicate'` the edge. Default `'constant'`. */
  mode?: 'constant' | 'reflect' | 'replicate' | undefined;
  /** Of mode `'constant'`; default 0. */
  value?: number | undefined;
  /** Axes that are padded; default the spatial ones, 2 and up. */
  axes?: readonly number[] | undefined;
}

export interface ConcatOptions {
  /** The axis along which tensors follow each other; negative counts from the last. Default 1, the channels. */
  axis?: number | undefined;
}

export interface FlattenOptions {
  /** First and last of the axes that become one; negative counts from the last. Default 1 and -1. */
  startAxis?: number | undefined;
  endAxis?: number | undefined;
}

export interface ReshapeBackwardOptions {
  /** Layout of the forward input; default that of dy. */
  inputLayout?: Layout | undefined;
}

const list = (shape: readonly number[]) => `[${shape.join(', ')}]`;
/** A result, in its own memory. */
const result = (shape: readonly number[], { dtype, layout }: TensorSpec): TensorSpec => ({ shape, dtype, layout, skew: 0 });

/** Completes an axis number. */
function axisOf(op: string, name: string, value: unknown, rank: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < -rank || value >= rank)
    refuse(op, `${name} is ${show(value)}`, `expected a whole number from ${-rank} to ${rank - 1} for rank ${rank}`);
  return value < 0 ? value + rank : value;
}

/** Completes a list of different axes. */
function axesOf(op: string, axes: unknown, rank: number, fallback: number): number[] {
  if (axes === undefined) return Array.from({ length: Math.max(rank - fallback, 0) }, (_, i) => fallback + i);
  const given = listed(axes) ?? refuse(op, `axes is ${show(axes)}`, 'expected a list of axes');
  const all = given.map((a) => axisOf(op, 'axes', a, rank));
  if (new Set(all).size !== all.length) refuse(op, `axes ${show(given)} name an axis twice`, 'expected different axes');
  return all;
}

/** One number an axis, or one for all. */
function numbersOf(op: string, name: string, value: unknown, count: number): number[] {
  const all = listed(value) ?? new Array<unknown>(count).fill(value);
  if (all.length !== count) refuse(op, `${name} ${show(value)} has ${all.length} values for ${count} axes`, 'expected one number or one per axis');
  for (const n of all)
    if (typeof n !== 'number' || !Number.isInteger(n) || n < 0) refuse(op, `${name} is ${show(value)}`, 'expected whole numbers of 0 or more');
  return all as number[];
}

/** Axes of a copy between two tensors of one rank, in the order of y. */
const boxAxes = (x: TensorSpec, y: TensorSpec, of: (axis: number) => Pick<MoveAxis, 'size' | 'begin' | 'limit'>): MoveAxis[] => {
  const [xs, ys] = [stridesOf(x), stridesOf(y)];
  return memoryOrder(y.shape.length, y.layout).map((axis) => ({ x: xs[axis]!, y: ys[axis]!, ...of(axis) }));
};

const plain = (size: number) => ({ size, begin: 0, limit: size });
const one = (op: string, x: TensorSpec, output: TensorSpec, steps: readonly (Move | PadSum)[], fill = 0, between = {}): ArrangeCall => ({
  ...{ op, x, inputs: { input: x }, outputs: { output }, between, steps: product(output.shape) ? steps : [], fill },
});
const at = (strides: readonly number[], start: readonly number[]) => start.reduce((n, s, axis) => n + s * strides[axis]!, 0);

interface Cut {
  readonly start: readonly number[];
  readonly shape: readonly number[];
}

/** What slice and crop take of a shape, one number an axis. */
function cutOf(op: string, shape: readonly number[], options: SliceOptions, fallback: number): Cut {
  const axes = axesOf(op, options.axes, shape.length, fallback);
  const first = numbersOf(op, 'start', options.start ?? 0, axes.length);
  const rest = axes.map((axis, i) => shape[axis]! - first[i]!);
  const sizes = options.size === undefined ? rest : numbersOf(op, 'size', options.size, axes.length);
  const start = shape.map(() => 0);
  const out = [...shape];
  for (const [i, axis] of axes.entries()) {
    const [from, size, n] = [first[i]!, sizes[i]!, shape[axis]!];
    if (from > 0 && from >= n) refuse(op, `start ${from} is outside axis ${axis} of ${list(shape)}`, n ? `expected a start below ${n}` : 'expected start 0');
    if (from + size > n || (size === 0 && n !== 0))
      refuse(op, `axis ${axis} of ${list(shape)} from ${from}, ${size} elements`, `expected ${n ? `1 to ${n - from}` : '0'} elements from there`);
    start[axis] = from;
    out[axis] = size;
  }
  return { start, shape: out };
}

const SLICE = ['start', 'size', 'axes'];
const CROP = ['start', 'size'];

const checkSpatial = (op: string, shape: readonly number[]) =>
  shape.length < 3 && refuse(op, `x ${list(shape)} has no spatial axes`, 'expected [N, C, ...spatial]; slice cuts any axes');

export const sliceCall =
  (spatial: boolean) =>
  (op: string, x: TensorSpec, options: SliceOptions = {}): ArrangeCall => {
    checkOptions(op, options, spatial ? CROP : SLICE);
    if (spatial) checkSpatial(op, x.shape);
    const cut = cutOf(op, x.shape, options, spatial ? 2 : 0);
    const output = result(cut.shape, x);
    const axes = boxAxes(x, output, (axis) => plain(cut.shape[axis]!));
    return one(op, x, output, [{ from: 'input', to: 'output', axes, xAt: at(stridesOf(x), cut.start), yAt: 0, edge: 'none' }]);
  };

const checkGradient = (op: string, dy: TensorSpec, shape: readonly number[]) => {
  if (dy.shape.join() !== shape.join()) refuse(op, `dy has shape ${list(dy.shape)}`, `expected ${list(shape)}, the result's`);
};

/** A copy of x into the middle of a larger y. */
function spread(op: string, x: TensorSpec, output: TensorSpec, start: readonly number[], edge: Edge, fill: number): ArrangeCall {
  const axes = boxAxes(x, output, (axis) => ({ size: output.shape[axis]!, begin: -start[axis]!, limit: x.shape[axis]! }));
  const same = x.shape.join() === output.shape.join();
  return one(op, x, output, [{ from: 'input', to: 'output', axes, xAt: 0, yAt: 0, edge: same ? 'none' : edge }], fill);
}

export const sliceBackwardCall =
  (spatial: boolean) =>
  (op: string, dy: TensorSpec, inputShape: readonly number[], options: SliceOptions = {}): ArrangeCall => {
    checkOptions(op, options, spatial ? CROP : SLICE);
    const shape = checkShape(op, 'inputShape', inputShape);
    if (spatial) checkSpatial(op, shape);
    const cut = cutOf(op, shape, options, spatial ? 2 : 0);
    checkGradient(op, dy, cut.shape);
    countElements(op, 'the result', shape, BYTES[dy.dtype]);
    return spread(op, dy, result(shape, dy), cut.start, 'constant', 0);
  };

interface Padded {
  readonly begin: readonly number[];
  readonly shape: readonly number[];
  readonly mode: 'constant' | 'reflect' | 'replicate';
  readonly value: number;
}

const PAD = ['padding', 'mode', 'value', 'axes'];

function paddedOf(op: string, dtype: TensorSpec['dtype'], shape: readonly number[], options: PadOptions): Padded {
  checkOptions(op, options, PAD);
  const mode = oneOf(op, 'mode', options.mode, ['constant', 'reflect', 'replicate'], 'constant');
  if (options.value !== undefined && mode !== 'constant') refuse(op, `value has no effect on mode "${mode}"`, 'it belongs to mode "constant"');
  const value = options.value === undefined ? 0 : storable(op, 'value', dtype, options.value);
  const axes = axesOf(op, options.axes, shape.length, 2);
  const { padding } = options;
  if (padding === undefined) refuse(op, 'padding is missing', 'expected one number, one per axis, or a pair [begin, end] per axis');
  const given = listed(padding) ?? new Array<unknown>(axes.length).fill(padding);
  if (given.length !== axes.length || !axes.length)
    refuse(op, `padding ${show(padding)} has ${given.length} entries for ${axes.length} axes of x ${list(shape)}`, 'expected one per axis');
  const begin = shape.map(() => 0);
  const out = [...shape];
  for (const [i, axis] of axes.entries()) {
    const pair = numbersOf(op, 'padding', given[i], 2);
    const n = shape[axis]!;
    if (mode !== 'constant' && n === 0) refuse(op, `axis ${axis} of x ${list(shape)} is empty`, `expected elements for mode "${mode}"`);
    if (mode === 'reflect' && Math.max(...pair) >= n)
      refuse(op, `padding ${list(pair)} of axis ${axis} is not below its size ${n}`, `expected at most ${n - 1} for mode "reflect"`);
    begin[axis] = pair[0]!;
    out[axis] = n + pair[0]! + pair[1]!;
  }
  countElements(op, 'the result', out, BYTES[dtype]);
  return { begin, shape: out, mode, value };
}

export function padCall(op: string, x: TensorSpec, options: PadOptions): ArrangeCall {
  const { begin, shape, mode, value } = paddedOf(op, x.dtype, x.shape, options ?? {});
  return spread(op, x, result(shape, x), begin, mode, value);
}

export function padBackwardCall(op: string, dy: TensorSpec, inputShape: readonly number[], options: PadOptions): ArrangeCall {
  const to = checkShape(op, 'inputShape', inputShape);
  const { begin, shape, mode } = paddedOf(op, dy.dtype, to, options ?? {});
  checkGradient(op, dy, shape);
  const output = result(to, dy);
  if (mode === 'constant') {
    const axes = boxAxes(dy, output, (axis) => plain(to[axis]!));
    return one(op, dy, output, [{ from: 'input', to: 'output', axes, xAt: at(stridesOf(dy), begin), yAt: 0, edge: 'none' }]);
  }
  if (dy.dtype !== 'f32' && dy.dtype !== 'f16') refuse(op, `dy has dtype ${dy.dtype}`, 'expected f32 or f16, since gradients are added up');
  // One axis after another, the slowest first; what is in between is f32.
  const order = memoryOrder(to.length, dy.layout);
  const sizes = order.map((axis) => shape[axis]!);
  const padded = order.flatMap((axis, i) => (shape[axis] === to[axis] ? [] : [i]));
  if (!padded.length) return spread(op, dy, output, begin, 'none', 0);
  const between: Record<string, number> = {};
  const steps = padded.map((i, n): PadSum => {
    const last = n === padded.length - 1;
    const long = sizes[i]!;
    const short = to[order[i]!]!;
    sizes[i] = short;
    if (!last) between[`between${n}`] = product(sizes);
    return {
      ...{ from: n ? `between${n - 1}` : 'input', to: last ? 'output' : `between${n}` },
      ...{ outer: product(sizes.slice(0, i)), long, short, inner: product(sizes.slice(i + 1)), begin: begin[order[i]!]!, reflect: mode === 'reflect' },
    };
  });
  return one(op, dy, output, steps, 0, between);
}

export function transposeCall(op: string, x: TensorSpec, axes: readonly number[], back = false): ArrangeCall {
  const rank = x.shape.length;
  if (axes === undefined) refuse(op, 'axes is undefined', 'expected a list of axes');
  const forward = axesOf(op, axes, rank, 0);
  if (forward.length !== rank) refuse(op, `axes ${list(axes)} are ${forward.length} for a tensor of rank ${rank}`, 'expected each of its axes once');
  const order = back ? forward.map((_, i) => forward.indexOf(i)) : forward;
  const output = result(
    order.map((axis) => x.shape[axis]!),
    x,
  );
  const [xs, ys] = [stridesOf(x), stridesOf(output)];
  const box = memoryOrder(rank, x.layout).map((axis) => ({ x: xs[order[axis]!]!, y: ys[axis]!, ...plain(output.shape[axis]!) }));
  return one(op, x, output, [{ from: 'input', to: 'output', axes: box, xAt: 0, yAt: 0, edge: 'none' }]);
}

/** The elements of x in their logical order, under another shape. */
function reshaped(op: string, x: TensorSpec, shape: readonly number[], layout = x.layout): ArrangeCall {
  const output = result(shape, { ...x, layout });
  /** The permutation between memory and logical order, with channels last. */
  const memory = (t: TensorSpec) => memoryOrder(t.shape.length, t.layout);
  const logical = (t: TensorSpec) => stridesOf({ shape: t.shape, layout: 'nchw' });
  const [xs, ys] = [stridesOf(x), stridesOf(output)];
  const step = (from: string, to: string, axes: MoveAxis[]): Move => ({ from, to, axes, xAt: 0, yAt: 0, edge: 'none' });
  const inOrder = (t: TensorSpec) => product(t.shape.slice(2)) === 1 || (t.shape[1] ?? 1) === 1 || t.shape.length < 3 || t.layout === 'nchw';
  const read = x.shape.map((size, axis) => ({ x: xs[axis]!, y: logical(x)[axis]!, ...plain(size) }));
  const write = memory(output).map((axis) => ({ x: logical(output)[axis]!, y: ys[axis]!, ...plain(shape[axis]!) }));
  if (inOrder(output)) return one(op, x, output, [step('input', 'output', read)]);
  if (inOrder(x)) return one(op, x, output, [step('input', 'output', write)]);
  if (x.shape.join() === shape.join() && x.layout === layout)
    return spread(
      op,
      x,
      output,
      shape.map(() => 0),
      'none',
      0,
    );
  return one(op, x, output, [step('input', 'between', read), step('between', 'output', write)], 0, { between: product(shape) });
}

export function reshapeCall(op: string, x: TensorSpec, shape: readonly number[]): ArrangeCall {
  const given = listed(shape) ?? refuse(op, `shape is ${show(shape)}`, 'expected an array of sizes, of which one may be -1');
  const open = given.indexOf(-1);
  if (open !== given.lastIndexOf(-1)) refuse(op, `shape is ${show(given)}`, 'expected at most one -1');
  const sizes = [...checkShape(op, 'shape', open < 0 ? given : given.toSpliced(open, 1))];
  const [elements, rest] = [product(x.shape), product(sizes)];
  if (open >= 0) {
    if (rest === 0 || elements % rest) refuse(op, `x ${list(x.shape)} has ${elements} elements`, `no size for -1 makes ${list(given as number[])} hold them`);
    sizes.splice(open, 0, elements / rest);
  } else if (rest !== elements) refuse(op, `x ${list(x.shape)} has ${elements} elements`, `expected ${rest} for shape ${list(sizes)}`);
  return reshaped(op, x, sizes);
}

export function reshapeBackwardCall(op: string, dy: TensorSpec, inputShape: readonly number[], options: ReshapeBackwardOptions = {}): ArrangeCall {
  checkOptions(op, options, ['inputLayout']);
  const layout = oneOf(op, 'inputLayout', options.inputLayout, ['nchw', 'nhwc'] as const, dy.layout);
  const shape = checkShape(op, 'inputShape', inputShape);
  if (product(shape) !== product(dy.shape))
    refuse(op, `dy ${list(dy.shape)} has ${product(dy.shape)} elements`, `expected ${product(shape)} for inputShape ${list(shape)}`);
  return reshaped(op, dy, shape, layout);
}

function flattened(op: string, shape: readonly number[], options: FlattenOptions): number[] {
  checkOptions(op, options, ['startAxis', 'endAxis']);
  const from = axisOf(op, 'startAxis', options.startAxis ?? 1, shape.length);
  const to = axisOf(op, 'endAxis', options.endAxis ?? -1, shape.length);
  if (to < from) refuse(op, `startAxis ${from} comes after endAxis ${to}`, `expected axes in order for rank ${shape.length}`);
  return [...shape.slice(0, from), product(shape.slice(from, to + 1)), ...shape.slice(to + 1)];
}

export const flattenCall = (op: string, x: TensorSpec, options: FlattenOptions = {}): ArrangeCall => reshaped(op, x, flattened(op, x.shape, options));

export function flattenBackwardCall(op: string, dy: TensorSpec, inputShape: readonly number[], options: FlattenOptions = {}): ArrangeCall {
  const shape = checkShape(op, 'inputShape', inputShape);
  checkGradient(op, dy, flattened(op, shape, options));
  return reshaped(op, dy, shape);
}

function joined(op: string, shapes: readonly (readonly number[])[], options: ConcatOptions): { axis: number; shape: number[] } {
  checkOptions(op, options, ['axis']);
  const [first] = shapes;
  if (!first?.length) refuse(op, first ? `tensor 0 has shape []` : 'no tensors are given', 'expected one tensor or more of rank 1 or more');
  const axis = axisOf(op, 'axis', options.axis ?? 1, first.length);
  for (const [i, shape] of shapes.entries())
    if (shape.length !== first.length || shape.some((n, a) => a !== axis && n !== first[a]))
      refuse(op, `tensor ${i} has shape ${list(shape)}`, `expected ${list(first.map((n, a) => (a === axis ? '*' : n)) as number[])} as tensor 0`);
  return { axis, shape: first.map((n, a) => (a === axis ? shapes.reduce((sum, s) => sum + s[a]!, 0) : n)) };
}

export function concatCall(op: string, xs: readonly TensorSpec[], options: ConcatOptions = {}): ArrangeCall {
  const { axis, shape } = joined(
    op,
    xs.map((x) => x.shape),
    options,
  );
  const x = xs[0]!;
  for (const [i, t] of xs.entries())
    if (t.dtype !== x.dtype || (t.layout !== x.layout && t.shape.length > 2))
      refuse(op, `tensor ${i} is ${t.dtype} ${t.layout}`, `expected ${x.dtype} ${x.layout} as tensor 0`);
  countElements(op, 'the result', shape, BYTES[x.dtype]);
  const output = result(shape, x);
  const stride = stridesOf(output)[axis]!;
  let before = 0;
  const steps = xs.flatMap((t, i): Move[] => {
    const yAt = before * stride;
    before += t.shape[axis]!;
    if (!product(t.shape)) return [];
    return [{ from: `input${i}`, to: 'output', axes: boxAxes(t, output, (a) => plain(t.shape[a]!)), xAt: 0, yAt, edge: 'none' }];
  });
  return { op, x, inputs: Object.fromEntries(xs.map((t, i) => [`input${i}`, t])), outputs: { output }, between: {}, steps, fill: 0 };
}

export function concatBackwardCall(op: string, dy: TensorSpec, inputShapes: readonly (readonly number[])[], options: ConcatOptions = {}): ArrangeCall {
  if (!Array.isArray(inputShapes)) refuse(op, `inputShapes is ${show(inputShapes)}`, 'expected the shapes of the forward inputs');
  const shapes = inputShapes.map((s) => checkShape(op, 'inputShapes', s));
  const { axis, shape } = joined(op, shapes, options);
  checkGradient(op, dy, shape);
  const stride = stridesOf(dy)[axis]!;
  const outputs: Record<string, TensorSpec> = {};
  let before = 0;
  const steps = shapes.flatMap((s, i): Move[] => {
    const output = (outputs[`dx${i}`] = result(s, dy));
    const xAt = before * stride;
    before += s[axis]!;
    if (!product(s)) return [];
    return [{ from: 'input', to: `dx${i}`, axes: boxAxes(dy, output, (a) => plain(s[a]!)), xAt, yAt: 0, edge: 'none' }];
  });
  return { op, x: dy, inputs: { input: dy }, outputs, between: {}, steps, fill: 0 };
}
