// The reference: the same checks, in float64, a set of elements at a time.

import { type Plain, type PlainResult, specOf } from '../../plain.ts';
import { product, type TensorSpec } from '../../plan.ts';
import type { GradientOf } from '../several.ts';
import { type BatchNormOptions, type GroupNormOptions, type InstanceNormOptions, normBackwardCall, normCall, type Wanted } from './arguments.ts';
import { type NormCall, type NormGradient, type NormKind, shareOf, viewOf } from './call.ts';
import { checkNorm, type FoldedNorm, type FoldNormOptions, foldCall, named } from './fold_call.ts';

/** Results of a training call: the new running statistics beside y. The reference writes nothing in place. */
export interface Trained extends PlainResult {
  readonly runningMean?: Float64Array;
  readonly runningVar?: Float64Array;
}

interface Tensors {
  weight?: Plain | undefined;
  bias?: Plain | undefined;
  runningMean?: Plain | undefined;
  runningVar?: Plain | undefined;
}

/** The last argument: groups must be said. */
type Last<O, All> = O extends GroupNormOptions ? [options: All] : [options?: All];
type Forward<O> = (x: Plain, ...options: Last<O, O & Tensors>) => Trained;
type Backward<O> = {
  <G extends NormGradient>(dy: Plain, x: Plain, options: O & Tensors & { gradients: readonly G[] }): Record<G, PlainResult>;
  <W extends Plain | undefined = undefined, B extends Plain | undefined = undefined>(
    dy: Plain,
    x: Plain,
    ...options: Last<O, O & Tensors & { weight?: W; bias?: B; gradients?: undefined }>
  ): { dx: PlainResult } & GradientOf<'dw', W, PlainResult> & GradientOf<'db', B, PlainResult>;
  (dy: Plain, x: Plain, options: O & Tensors & Wanted): Partial<Record<NormGradient, PlainResult>>;
};

const NAMES = ['weight', 'bias', 'runningMean', 'runningVar'] as const;

/** The checked call of some tensors and options. */
function called(kind: NormKind, op: string, x: Plain, dy: Plain | null, options: object): NormCall {
  const given: Record<string, TensorSpec> = { x: specOf(op, 'x', x) };
  if (dy) given['dy'] = specOf(op, 'dy', dy);
  const rest: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(options)) {
    if (!NAMES.includes(name as 'weight')) rest[name] = value;
    else if (value !== undefined) given[name] = specOf(op, name, value as Plain);
  }
  return (dy ? normBackwardCall : normCall)(kind)(op, given, rest);
}

/** Every set of elements that are normalised together: its channels, and where its elements lie with the channel of each. */
function sets(call: NormCall): { channels: number[]; elements: [at: number, channel: number][] }[] {
  const { batch, channels, positions, channel, position } = viewOf(call.x);
  const share = shareOf(call);
  const samples = (n: number) => (call.kind === 'batch' ? Array.from({ length: batch }, (_, i) => i) : [n]);
  const out: ReturnType<typeof sets> = [];
  for (let n = 0; n < (call.kind === 'batch' ? 1 : batch); n++)
    for (let first = 0; first < channels; first += share) {
      const own = Array.from({ length: share }, (_, i) => first + i);
      const elements: [number, number][] = [];
      for (const m of samples(n))
        for (const c of own) for (let p = 0; p < positions; p++) elements.push([m * channels * positions + c * channel + p * position, c]);
      out.push({ channels: own, elements });
    }
  return out;
}

/** Mean and biased variance of a set: of its elements, or the running ones. */
function momentsOf(
  call: NormCall,
  { channels, elements }: ReturnType<typeof sets>[number],
  x: ArrayLike<number>,
  t: Tensors,
): [mean: number, variance: number] {
  if (!call.own) return [t.runningMean!.data[channels[0]!]!, t.runningVar!.data[channels[0]!]!];
  const n = elements.length;
  const mean = elements.reduce((sum, [at]) => sum + x[at]!, 0) / n;
  return [mean, elements.reduce((sum, [at]) => sum + (x[at]! - mean) ** 2, 0) / n];
}

const forward =
  <O extends object>(kind: NormKind, op: string) =>
  (x: Plain, options: O & Tensors = {} as O & Tensors): Trained => {
    const call = called(kind, op, x, null, options);
    const { shape, dtype, layout } = call.x;
    const y = new Float64Array(product(shape));
    const { weight, bias, runningMean, runningVar } = options;
    const moved = call.moves && { runningMean: Float64Array.from(runningMean!.data), runningVar: Float64Array.from(runningVar!.data) };
    for (const set of product(shape) ? sets(call) : []) {
      const [mean, variance] = momentsOf(call, set, x.data, options);
      const r = 1 / Math.sqrt(variance + call.eps);
      for (const [at, c] of set.elements) y[at] = (x.data[at]! - mean) * r * (weight?.data[c] ?? 1) + (bias?.data[c] ?? 0);
      if (!moved) continue;
      const [c] = set.channels as [number];
      const n = set.elements.length;
      moved.runningMean[c] = (1 - call.momentum) * moved.runningMean[c]! + call.momentum * mean;
      moved.runningVar[c] = (1 - call.momentum) * moved.runningVar[c]! + (call.momentum * variance * n) / (n - 1);
    }
    return { data: y, shape, layout, dtype, ...(moved && moved) };
  };

const backward =
  <O extends object>(kind: NormKind, op: string) =>
  <G extends NormGradient = NormGradient>(dy: Plain, x: Plain, options: O & Tensors & Wanted<G> = {} as O & Tensors & Wanted<G>): Record<G, PlainResult> => {
    const call = called(kind, op, x, dy, options);
    const { shape, dtype, layout } = call.x;
    const channels = shape[1]!;
    const weight = options.weight?.data;
    const dx = new Float64Array(product(shape));
    const dw = new Float64Array(channels);
    const db = new Float64Array(channels);
    for (const set of product(shape) ? sets(call) : []) {
      const [mean, variance] = momentsOf(call, set, x.data, options);
      const r = 1 / Math.sqrt(variance + call.eps);
      const n = set.elements.length;
      let [all, along] = [0, 0];
      for (const [at, c] of set.elements) {
        const z = (x.data[at]! - mean) * r;
        dw[c]! += dy.data[at]! * z;
        db[c]! += dy.data[at]!;
        all += dy.data[at]! * (weight?.[c] ?? 1);
        along += dy.data[at]! * (weight?.[c] ?? 1) * z;
      }
      for (const [at, c] of set.elements) {
        const g = dy.data[at]! * (weight?.[c] ?? 1);
        dx[at] = call.own ? r * (g - all / n - ((x.data[at]! - mean) * r * along) / n) : r * g;
      }
    }
    const flat = (data: Float64Array<ArrayBuffer>, t: TensorSpec | null): PlainResult => ({
      data,
      shape: [channels],
      layout: 'nchw',
      dtype: t?.dtype ?? dtype,
    });
    const made = { dx: { data: dx, shape, layout, dtype }, dw: flat(dw, call.weight), db: flat(db, call.bias) };
    return Object.fromEntries(call.gradients.map((g) => [g, made[g]])) as Record<G, PlainResult>;
  };

// Each as its namesake on the GPU.
export const batchNorm: Forward<BatchNormOptions> = /*#__PURE__*/ forward<BatchNormOptions>('batch', 'batchNorm');
export const batchNormBackward = /*#__PURE__*/ backward<BatchNormOptions>('batch', 'batchNormBackward') as Backward<BatchNormOptions>;
export const instanceNorm: Forward<InstanceNormOptions> = /*#__PURE__*/ forward<InstanceNormOptions>('instance', 'instanceNorm');
export const instanceNormBackward = /*#__PURE__*/ backward<InstanceNormOptions>('instance', 'instanceNormBackward') as Backward<InstanceNormOptions>;
export const groupNorm: Forward<GroupNormOptions> = /*#__PURE__*/ forward<GroupNormOptions>('group', 'groupNorm');
export const groupNormBackward = /*#__PURE__*/ backward<GroupNormOptions>('group', 'groupNormBackward') as Backward<GroupNormOptions>;

export function foldBatchNorm(
  w: Plain,
  bias: Plain | undefined,
  norm: FoldedNorm<Plain>,
  options: FoldNormOptions = {},
): { weight: PlainResult; bias: PlainResult } {
  const op = 'foldBatchNorm';
  checkNorm(op, norm);
  const tensors = named(w, bias, norm);
  const specs = Object.fromEntries(Object.entries(tensors).map(([name, t]) => [name, specOf(op, name, t)]));
  const { eps, axes, channels } = foldCall(op, specs, norm.eps, options);
  const { shape, dtype, layout } = specs['w']!;
  const scale = (c: number) => (norm.weight?.data[c] ?? 1) / Math.sqrt(norm.runningVar.data[c]! + eps);
  const channelOf = (e: number) =>
    Math.floor((Math.floor(e / axes.in_step) % axes.in_size) / axes.per_group) * axes.out_size + (Math.floor(e / axes.out_step) % axes.out_size);
  const shifts = Float64Array.from({ length: channels }, (_, c) => ((bias?.data[c] ?? 0) - norm.runningMean.data[c]!) * scale(c) + (norm.bias?.data[c] ?? 0));
  return {
    weight: { data: Float64Array.from(w.data, (v, e) => v * scale(channelOf(e))), shape, dtype, layout },
    bias: { data: shifts, shape: [channels], dtype, layout: 'nchw' },
  };
}
