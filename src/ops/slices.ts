// Tensors above the device's limits: cut into windows that fit bindings, or refused. The same for every family.
import { UpsampleError } from '../check.ts';
import { type Adapter, BYTES, bytesOf, cover, type DType, type Step, type TensorSpec, type Window } from '../plan.ts';

/** A tensor of a plan, cut along its slowest axis. */
export interface Cut {
  readonly name: string;
  /** Bytes of an element. */
  readonly width: number;
  /** Elements of one of the axis. */
  readonly each: number;
  /** First element. */
  readonly at: number;
}

/** The cut of a tensor. */
export const cutOf = (name: string, { dtype, skew }: { readonly dtype: DType; readonly skew: number }, each: number): Cut => ({
  name,
  width: BYTES[dtype],
  each,
  at: skew,
});

/** A run of the axis whose bindings respect the limit. */
export interface Slice<N extends string = string> {
  /** First of the axis, and how many. */
  readonly first: number;
  readonly count: number;
  readonly bind: Readonly<Record<N, string | Window>>;
  /** First element of each tensor within its binding. */
  readonly at: Readonly<Record<N, number>>;
}

/** Where a tensor is bound, and its first element there. */
export interface Place {
  readonly bind: string | Window;
  readonly at: number;
}

/** The window of `count` elements from `first` on, and where the first lies in it: WebGPU aligns bindings to 256 bytes, and their sizes to 4. */
export function windowOf(of: string, width: number, first: number, count: number): { bind: Window; at: number } {
  const offset = Math.floor((first * width) / 256) * 256;
  return { bind: { of, offset, size: Math.ceil(((first + count) * width - offset) / 4) * 4 }, at: first - offset / width };
}

/** Cuts an axis of `total` into runs whose windows fit the binding limit.
 * @param one what the axis counts, for the sentence
 * @param even whether runs hold an even number: of 2-byte elements that are written as words
 * @param scratch bytes that one of the axis needs in a buffer which every run uses anew
 * @throws UpsampleError `limit-exceeded` where one alone does not fit */
export function slices<N extends string>(
  op: string,
  total: number,
  places: Readonly<Record<N, Cut>>,
  { limits }: Adapter,
  { one = 'sample', even = false, scratch = 0 } = {},
): Slice<N>[] {
  const names = Object.keys(places) as N[];
  const all = Object.values<Cut>(places);
  const each = <T>(of: (p: Cut) => T) => Object.fromEntries(names.map((name) => [name, of(places[name])])) as Record<N, T>;
  const room = scratch ? Math.min(limits.binding, limits.buffer) : limits.binding;
  if (all.every((p) => (p.at + total * p.each) * p.width <= limits.binding) && total * scratch <= room)
    return [{ first: 0, count: total, bind: each((p) => p.name), at: each((p) => p.at) }];
  const largest = Math.max(scratch, ...all.map((p) => p.each * p.width));
  const fit = Math.floor((room - 512) / largest); // a window may begin and end up to 256 bytes off
  const most = even ? fit - (fit % 2) : fit;
  if (most < 1) throw new UpsampleError('limit-exceeded', op, `one ${one} of ${largest} bytes exceeds a storage binding; the device allows ${room} bytes`);
  return Array.from({ length: Math.ceil(total / most) }, (_, i) => {
    const first = i * most;
    const count = Math.min(most, total - first);
    const windows = each((p) => windowOf(p.name, p.width, p.at + first * p.each, count * p.each));
    const of = <K extends 'bind' | 'at'>(key: K) =>
      Object.fromEntries(names.map((name) => [name, windows[name][key]])) as Record<N, { bind: Window; at: number }[K]>;
    return { first, count, bind: of('bind'), at: of('at') };
  });
}

/** A dispatch before its grid; `count` is the number of invocations, `all` what the kernel counts them against. */
export type Work = Omit<Step, 'grid'> & { readonly count: number; readonly all?: number };

/** Dispatches of at most `most` invocations that together cover the work: params `count` and `base` are filled in. */
export const dispatches = ({ count, all = count, ...step }: Work, { limits }: Adapter, most = Number.POSITIVE_INFINITY): Step[] =>
  cover(count, limits.groups, most).map(({ base, grid }) => ({ ...step, params: { ...step.params, count: all, base }, grid }));

/** Refuses results that no buffer can hold.
 * @throws UpsampleError `limit-exceeded` */
export function checkBuffers(op: string, outputs: Readonly<Record<string, Omit<TensorSpec, 'skew'>>>, { limits }: Adapter): void {
  for (const [name, spec] of Object.entries(outputs)) {
    const what = name === 'output' ? 'the result' : name;
    if (bytesOf(spec) > limits.buffer)
      throw new UpsampleError(
        'limit-exceeded',
        op,
        `${what} [${spec.shape.join(', ')}] needs ${bytesOf(spec)} bytes; the device allows buffers of ${limits.buffer}`,
      );
  }
}
