// Elements of a tensor as WebGPU moves them.
import { fromHalf, toHalf } from './half.ts';
import type { DType } from './plan.ts';

/** Data of a tensor on the CPU: f32 and f16 as Float32Array. */
export type TensorData = Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Int32Array<ArrayBuffer>;

/** Numbers as the bytes of a dtype. A Uint16Array given for f16 is taken as IEEE half bits. */
export function uploadable(data: ArrayLike<number>, dtype: DType): ArrayBufferView<ArrayBuffer> {
  if (dtype === 'f16') {
    const bits = data instanceof Uint16Array ? data : toHalf(data);
    if (bits.length % 2 === 0) return bits as Uint16Array<ArrayBuffer>;
    const even = new Uint16Array(bits.length + 1); // writeBuffer moves whole words
    even.set(bits);
    return even;
  }
  if (dtype === 'f32') return data instanceof Float32Array ? (data as Float32Array<ArrayBuffer>) : Float32Array.from(data);
  if (dtype === 'u32') return data instanceof Uint32Array ? (data as Uint32Array<ArrayBuffer>) : Uint32Array.from(data);
  return data instanceof Int32Array ? (data as Int32Array<ArrayBuffer>) : Int32Array.from(data);
}

/** Bytes of a dtype as numbers. */
export function decoded(bytes: ArrayBuffer, dtype: DType): TensorData {
  if (dtype === 'f16') return fromHalf(new Uint16Array(bytes));
  return dtype === 'f32' ? new Float32Array(bytes) : dtype === 'u32' ? new Uint32Array(bytes) : new Int32Array(bytes);
}
