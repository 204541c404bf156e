import { checkOptions, finite, refuse, show } from '../../check.ts';
import type { TensorSpec } from '../../plan.ts';
import type { Given } from '../several.ts';
import { checkReal, checkSame, repeated } from './broadcast.ts';
import type { Binary, DropoutCall, MapCall, PairCall, Unary } from './call.ts';

export interface LeakyReluOptions {
  /** Slope below 0; default 0.01. */
  negativeSlope?: number | undefined;
}

export interface DropoutOptions {
  /** Chance of an element to become 0, from 0 to 1; default 0.5. */
  p?: number | undefined;
  /** Whole number from 0 to 2^32 - 1: the same seed drops the same elements. */
  seed: number;
}

/** Which gradients are wanted. */
export interface Chosen<G extends string> {
  /** Default all. */
  gradients?: readonly G[] | undefined;
}

/** Completes a choice of gradients. */
export function chosen<G extends string>(op: string, value: unknown, all: readonly G[]): G[] {
  if (value === undefined) return [...all];
  if (!Array.isArray(value)) refuse(op, `gradients is ${show(value)}`, `expected some of ${all.join(', ')}`);
  for (const name of value) if (!all.includes(name)) refuse(op, `gradients contains ${show(name)}`, `expected some of ${all.join(', ')}`);
  if (!value.length) refuse(op, 'gradients is empty', `expected some of ${all.join(', ')}`);
  return all.filter((name) => value.includes(name));
}

/** Completes the arguments of a function of one number: of `g`, `dy` and `x`, those that are given choose the derivative. */
export const mapCall =
  (name: Unary) =>
  (op: string, { x, dy, g }: Given, options: LeakyReluOptions): MapCall => {
    checkOptions(op, options, name === 'leakyRelu' ? ['negativeSlope'] : []);
    const slope = name === 'leakyRelu' ? finite(op, 'negativeSlope', options.negativeSlope, 0.01) : 0;
    const input = x as TensorSpec;
    const back = dy as TensorSpec | undefined;
    const twice = g as TensorSpec | undefined;
    const known = Object.entries({ g: twice, dy: back, x: input }).filter((t): t is [string, TensorSpec] => t[1] !== undefined);
    const [[first, of]] = known as [[string, TensorSpec]];
    for (const [n, t] of known) {
      checkReal(op, n, t, of);
      if (t !== of) checkSame(op, n, t, first, of);
    }
    return { op, name, slope, x: input, ...(back && { dy: back }), ...(twice && { g: twice }) };
  };

/** Completes the arguments of a function of two numbers. */
export const pairCall =
  (name: Binary, names: readonly [string, string]) =>
  (op: string, given: Given, options: object): PairCall => {
    checkOptions(op, options, []);
    const a = given[names[0]] as TensorSpec;
    const b = given[names[1]]!;
    checkReal(op, names[0], a);
    const call = { op, name, names, a, b };
    if (typeof b === 'number') {
      finite(op, names[1], b, 0);
      return { ...call, strides: null };
    }
    checkReal(op, names[1], b, a);
    if (name === 'prelu' && b.shape.length !== 1) refuse(op, `w has shape [${b.shape.join(', ')}]`, 'expected [1] or [channels]');
    const same = b.shape.length === a.shape.length && b.shape.every((n, i) => n === a.shape[i]);
    if (same) checkSame(op, names[1], b, names[0], a);
    const strides = repeated(op, names[1], b, a);
    return { ...call, strides: same && name !== 'prelu' ? null : strides };
  };

/** Completes the arguments of the gradients of a function of two numbers. */
export const pairBackwardCall =
  (name: Binary, names: readonly [string, string]) =>
  (op: string, given: Given, options: Chosen<string>): PairCall => {
    checkOptions(op, options, ['gradients']);
    const call = pairCall(name, names)(op, given, {});
    const dy = given['dy'] as TensorSpec;
    checkReal(op, 'dy', dy, call.a);
    checkSame(op, 'dy', dy, names[0], call.a);
    const all = typeof call.b === 'number' ? [`d${names[0]}`] : names.map((n) => `d${n}`);
    const wanted = chosen(op, options.gradients, all);
    return { ...call, dy, gradients: (['a', 'b'] as const).filter((_, i) => wanted.includes(`d${names[i]}`)) };
  };

/** Completes the arguments of `dropout`. */
export function dropoutCall(op: string, { x }: Given, options: Omit<DropoutOptions, 'seed'>): DropoutCall {
  checkOptions(op, options, ['p']);
  const p = finite(op, 'p', options.p, 0.5);
  if (p < 0 || p > 1) refuse(op, `p is ${p}`, 'expected a chance from 0 to 1');
  const input = x as TensorSpec;
  checkReal(op, 'x', input);
  return { op, x: input, threshold: Math.round(p * 2 ** 32), scale: p === 1 ? 0 : 1 / (1 - p) };
}

/** Refuses what is no seed. */
export function checkSeed(op: string, seed: unknown): asserts seed is number {
  if (typeof seed !== 'number' || !Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32)
    refuse(op, `seed is ${show(seed)}`, 'expected a whole number from 0 to 2^32 - 1');
}
