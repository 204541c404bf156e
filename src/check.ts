import { type DType, product } from './plan.ts';

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

/** Refuses what is no object of named values. */
export function checkObject(op: string, name: string, value: unknown, names: string): asserts value is object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(op, `${name} is ${show(value)}`, `expected an object with ${names}`);
}

/** Refuses options that the operation does not know: a misspelt option must not be ignored. */
export function checkOptions(op: string, options: unknown, known: readonly string[]): void {
  checkObject(op, 'options', options, known.join(', '));
  if ('ctx' in options) refuse(op, 'options is a tensor', `expected an object with ${known.join(', ')}`);
  for (const name of Object.keys(options)) if (!known.includes(name)) refuse(op, `unknown option "${name}"`, `options are ${known.join(', ')}`);
}

/** Options of a backward call apart from the gradients that it wants; what is no object is left to the checks. */
export function withoutGradients<O extends object>(options: O & { gradients?: unknown }): { gradients: unknown; rest: O } {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) return { gradients: undefined, rest: options };
  const { gradients, ...rest } = options;
  return { gradients, rest: rest as unknown as O };
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

/** Completes a number that the dtype can hold. */
export function storable(op: string, name: string, dtype: DType, value: unknown): number {
  if (typeof value !== 'number') refuse(op, `${name} is ${show(value)}`, 'expected a number');
  if (dtype === 'f32' || dtype === 'f16') return value;
  const [low, high] = dtype === 'u32' ? [0, 2 ** 32 - 1] : [-(2 ** 31), 2 ** 31 - 1];
  if (!Number.isInteger(value) || value < low || value > high) refuse(op, `${name} is ${value}`, `expected a whole number from ${low} to ${high} for ${dtype}`);
  return value;
}

/** The values of a list, a typed array among them; none of anything else. */
export const listed = (value: unknown): unknown[] | undefined =>
  Array.isArray(value) || ArrayBuffer.isView(value) ? Array.from(value as ArrayLike<unknown>) : undefined;

/** Completes an option that is one number or one number an axis. */
export function perAxis(op: string, name: string, value: unknown, rank: number, accept: (n: number) => boolean, expected: string): number[] {
  const list = listed(value) ?? new Array<unknown>(rank).fill(value);
  if (list.length !== rank) refuse(op, `${name} ${show(list)} has ${list.length} values for ${rank} spatial axes`, 'expected one number or one per axis');
  for (const n of list) if (typeof n !== 'number' || !accept(n)) refuse(op, `${name} is ${show(value)}`, `expected ${expected}`);
  return list as number[];
}

/** Completes paddings: cells [begin, end] of every axis, from one number, one an axis, or pairs. */
export function perSide(op: string, padding: unknown, rank: number): [number, number][] {
  const expected = 'expected whole numbers of 0 or more: one, one per axis, or a pair [begin, end] per axis';
  const list = listed(padding) ?? new Array<unknown>(rank).fill(padding ?? 0);
  if (list.length !== rank) refuse(op, `padding ${show(list)} has ${list.length} entries for ${rank} spatial axes`, expected);
  return list.map((entry) => {
    const pair = listed(entry) ?? [entry, entry];
    if (pair.length !== 2 || !pair.every((n) => Number.isInteger(n) && (n as number) >= 0)) refuse(op, `padding is ${show(padding)}`, expected);
    return pair as [number, number];
  });
}

export const isCount = (n: unknown): n is number => typeof n === 'number' && Number.isInteger(n) && n >= 1;

/** Checks a shape: whole numbers, not negative. */
export function checkShape(op: string, name: string, shape: unknown): readonly number[] {
  const list = listed(shape) ?? refuse(op, `${name} is ${show(shape)}`, 'expected an array of sizes');
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

/** Refuses data that is no flat list of numbers. */
export function checkNumbers(op: string, data: unknown): asserts data is ArrayLike<number> {
  const list = data as ArrayLike<unknown> | null | undefined;
  if (typeof list !== 'object' || typeof list?.length !== 'number') refuse(op, `data is ${show(data)}`, 'expected an array of numbers');
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) refuse(op, `data is ${show(data)}`, 'expected 32-bit numbers; see indicesFromInt64');
  if (ArrayBuffer.isView(data)) return;
  for (let i = 0; i < list.length; i++) if (typeof list[i] !== 'number') refuse(op, `data[${i}] is ${show(list[i])}`, 'expected numbers, in one flat array');
}
