import { product } from './plan.ts';

/** Why a call failed. `reason` tells apart the three ways of having no adapter. */
export type ErrorCode =
  | 'invalid-argument'
  | 'limit-exceeded'
  | 'out-of-memory'
  | 'device-lost'
  | 'compile'
  | 'index-out-of-range'
  | 'disposed'
  | 'device-mismatch'
  | 'no-adapter';

/** The one error class of this library. Its message is one sentence: `<op>: <what is wrong, with the numbers>; <what was expected>`. */
export class UpsampleError extends Error {
  override readonly name = 'UpsampleError';
  /** What kind of failure this is. */
  readonly code: ErrorCode;
  /** The operation that was called. */
  readonly op: string;
  /** For `no-adapter`: `insecure-context`, `no-navigator-gpu` or `no-adapter`. */
  readonly reason: string | undefined;
  constructor(code: ErrorCode, op: string, message: string, reason?: string) {
    super(`${op}: ${message}`);
    this.code = code;
    this.op = op;
    this.reason = reason;
  }
}

/** Throws `invalid-argument`. */
export function refuse(op: string, what: string, expected?: string): never {
  throw new UpsampleError('invalid-argument', op, expected ? `${what}; ${expected}` : what);
}

/** A value as a message shows it. */
export const show = (value: unknown): string => {
  if (typeof value === 'string') return `"${value}"`;
  if (typeof value === 'number' || value === undefined || value === null) return String(value);
  if (Array.isArray(value)) return `[${value.map(show).join(', ')}]`;
  return typeof value === 'object' ? (value.constructor?.name ?? 'an object') : String(value);
};

/** Refuses options that the operation does not know: a misspelt option must not be ignored. */
export function checkOptions(op: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    refuse(op, `options is ${show(options)}`, `expected an object with ${known.join(', ')}`);
  if ('ctx' in options) refuse(op, 'options is a tensor', `expected an object with ${known.join(', ')}`);
  for (const name of Object.keys(options)) if (!known.includes(name)) refuse(op, `unknown option "${name}"`, `options are ${known.join(', ')}`);
}

/** Completes a choice among words. */
export function oneOf<T extends string>(op: string, name: string, value: unknown, words: readonly T[], fallback: T): T {
  if (value === undefined) return fallback;
  if (!words.includes(value as T)) refuse(op, `${name} is ${show(value)}`, `expected one of ${words.join(', ')}`);
  return value as T;
}

/** Completes a flag. */
export function flag(op: string, name: string, value: unknown, fallback = false): boolean {
  if (value === undefined) return fallback;
  if (typeof value !== 'boolean') refuse(op, `${name} is ${show(value)}`, 'expected true or false');
  return value;
}

/** Completes a number. */
export function finite(op: string, name: string, value: unknown, fallback: number): number {
  if (value === undefined) return fallback;
  if (typeof value !== 'number' || !Number.isFinite(value)) refuse(op, `${name} is ${show(value)}`, 'expected a finite number');
  return value;
}

/** Completes an option that is one number or one number an axis. */
export function perAxis(op: string, name: string, value: unknown, rank: number, accept: (n: number) => boolean, expected: string): number[] {
  const list: unknown[] = Array.isArray(value) || ArrayBuffer.isView(value) ? Array.from(value as ArrayLike<unknown>) : new Array(rank).fill(value);
  if (list.length !== rank) refuse(op, `${name} ${show(list)} has ${list.length} values for ${rank} spatial axes`, 'expected one number or one per axis');
  for (const n of list) if (typeof n !== 'number' || !accept(n)) refuse(op, `${name} is ${show(value)}`, `expected ${expected}`);
  return list as number[];
}

export const isCount = (n: unknown): n is number => typeof n === 'number' && Number.isInteger(n) && n >= 1;

/** Checks a shape: whole numbers, not negative. */
export function checkShape(op: string, name: string, shape: unknown): readonly number[] {
  const list =
    Array.isArray(shape) || ArrayBuffer.isView(shape)
      ? Array.from(shape as ArrayLike<unknown>)
      : refuse(op, `${name} is ${show(shape)}`, 'expected an array of sizes');
  for (const n of list)
    if (typeof n !== 'number' || !Number.isInteger(n) || n < 0) refuse(op, `${name} is ${show(list)}`, 'expected whole numbers, not negative');
  return list as number[];
}

/** Most bytes a tensor may have: u32 indices and byte offsets reach no further. */
const MOST_BYTES = 2 ** 32 - 1;

/** Elements of a shape, refused where u32 arithmetic would wrap. */
export function countElements(op: string, name: string, shape: readonly number[], bytesPerElement: number): number {
  const n = product(shape);
  if (n * bytesPerElement > MOST_BYTES)
    throw new UpsampleError('limit-exceeded', op, `${name} [${shape.join(', ')}] needs ${n * bytesPerElement} bytes; at most ${MOST_BYTES} can be indexed`);
  return n;
}
