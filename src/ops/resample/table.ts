// Axis tables: for every output index the contiguous inputs it reads and their weights, in float64.
// A coordinate rule exists here and nowhere else; the reference, the kernels and (transposed) the gradients read these rows.

/** Sparse rows of one axis: output o reads inputs start[o] + t with weight[ptr[o] + t], t < ptr[o+1] - ptr[o]. A row without taps yields the fill value. */
export interface Rows {
  readonly inSize: number;
  readonly start: Uint32Array;
  readonly ptr: Uint32Array;
  readonly weight: Float64Array;
}

/** ONNX coordinate rules; PyTorch's are `half_pixel`, `align_corners` and, for nearest, `asymmetric`. */
export type Coordinates =
  | 'half_pixel'
  | 'half_pixel_symmetric'
  | 'pytorch_half_pixel'
  | 'align_corners'
  | 'asymmetric'
  | 'tf_crop_and_resize'
  | 'tf_half_pixel_for_nn';

export type Rounding = 'floor' | 'ceil' | 'round_prefer_floor' | 'round_prefer_ceil';

/** Smoothing kernels that stretch when they antialias. */
export type Filter = 'linear' | 'cubic' | 'lanczos3' | 'lanczos5' | 'gaussian' | 'mitchell';

/** Where output o samples the input. The scale is output/input as a fraction `scale[0]/scale[1]`: of the sizes, or a factor over 1. */
export interface Where {
  readonly rule: Coordinates;
  readonly scale: readonly [number, number];
  /** Only tf_crop_and_resize: begin and end, relative to the input. */
  readonly roi?: readonly [number, number];
  /** Only align_corners: the length that the factor gives, when it is not to be rounded to O. */
  readonly length?: number;
}

/** How one axis is resampled, as plain data. */
export type AxisRule = { readonly inSize: number; readonly outSize: number } & (
  | { readonly kind: 'nearest'; readonly where: Where; readonly round: Rounding }
  | { readonly kind: 'nearest-f32'; readonly step: number; readonly half: boolean }
  | { readonly kind: 'linear'; readonly where: Where }
  | { readonly kind: 'cubic'; readonly where: Where; readonly a: number; readonly excludeOutside: boolean }
  | { readonly kind: 'stretched'; readonly where: Where; readonly filter: 'linear' | 'cubic'; readonly a: number; readonly excludeOutside: boolean }
  | { readonly kind: 'windowed'; readonly step: number; readonly filter: Filter; readonly antialias: boolean; readonly normalise: 'always' | 'tf' }
  | { readonly kind: 'area' }
  /** The sum over windows `stride` apart of what lies inside, divided by a number, or by the cells inside or with the padding, up to `end` behind. */
  | {
      readonly kind: 'mean';
      readonly kernel: number;
      readonly stride: number;
      readonly pad: number;
      readonly end: number;
      readonly by: 'padded' | 'inside' | number;
    }
  | { readonly kind: 'insert'; readonly stride: number; readonly offset: number }
  | { readonly kind: 'copy' }
);

/** The source coordinate of output o as a fraction: exact in integers where the scale is one of integers. */
function coordinate({ rule, scale: [up, down], roi, length }: Where, inSize: number, outSize: number, o: number): [n: number, d: number] {
  const exact = Number.isInteger(up) && Number.isInteger(down);
  switch (rule) {
    case 'asymmetric':
      return [o * down, up];
    case 'tf_half_pixel_for_nn':
      return exact ? [(2 * o + 1) * down, 2 * up] : [((o + 0.5) * down) / up, 1];
    case 'align_corners':
      if (length !== undefined) return length === 1 ? [0, 1] : [o * (inSize - 1), length - 1];
      return outSize > 1 ? [o * (inSize - 1), outSize - 1] : [0, 1];
    case 'tf_crop_and_resize': {
      const [begin, end] = roi!;
      const last = inSize - 1;
      // Weighs both ends: a region that ends at 1 ends at the last element, not a rounding from it.
      return outSize > 1 ? [(begin * (outSize - 1 - o) + end * o) * last, outSize - 1] : [0.5 * (begin + end) * last, 1];
    }
    case 'pytorch_half_pixel':
      if (outSize === 1) return [0, 1];
      break;
    case 'half_pixel_symmetric': {
      const fromMiddle = (2 * o + 1 - outSize) * down;
      return exact ? [(inSize - 1) * up + fromMiddle, 2 * up] : [(inSize - 1) / 2 + fromMiddle / (2 * up), 1];
    }
  }
  return exact ? [(2 * o + 1) * down - up, 2 * up] : [((o + 0.5) * down) / up - 0.5, 1];
}

function rounded(round: Rounding, n: number, d: number): number {
  if (round === 'floor') return Math.floor(n / d);
  if (round === 'ceil') return Math.ceil(n / d);
  return round === 'round_prefer_floor' ? Math.ceil((2 * n - d) / (2 * d)) : Math.floor((2 * n + d) / (2 * d));
}

const cubicNear = (a: number, v: number) => ((a + 2) * v - (a + 3)) * v * v + 1;
const cubicFar = (a: number, v: number) => ((a * v - 5 * a) * v + 8 * a) * v - 4 * a;

const lanczos = (radius: number) => (v: number) => {
  if (v <= 1e-3) return 1;
  const p = Math.PI * v;
  return v > radius ? 0 : (radius * Math.sin(p) * Math.sin(p / radius)) / (p * p);
};

/** Half width and value at distance v >= 0. Sources: PyTorch (linear; cubic, a = -0.5), TensorFlow ScaleAndTranslate (the others). */
const FILTERS: Record<Filter, { radius: number; at: (v: number) => number }> = {
  linear: { radius: 1, at: (v) => Math.max(0, 1 - v) },
  cubic: { radius: 2, at: (v) => (v < 1 ? cubicNear(-0.5, v) : v < 2 ? cubicFar(-0.5, v) : 0) },
  lanczos3: { radius: 3, at: lanczos(3) },
  lanczos5: { radius: 5, at: lanczos(5) },
  gaussian: { radius: 1.5, at: (v) => (v >= 1.5 ? 0 : Math.exp(-(v * v) / 0.5)) },
  mitchell: {
    radius: 2,
    at: (v) => (v < 1 ? ((7 / 6) * v - 2) * v * v + 8 / 9 : v < 2 ? (((-7 / 18) * v + 2) * v - 10 / 3) * v + 16 / 9 : 0),
  },
};

const clamp = (i: number, size: number) => Math.min(Math.max(i, 0), size - 1);

/** Weights of the rows so far, one after another. */
class Weights {
  data = new Float64Array(64);
  length = 0;

  /** Makes room for more, all 0, and returns where they begin. */
  more(count: number): number {
    const from = this.length;
    this.length += count;
    if (this.length > this.data.length) {
      const larger = new Float64Array(Math.max(2 * this.data.length, this.length));
      larger.set(this.data);
      this.data = larger;
    }
    this.data.fill(0, from, this.length);
    return from;
  }
}

/** Weights of one row before they meet the border. */
let taps = new Float64Array(16);
const room = (count: number) => {
  if (count > taps.length) taps = new Float64Array(2 * count);
  return taps;
};

/** Puts `count` taps on inputs first, first + 1, …; those outside are dropped and the rest renormalised, or moved to the border pixel. Returns the first input. */
function place(out: Weights, first: number, count: number, inSize: number, excludeOutside: boolean): number {
  const end = first + count;
  if (first >= 0 && end <= inSize) {
    const at = out.more(count);
    for (let t = 0; t < count; t++) out.data[at + t] = taps[t]!;
    return first;
  }
  const start = clamp(first, inSize);
  const at = out.more(clamp(end - 1, inSize) - start + 1);
  if (!excludeOutside) {
    for (let t = 0; t < count; t++) out.data[at + clamp(first + t, inSize) - start]! += taps[t]!;
    return start;
  }
  let sum = 0;
  for (let i = Math.max(first, 0); i < Math.min(end, inSize); i++) sum += taps[i - first]!;
  for (let i = Math.max(first, 0); i < Math.min(end, inSize); i++) out.data[at + i - start] = taps[i - first]! / (sum || 1);
  return start;
}

/** Divides `count` taps by their sum. */
function normalise(count: number, least = 0): void {
  let sum = 0;
  for (let t = 0; t < count; t++) sum += taps[t]!;
  if (sum === 0 || Math.abs(sum) < least) return;
  for (let t = 0; t < count; t++) taps[t]! /= sum;
}

function windowed(out: Weights, rule: AxisRule & { kind: 'windowed' }, o: number): number {
  const { inSize, step, antialias, normalise: how } = rule;
  const { radius, at } = FILTERS[rule.filter];
  const stretch = antialias ? Math.max(step, 1) : 1;
  const centre = step * (o + 0.5);
  const reach = radius * stretch;
  const tf = how === 'tf';
  if (tf && (centre < 0 || centre > inSize)) return 0;
  const lo = tf ? clamp(Math.ceil(centre - reach - 0.5), inSize) : Math.max(Math.trunc(centre - reach + 0.5), 0);
  const hi = tf ? clamp(Math.floor(centre + reach - 0.5), inSize) + 1 : Math.min(Math.trunc(centre + reach + 0.5), inSize);
  const w = room(hi - lo);
  for (let j = lo; j < hi; j++) w[j - lo] = at(Math.abs((j - centre + 0.5) / stretch));
  normalise(hi - lo, tf ? 1000 * 2 ** -126 : 0);
  return place(out, lo, hi - lo, inSize, false);
}

/** ONNX antialiasing: the filter stretches when the scale is below 1, is normalised, and then meets the border. */
function stretched(out: Weights, rule: AxisRule & { kind: 'stretched' }, x: number): number {
  const { where, inSize, filter, a, excludeOutside } = rule;
  const stretch = Math.max(where.scale[1] / where.scale[0], 1);
  const reach = (filter === 'cubic' ? 2 : 1) * stretch;
  const first = Math.floor(x - reach) + 1;
  const count = Math.ceil(x + reach) - first;
  const at = filter === 'linear' ? (v: number) => Math.max(0, 1 - v) : (v: number) => (v < 1 ? cubicNear(a, v) : v < 2 ? cubicFar(a, v) : 0);
  const w = room(count);
  for (let t = 0; t < count; t++) w[t] = at(Math.abs(first + t - x) / stretch);
  normalise(count);
  return place(out, first, count, inSize, excludeOutside);
}

/** Appends the weights of row o and returns its first input. */
function row(out: Weights, rule: AxisRule, o: number): number {
  const { inSize, outSize } = rule;
  const even = (first: number, count: number, divisor = count) => {
    const at = out.more(count); // may replace out.data
    out.data.fill(1 / divisor, at, at + count);
    return first;
  };
  const one = (i: number) => even(i, 1);
  switch (rule.kind) {
    case 'copy':
      return one(o);
    case 'insert': {
      const i = (o - rule.offset) / rule.stride;
      return i >= 0 && Number.isInteger(i) && i < inSize ? one(i) : 0;
    }
    case 'area': {
      const lo = Math.floor((o * inSize) / outSize);
      return even(lo, Math.ceil(((o + 1) * inSize) / outSize) - lo);
    }
    case 'mean': {
      const first = o * rule.stride - rule.pad;
      const lo = Math.max(first, 0);
      const count = Math.min(first + rule.kernel, inSize) - lo;
      return even(lo, count, rule.by === 'padded' ? Math.min(first + rule.kernel, inSize + rule.end) - first : rule.by === 'inside' ? count : rule.by);
    }
    case 'nearest-f32': {
      const f = Math.fround;
      return one(Math.min(Math.floor(rule.half ? f((o + 0.5) * rule.step) : f(f(o) * rule.step)), inSize - 1));
    }
    case 'windowed':
      return windowed(out, rule, o);
  }
  const [n, d] = coordinate(rule.where, inSize, outSize, o);
  const slack = inSize * 2 ** -48; // roundings of a region such as -0.2 to 1.2
  if (rule.where.rule === 'tf_crop_and_resize' && (n / d < -slack || n / d > inSize - 1 + slack)) return 0;
  if (rule.kind === 'stretched') return stretched(out, rule, n / d);
  if (rule.kind === 'nearest') return one(clamp(rounded(rule.round, n, d), inSize));
  const i = Math.floor(n / d); // exact for integers below 2^52, and so is the remainder
  const t = (n - i * d) / d;
  if (rule.kind === 'linear') {
    taps[0] = 1 - t;
    taps[1] = t;
    return place(out, i, 2, inSize, false);
  }
  taps[0] = cubicFar(rule.a, t + 1);
  taps[1] = cubicNear(rule.a, t);
  taps[2] = cubicNear(rule.a, 1 - t);
  taps[3] = cubicFar(rule.a, 2 - t);
  return place(out, i - 1, 4, inSize, rule.excludeOutside);
}

/** Builds the rows of an axis. Weights that are exactly zero at either end are no taps. */
export function rowsOf(rule: AxisRule): Rows {
  const { inSize, outSize } = rule;
  const start = new Uint32Array(outSize);
  const ptr = new Uint32Array(outSize + 1);
  const out = new Weights();
  for (let o = 0; o < outSize; o++) {
    const from = row(out, rule, o);
    let lo = ptr[o]!;
    while (out.length - lo > 1 && out.data[out.length - 1] === 0) out.length--;
    while (out.length - lo > 1 && out.data[lo] === 0) lo++;
    start[o] = from + lo - ptr[o]!;
    out.data.copyWithin(ptr[o]!, lo, out.length);
    out.length -= lo - ptr[o]!;
    ptr[o + 1] = out.length;
  }
  return { inSize, start, ptr, weight: out.data.slice(0, out.length) };
}

/** The same map, transposed: row i lists the outputs that read input i, in rising order. */
export function transpose({ inSize, start, ptr, weight }: Rows): Rows {
  const outSize = start.length;
  const lo = new Uint32Array(inSize).fill(outSize);
  const hi = new Uint32Array(inSize);
  const each = (visit: (i: number, o: number, e: number) => void) => {
    for (let o = 0; o < outSize; o++) for (let e = ptr[o]!; e < ptr[o + 1]!; e++) visit(start[o]! + e - ptr[o]!, o, e);
  };
  each((i, o) => {
    lo[i] = Math.min(lo[i]!, o);
    hi[i] = Math.max(hi[i]!, o + 1);
  });
  const back = new Uint32Array(inSize + 1);
  for (let i = 0; i < inSize; i++) back[i + 1] = back[i]! + Math.max(hi[i]! - lo[i]!, 0);
  const weights = new Float64Array(back[inSize]!);
  each((i, o, e) => {
    weights[back[i]! + o - lo[i]!] = weight[e]!;
  });
  return { inSize: outSize, start: lo.map((o) => (o === outSize ? 0 : o)), ptr: back, weight: weights };
}

/** Most taps of any row. */
export function mostTaps({ ptr }: Rows): number {
  let most = 0;
  for (let o = 1; o < ptr.length; o++) most = Math.max(most, ptr[o]! - ptr[o - 1]!);
  return most;
}

/** Whether every row is one input with weight 1, or (unless `full`) nothing: then values are copied, bit for bit. */
export const isSelection = (rows: Rows): boolean => mostTaps(rows) <= 1 && rows.weight.every((w) => w === 1);

/** Whether the rows change nothing. */
export const isIdentity = (rows: Rows): boolean =>
  rows.start.length === rows.inSize && rows.weight.length === rows.inSize && isSelection(rows) && rows.start.every((i, o) => i === o);
