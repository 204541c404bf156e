// Axis tables as kernels read them. Their size is known at once; they are built when their plan runs.
import { mostTaps, type Rows } from './table.ts';

/** A table to be built: `length` in words. */
export interface Packed {
  readonly length: number;
  build(): Uint32Array;
}

/** Tables one after another in one buffer, and where each begins. */
export function join(parts: readonly Packed[]): Packed & { readonly at: readonly number[] } {
  let length = 0;
  const at = parts.map((part) => {
    length += part.length;
    return length - part.length;
  });
  const build = () => {
    const table = new Uint32Array(length);
    for (const [i, part] of parts.entries()) table.set(part.build(), at[i]);
    return table;
  };
  return { length, at, build };
}

const bits = new Uint32Array(1);
const real = new Float32Array(bits.buffer);
const f32 = (value: number) => {
  real[0] = value;
  return bits[0]!;
};

/** Index of "no input" in tables of `indices`. */
const NONE = 0xffffffff;

/** gather, pass: (start, ptr) for every output and one ptr more, then the weights; ptr counts from the beginning of the whole table, `base`. */
export function csr({ start, ptr, weight }: Rows, base: number): Packed {
  const n = start.length;
  const at = 2 * n + 2;
  const length = at + weight.length;
  const build = () => {
    const out = new Uint32Array(length);
    for (let o = 0; o <= n; o++) {
      if (o < n) out[2 * o] = start[o]!;
      out[2 * o + 1] = base + at + ptr[o]!;
    }
    out.set(new Uint32Array(Float32Array.from(weight).buffer), at);
    return out;
  };
  return { length, build };
}

/** The same for several axes in one buffer. */
export function csrAll(axes: readonly Rows[]): Packed & { readonly at: readonly number[] } {
  let base = 0;
  return join(
    axes.map((rows) => {
      const part = csr(rows, base);
      base += part.length;
      return part;
    }),
  );
}

/** move: the one input of every output; padded to a multiple of `unit`. */
export function indices({ start, ptr }: Rows, unit = 1): Packed {
  const length = Math.ceil(start.length / unit) * unit;
  const build = () => {
    const out = new Uint32Array(length).fill(NONE);
    start.forEach((i, o) => {
      if (ptr[o + 1]! > ptr[o]!) out[o] = i;
    });
    return out;
  };
  return { length, build };
}

/** tile: for every output depth `taps` vectors (input, weight, empty, 0). `mark` tells rows without taps. */
export function depths(rows: Rows, mark: boolean): Packed & { readonly taps: number } {
  const { start, ptr, weight } = rows;
  const taps = Math.max(mostTaps(rows), 1);
  const length = 4 * taps * start.length;
  const build = () => {
    const table = new Uint32Array(length);
    start.forEach((i, o) => {
      const count = ptr[o + 1]! - ptr[o]!;
      for (let t = 0; t < count; t++) table.set([i + t, f32(weight[ptr[o]! + t]!)], 4 * (o * taps + t));
      if (!count && mark) table[4 * o * taps + 2] = 1;
    });
    return table;
  };
  return { taps, length, build };
}

/** The inputs of the 4 outputs from 4*block on: first, and one past the last; both 0 when none has taps. */
function span({ start, ptr }: Rows, block: number): readonly [number, number] {
  let lo = Number.POSITIVE_INFINITY;
  let hi = 0;
  for (let o = 4 * block; o < Math.min(4 * block + 4, start.length); o++) {
    const width = ptr[o + 1]! - ptr[o]!;
    if (!width) continue;
    lo = Math.min(lo, start[o]!);
    hi = Math.max(hi, start[o]! + width);
  }
  return hi ? [lo, hi] : [0, 0];
}

/** The most inputs that 4 neighbouring outputs read. */
export function blockTaps(rows: Rows): number {
  let taps = 1;
  for (let b = 0; 4 * b < rows.start.length; b++) {
    const [lo, hi] = span(rows, b);
    taps = Math.max(taps, hi - lo);
  }
  return taps;
}

/** tile: for every block of 4 outputs a header (first input, mask of outputs without taps) and, for each of `taps` inputs from there, 4 weights. */
export function blocks(rows: Rows, mark: boolean): Packed & { readonly taps: number } {
  const { start, ptr, weight } = rows;
  const n = start.length;
  const taps = blockTaps(rows);
  const length = 4 * Math.ceil(n / 4) * (taps + 1);
  const build = () => {
    const table = new Uint32Array(length);
    for (let b = 0; 4 * b < n; b++) {
      const at = 4 * b * (taps + 1);
      const [first] = span(rows, b);
      table[at] = first;
      for (let o = 4 * b; o < Math.min(4 * b + 4, n); o++) {
        const lane = o - 4 * b;
        if (ptr[o] === ptr[o + 1] && mark) table[at + 1]! |= 1 << lane;
        for (let e = ptr[o]!; e < ptr[o + 1]!; e++) table[at + 4 * (1 + start[o]! + e - ptr[o]! - first) + lane] = f32(weight[e]!);
      }
    }
    return table;
  };
  return { taps, length, build };
}

/** Whether every axis repeats each input `scale` times, or puts each at `offset` of `scale` outputs and nothing elsewhere. */
export function wholeScale(axes: readonly Rows[]): { scale: number[]; offset: number[]; nails: boolean } | undefined {
  const found = axes.map((rows) => {
    const n = rows.start.length;
    const scale = n / rows.inSize;
    if (!Number.isInteger(scale)) return undefined;
    const index = indices(rows).build();
    const offset = index.findIndex((i) => i !== NONE);
    const nails = index.every((i, o) => i === (o % scale === offset ? Math.floor(o / scale) : NONE));
    const repeat = index.every((i, o) => i === Math.floor(o / scale));
    return nails || repeat ? { scale, offset, nails, repeat } : undefined;
  });
  if (found.some((f) => !f)) return undefined;
  const all = found as { scale: number; offset: number; nails: boolean; repeat: boolean }[];
  const nails = all.every((f) => f.nails);
  if (!nails && !all.every((f) => f.repeat)) return undefined;
  return { scale: all.map((f) => f.scale), offset: all.map((f) => f.offset), nails };
}
