import { checkOptions, finite, oneOf, refuse, show } from '../../check.ts';
import { product, type TensorSpec } from '../../plan.ts';
import { type Chosen, chosen } from '../pointwise/arguments.ts';
import { checkReal, checkSame } from '../pointwise/broadcast.ts';
import type { Given } from '../several.ts';
import type { ClassesCall, LossCall, PairLoss, Reduction } from './call.ts';

export interface LossOptions {
  /** `'mean'` (default) or `'sum'` of the elements' losses, or `'none'`: all of them. */
  reduction?: Reduction | undefined;
}

export interface CrossEntropyOptions extends LossOptions {
  /** Label of positions that do not count; default -100. */
  ignoreIndex?: number | undefined;
}

const REDUCTIONS = ['mean', 'sum', 'none'] as const;
const real = ({ dtype }: TensorSpec) => dtype === 'f32' || dtype === 'f16';

/** What a loss returns: one f32 number, or the losses of all elements. */
export const lossSpec = (each: Omit<TensorSpec, 'skew'>, reduction: Reduction): TensorSpec =>
  reduction === 'none' ? { ...each, skew: 0 } : { shape: [], dtype: 'f32', layout: 'nchw', skew: 0 };

function checkSome(op: string, name: string, { shape }: TensorSpec, reduction: Reduction): void {
  if (reduction === 'mean' && product(shape) === 0) refuse(op, `${name} [${shape.join(', ')}] has no elements`, 'expected some to take the mean of');
}

/** Completes the arguments of a loss of two tensors. */
export const lossCall =
  (name: PairLoss) =>
  (op: string, given: Given, options: LossOptions): LossCall => {
    checkOptions(op, options, ['reduction']);
    const x = given['x'] as TensorSpec;
    const target = given['target']!;
    checkReal(op, 'x', x);
    if (typeof target === 'number') finite(op, 'target', target, 0);
    else {
      checkReal(op, 'target', target, x);
      checkSame(op, 'target', target, 'x', x);
    }
    const reduction = oneOf(op, 'reduction', options.reduction, REDUCTIONS, 'mean');
    checkSome(op, 'x', x, reduction);
    return { op, name, x, target, reduction };
  };

/** Refuses a gradient that is not one of the loss. */
function checkGradient(op: string, dy: TensorSpec, loss: TensorSpec, reduction: Reduction): void {
  if (!real(dy)) refuse(op, `dy has dtype ${dy.dtype}`, 'expected f32 or f16');
  if (reduction === 'none') checkSame(op, 'dy', dy, 'the losses', loss);
  else if (product(dy.shape) !== 1) refuse(op, `dy has shape [${dy.shape.join(', ')}]`, `expected one number, as the ${reduction} is`);
}

/** Completes the arguments of its gradients. */
export const lossBackwardCall =
  (name: PairLoss) =>
  (op: string, given: Given, options: LossOptions & Chosen<'dx' | 'dtarget'>): LossCall => {
    checkOptions(op, options, ['reduction', 'gradients']);
    const { gradients, ...rest } = options;
    const call = lossCall(name)(op, given, rest);
    const dy = given['dy'] as TensorSpec;
    checkGradient(op, dy, call.x, call.reduction);
    const all = typeof call.target === 'number' ? (['dx'] as const) : (['dx', 'dtarget'] as const);
    return { ...call, dy, gradients: gradients === undefined ? ['dx'] : chosen(op, gradients, all) };
  };

/** Completes the arguments of `crossEntropy` and, with `dy` and `g`, of its derivatives. */
export function classesCall(op: string, given: Given, options: CrossEntropyOptions): ClassesCall {
  checkOptions(op, options, ['reduction', 'ignoreIndex', 'weight']);
  const { x, labels, weight, dy, g } = given as Record<string, TensorSpec>;
  checkReal(op, 'x', x!);
  if (x!.shape.length < 2) refuse(op, `x has shape [${x!.shape.join(', ')}]`, 'expected [N, C, ...spatial]');
  const [n, channels, ...spatial] = x!.shape as [number, number, ...number[]];
  if (channels < 1) refuse(op, `x [${x!.shape.join(', ')}] has no classes`, 'expected at least 1');
  if (labels!.dtype !== 'u32' && labels!.dtype !== 'i32')
    refuse(op, `labels has dtype ${labels!.dtype}`, 'expected u32 or i32: the class of each position, not a share of each class');
  if (labels!.shape.length > 2 && labels!.layout !== 'nchw') refuse(op, 'labels is nhwc', 'expected nchw, whatever x is: it has no axis of classes');
  const each = [n, ...spatial];
  if (labels!.shape.join() !== each.join())
    refuse(op, `labels has shape [${labels!.shape.join(', ')}]`, `expected [${each.join(', ')}] for x [${x!.shape.join(', ')}]`);
  if (weight) {
    if (!real(weight)) refuse(op, `weight has dtype ${weight.dtype}`, 'expected f32 or f16');
    if (weight.shape.join() !== `${channels}`) refuse(op, `weight has shape [${weight.shape.join(', ')}]`, `expected [${channels}], one a class`);
  }
  const { ignoreIndex = -100 } = options;
  if (!Number.isInteger(ignoreIndex) || ignoreIndex < -(2 ** 31) || ignoreIndex >= 2 ** 32)
    refuse(op, `ignoreIndex is ${show(ignoreIndex)}`, 'expected a whole number of 32 bits');
  const reduction = oneOf(op, 'reduction', options.reduction, REDUCTIONS, 'mean');
  checkSome(op, 'labels', labels!, reduction);
  const call: ClassesCall = { op, x: x!, labels: labels!, weight: weight ?? null, ignoreIndex, reduction };
  if (!dy) return call;
  checkGradient(op, dy, { ...labels!, dtype: x!.dtype }, reduction);
  if (g) {
    checkReal(op, 'g', g, x!);
    checkSame(op, 'g', g, 'x', x!);
  }
  return { ...call, dy, ...(g && { g }) };
}
