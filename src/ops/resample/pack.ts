// Axis tables as kernels read them.
import { mostTaps, type Rows } from './table.ts';

const bits = new Uint32Array(1);
const real = new Float32Array(bits.buffer);
const f32 = (value: number) => {
  real[0] = value;
  return bits[0]!;
};

/** Index of "no input" in tables of `indices`. */
const NONE = 0xffffffff;

/** gather, pass: (start, ptr) for every output and one ptr more, then the weights; ptr counts from the beginning of the whole table, `base`. */
export function csr({ start, ptr, weight }: Rows, base: number): Uint32Array {
  const n = start.length;
  const at = 2 * n + 2;
  const out = new Uint32Array(at + weight.length);
  for (let o = 0; o <= n; o++) {
    if (o < n) out[2 * o] = start[o]!;
    out[2 * o + 1] = base + at + ptr[o]!;
  }
  weight.forEach((w, e) => {
    out[at + e] = f32(w);
  });
  return out;
}

/** move: the one input of every output; padded to a multiple of `unit`. */
export function indices({ start, ptr }: Rows, unit = 1): Uint32Array {
  const out = new Uint32Array(Math.ceil(start.length / unit) * unit).fill(NONE);
  start.forEach((i, o) => {
    if (ptr[o + 1]! > ptr[o]!) out[o] = i;
  });
  return out;
}

/** tile: for every output depth `taps` vectors (input, weight, empty, 0). `mark` tells rows without taps. */
export function depths({ start, ptr, weight }: Rows, mark: boolean): { taps: number; table: Uint32Array } {
  const taps = Math.max(mostTaps({ start, ptr } as Rows), 1);
  const table = new Uint32Array(4 * taps * start.length);
  start.forEach((i, o) => {
    const count = ptr[o + 1]! - ptr[o]!;
    for (let t = 0; t < count; t++) table.set([i + t, f32(weight[ptr[o]! + t]!)], 4 * (o * taps + t));
    if (!count && mark) table[4 * o * taps + 2] = 1;
  });
  return { taps, table };
}

/** tile: for every block of 4 outputs a header (first input, mask of outputs without taps) and, for each of `taps` inputs from there, 4 weights. */
export function blocks({ start, ptr, weight }: Rows, mark: boolean): { taps: number; table: Uint32Array } {
  const n = start.length;
  const count = Math.ceil(n / 4);
  const first = new Uint32Array(count);
  let taps = 1;
  for (let b = 0; b < count; b++) {
    let lo = Number.POSITIVE_INFINITY;
    let hi = 0;
    for (let o = 4 * b; o < Math.min(4 * b + 4, n); o++) {
      const width = ptr[o + 1]! - ptr[o]!;
      if (!width) continue;
      lo = Math.min(lo, start[o]!);
      hi = Math.max(hi, start[o]! + width);
    }
    first[b] = hi ? lo : 0;
    taps = Math.max(taps, hi - first[b]!);
  }
  const table = new Uint32Array(4 * count * (taps + 1));
  for (let b = 0; b < count; b++) {
    const at = 4 * b * (taps + 1);
    table[at] = first[b]!;
    for (let lane = 0; lane < 4; lane++) {
      const o = 4 * b + lane;
      if (o >= n) break;
      if (ptr[o] === ptr[o + 1] && mark) table[at + 1]! |= 1 << lane;
      for (let e = ptr[o]!; e < ptr[o + 1]!; e++) table[at + 4 * (1 + start[o]! + e - ptr[o]! - first[b]!) + lane] = f32(weight[e]!);
    }
  }
  return { taps, table };
}

/** The most inputs that 4 neighbouring outputs read, without building their table. */
export const blockTaps = (rows: Rows): number => {
  let taps = 1;
  for (let b = 0; b < rows.start.length; b += 4) {
    let lo = Number.POSITIVE_INFINITY;
    let hi = 0;
    for (let o = b; o < Math.min(b + 4, rows.start.length); o++) {
      const width = rows.ptr[o + 1]! - rows.ptr[o]!;
      if (!width) continue;
      lo = Math.min(lo, rows.start[o]!);
      hi = Math.max(hi, rows.start[o]! + width);
    }
    if (hi) taps = Math.max(taps, hi - lo);
  }
  return taps;
};

/** Whether every axis repeats each input `scale` times, or puts each at `offset` of `scale` outputs and nothing elsewhere. */
export function wholeScale(axes: readonly Rows[]): { scale: number[]; offset: number[]; nails: boolean } | undefined {
  const found = axes.map((rows) => {
    const n = rows.start.length;
    const scale = n / rows.inSize;
    if (!Number.isInteger(scale)) return undefined;
    const index = indices(rows);
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
