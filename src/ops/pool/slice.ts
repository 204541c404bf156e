import { UpsampleError } from '../../check.ts';
import { type Adapter, BYTES, cover, product, type Step, type TensorSpec, type Window } from '../../plan.ts';

/** A tensor as kernels see it: [outer, D, H, W, inner] in memory, whatever its layout. */
export interface Place {
  readonly name: string;
  /** Bytes of an element. */
  readonly width: number;
  /** Elements of one of outer. */
  readonly each: number;
  /** First element. */
  readonly at: number;
}

export const placeOf = (name: string, { shape, dtype, layout, skew }: TensorSpec): Place => ({
  name,
  width: BYTES[dtype],
  each: product(layout === 'nchw' ? shape.slice(2) : shape.slice(1)),
  at: skew,
});

/** How often the planes or pixels of a tensor repeat: outer before the spatial axes, inner behind; and the channels that outer counts. */
export const around = ({ shape: [n, c], layout }: TensorSpec) =>
  layout === 'nchw' ? { outer: n! * c!, inner: 1, channels: c! } : { outer: n!, inner: c!, channels: 1 };

/** A run of outer whose bindings respect the limit. */
export interface Slice<N extends string> {
  /** First of outer, and how many. */
  readonly first: number;
  readonly outer: number;
  readonly bind: Readonly<Record<N, string | Window>>;
  /** First element of each tensor within its binding. */
  readonly at: Readonly<Record<N, number>>;
}

/** Cuts outer into runs whose windows fit the binding limit.
 * @param room bytes of one of outer in scratch memory that every run uses anew */
export function slices<N extends string>(op: string, outer: number, places: Readonly<Record<N, Place>>, { limits }: Adapter, room = 0): Slice<N>[] {
  const all = Object.values<Place>(places);
  const names = Object.keys(places) as N[];
  const each = (of: (p: Place, name: N) => unknown) => Object.fromEntries(names.map((name) => [name, of(places[name], name)]));
  if (all.every((p) => (p.at + outer * p.each) * p.width <= limits.binding) && outer * room <= Math.min(limits.binding, limits.buffer))
    return [{ first: 0, outer, bind: each((p) => p.name) as never, at: each((p) => p.at) as never }];
  const largest = Math.max(room, ...all.map((p) => p.each * p.width));
  const fit = Math.floor((limits.binding - 512) / largest);
  const most = all.some((p) => p.width === 2) ? fit - (fit % 2) : fit; // runs of 2-byte elements end on whole words
  if (most < 1)
    throw new UpsampleError('limit-exceeded', op, `one plane of ${largest} bytes exceeds a storage binding; the device allows ${limits.binding} bytes`);
  return Array.from({ length: Math.ceil(outer / most) }, (_, i) => {
    const count = Math.min(most, outer - i * most);
    const start = (p: Place) => p.at + i * most * p.each;
    const offset = (p: Place) => Math.floor((start(p) * p.width) / 256) * 256;
    const window = (p: Place): Window => ({
      of: p.name,
      offset: offset(p),
      size: Math.ceil(((start(p) + count * p.each) * p.width - offset(p)) / 4) * 4,
    });
    return { first: i * most, outer: count, bind: each(window) as never, at: each((p) => start(p) - offset(p) / p.width) as never };
  });
}

/** A dispatch before its grid; `count` is the number of invocations, `all` what the kernel counts them against. */
export type Work = Omit<Step, 'grid'> & { readonly count: number; readonly all?: number };

/** Dispatches of at most `most` invocations: params `count` and `base` are filled in. */
export const dispatches = ({ count, all = count, ...step }: Work, { limits }: Adapter, most = Number.POSITIVE_INFINITY): Step[] =>
  cover(count, limits.groups, most).map(({ base, grid }) => ({ ...step, params: { ...step.params, count: all, base }, grid }));

/** Refuses tensors that no buffer can hold.
 * @throws UpsampleError `limit-exceeded` */
export function checkLimits(op: string, outputs: Readonly<Record<string, TensorSpec>>, { limits }: Adapter): void {
  for (const [name, { shape, dtype }] of Object.entries(outputs)) {
    const bytes = product(shape) * BYTES[dtype];
    if (bytes > limits.buffer)
      throw new UpsampleError('limit-exceeded', op, `${name} [${shape.join(', ')}] needs ${bytes} bytes; the device allows buffers of ${limits.buffer}`);
  }
}
