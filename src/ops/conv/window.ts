import { UpsampleError } from '../../check.ts';
import { type Adapter, BYTES, fold, type Window } from '../../plan.ts';
import type { Geometry, Strides } from './geometry.ts';

/** Where a tensor of a call lies. */
export interface Place {
  readonly name: string;
  readonly dtype: 'f32' | 'f16';
  readonly strides: Strides;
  /** First element. */
  readonly at: number;
}

/** A run of samples whose bindings respect the limit. */
export interface Slice {
  readonly batch: number;
  readonly x: string | Window;
  readonly y: string | Window;
  readonly xAt: number;
  readonly yAt: number;
}

/** Cuts the batch into runs whose windows fit the binding limit. */
export function slices(job: { readonly op: string; readonly geometry: Geometry; readonly x: Place; readonly y: Place }, { limits }: Adapter): Slice[] {
  const { batch } = job.geometry;
  const { x, y } = job;
  const end = (p: Place) => (p.at + batch * p.strides.batch) * BYTES[p.dtype];
  if (Math.max(end(x), end(y)) <= limits.binding) return [{ batch, x: x.name, y: y.name, xAt: x.at, yAt: y.at }];
  const each = Math.max(x.strides.batch * BYTES[x.dtype], y.strides.batch * BYTES[y.dtype]);
  const most = Math.floor((limits.binding - 512) / each);
  if (most < 1)
    throw new UpsampleError('limit-exceeded', job.op, `one sample of ${each} bytes exceeds a storage binding; the device allows ${limits.binding} bytes`);
  return Array.from({ length: Math.ceil(batch / most) }, (_, i) => {
    const count = Math.min(most, batch - i * most);
    const window = (p: Place): [Window, number] => {
      const width = BYTES[p.dtype];
      const first = p.at + i * most * p.strides.batch;
      const offset = Math.floor((first * width) / 256) * 256;
      return [{ of: p.name, offset, size: Math.ceil(((first + count * p.strides.batch) * width - offset) / 4) * 4 }, first - offset / width];
    };
    const [xWindow, xAt] = window(x);
    const [yWindow, yAt] = window(y);
    return { batch: count, x: xWindow, y: yWindow, xAt, yAt };
  });
}

/** Dispatches that together cover `count` workgroups of at most `most` each: the grid folds into y and z, and what is left starts at `base`. */
export function groups(count: number, limit: number, most: number): { base: number; grid: [number, number, number] }[] {
  const stride = Math.max(Math.min(Math.floor(most), limit ** 3), 1);
  const parts: { base: number; grid: [number, number, number] }[] = [];
  for (let base = 0; base < count; base += stride) parts.push({ base, grid: fold(Math.min(stride, count - base), limit) });
  return parts;
}

/** Invocations of a workgroup along the columns, and all: where there are few blocks of columns, the others take further rows. */
export function lanes(blocks: number, adapter: Adapter): { size: number; lanes: number } {
  const size = workgroup(blocks, adapter);
  return blocks < size ? { size, lanes: 2 ** Math.ceil(Math.log2(blocks)) } : { size, lanes: size };
}

/** Invocations of a workgroup that share rows and stand along `blocks` blocks of columns: as many as fit without many idle ones. */
export function workgroup(blocks: number, { software }: Adapter): number {
  const sizes = software ? [64, 32, 16, 8] : [64, 32];
  return sizes.find((n) => Math.ceil(blocks / n) * n <= blocks * 1.1) ?? sizes.at(-1)!;
}
