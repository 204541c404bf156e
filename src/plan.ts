import type { Variant } from './kernel.ts';
import type { Verdict } from './verdict.ts';

export type DType = 'f32' | 'f16' | 'u32' | 'i32';
/** Order of a tensor in memory: channels before (`nchw`) or after (`nhwc`) the spatial axes, whatever the rank. Shapes are always written [N, C, ...spatial]. */
export type Layout = 'nchw' | 'nhwc';

export const BYTES = { f32: 4, f16: 2, u32: 4, i32: 4 } as const;

export const product = (list: readonly number[]): number => list.reduce((a, b) => a * b, 1);

/** A tensor without its data. */
export interface TensorSpec {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly layout: Layout;
  /** Elements between the start of its binding, which WebGPU aligns to 256 bytes, and its first element. */
  readonly skew: number;
}

/** Part of a buffer, in bytes; `offset` is a multiple of 256. */
export interface Window {
  readonly of: string;
  readonly offset: number;
  readonly size: number;
}

/** One dispatch, as plain data. */
export interface Step extends Variant {
  /** Fields of the shader's `struct Params`, by name. */
  readonly params: Readonly<Record<string, number | readonly number[]>>;
  /** Shader variable -> an input, an output, a scratch buffer or a table of the plan, or a window of one. */
  readonly bind: Readonly<Record<string, string | Window>>;
  readonly grid: readonly [number, number, number];
}

/** How an operation is carried out, as plain data: everything before it is arithmetic, everything after it is WebGPU. */
export interface Plan {
  readonly name: string;
  /** Why it is admissible, and when it is chosen. */
  readonly why: string;
  readonly outputs: Readonly<Record<string, TensorSpec>>;
  /** Scratch buffers: name -> bytes. */
  readonly scratch: Readonly<Record<string, number>>;
  /** Constant data that the kernels read. */
  readonly tables: Readonly<Record<string, Uint32Array>>;
  readonly steps: readonly Step[];
  /** Steps that read weights alone and run once for them, and the buffers they fill: name -> bytes. */
  readonly once?: readonly Step[];
  readonly kept?: Readonly<Record<string, number>>;
  /** What the words of the buffer `verdict`, which kernels raise and the context provides, say about the data. */
  readonly verdict?: Verdict;
  /** Floating-point operations of the result, without what blocks fill up. */
  readonly flops?: number;
}

/** What a chooser may know of the device: class and limits, never timings. */
export interface Adapter {
  readonly software: boolean;
  /** Invocations of every subgroup at least; 0 where kernels cannot use subgroups. */
  readonly subgroup: number;
  readonly limits: Limits;
}

/** Limits that plans must respect. */
export interface Limits {
  /** Largest storage binding, bytes. */
  readonly binding: number;
  /** Largest buffer, bytes. */
  readonly buffer: number;
  /** Workgroups per dimension. */
  readonly groups: number;
}

/** Invocations per workgroup of every one-dimensional kernel; `lib/grid.wgsl` has the same number. */
export const WORKGROUP = 64;

/** Dispatches that together cover `count` invocations once: the grid folds into y and z, and a count beyond that (or beyond
 * about `most` invocations, to keep one dispatch short) goes on in a further dispatch that starts at `base`. */
export function cover(count: number, limit: number, most = 2 ** 31): { base: number; grid: [number, number, number] }[] {
  const full = fold(Math.min(limit ** 3, Math.max(Math.floor(Math.min(most, 2 ** 31) / WORKGROUP), 1)), limit);
  const stride = full[0] * full[1] * full[2] * WORKGROUP;
  const parts: { base: number; grid: [number, number, number] }[] = [];
  for (let base = 0; base < count; base += stride)
    parts.push({ base, grid: count - base < stride ? fold(Math.ceil((count - base) / WORKGROUP), limit) : full });
  return parts;
}

/** The least lopsided x, y, z under the limit with x*y*z >= groups. */
export function fold(groups: number, limit: number): [number, number, number] {
  const z = Math.ceil(groups / limit ** 2);
  const y = Math.ceil(groups / z / limit);
  return [Math.ceil(groups / z / y), y, z];
}

/** Bytes of a tensor's elements. */
export const bytesOf = ({ shape, dtype }: Omit<TensorSpec, 'skew'>): number => product(shape) * BYTES[dtype];

/** Bytes a plan moves when each input, output and table is touched once. */
export const planBytes = (plan: Plan, inputs: Readonly<Record<string, TensorSpec>>): number =>
  [...Object.values(inputs), ...Object.values(plan.outputs)].reduce((sum, t) => sum + bytesOf(t), 0) +
  Object.values(plan.scratch).reduce((a, b) => a + 2 * b, 0);
