import { checkOptions, finite, flag, isCount, oneOf, refuse, show } from '../../check.ts';
import { product, type TensorSpec } from '../../plan.ts';
import type { Tensor } from '../../tensor.ts';
import { stridesOf } from '../arrange/call.ts';
import { FILTER_LAYOUTS, type FilterLayout, TRANSPOSED_FILTER_LAYOUTS, type TransposedFilterLayout } from '../conv/filter.ts';

/** The batch norm that follows a convolution; `T` is a tensor of [outChannels]. */
export interface FoldedNorm<T = Tensor> {
  /** f32. */
  runningMean: T;
  /** f32. */
  runningVar: T;
  /** Default 1. */
  weight?: T | undefined;
  /** Default 0. */
  bias?: T | undefined;
  /** Default 1e-5. */
  eps?: number | undefined;
}

export interface FoldNormOptions {
  /** Whether the filter is one of a transposed convolution; default false. */
  transposed?: boolean | undefined;
  /** Groups of a transposed convolution; default 1. Those of a convolution do not matter. */
  groups?: number | undefined;
  /** Order of the filter's axes; default `'oihw'`, transposed `'iohw'`. */
  filterLayout?: FilterLayout | TransposedFilterLayout | undefined;
}

/** A checked call, as plain data. */
export interface FoldCall {
  readonly op: string;
  readonly specs: Readonly<Record<string, TensorSpec>>;
  readonly eps: number;
  /** Where the output channel of an element is told from: see fold.wgsl. */
  readonly axes: { readonly out_size: number; readonly out_step: number; readonly in_size: number; readonly in_step: number; readonly per_group: number };
  readonly channels: number;
}

const NORM = ['runningMean', 'runningVar', 'weight', 'bias', 'eps'];
export const list = (shape: readonly number[]) => `[${shape.join(', ')}]`;

/** Checks the tensors by what they are: `w`, `bias`, `runningMean`, `runningVar`, and the norm's own `gamma` and `beta`. */
export function foldCall(op: string, specs: Readonly<Record<string, TensorSpec>>, eps: unknown, options: FoldNormOptions): FoldCall {
  checkOptions(op, options, ['transposed', 'groups', 'filterLayout']);
  const w = specs['w']!;
  const transposed = flag(op, 'transposed', options.transposed);
  const layout: string = transposed
    ? oneOf(op, 'filterLayout', options.filterLayout, TRANSPOSED_FILTER_LAYOUTS, 'iohw')
    : oneOf(op, 'filterLayout', options.filterLayout, FILTER_LAYOUTS, 'oihw');
  if (w.dtype !== 'f32' && w.dtype !== 'f16') refuse(op, `weight has dtype ${w.dtype}`, 'expected f32 or f16');
  if (w.shape.length < 3 || product(w.shape) === 0) refuse(op, `weight has shape ${list(w.shape)}`, `expected a filter in order ${layout}`);
  const groups = options.groups ?? 1;
  if (!isCount(groups)) refuse(op, `groups is ${show(groups)}`, 'expected a whole number of 1 or more');
  if (!transposed && options.groups !== undefined) refuse(op, 'groups has no effect here', 'it belongs to filters of transposed convolutions');
  const place = (letter: string) => layout.indexOf(letter) + (layout.indexOf(letter) > layout.indexOf('h') ? w.shape.length - 4 : 0);
  const [o, i] = [place('o'), place('i')];
  const inputs = w.shape[i]!;
  if (transposed && inputs % groups) refuse(op, `groups ${groups} do not divide the ${inputs} input channels of weight ${list(w.shape)}`, 'expected a divisor');
  const channels = w.shape[o]! * (transposed ? groups : 1);
  for (const [name, t] of Object.entries(specs)) {
    if (name === 'w') continue;
    const word = name === 'gamma' ? 'weight of the norm' : name === 'beta' ? 'bias of the norm' : name;
    if (t.shape.length !== 1 || t.shape[0] !== channels)
      refuse(op, `${word} has shape ${list(t.shape)}`, `expected [${channels}], one value per output channel`);
    const types = name.startsWith('running') ? ['f32'] : name === 'bias' ? [w.dtype] : ['f32', 'f16'];
    if (!types.includes(t.dtype)) refuse(op, `${word} has dtype ${t.dtype}`, `expected ${types.join(' or ')}`);
  }
  const epsilon = finite(op, 'eps', eps, 1e-5);
  if (epsilon < 0) refuse(op, `eps is ${epsilon}`, 'expected 0 or more');
  const steps = stridesOf(w);
  const axes = { out_size: w.shape[o]!, out_step: steps[o]!, in_size: inputs, in_step: steps[i]!, per_group: transposed ? inputs / groups : inputs };
  return { op, specs, eps: epsilon, axes, channels };
}

/** The tensors of a call under the names of its plan, without those that are not there. */
export const named = <T>(w: T, bias: T | undefined, norm: FoldedNorm<T>): Record<string, T> =>
  Object.fromEntries(
    Object.entries({ w, bias, runningMean: norm.runningMean, runningVar: norm.runningVar, gamma: norm.weight, beta: norm.bias }).filter(
      ([, t]) => t !== undefined,
    ),
  ) as Record<string, T>;

/** Checks what is no tensor in a norm. */
export function checkNorm(op: string, norm: unknown): void {
  checkOptions(op, norm, NORM);
}
