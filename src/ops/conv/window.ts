import { type Adapter, BYTES, fold } from '../../plan.ts';
import { type Cut, type Slice, slices } from '../slices.ts';
import type { Geometry, Strides } from './geometry.ts';

/** Where a tensor of a call lies. */
export interface Place {
  readonly name: string;
  readonly dtype: 'f32' | 'f16';
  readonly strides: Strides;
  /** First element. */
  readonly at: number;
}

/** Runs of samples whose windows of both tensors fit bindings. */
export function batches(job: { readonly op: string; readonly geometry: Geometry; readonly x: Place; readonly y: Place }, adapter: Adapter): Slice<'x' | 'y'>[] {
  const cut = ({ name, dtype, strides, at }: Place): Cut => ({ name, width: BYTES[dtype], each: strides.batch, at });
  return slices(job.op, job.geometry.batch, { x: cut(job.x), y: cut(job.y) }, adapter);
}

/** Dispatches that together cover `count` workgroups of at most `most` each: the grid folds into y and z, and what is left starts at `base`. */
export function groups(count: number, limit: number, most: number): { base: number; grid: [number, number, number] }[] {
  const stride = Math.max(Math.min(Math.floor(most), limit ** 3), 1);
  const parts: { base: number; grid: [number, number, number] }[] = [];
  for (let base = 0; base < count; base += stride) parts.push({ base, grid: fold(Math.min(stride, count - base), limit) });
  return parts;
}

/** Invocations of a workgroup along the columns, and all: where there are few blocks of columns, the others take further rows.
 * @param same whether all must have the same rows */
export function lanes(blocks: number, adapter: Adapter, same = false): { size: number; lanes: number } {
  const size = workgroup(blocks, adapter);
  return blocks < size && !same ? { size, lanes: 2 ** Math.ceil(Math.log2(blocks)) } : { size, lanes: size };
}

/** Invocations of a workgroup that share rows and stand along `blocks` blocks of columns: as many as fit without many idle ones. */
export function workgroup(blocks: number, { software }: Adapter): number {
  const sizes = software ? [64, 32, 16, 8] : [64, 32];
  return sizes.find((n) => Math.ceil(blocks / n) * n <= blocks * 1.1) ?? sizes.at(-1)!;
}

/** The kernels of 32 or 16 rows whose subgroups share loads, where loads are dear and subgroups known: lib/share.wgsl. */
export const shared = ({ software, subgroup }: Adapter): readonly { rows: number; constants: { MANY: number; EIGHT: number } }[] =>
  software && subgroup >= 4 ? [32, 16].map((rows) => ({ rows, constants: { MANY: Number(rows === 32), EIGHT: Number(subgroup >= 8) } })) : [];
