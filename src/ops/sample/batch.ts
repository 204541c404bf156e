import { type Adapter, product, type Step, type TensorSpec } from '../../plan.ts';
import { type Cut, cutOf, dispatches, type Slice, slices, type Work } from '../slices.ts';
import { type SampleCall, tapsOf } from './call.ts';

/** Steps of a tensor in elements. */
export interface Strides {
  readonly batch: number;
  readonly channel: number;
  /** From pixel to pixel, in memory order. */
  readonly place: number;
}

export function stridesOf({ shape, layout }: TensorSpec): Strides {
  const channels = shape[1]!;
  const plane = product(shape.slice(2));
  return { batch: channels * plane, channel: layout === 'nchw' ? plane : 1, place: layout === 'nchw' ? 1 : channels };
}

/** Cuts the batch into runs.
 * @param scratch bytes of the largest scratch buffer for one of the batch */
export function runsOf<N extends string>(op: string, tensors: Readonly<Record<N, TensorSpec>>, scratch: number, adapter: Adapter): Slice<N>[] {
  const all = Object.entries<TensorSpec>(tensors);
  const cuts = all.map(([name, t]) => [name, cutOf(name, t, product(t.shape.slice(1)))]);
  return slices(op, all[0]![1].shape[0]!, Object.fromEntries(cuts) as Record<N, Cut>, adapter, { scratch });
}

/** Dispatches of at most about 1e9 multiply-adds, `each` an invocation. */
export const shared = (work: Work, each: number, adapter: Adapter): Step[] => dispatches(work, adapter, Math.max(1e9 / each, 1));

/** The overrides of `lib/coordinate.wgsl`. */
export const shapeOf = ({ mode, x }: SampleCall) => ({ MODE: ['nearest', 'bilinear', 'bicubic'].indexOf(mode), DIMS: x.shape.length - 2 });

/** What it reads of params. */
export const paddingOf = ({ paddingMode, alignCorners }: SampleCall) => ({
  padding: ['zeros', 'border', 'reflection'].indexOf(paddingMode),
  corners: Number(alignCorners),
});

/** D, H, W. */
export const sizeOf = ({ shape }: TensorSpec): readonly number[] => [1, ...shape.slice(2)].slice(-3);

/** Taps of a sample. */
export const allTaps = (call: SampleCall): number => tapsOf(call) ** (call.x.shape.length - 2);
