// Runs poolings on the reference, and on the GPU under every admissible plan.
import { fromHalf, toHalf } from '../../src/half.ts';
import type { Context, Tensor } from '../../src/index.ts';
import type { Plan } from '../../src/plan.ts';
import { hash32 } from '../fixtures.ts';

/** NaNs with payloads, quiet and signalling, infinities, zeros of both signs, denormals, the largest numbers. */
const SPECIAL = [0x7fc00001, 0xffc12345, 0x7f800001, 0x7f800000, 0xff800000, 0x80000000, 0, 1, 0x80000001, 0x007fffff, 0x7f7fffff, 0xff7fffff];
/** The same in halves. */
const SPECIAL_HALF = [0x7e01, 0xfe45, 0x7c01, 0x7c00, 0xfc00, 0x8000, 0, 1, 0x8001, 0x03ff, 0x7bff, 0xfbff];

export type Kind = 'random' | 'ties' | 'special' | 'equal' | 'lowest' | 'negative';

/** Values as bits of their dtype, and as numbers. */
export interface Values {
  readonly bits: Uint32Array<ArrayBuffer> | Uint16Array<ArrayBuffer>;
  readonly numbers: Float32Array<ArrayBuffer>;
}

/** Values that try what a maximum can get wrong. */
export function valuesOf(kind: Kind, n: number, seed: number, half = false): Values {
  const whole = (i: number) => (hash32(i, seed) % 2001) / 8 - 125; // exact in halves
  const number: Record<Exclude<Kind, 'special'>, (i: number) => number> = {
    random: whole,
    ties: (i) => hash32(i, seed) % 3,
    equal: () => 1.5,
    lowest: () => Number.NEGATIVE_INFINITY,
    negative: (i) => -1 - Math.abs(whole(i)),
  };
  if (kind !== 'special') {
    const numbers = Float32Array.from({ length: n }, (_, i) => number[kind](i));
    return { numbers, bits: half ? toHalf(numbers) : new Uint32Array(numbers.buffer) };
  }
  const list = half ? SPECIAL_HALF : SPECIAL;
  const plain = half ? 0x3c00 : 0x3f800000;
  const bit = (i: number) => (hash32(i, seed) % 3 ? plain : list[hash32(i, seed + 1) % list.length]!);
  if (!half) {
    const bits = Uint32Array.from({ length: n }, (_, i) => bit(i));
    return { bits, numbers: new Float32Array(bits.buffer) };
  }
  const bits = Uint16Array.from({ length: n }, (_, i) => bit(i));
  return { bits, numbers: fromHalf(bits) };
}

let runs = 0;
/** Runs one plan, whatever the chooser would prefer. */
export const runPlan = (ctx: Context, op: string, plan: Plan, inputs: Record<string, Tensor>): Record<string, Tensor> =>
  ctx.run(op, `pool test ${runs++}`, inputs, () => plan);

/** The bits of a tensor's elements. */
export async function bitsOf(t: Tensor): Promise<Uint32Array | Uint16Array> {
  const words = t.ctx.wrap(t.buffer, [Math.ceil(t.byteLength / 4)], { dtype: 'u32', offset: t.offset });
  const bits = ((await words.data()) as Uint32Array<ArrayBuffer>).slice();
  return t.dtype === 'f16' ? new Uint16Array(bits.buffer, 0, t.size) : bits;
}

/** The first difference of two lists, as a sentence; '' where there is none. */
export function unequal(actual: ArrayLike<number>, expected: ArrayLike<number>): string {
  if (actual.length !== expected.length) return `${actual.length} elements, expected ${expected.length}`;
  for (let i = 0; i < expected.length; i++) if (actual[i] !== expected[i]) return `element ${i} is ${actual[i]}, expected ${expected[i]}`;
  return '';
}

/** A tensor that begins at an odd place of somebody else's buffer, with 0x7f around it. */
export function wrapped(ctx: Context, elements: Uint32Array | Uint16Array, shape: readonly number[], options: object, offset: number): Tensor {
  const bytes = new Uint8Array(Math.ceil((elements.byteLength + offset) / 4) * 4 + 8).fill(0x7f);
  bytes.set(new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength), offset);
  const buffer = ctx.device.createBuffer({ size: bytes.length, usage: 0x80 | 0x8 | 0x4 });
  ctx.device.queue.writeBuffer(buffer, 0, bytes);
  return ctx.wrap(buffer, shape, { ...options, offset });
}
