import { product, type TensorSpec } from '../../plan.ts';

/** What is normalised together: a channel of all samples, a channel of one, or a group of channels of one. */
export type NormKind = 'batch' | 'instance' | 'group';
export type NormGradient = 'dx' | 'dw' | 'db';

/** A normalisation with its arguments checked and completed, as plain data: what plans and the reference work from. */
export interface NormCall {
  readonly op: string;
  readonly kind: NormKind;
  readonly x: TensorSpec;
  readonly weight: TensorSpec | null;
  readonly bias: TensorSpec | null;
  readonly runningMean: TensorSpec | null;
  readonly runningVar: TensorSpec | null;
  /** Whether statistics are those of x; else the running ones. */
  readonly own: boolean;
  /** Whether the running statistics move. */
  readonly moves: boolean;
  readonly momentum: number;
  readonly eps: number;
  readonly groups: number;
  /** Of a backward call. */
  readonly dy: TensorSpec | null;
  readonly gradients: readonly NormGradient[];
}

/** A tensor as [N, C, P] with its strides in memory. */
export interface View {
  readonly batch: number;
  readonly channels: number;
  readonly positions: number;
  readonly channel: number;
  readonly position: number;
  /** Whether channels lie innermost. */
  readonly last: boolean;
}

export function viewOf({ shape, layout }: TensorSpec): View {
  const [batch, channels] = shape as [number, number];
  const positions = product(shape.slice(2));
  const last = layout === 'nhwc' || positions === 1;
  return { batch, channels, positions, channel: last ? 1 : positions, position: last ? channels : 1, last };
}

/** Sets of elements, as lib/sets.wgsl has them, of `count` samples. */
export interface Sets {
  /** Sets of these samples. */
  readonly sets: number;
  readonly perSample: number;
  readonly sample: number;
  readonly between: number;
  readonly across: number;
  readonly row: number;
  readonly step: number;
  readonly length: number;
}

/** The sets of `share` channels of one sample each, or of one channel of all samples. */
export function setsOf({ channels, positions, channel, position, last }: View, kind: NormKind, share: number, count: number): Sets {
  const sample = channels * positions;
  if (kind === 'batch') {
    const common = { sets: channels, perSample: channels, sample: 0, between: channel, length: count * positions };
    return last ? { ...common, across: count * positions, row: 0, step: channels } : { ...common, across: positions, row: sample, step: 1 };
  }
  const perSample = channels / share;
  const common = { sets: count * perSample, perSample, sample, between: share * channel, length: share * positions };
  if (share === 1) return { ...common, across: positions, row: 0, step: position };
  return last ? { ...common, across: share, row: channels, step: 1 } : { ...common, across: share * positions, row: 0, step: 1 };
}

/** Channels whose elements are normalised together. */
export const shareOf = ({ kind, groups, x }: NormCall): number => (kind === 'group' ? x.shape[1]! / groups : 1);
/** Elements that are normalised together. */
export const lengthOf = (call: NormCall): number => (call.kind === 'batch' ? call.x.shape[0]! : shareOf(call)) * product(call.x.shape.slice(2));
