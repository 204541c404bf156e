import { UpsampleError } from '../../check.ts';
import { product } from '../../plan.ts';
import type { SpreadCall } from './call.ts';

/** The error of an index outside its plane.
 * @param place of the index in memory
 * @param value as its 32 bits say */
export function outsideError({ op, indices, indexing }: SpreadCall, place: number, value: number): UpsampleError {
  const { shape, layout, dtype } = indices;
  const order = layout === 'nchw' ? shape.map((_, i) => i) : [0, ...shape.map((_, i) => i).slice(2), 1];
  const at: number[] = [];
  let rest = place;
  for (const axis of order.toReversed()) {
    at[axis] = rest % shape[axis]!;
    rest = Math.floor(rest / shape[axis]!);
  }
  const cells = product(indexing.plane);
  const expected = indexing.format === 'plane' ? `0 to ${cells - 1}` : `a cell of plane [${at[0]}, ${at[1]}] as "${indexing.format}" counts`;
  const shown = dtype === 'i32' ? value | 0 : value >>> 0;
  return new UpsampleError('index-out-of-range', op, `indices[${at.join(', ')}] is ${shown}, outside its plane of ${cells} cells; expected ${expected}`);
}
