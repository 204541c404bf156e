// Ways to count the cells of a plane. All are linear: index = n*batch + c*channel + z*D + y*H + x*W with steps that follow from the sizes.
import { product } from '../../plan.ts';
import type { Triple } from '../conv/geometry.ts';
import type { Indexing } from './call.ts';

/** How indices count, for an input [N, C, D, H, W]:
 * `'plane'` (z*H + y)*W + x in one (n, c) plane, PyTorch; `'onnx'` the same from the first element of the tensor on;
 * `'onnx-column'` with the axes of each plane in reverse (storage_order 1): n*C*D*H*W + c*D*H*W + (x*H + y)*D + z;
 * `'tf'` ((z*H + y)*W + x)*C + c in one sample; `'tf-batch'` the same from the first element on (include_batch_in_index). */
export type IndexFormat = 'plane' | 'onnx' | 'onnx-column' | 'tf' | 'tf-batch';
export const FORMATS: readonly IndexFormat[] = ['plane', 'onnx', 'onnx-column', 'tf', 'tf-batch'];

/** Steps of an index from batch to batch, from channel to channel, and along D, H and W. */
export interface Steps {
  readonly batch: number;
  readonly channel: number;
  readonly axes: Triple;
}

export function stepsOf({ format, plane: [d, h, w], channels }: Indexing): Steps {
  const cells = d * h * w;
  const sample = format === 'plane' || format === 'tf' ? 0 : cells * channels;
  if (format === 'tf' || format === 'tf-batch') return { batch: sample, channel: 1, axes: [h * w * channels, w * channels, channels] };
  const axes: Triple = format === 'onnx-column' ? [1, d, d * h] : [h * w, w, 1];
  return { batch: sample, channel: format === 'plane' ? 0 : cells, axes };
}

/** The cell [z, y, x] that an index names, or undefined outside its plane. Unsigned, as kernels see it. */
export function cellOf(indexing: Indexing, n: number, c: number, index: number): Triple | undefined {
  const { batch, channel, axes } = stepsOf(indexing);
  const [d, h, w] = indexing.plane;
  const local = index - n * batch - c * channel;
  const unit = Math.min(...axes);
  if (local < 0 || local % unit || local / unit >= product(indexing.plane)) return undefined;
  const at = local / unit;
  if (indexing.format === 'onnx-column') return [at % d, Math.floor(at / d) % h, Math.floor(at / (d * h))];
  return [Math.floor(at / (h * w)), Math.floor(at / w) % h, at % w];
}

/** Indices as ONNX has them, int64, for `ctx.tensor(…, shape, { dtype: 'u32' })`. Negative ones and those beyond 2^32 - 2 become 2^32 - 1, which is outside every plane. */
export const indicesFromInt64 = (indices: BigInt64Array): Uint32Array<ArrayBuffer> =>
  Uint32Array.from(indices, (i) => (i < 0n || i >= 0xffffffffn ? 0xffffffff : Number(i)));

/** Indices of `tensor.data()` as ONNX has them, int64. */
export const indicesToInt64 = (indices: Uint32Array | Int32Array): BigInt64Array<ArrayBuffer> => BigInt64Array.from(indices, BigInt);
