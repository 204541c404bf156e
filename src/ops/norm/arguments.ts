import { checkOptions, finite, flag, isCount, refuse, show, withoutGradients } from '../../check.ts';
import { product, type TensorSpec } from '../../plan.ts';
import type { Given } from '../several.ts';
import { lengthOf, type NormCall, type NormGradient, type NormKind } from './call.ts';

export interface BatchNormOptions {
  /** Whether statistics are those of x; else the running ones. Default false. */
  training?: boolean | undefined;
  /** Share of the batch in the running statistics; default 0.1. */
  momentum?: number | undefined;
  /** Added to variances; default 1e-5. */
  eps?: number | undefined;
}
export interface InstanceNormOptions {
  /** Added to variances; default 1e-5. */
  eps?: number | undefined;
}
export interface GroupNormOptions extends InstanceNormOptions {
  /** Number of groups that the channels are divided into, in order. */
  groups: number;
}
/** Which gradients are wanted. */
export interface Wanted<G extends NormGradient = NormGradient> {
  /** Default `'dx'`, and `'dw'` and `'db'` where weight and bias are given. */
  gradients?: readonly G[] | undefined;
}

const GRADIENTS = ['dx', 'dw', 'db'] as const;
const BATCH = ['weight', 'bias', 'runningMean', 'runningVar', 'training', 'momentum', 'eps'];
const INSTANCE = ['weight', 'bias', 'eps'];
const GROUP = [...INSTANCE, 'groups'];
const list = (shape: readonly number[]) => `[${shape.join(', ')}]`;

const real = ({ dtype }: TensorSpec) => dtype === 'f32' || dtype === 'f16';

function checkX(op: string, x: TensorSpec): void {
  if (!real(x)) refuse(op, `x has dtype ${x.dtype}`, 'expected f32 or f16');
  if (x.shape.length < 2) refuse(op, `x ${list(x.shape)} has rank ${x.shape.length}`, 'expected [N, C, ...spatial]');
  if (product(x.shape.slice(1)) === 0)
    refuse(op, `x ${list(x.shape)} has an empty axis`, 'expected channels and spatial sizes of 1 or more; only the batch may be 0');
}

/** A tensor of one number a channel. */
function channelwise(op: string, name: string, given: Given, channels: number, types: readonly string[]): TensorSpec | null {
  const t = given[name] as TensorSpec | undefined;
  if (!t) return null;
  if (t.shape.length !== 1 || t.shape[0] !== channels) refuse(op, `${name} has shape ${list(t.shape)}`, `expected [${channels}], one value per channel`);
  if (!types.includes(t.dtype)) refuse(op, `${name} has dtype ${t.dtype}`, `expected ${types.join(' or ')}`);
  return t;
}

type Options = BatchNormOptions & Partial<GroupNormOptions>;

/** Completes the arguments of a normalisation. */
export const normCall =
  (kind: NormKind) =>
  (op: string, given: Given, options: object): NormCall => {
    checkOptions(op, options, kind === 'batch' ? BATCH : kind === 'group' ? GROUP : INSTANCE);
    const { training, momentum, eps, groups } = options as Options;
    const x = given['x'] as TensorSpec;
    checkX(op, x);
    const channels = x.shape[1]!;
    if (kind === 'group' && !isCount(groups)) refuse(op, `groups is ${show(groups)}`, 'expected a whole number of 1 or more');
    if (kind === 'group' && channels % groups!)
      refuse(op, `groups ${groups} do not divide the ${channels} channels of x`, 'expected a divisor of the channels');
    const share = finite(op, 'momentum', momentum, 0.1);
    if (share < 0 || share > 1) refuse(op, `momentum is ${share}`, 'expected a number from 0 to 1');
    const epsilon = finite(op, 'eps', eps, 1e-5);
    if (epsilon < 0) refuse(op, `eps is ${epsilon}`, 'expected 0 or more');
    const own = kind !== 'batch' || flag(op, 'training', training);
    const runningMean = channelwise(op, 'runningMean', given, channels, ['f32']);
    const runningVar = channelwise(op, 'runningVar', given, channels, ['f32']);
    if (kind === 'batch' && (!!runningMean !== !!runningVar || (!own && !runningMean)))
      refuse(
        op,
        `runningMean is ${runningMean ? 'given' : 'missing'}, runningVar ${runningVar ? 'given' : 'missing'}`,
        own ? 'expected both or none' : 'expected both, since training is false',
      );
    if (momentum !== undefined && !(own && runningMean)) refuse(op, 'momentum has no effect here', 'it moves running statistics in training');
    const call: NormCall = {
      ...{ op, kind, x, own, moves: own && !!runningMean, momentum: share, eps: epsilon, groups: groups ?? 1, runningMean, runningVar },
      weight: channelwise(op, 'weight', given, channels, ['f32', 'f16']),
      bias: channelwise(op, 'bias', given, channels, ['f32', 'f16']),
      ...{ dy: null, gradients: [] },
    };
    // PyTorch's rule: group normalisation takes single values, which become the bias, as long as there are several.
    if (own && lengthOf(call) * (kind === 'group' ? x.shape[0]! : 1) === 1)
      refuse(
        op,
        `x ${list(x.shape)} has one value for each mean`,
        kind === 'batch' ? 'expected more than one value per channel in training' : 'expected more than one',
      );
    return call;
  };

/** Completes the arguments of its gradients: nothing moves. */
export const normBackwardCall =
  (kind: NormKind) =>
  (op: string, given: Given, options: object): NormCall => {
    const { gradients, rest } = withoutGradients<object>(options as Wanted);
    const forward = normCall(kind)(op, given, rest);
    const dy = given['dy'] as TensorSpec;
    const { x, weight, bias } = forward;
    if (dy.dtype !== x.dtype) refuse(op, `dy has dtype ${dy.dtype} but x has ${x.dtype}`, 'expected one dtype for both');
    if (dy.layout !== x.layout) refuse(op, `dy has layout ${dy.layout} but x has ${x.layout}`, 'expected one layout for both');
    if (dy.shape.join() !== x.shape.join()) refuse(op, `dy has shape ${list(dy.shape)}`, `expected ${list(x.shape)}, the result's`);
    if (gradients !== undefined && (!Array.isArray(gradients) || !gradients.length || gradients.some((g) => !GRADIENTS.includes(g))))
      refuse(op, `gradients is ${show(gradients)}`, `expected some of ${GRADIENTS.join(', ')}`);
    const asked = gradients as readonly NormGradient[] | undefined;
    const wanted = GRADIENTS.filter((g) => asked?.includes(g) ?? (g === 'dx' || (g === 'dw' ? !!weight : !!bias)));
    return { ...forward, moves: false, dy, gradients: wanted };
  };
