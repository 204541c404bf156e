// The reference: the same checks as the kernels, in float64, one element after another.

import { checkOptions } from '../../check.ts';
import type { Plain, PlainResult } from '../../plain.ts';
import { product, type TensorSpec } from '../../plan.ts';
import { type Chosen, checkSeed, type DropoutOptions, dropoutCall, type LeakyReluOptions, mapCall, pairBackwardCall, pairCall } from './arguments.ts';
import type { Binary, MapCall, PairCall, Unary } from './call.ts';
import { first, second, value } from './functions.ts';
import { given, places, plain } from './plain.ts';

const mapped = ({ x }: MapCall, of: (i: number) => number) =>
  plain(
    Float64Array.from({ length: product(x.shape) }, (_, i) => of(i)),
    x,
  );

const forward =
  <O extends object = object>(name: Unary) =>
  (x: Plain, options: O = {} as O): PlainResult => {
    const call = mapCall(name)(name, given(name, { x }), options);
    return mapped(call, (i) => value(name, call.slope, x.data[i]!));
  };
const backward =
  <O extends object = object>(name: Unary) =>
  (dy: Plain, x: Plain, options: O = {} as O): PlainResult => {
    const op = `${name}Backward`;
    const call = mapCall(name)(op, given(op, { dy, x }), options);
    return mapped(call, (i) => dy.data[i]! * first(name, call.slope, x.data[i]!));
  };
const again =
  <O extends object = object>(name: Unary) =>
  (g: Plain, dy: Plain, x: Plain, options: O = {} as O): PlainResult => {
    const op = `${name}DoubleBackward`;
    const call = mapCall(name)(op, given(op, { g, dy, x }), options);
    return mapped(call, (i) => g.data[i]! * dy.data[i]! * second(name, x.data[i]!));
  };

/** The second operand beside each element of the first. */
function beside({ a, b, strides }: PairCall, data: Plain | number): { at: (i: number) => number; place: (i: number) => number } {
  if (typeof b === 'number') return { at: () => Math.fround(data as number), place: () => 0 };
  const where = strides ? places(a, strides) : undefined;
  const place = (i: number) => (where ? where[i]! : i);
  return { at: (i) => (data as Plain).data[place(i)]!, place };
}

const FORWARD: Readonly<Record<Binary, (p: number, q: number) => number>> = {
  add: (p, q) => p + q,
  sub: (p, q) => p - q,
  mul: (p, q) => p * q,
  prelu: (p, q) => (p > 0 ? p : q * p),
};
/** dy times the derivatives. */
const BACKWARD: Readonly<Record<Binary, (dy: number, p: number, q: number) => readonly [number, number]>> = {
  add: (dy) => [dy, dy],
  sub: (dy) => [dy, -dy],
  mul: (dy, p, q) => [dy * q, dy * p],
  prelu: (dy, p, q) => (p > 0 ? [dy, 0] : [dy * q, dy * p]),
};

const pairwise =
  <B>(name: Binary, names: readonly [string, string] = ['a', 'b'], op: string = name) =>
  (a: Plain, b: B): PlainResult => {
    const call = pairCall(name, names)(op, given(op, { [names[0]]: a, [names[1]]: b as Plain | number }), {});
    const { at } = beside(call, b as Plain | number);
    return plain(
      Float64Array.from({ length: product(call.a.shape) }, (_, i) => FORWARD[name](a.data[i]!, at(i))),
      call.a,
    );
  };
const pairwiseBackward =
  <All extends string, B>(name: Binary, names: readonly [string, string]) =>
  <G extends All = All>(dy: Plain, a: Plain, b: B, options: Chosen<G> = {}): Record<G, PlainResult> => {
    const op = `${name}Backward`;
    const call = pairBackwardCall(name, names)(op, given(op, { dy, [names[0]]: a, [names[1]]: b as Plain | number }), options);
    const { at, place } = beside(call, b as Plain | number);
    const da = new Float64Array(product(call.a.shape));
    const db = new Float64Array(typeof b === 'number' ? 0 : product((call.b as TensorSpec).shape));
    for (let i = 0; i < da.length; i++) {
      const [p, q] = BACKWARD[name](dy.data[i]!, a.data[i]!, at(i));
      da[i] = p;
      db[place(i)]! += q;
    }
    const all = { a: () => plain(da, call.a), b: () => plain(db, call.b as TensorSpec) };
    return Object.fromEntries(call.gradients!.map((g) => [`d${names[g === 'a' ? 0 : 1]}`, all[g]()])) as Record<G, PlainResult>;
  };

/** Of a number there is no gradient. */
type PairwiseBackward = {
  <G extends 'da' | 'db' = 'da' | 'db'>(dy: Plain, a: Plain, b: Plain, options?: Chosen<G>): Record<G, PlainResult>;
  (dy: Plain, a: Plain, b: number, options?: Chosen<'da'>): Record<'da', PlainResult>;
  (dy: Plain, a: Plain, b: Plain | number, options?: Chosen<'da'>): { da: PlainResult; db?: PlainResult };
};

/** lowbias32 by C. Wellons, public domain. */
function mixed(value: number): number {
  let v = value >>> 0;
  v = Math.imul(v ^ (v >>> 16), 0x7feb352d);
  v = Math.imul(v ^ (v >>> 15), 0x846ca68b);
  return (v ^ (v >>> 16)) >>> 0;
}

const dropped =
  (op: string) =>
  (x: Plain, options: DropoutOptions = {} as DropoutOptions): PlainResult => {
    checkOptions(op, options, ['p', 'seed']);
    const { seed, ...rest } = options;
    const call = dropoutCall(op, given(op, { x }), rest);
    checkSeed(op, seed);
    const key = mixed(seed ^ 0x9e3779b9);
    return plain(
      Float64Array.from({ length: product(call.x.shape) }, (_, i) => (mixed(mixed(i) + key) >= call.threshold ? call.scale * x.data[i]! : 0)),
      call.x,
    );
  };

// Each as its namesake on the GPU.
export const relu = /*#__PURE__*/ forward('relu');
export const reluBackward = /*#__PURE__*/ backward('relu');
export const reluDoubleBackward = /*#__PURE__*/ again('relu');
export const leakyRelu = /*#__PURE__*/ forward<LeakyReluOptions>('leakyRelu');
export const leakyReluBackward = /*#__PURE__*/ backward<LeakyReluOptions>('leakyRelu');
export const leakyReluDoubleBackward = /*#__PURE__*/ again<LeakyReluOptions>('leakyRelu');
export const tanh = /*#__PURE__*/ forward('tanh');
export const tanhBackward = /*#__PURE__*/ backward('tanh');
export const tanhDoubleBackward = /*#__PURE__*/ again('tanh');
export const sigmoid = /*#__PURE__*/ forward('sigmoid');
export const sigmoidBackward = /*#__PURE__*/ backward('sigmoid');
export const sigmoidDoubleBackward = /*#__PURE__*/ again('sigmoid');
export const silu = /*#__PURE__*/ forward('silu');
export const siluBackward = /*#__PURE__*/ backward('silu');
export const siluDoubleBackward = /*#__PURE__*/ again('silu');
export const gelu = /*#__PURE__*/ forward('gelu');
export const geluBackward = /*#__PURE__*/ backward('gelu');
export const geluDoubleBackward = /*#__PURE__*/ again('gelu');
export const square = /*#__PURE__*/ forward('square');
export const squareBackward = /*#__PURE__*/ backward('square');
export const squareDoubleBackward = /*#__PURE__*/ again('square');
export const abs = /*#__PURE__*/ forward('abs');
export const absBackward = /*#__PURE__*/ backward('abs');
export const absDoubleBackward = /*#__PURE__*/ again('abs');
export const exp = /*#__PURE__*/ forward('exp');
export const expBackward = /*#__PURE__*/ backward('exp');
export const expDoubleBackward = /*#__PURE__*/ again('exp');
export const log = /*#__PURE__*/ forward('log');
export const logBackward = /*#__PURE__*/ backward('log');
export const logDoubleBackward = /*#__PURE__*/ again('log');
export const sqrt = /*#__PURE__*/ forward('sqrt');
export const sqrtBackward = /*#__PURE__*/ backward('sqrt');
export const sqrtDoubleBackward = /*#__PURE__*/ again('sqrt');
export const add = /*#__PURE__*/ pairwise<Plain | number>('add');
export const addBackward = /*#__PURE__*/ pairwiseBackward<'da' | 'db', Plain | number>('add', ['a', 'b']) as PairwiseBackward;
export const sub = /*#__PURE__*/ pairwise<Plain | number>('sub');
export const subBackward = /*#__PURE__*/ pairwiseBackward<'da' | 'db', Plain | number>('sub', ['a', 'b']) as PairwiseBackward;
export const mul = /*#__PURE__*/ pairwise<Plain | number>('mul');
export const mulBackward = /*#__PURE__*/ pairwiseBackward<'da' | 'db', Plain | number>('mul', ['a', 'b']) as PairwiseBackward;
export const scale = /*#__PURE__*/ pairwise<number>('mul', ['x', 'factor'], 'scale');
export const scaleBackward = /*#__PURE__*/ pairwise<number>('mul', ['dy', 'factor'], 'scaleBackward');
export const prelu = /*#__PURE__*/ pairwise<Plain>('prelu', ['x', 'w']);
export const preluBackward = /*#__PURE__*/ pairwiseBackward<'dx' | 'dw', Plain>('prelu', ['x', 'w']);
export const dropout = /*#__PURE__*/ dropped('dropout');
export const dropoutBackward = /*#__PURE__*/ dropped('dropoutBackward');
