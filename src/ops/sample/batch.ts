import { UpsampleError } from '../../check.ts';
import { type Adapter, BYTES, cover, type Plan, product, type Step, type TensorSpec, type Window } from '../../plan.ts';
import { type SampleCall, tapsOf } from './call.ts';

/** Steps of a tensor in elements. */
export interface Strides {
  readonly batch: number;
  readonly channel: number;
  /** From pixel to pixel, in memory order. */
  readonly place: number;
}

export function stridesOf({ shape, layout }: TensorSpec): Strides {
  const channels = shape[1]!;
  const plane = product(shape.slice(2));
  return { batch: channels * plane, channel: layout === 'nchw' ? plane : 1, place: layout === 'nchw' ? 1 : channels };
}

/** A run of the batch whose bindings respect the limit: where each tensor lies, and its first element there. */
export interface Run {
  readonly batch: number;
  readonly bind: Readonly<Record<string, string | Window>>;
  readonly at: Readonly<Record<string, number>>;
}

/** Cuts the batch into runs.
 * @param scratch bytes of the largest scratch buffer for one of the batch: it is used by one run after another */
export function runsOf(op: string, tensors: Readonly<Record<string, TensorSpec>>, scratch: number, { limits }: Adapter): Run[] {
  const all = Object.entries(tensors).map(([name, t]) => ({ name, each: product(t.shape.slice(1)), width: BYTES[t.dtype], skew: t.skew }));
  const batch = Object.values(tensors)[0]!.shape[0]!;
  const room = Math.min(limits.binding, limits.buffer);
  if (all.every(({ each, width, skew }) => (skew + batch * each) * width <= limits.binding) && batch * scratch <= room)
    return [{ batch, bind: Object.fromEntries(all.map(({ name }) => [name, name])), at: Object.fromEntries(all.map(({ name, skew }) => [name, skew])) }];
  const largest = Math.max(scratch, ...all.map(({ each, width }) => each * width));
  const most = Math.floor((room - 512) / largest); // a window may begin and end up to 256 bytes off
  if (most < 1) throw new UpsampleError('limit-exceeded', op, `one sample of the batch needs a binding of ${largest} bytes; the device allows ${room}`);
  return Array.from({ length: Math.ceil(batch / most) }, (_, i) => {
    const count = Math.min(most, batch - i * most);
    const bind: Record<string, Window> = {};
    const at: Record<string, number> = {};
    for (const { name, each, width, skew } of all) {
      const first = skew + i * most * each;
      const offset = Math.floor((first * width) / 256) * 256;
      bind[name] = { of: name, offset, size: Math.ceil(((first + count * each) * width - offset) / 4) * 4 };
      at[name] = first - offset / width;
    }
    return { batch: count, bind, at };
  });
}

/** A dispatch before its grid; `count` is the number of invocations. */
export type Work = Omit<Step, 'grid'> & { readonly count: number };

/** Dispatches that together cover the work, each with at most about 1e9 multiply-adds of `each` an invocation. */
export const dispatches = ({ count, ...step }: Work, each: number, { limits }: Adapter): Step[] =>
  cover(count, limits.groups, Math.max(1e9 / each, 1)).map(({ base, grid }) => ({ ...step, params: { ...step.params, count, base }, grid }));

/** The overrides of `lib/coordinate.wgsl`. */
export const shapeOf = ({ mode, x }: SampleCall) => ({ MODE: ['nearest', 'bilinear', 'bicubic'].indexOf(mode), DIMS: x.shape.length - 2 });

/** What it reads of params. */
export const paddingOf = ({ paddingMode, alignCorners }: SampleCall) => ({
  padding: ['zeros', 'border', 'reflection'].indexOf(paddingMode),
  corners: Number(alignCorners),
});

/** D, H, W. */
export const sizeOf = ({ shape }: TensorSpec): readonly number[] => [1, ...shape.slice(2)].slice(-3);

/** Taps of a sample. */
export const allTaps = (call: SampleCall): number => tapsOf(call) ** (call.x.shape.length - 2);

/** Refuses results and scratch that no buffer can hold. */
export function checkSizes(op: string, outputs: Plan['outputs'], { limits }: Adapter): void {
  for (const [name, { shape, dtype }] of Object.entries(outputs)) {
    const bytes = product(shape) * BYTES[dtype];
    const what = name === 'output' ? 'the result' : name;
    if (bytes > limits.buffer)
      throw new UpsampleError('limit-exceeded', op, `${what} [${shape.join(', ')}] needs ${bytes} bytes; the device allows buffers of ${limits.buffer}`);
  }
}
