// Tensors of the reference, element by element.

import { type Plain, type PlainResult, specOf } from '../../plain.ts';
import { product, type TensorSpec } from '../../plan.ts';
import type { Given } from '../several.ts';
import { memoryOrder, stridesOf } from './broadcast.ts';

/** Plain tensors and numbers as checks see them. */
export const given = (op: string, tensors: Readonly<Record<string, Plain | number>>): Given =>
  Object.fromEntries(Object.entries(tensors).map(([name, t]) => [name, typeof t === 'number' ? t : specOf(op, name, t)]));

/** A result of the reference. */
export const plain = (data: Float64Array, { shape, layout, dtype }: Omit<TensorSpec, 'skew'>): PlainResult => ({ data, shape, layout, dtype });

/** For each element of a shape, in memory order, where another tensor has its own, by its strides along the axes. */
export function places({ shape, layout }: Omit<TensorSpec, 'skew'>, strides: readonly number[]): Uint32Array {
  const order = memoryOrder(shape.length, layout);
  const own = stridesOf(shape, layout);
  return Uint32Array.from({ length: product(shape) }, (_, i) =>
    order.reduce((at, axis) => at + (Math.floor(i / own[axis]!) % shape[axis]!) * strides[axis]!, 0),
  );
}
