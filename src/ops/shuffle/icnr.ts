import { checkOptions, checkShape, isCount, oneOf, perAxis, refuse, show } from '../../check.ts';
import { product } from '../../plan.ts';
import type { ShuffleOrder } from './arguments.ts';

export interface IcnrOptions {
  /** Size of a cell of the pixel shuffle that follows, one number for all spatial axes or one an axis. */
  upscaleFactor: number | readonly number[];
  /** Order of that pixel shuffle; default `'CRD'`. */
  order?: ShuffleOrder | undefined;
  /** Fills a filter of a shape, in row-major order: any initialiser. */
  draw: (shape: readonly number[]) => ArrayLike<number>;
}

/** `w[ch] = v[c]` for all channels ch that a pixel shuffle puts into output channel c, with v drawn once: the layer begins as nearest enlargement of one
 * convolution, without checkerboards. `c = floor(ch / cell)` (CRD) or `ch mod C` (DCR).
 * @param shape [C*cell, inChannels/groups, ...kernel], of the convolution before a pixel shuffle; cell is the product of the factors
 * @param options `upscaleFactor` and `order` as given to `pixelShuffle`; `draw` fills [C, inChannels/groups, ...kernel]
 * @returns the filter in row-major order
 * @throws UpsampleError `invalid-argument`
 * Source: arXiv:1707.02937. */
export function icnr(shape: readonly number[], options: IcnrOptions): Float32Array<ArrayBuffer> {
  const op = 'icnr';
  checkOptions(op, options, ['upscaleFactor', 'order', 'draw']);
  const [channels = 0, ...filter] = checkShape(op, 'shape', shape);
  const rank = filter.length + 1;
  if (rank < 3 || rank > 5) refuse(op, `shape ${show(shape)} has rank ${rank}`, 'expected rank 3, 4 or 5: [outChannels, inChannels/groups, ...kernel]');
  if (options.upscaleFactor === undefined) refuse(op, 'upscaleFactor is missing', 'expected a whole number of 1 or more, or one per spatial axis');
  const cell = product(perAxis(op, 'upscaleFactor', options.upscaleFactor, rank - 2, isCount, 'whole numbers of 1 or more'));
  const order = oneOf(op, 'order', options.order, ['CRD', 'DCR'], 'CRD');
  if (typeof options.draw !== 'function') refuse(op, `draw is ${show(options.draw)}`, 'expected a function of a shape');
  if (channels % cell) refuse(op, `shape ${show(shape)} has ${channels} output channels`, `expected a multiple of ${cell}, the places of a cell`);
  const drawn = options.draw([channels / cell, ...filter]);
  const size = product(filter);
  if (drawn?.length !== (channels / cell) * size)
    refuse(op, `draw gave ${drawn?.length} numbers for [${[channels / cell, ...filter].join(', ')}]`, `expected ${(channels / cell) * size}`);
  const source = (ch: number) => (order === 'CRD' ? Math.floor(ch / cell) : ch % (channels / cell));
  return Float32Array.from({ length: channels * size }, (_, i) => drawn[source(Math.floor(i / size)) * size + (i % size)]!);
}
