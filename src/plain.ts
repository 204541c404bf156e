// Tensors of the reference.

import { refuse, show } from './check.ts';
import { BYTES, type DType, type Layout, product, type TensorSpec } from './plan.ts';

/** A tensor of the reference. `data` lies in memory order: [N, C, ...spatial] for `nchw` (default), [N, ...spatial, C] for `nhwc`. */
export interface Plain {
  readonly data: ArrayLike<number>;
  readonly shape: readonly number[];
  readonly layout?: Layout | undefined;
  readonly dtype?: DType | undefined;
}

/** A result of the reference: float64. */
export interface PlainResult extends Plain {
  readonly data: Float64Array;
  readonly layout: Layout;
  readonly dtype: DType;
}

/** A tensor of the reference as the operations' checks see it. */
export function specOf(op: string, name: string, x: Plain): TensorSpec {
  const { data, shape, layout = 'nchw', dtype = 'f32' } = x ?? {};
  if (!Array.isArray(shape)) refuse(op, `${name} has no shape`, 'expected { data, shape }');
  if (!(dtype in BYTES)) refuse(op, `dtype of ${name} is ${show(dtype)}`, `expected one of ${Object.keys(BYTES).join(', ')}`);
  if (layout !== 'nchw' && layout !== 'nhwc') refuse(op, `layout of ${name} is ${show(layout)}`, 'expected one of nchw, nhwc');
  if (typeof data === 'function') refuse(op, `${name} is a tensor on the GPU`, 'expected { data, shape }, where data may be what its data() resolves to');
  const n = product(shape);
  if (data?.length !== n) refuse(op, `${name} has ${data?.length} elements for shape [${shape.join(', ')}]`, `expected ${n}`);
  return { shape, dtype, layout, skew: 0 };
}
