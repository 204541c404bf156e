import { checkOptions, countElements, isCount, oneOf, perAxis, refuse } from '../../check.ts';
import { BYTES, product, type TensorSpec } from '../../plan.ts';

type PerAxis = number | readonly number[];
/** Where the channels of a cell stand: `'CRD'` those of one output channel together (PyTorch), `'DCR'` those of one place in the cell (TensorFlow, ONNX's default). */
export type ShuffleOrder = 'CRD' | 'DCR';

export interface PixelShuffleOptions {
  /** Size of a cell, one number for all spatial axes or one an axis. */
  upscaleFactor: PerAxis;
  /** Default `'CRD'`. */
  order?: ShuffleOrder | undefined;
}

export interface PixelUnshuffleOptions {
  /** Size of a cell, one number for all spatial axes or one an axis. */
  downscaleFactor: PerAxis;
  /** Default `'CRD'`. */
  order?: ShuffleOrder | undefined;
}

/** A rearrangement with its arguments checked and completed, as plain data. The wide side has the larger plane, the deep side more channels. */
export interface ShuffleCall {
  readonly op: string;
  /** Whether x is the wide side: cells of space become channels. */
  readonly unshuffle: boolean;
  readonly x: TensorSpec;
  /** Shape of the result. */
  readonly shape: readonly number[];
  /** Size of a cell along each spatial axis. */
  readonly factors: readonly number[];
  readonly order: ShuffleOrder;
}

const ORDERS = ['CRD', 'DCR'] as const;

/** Completes what both directions have; `name` is the tensor's in sentences. */
function shuffleCall(op: string, name: string, x: TensorSpec, options: object, word: string, unshuffle: boolean): ShuffleCall {
  checkOptions(op, options, [word, 'order']);
  const given = options as Readonly<Record<string, unknown>>;
  const { shape } = x;
  const rank = shape.length;
  if (rank < 3 || rank > 5) refuse(op, `${name} [${shape.join(', ')}] has rank ${rank}`, 'expected rank 3, 4 or 5: [N, C, ...spatial]');
  if (shape.slice(2).some((n) => n === 0)) refuse(op, `${name} [${shape.join(', ')}] has an empty spatial axis`, 'expected spatial sizes of 1 or more');
  if (given[word] === undefined) refuse(op, `${word} is missing`, 'expected a whole number of 1 or more, or one per spatial axis');
  const factors = perAxis(op, word, given[word], rank - 2, isCount, 'whole numbers of 1 or more');
  const order = oneOf(op, 'order', given['order'], ORDERS, 'CRD');
  const cell = product(factors);
  const [n, c, ...size] = shape as [number, number, ...number[]];
  if (!unshuffle && c % cell) refuse(op, `${name} has ${c} channels`, `expected a multiple of ${cell}, the ${factors.join(' x ')} places of a cell`);
  for (const [i, length] of size.entries())
    if (unshuffle && length % factors[i]!) refuse(op, `axis ${i + 2} of ${name} has ${length} elements`, `expected a multiple of ${word} ${factors[i]}`);
  const result = unshuffle ? [n, c * cell, ...size.map((s, i) => s / factors[i]!)] : [n, c / cell, ...size.map((s, i) => s * factors[i]!)];
  countElements(op, 'the result', result, BYTES[x.dtype]);
  return { op, unshuffle, x, shape: result, factors, order };
}

/** Completes the arguments of `pixelShuffle`. */
export const pixelShuffleCall = (op: string, x: TensorSpec, options: PixelShuffleOptions): ShuffleCall =>
  shuffleCall(op, 'x', x, options, 'upscaleFactor', false);

/** Completes the arguments of `pixelUnshuffle`. */
export const pixelUnshuffleCall = (op: string, x: TensorSpec, options: PixelUnshuffleOptions): ShuffleCall =>
  shuffleCall(op, 'x', x, options, 'downscaleFactor', true);

function checkGradient(op: string, { dtype }: TensorSpec): void {
  if (dtype !== 'f32' && dtype !== 'f16') refuse(op, `dy has dtype ${dtype}`, 'expected f32 or f16');
}

/** Completes the arguments of `pixelShuffleBackward`: the options are those of the forward call. */
export function pixelShuffleBackwardCall(op: string, dy: TensorSpec, options: PixelShuffleOptions): ShuffleCall {
  checkGradient(op, dy);
  return shuffleCall(op, 'dy', dy, options, 'upscaleFactor', true);
}

/** Completes the arguments of `pixelUnshuffleBackward`: the options are those of the forward call. */
export function pixelUnshuffleBackwardCall(op: string, dy: TensorSpec, options: PixelUnshuffleOptions): ShuffleCall {
  checkGradient(op, dy);
  return shuffleCall(op, 'dy', dy, options, 'downscaleFactor', false);
}
