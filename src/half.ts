// Node 20 has no Float16Array.
const word = new Uint32Array(1);
const real = new Float32Array(word.buffer);

function half(value: number): number {
  real[0] = value;
  const bits = word[0]!;
  const sign = (bits >>> 16) & 0x8000;
  const rest = bits & 0x7fffffff;
  if (rest > 0x7f800000) return sign | 0x7e00 | ((rest >>> 13) & 0x3ff); // a NaN stays one
  const exact = Math.abs(value);
  if (exact >= 65520) return sign | 0x7c00; // rounds to infinity
  if (rest < 0x38800000) {
    // below 2^-14: a denormal in steps of 2^-24, ties to even
    const scaled = exact * 2 ** 24;
    const low = Math.floor(scaled);
    const up = scaled - low > 0.5 || (scaled - low === 0.5 && low % 2 === 1);
    return sign | (low + Number(up));
  }
  // Rounding to f32 may have made a tie of what is none.
  const below = rest & 0x1fff;
  const up = below === 0x1000 && exact !== Math.abs(real[0]!) ? exact > Math.abs(real[0]!) : below > 0x1000 - ((rest >>> 13) & 1);
  return sign | (((rest - 0x38000000) >>> 13) + Number(up));
}

/** IEEE half bits of numbers, rounded once, ties to even. */
export function toHalf(values: ArrayLike<number>): Uint16Array<ArrayBuffer> {
  const out = new Uint16Array(values.length);
  for (let i = 0; i < out.length; i++) out[i] = half(values[i]!);
  return out;
}

/** Numbers of IEEE half bits. */
export function fromHalf(bits: Uint16Array): Float32Array<ArrayBuffer> {
  const out = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) {
    const h = bits[i]!;
    const sign = h & 0x8000 ? -1 : 1;
    const e = (h >> 10) & 31;
    const m = h & 0x3ff;
    out[i] = e === 0 ? sign * m * 2 ** -24 : e === 31 ? (m ? Number.NaN : sign * Number.POSITIVE_INFINITY) : sign * (1 + m / 1024) * 2 ** (e - 15);
  }
  return out;
}
