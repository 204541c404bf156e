// Elements one after another: how the kernels that take them one by one, or in cells of four, are dispatched.

import { type Adapter, BYTES, cover, type DType, type Limits, type Step, type Window } from '../../plan.ts';
import type { Kernel } from '../../shader.ts';
import { type Place, windowOf } from '../slices.ts';

/** Elements of a wide cell. */
export const LANES = 4;

/** A tensor whose element i belongs to element i of the call. */
export interface Flat {
  /** Variable of the shader; its type is `cell_<slot>`, its first cell `<slot>_at`. */
  readonly slot: string;
  /** Name in the plan. */
  readonly name: string;
  readonly dtype: DType;
  readonly skew: number;
}

/** Part of a call: elements from `first` on, in cells of one or four. */
export interface Run {
  readonly first: number;
  readonly cells: number;
  readonly lanes: number;
  readonly types: Readonly<Record<string, string>>;
  readonly bind: Readonly<Record<string, string | Window>>;
  /** First cell of each tensor within its binding. */
  readonly at: Readonly<Record<string, number>>;
}

/** Cells as a shader has them. */
export const cellOf = (dtype: DType, lanes: number): string => (lanes === 1 ? dtype : `vec4<${dtype}>`);

/** A run of elements of a tensor: all of it, or a window where a binding would be too small. */
export const stretchOf = (name: string, dtype: DType, skew: number, first: number, count: number, { binding }: Limits): Place =>
  (skew + first + count) * BYTES[dtype] <= binding ? { bind: name, at: skew + first } : windowOf(name, BYTES[dtype], skew + first, count);

/** Whether cells of four begin where every tensor begins. */
export const aligned = (flats: readonly { readonly skew: number }[]): boolean => flats.every(({ skew }) => skew % LANES === 0);

/** Below, what is left over of cells of four is not worth a dispatch of its own. */
const FEW = 1024;

/** Cuts n elements into runs that fit bindings, of wide cells and what is left over, or of single elements. */
export function runs(n: number, flats: readonly Flat[], wide: boolean, { limits }: Adapter): Run[] {
  const width = Math.max(...flats.map((f) => BYTES[f.dtype]));
  const whole = Math.max(...flats.map((f) => (f.skew + n) * BYTES[f.dtype])) <= limits.binding;
  const most = whole ? Math.max(n, 1) : Math.max(Math.floor((limits.binding - 512) / width / 128), 1) * 128;
  const list: Run[] = [];
  const add = (first: number, count: number, lanes: number) => {
    if (count < lanes) return;
    const windows = flats.map((f) => stretchOf(f.name, f.dtype, f.skew, first, count, limits));
    list.push({
      ...{ first, lanes, cells: Math.floor(count / lanes) },
      types: { ...Object.fromEntries(flats.map((f) => [`cell_${f.slot}`, cellOf(f.dtype, lanes)])), num: cellOf('f32', lanes) },
      bind: Object.fromEntries(flats.map((f, i) => [f.slot, windows[i]!.bind])),
      at: Object.fromEntries(flats.map((f, i) => [`${f.slot}_at`, windows[i]!.at / lanes])),
    });
  };
  const lanes = wide && aligned(flats) && (n % LANES === 0 || n >= FEW) ? LANES : 1;
  for (let first = 0; first < n; first += most) {
    const count = Math.min(most, n - first);
    add(first, count - (count % lanes), lanes);
    add(first + count - (count % lanes), count % lanes, 1);
  }
  return list;
}

/** The dispatches of runs. `rest` gives what the kernel needs beside its tensors. */
export const dispatches = (
  kernel: Kernel,
  list: readonly Run[],
  rest: (run: Run) => Pick<Step, 'constants' | 'params'> & Partial<Pick<Step, 'types' | 'bind'>>,
  { limits }: Adapter,
): Step[] =>
  list.flatMap((run) => {
    const { constants, params, types, bind } = rest(run);
    return cover(run.cells, limits.groups).map(({ base, grid }) => ({
      kernel,
      types: { ...run.types, ...types },
      constants,
      params: { ...run.at, ...params, count: run.cells, base },
      bind: { ...run.bind, ...bind },
      grid,
    }));
  });
