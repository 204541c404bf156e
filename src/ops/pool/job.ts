import clear from '../../../shaders/pool/clear.wgsl';
import { type Adapter, fold, product, type Step, type TensorSpec } from '../../plan.ts';
import { dispatches, type Slice, slices } from '../slices.ts';
import type { Indexing, SpreadCall } from './call.ts';
import { stepsOf } from './format.ts';
import { windowsOf } from './max.ts';
import { around, placeOf } from './place.ts';

/** Bytes of a verdict's words, and of what stands for a buffer that a kernel does not use. */
export const VERDICT = 16;
/** Workgroups that meet the planes one after another where there is hardly ever anything to do: CPUs start workgroups with barriers slowly. */
const FEW = { software: 2, gpu: 32 } as const;
/** Windows for which one of them is enough. */
const ENOUGH = 2 ** 14;

export type Part = Slice<'small' | 'large' | 'indices'>;
/** A step before its parameters and its grid. */
export type Bare = Pick<Step, 'kernel' | 'types' | 'constants' | 'bind'>;
/** Steps, and the scratch memory they need. */
export interface Steps {
  readonly steps: Step[];
  readonly scratch: Readonly<Record<string, number>>;
}

/** Zeros. `bytes` is a multiple of 16. */
export const cleared = (name: string, bytes: number, adapter: Adapter): Step[] =>
  dispatches(
    {
      kernel: clear,
      types: {},
      constants: {},
      params: {},
      bind: { y: name },
      count: bytes / 16,
    },
    adapter,
  );

/** Fields of lib/cells.wgsl that tell how indices count. */
export const cellParams = (small: TensorSpec, indexing: Indexing) => {
  const { batch, channel, axes } = stepsOf(indexing);
  const { inner, channels } = around(small);
  return { inner, channels, plane: indexing.plane, unit: Math.min(...axes), steps: axes, batch, channel, column: Number(indexing.format === 'onnx-column') };
};

/** What all plans between windows and cells have in common. */
export function jobOf(call: SpreadCall, adapter: Adapter) {
  const { op, backward, free, small, large, indices, axes, indexing, duplicates } = call;
  const half = small.dtype === 'f16';
  const { outer, inner } = around(small);
  const names = { small: backward ? 'dx' : free ? 'input' : 'dy', large: backward ? 'dy' : free ? 'output' : 'dx' };
  const places = { small: placeOf(names.small, small), large: placeOf(names.large, large), indices: placeOf('indices', indices) };
  const [windows, cells] = [product(axes.map((a) => a.small)), product(axes.map((a) => a.large))];
  const fields = cellParams(small, indexing);
  const params = (part: Part) => ({
    ...{ ...fields, small: axes.map((a) => a.small), large: axes.map((a) => a.large), pad: axes.map((a) => a.pad) },
    ...{ outer: part.first, outers: part.count, small_at: part.at.small, large_at: part.at.large, indices_at: part.at.indices },
  });
  /** Parts whose windows fit; `bytes` of scratch memory a cell are used anew by each. */
  const partsWith = (bytes: number) => slices(op, outer, places, adapter, { one: 'plane', even: half, scratch: cells * inner * bytes });
  return {
    call,
    adapter,
    half,
    inner,
    windows,
    cells,
    params,
    partsWith,
    parts: partsWith(0),
    scratchOf: (parts: readonly Part[], bytes: number) => Math.ceil((Math.max(...parts.map((p) => p.count)) * cells * inner * bytes) / 16) * 16,
    /** The type that elements are copied as. */
    copied: half ? 'f16' : 'u32',
    kernels: windowsOf(axes),
    /** Whether no cell has two windows. */
    disjoint: axes.every((a) => (a.kernel - 1) * a.dilation < a.stride),
    REVERSE: Number(duplicates === 'first'),

    /** One invocation a window. */
    perWindow: (part: Part, step: Bare): Step[] => dispatches({ ...step, params: params(part), count: part.count * windows * inner }, adapter),
    /** One workgroup a plane, or with `few` several planes a workgroup. */
    perPlane: (part: Part, few: boolean, step: Bare): Step[] => {
      const planes = part.count * inner;
      const { limits, software } = adapter;
      const most = Math.max(Math.min(Math.floor(1e9 / (windows * 64 + cells)), limits.groups ** 3), 1);
      return Array.from({ length: Math.ceil(planes / most) }, (_, i) => {
        const count = Math.min((i + 1) * most, planes);
        const fresh = count - i * most;
        const groups = few ? Math.min(fresh, software ? FEW.software : FEW.gpu, Math.ceil((fresh * windows) / ENOUGH)) : fresh;
        return { ...step, params: { ...params(part), count, base: i * most }, grid: fold(groups, limits.groups) };
      });
    },
  };
}
export type Job = ReturnType<typeof jobOf>;
