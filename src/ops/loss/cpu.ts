// The reference: the same checks as the kernels, in float64.

import type { Plain, PlainResult } from '../../plain.ts';
import { product, type TensorSpec } from '../../plan.ts';
import type { Chosen } from '../pointwise/arguments.ts';
import { stridesOf } from '../pointwise/broadcast.ts';
import { given, plain } from '../pointwise/plain.ts';
import { type CrossEntropyOptions, classesCall, type LossOptions, lossBackwardCall, lossCall, lossSpec } from './arguments.ts';
import type { ClassesCall, LossCall, PairLoss, Reduction } from './call.ts';

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

const LOSS: Readonly<Record<PairLoss, (x: number, t: number) => number>> = {
  mse: (x, t) => (x - t) ** 2,
  l1: (x, t) => Math.abs(x - t),
  bceWithLogits: (x, t) => Math.max(x, 0) - x * t + Math.log1p(Math.exp(-Math.abs(x))),
};
/** Derivatives in x and in the target. */
const SLOPES: Readonly<Record<PairLoss, (x: number, t: number) => readonly [number, number]>> = {
  mse: (x, t) => [2 * (x - t), 2 * (t - x)],
  l1: (x, t) => [Math.sign(x - t), Math.sign(t - x)],
  bceWithLogits: (x, t) => [sigmoid(x) - t, -x],
};

/** The losses of all elements, reduced. */
function reduced(losses: Float64Array, reduction: Reduction, each: Omit<TensorSpec, 'skew'>, total: number): PlainResult {
  if (reduction === 'none') return plain(losses, each);
  const sum = losses.reduce((a, b) => a + b, 0);
  return plain(Float64Array.of(reduction === 'mean' ? sum / total : sum), lossSpec(each, reduction));
}

const targetOf = (target: Plain | number) => (typeof target === 'number' ? () => Math.fround(target) : (i: number) => target.data[i]!);

const loss =
  (name: PairLoss) =>
  (x: Plain, target: Plain | number, options: LossOptions = {}): PlainResult => {
    const call: LossCall = lossCall(name)(name, given(name, { x, target }), options);
    const t = targetOf(target);
    const n = product(call.x.shape);
    const losses = Float64Array.from({ length: n }, (_, i) => LOSS[name](x.data[i]!, t(i)));
    return reduced(losses, call.reduction, call.x, n);
  };

const lossBackward =
  (name: PairLoss) =>
  <G extends 'dx' | 'dtarget' = 'dx'>(dy: Plain, x: Plain, target: Plain | number, options: LossOptions & Chosen<G> = {}): Record<G, PlainResult> => {
    const op = `${name}Backward`;
    const call = lossBackwardCall(name)(op, given(op, { dy, x, target }), options);
    const t = targetOf(target);
    const n = product(call.x.shape);
    const back = (i: number) => dy.data[call.reduction === 'none' ? i : 0]! / (call.reduction === 'mean' ? n : 1);
    const of = (side: 0 | 1) =>
      plain(
        Float64Array.from({ length: n }, (_, i) => back(i) * SLOPES[name](x.data[i]!, t(i))[side]),
        call.x,
      );
    return Object.fromEntries(call.gradients!.map((g) => [g, of(g === 'dx' ? 0 : 1)])) as Record<G, PlainResult>;
  };

/** One position: its scores' places, its softmax, what it counts. */
interface Position {
  readonly places: readonly number[];
  readonly share: readonly number[];
  /** log of the sum of exponentials, less the label's score. */
  readonly loss: number;
  readonly label: number;
  readonly counts: number;
}

function positions({ x: spec, ignoreIndex, weight: w }: ClassesCall, x: Plain, labels: Plain, weight: Plain | undefined): Position[] {
  const [, classes = 1, ...spatial] = spec.shape;
  const strides = stridesOf(spec.shape, spec.layout);
  const inner = product(spatial);
  const innermost = spec.shape.length > 2 ? strides.at(-1)! : 0;
  return Array.from({ length: labels.data.length }, (_, i) => {
    const first = Math.floor(i / inner) * strides[0]! + (i % inner) * innermost;
    const places = Array.from({ length: classes }, (_, c) => first + c * strides[1]!);
    const scores = places.map((at) => x.data[at]!);
    const top = scores.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    const powers = scores.map((s) => Math.exp(s - top));
    const sum = powers.reduce((a, b) => a + b, 0);
    const label = labels.data[i]!;
    const counts = label >>> 0 === ignoreIndex >>> 0 ? 0 : label >= 0 && label < classes ? (w ? weight!.data[label]! : 1) : Number.NaN;
    return { places, share: powers.map((p) => p / sum), loss: Math.log(sum) + top - (scores[label] ?? top), label, counts };
  });
}

type Options = CrossEntropyOptions & { weight?: Plain | undefined };
function checked(op: string, tensors: Record<string, Plain>, { weight, ...options }: Options): ClassesCall {
  return classesCall(op, given(op, { ...tensors, ...(weight && { weight }) }), options);
}

/** Its namesake on the GPU. */
export function crossEntropy(x: Plain, labels: Plain, options: Options = {}): PlainResult {
  const call = checked('crossEntropy', { x, labels }, options);
  const all = positions(call, x, labels, options.weight);
  const losses = Float64Array.from(all, ({ loss, counts }) => (counts === 0 ? 0 : counts * loss));
  const total = all.reduce((sum, { counts }) => sum + counts, 0);
  return reduced(losses, call.reduction, { ...call.labels, dtype: call.x.dtype }, total);
}

function slopes(op: string, dy: Plain, x: Plain, labels: Plain, options: Options, g?: Plain): PlainResult {
  const call = checked(op, { dy, x, labels, ...(g && { g }) }, options);
  const all = positions(call, x, labels, options.weight);
  const total = call.reduction === 'mean' ? all.reduce((sum, { counts }) => sum + counts, 0) : 1;
  const dx = new Float64Array(x.data.length);
  all.forEach(({ places, share, label, counts }, i) => {
    if (label >>> 0 === call.ignoreIndex >>> 0) return;
    const k = (dy.data[call.reduction === 'none' ? i : 0]! * counts) / total;
    const mean = g ? places.reduce((sum, at, c) => sum + g.data[at]! * share[c]!, 0) : 0;
    places.forEach((at, c) => {
      dx[at] = k * (g ? share[c]! * (g.data[at]! - mean) : share[c]! - Number(c === label));
    });
  });
  return plain(dx, call.x);
}

// Each as its namesake on the GPU.
export const crossEntropyBackward = (dy: Plain, x: Plain, labels: Plain, options: Options = {}): PlainResult =>
  slopes('crossEntropyBackward', dy, x, labels, options);
export const crossEntropyDoubleBackward = (g: Plain, dy: Plain, x: Plain, labels: Plain, options: Options = {}): PlainResult =>
  slopes('crossEntropyDoubleBackward', dy, x, labels, options, g);
export const mse = /*#__PURE__*/ loss('mse');
export const mseBackward = /*#__PURE__*/ lossBackward('mse');
export const l1 = /*#__PURE__*/ loss('l1');
export const l1Backward = /*#__PURE__*/ lossBackward('l1');
export const bceWithLogits = /*#__PURE__*/ loss('bceWithLogits');
export const bceWithLogitsBackward = /*#__PURE__*/ lossBackward('bceWithLogits');
