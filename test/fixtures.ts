// Outside results and how to compare with them. The format is described in fixtures/README.md.

// Not new URL(`./fixtures/${path}`, import.meta.url): Vite rewrites that pattern into a glob without sub-folders.
const base = new URL('fixtures/', import.meta.url.replace(/\?.*/, ''));

/** Bytes of test/fixtures/<path>, in Node and in the browser. */
export async function bytes(path: string): Promise<ArrayBuffer> {
  const url = new URL(path, base);
  if (url.protocol === 'file:') {
    const b = await (await import('node:fs/promises')).readFile(url);
    return b.buffer.slice(b.byteOffset, b.byteOffset + b.length) as ArrayBuffer;
  }
  const r = await fetch(url); // the Vite server serves files under the root
  if (!r.ok) throw new Error(`${url}: ${r.status}`);
  return r.arrayBuffer();
}

export type Numbers = Float32Array | Float64Array | Int32Array | Uint32Array | Int16Array | Uint16Array | Int8Array | Uint8Array;

/** A tensor of a fixture, as the index describes it, with its data. */
export interface Rec {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: Numbers;
  readonly maxAbs?: number;
  readonly scaleAbs?: number;
  readonly nonFinite?: number;
  /** In place of the data: some elements of the result, and its dot product with a generated vector. */
  readonly samples?: { readonly positions: Numbers; readonly values: Numbers };
  readonly dot?: { readonly seed: number; readonly value: number };
}

export interface Case {
  readonly name: string;
  readonly op: string;
  readonly attrs: Readonly<Record<string, unknown>>;
  readonly inputs: readonly (Rec | null)[];
  readonly outputs: readonly Rec[];
  readonly cotangents: readonly Rec[];
  readonly grads: readonly (Rec | null)[];
  readonly tags?: readonly string[];
  readonly params?: Readonly<Record<string, readonly number[]>>;
  readonly tolAbs?: number;
  readonly rule?: 'throw' | 'accept' | 'either';
}

const TYPES = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} as const;

/** 32 bits of a whole number and a seed (lowbias32). */
export function hash32(i: number, seed: number): number {
  let x = (i + Math.imul(seed, 0x9e3779b9)) >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}

/** Element i of a generated tensor: 24 bits in [-1, 1), exact in float32. */
export const generated = (i: number, seed: number): number => (hash32(i, seed) >>> 8) * 2 ** -23 - 1;

/** A generated tensor. */
export const generate = (n: number, seed: number, scale = 1): Float32Array<ArrayBuffer> =>
  Float32Array.from({ length: n }, (_, i) => generated(i, seed) * scale);

export const count = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** A tensor as the index has it. */
export interface Stored extends Rec {
  readonly offset?: number;
  readonly length: number;
  readonly gen?: { readonly seed: number; readonly scale: number };
}

/** A tensor of the index with its data. */
export function restored(rec: Stored | null, bin: ArrayBuffer): Rec | null {
  if (!rec) return null;
  if (rec.gen) return { ...rec, data: generate(count(rec.shape), rec.gen.seed, rec.gen.scale) };
  if (rec.samples) {
    const part = (name: 'positions' | 'values') => (restored(rec.samples![name] as unknown as Stored, bin) as Rec).data;
    return { ...rec, samples: { positions: part('positions'), values: part('values') } };
  }
  if (rec.offset === undefined) return rec; // only a shape
  const type = TYPES[rec.dtype as keyof typeof TYPES] ?? (rec.dtype === 'float16' ? Uint16Array : undefined);
  if (!type) throw new Error(`${rec.name}: unknown dtype ${rec.dtype}`);
  if (count(rec.shape) !== rec.length) throw new Error(`${rec.name}: ${rec.length} elements for [${rec.shape}]`);
  return { ...rec, data: new type(bin, rec.offset, rec.length) };
}

/** The cases of a set whose operation is one of `ops`. */
export async function load(set: string, ops: readonly string[]): Promise<Case[]> {
  const [text, bin] = await Promise.all([bytes(`${set}/index.json`).then((b) => new TextDecoder().decode(b)), bytes(`${set}/data.bin`)]);
  const index = JSON.parse(text) as { format: string; bin: { bytes: number }; cases: Case[] };
  if (index.format !== 'upfix/1' || index.bin.bytes !== bin.byteLength) throw new Error(`${set}: not a set of this format`);
  const all = (list: readonly (Rec | null)[] | undefined) => (list ?? []).map((r) => restored(r as Stored | null, bin));
  return index.cases
    .filter((c) => ops.includes(c.op))
    .map((c) => ({ ...c, inputs: all(c.inputs), outputs: all(c.outputs) as Rec[], cotangents: all(c.cotangents) as Rec[], grads: all(c.grads) }));
}

/** What is allowed: `units` of 2^-24 * scale, and beside it `relative` of the value expected. */
export interface Bound {
  readonly units: number;
  readonly scale: number;
  readonly relative?: number;
}

/** The first element beyond the bound, as a sentence; '' where there is none. NaN must meet NaN, infinities must be equal. */
export function differs(actual: ArrayLike<number>, expected: ArrayLike<number>, { units, scale, relative = 0 }: Bound): string {
  if (actual.length !== expected.length) return `${actual.length} elements, expected ${expected.length}`;
  const allowed = units ? Math.max(units * 2 ** -24 * scale, 2 ** -126) : 0; // arithmetic may flush denormals
  let worst = 0;
  let at = -1;
  for (let i = 0; i < expected.length; i++) {
    const a = actual[i]!;
    const e = expected[i]!;
    if (a === e || (Number.isNaN(a) && Number.isNaN(e))) continue;
    const error = Number.isFinite(a) && Number.isFinite(e) ? Math.abs(a - e) - relative * Math.abs(e) : Number.POSITIVE_INFINITY;
    if (error > allowed && error > worst) {
      worst = error;
      at = i;
    }
  }
  return at < 0 ? '' : `element ${at} is ${actual[at]}, expected ${expected[at]}: ${(worst / (2 ** -24 * scale)).toFixed(2)} u, allowed ${units.toFixed(2)}`;
}

/** The samples of a result beyond the bound, or its dot product beyond units * sqrt(n), as a sentence. */
export function samplesDiffer(actual: ArrayLike<number>, rec: Rec, bound: Bound): string {
  const { positions, values } = rec.samples!;
  const some = differs(
    Array.from(positions, (p) => actual[p]!),
    values,
    bound,
  );
  if (some) return `samples: ${some}`;
  let sum = 0;
  for (let i = 0; i < actual.length; i++) sum += actual[i]! * generated(i, rec.dot!.seed);
  const error = Math.abs(sum - rec.dot!.value) / (2 ** -24 * bound.scale * Math.sqrt(actual.length));
  return error <= Math.max(bound.units, 1) ? '' : `dot product is ${sum}, expected ${rec.dot!.value}: ${error} u`;
}
