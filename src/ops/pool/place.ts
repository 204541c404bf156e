import { type Adapter, product, type TensorSpec } from '../../plan.ts';
import { type Cut, cutOf } from '../slices.ts';

/** A tensor as kernels see it: [outer, D, H, W, inner] in memory, whatever its layout. */
export const placeOf = (name: string, t: TensorSpec): Cut => cutOf(name, t, product(t.shape.slice(t.layout === 'nchw' ? 2 : 1)));

/** How often the planes or pixels of a tensor repeat: outer before the spatial axes, inner behind; and the channels that outer counts. */
export const around = ({ shape: [n, c], layout }: TensorSpec) =>
  layout === 'nchw' ? { outer: n! * c!, inner: 1, channels: c! } : { outer: n!, inner: c!, channels: 1 };

/** How many of a row's `columns` an invocation takes one after another: as many as divide it, up to `few` on a GPU, where neighbours should read neighbours;
 * a CPU takes long over finding where an invocation is. */
export function runOf(columns: number, { software }: Adapter, few: number): number {
  let run = software ? 32 : few;
  while (columns % run) run--;
  return run;
}
