import { refuse } from '../check.ts';
import { fromHalf } from '../half.ts';
import type { DType } from '../plan.ts';
import type { SafetensorsEntry } from './safetensors.ts';

/** Elements as a tensor takes them. */
export interface Elements {
  readonly dtype: DType;
  readonly data: ArrayLike<number>;
}

/** The bytes of a tensor as numbers, in a type that the GPU has: floats as f32, whole numbers as u32 or i32.
 * @param lossy whether numbers may be rounded
 * @throws UpsampleError `invalid-argument` where a number does not fit, or would have to be rounded */
export function numbersOf(op: string, name: string, { dtype, bytes }: SafetensorsEntry, lossy: boolean): Elements {
  const aligned = bytes.byteOffset % 8 ? bytes.slice() : bytes;
  const of = [aligned.buffer, aligned.byteOffset] as const;
  if (dtype === 'F32') return { dtype: 'f32', data: new Float32Array(...of, bytes.length / 4) };
  if (dtype === 'F16') return { dtype: 'f32', data: fromHalf(new Uint16Array(...of, bytes.length / 2)) };
  if (dtype === 'BF16') {
    const bits = Uint32Array.from(new Uint16Array(...of, bytes.length / 2), (half) => half << 16);
    return { dtype: 'f32', data: new Float32Array(bits.buffer) };
  }
  if (dtype === 'F64') {
    const wide = new Float64Array(...of, bytes.length / 8);
    const data = Float32Array.from(wide);
    const at = lossy ? -1 : wide.findIndex((v, i) => !Object.is(v, data[i]));
    if (at >= 0) refuse(op, `element ${at} of "${name}", F64, is ${wide[at]}`, 'expected numbers that f32 holds; lossy: true rounds them');
    return { dtype: 'f32', data };
  }
  if (dtype === 'I64' || dtype === 'U64') {
    const wide = dtype === 'I64' ? new BigInt64Array(...of, bytes.length / 8) : new BigUint64Array(...of, bytes.length / 8);
    const data = dtype === 'I64' ? Int32Array.from(wide, Number) : Uint32Array.from(wide, Number);
    const at = data.findIndex((v, i) => BigInt(v) !== wide[i]);
    if (at >= 0) refuse(op, `element ${at} of "${name}", ${dtype}, is ${wide[at]}`, 'expected whole numbers of 32 bits');
    return { dtype: dtype === 'I64' ? 'i32' : 'u32', data };
  }
  if (dtype === 'I32') return { dtype: 'i32', data: new Int32Array(...of, bytes.length / 4) };
  if (dtype === 'I16') return { dtype: 'i32', data: new Int16Array(...of, bytes.length / 2) };
  if (dtype === 'I8') return { dtype: 'i32', data: new Int8Array(...of, bytes.length) };
  if (dtype === 'U32') return { dtype: 'u32', data: new Uint32Array(...of, bytes.length / 4) };
  if (dtype === 'U16') return { dtype: 'u32', data: new Uint16Array(...of, bytes.length / 2) };
  return { dtype: 'u32', data: aligned };
}
