import check from '../../../shaders/pool/check.wgsl';
import claim from '../../../shaders/pool/claim.wgsl';
import clear from '../../../shaders/pool/clear.wgsl';
import gather from '../../../shaders/pool/gather.wgsl';
import give from '../../../shaders/pool/give.wgsl';
import narrow from '../../../shaders/pool/narrow.wgsl';
import pick from '../../../shaders/pool/pick.wgsl';
import place from '../../../shaders/pool/place.wgsl';
import settle from '../../../shaders/pool/settle.wgsl';
import spread from '../../../shaders/pool/spread.wgsl';
import value from '../../../shaders/pool/value.wgsl';
import yieldKernel from '../../../shaders/pool/yield.wgsl';
import { type Adapter, cover, fold, type Plan, type Step, type TensorSpec } from '../../plan.ts';
import { product } from '../conv/geometry.ts';
import type { Indexing, SpreadCall } from './call.ts';
import { stepsOf } from './format.ts';
import { windowsOf } from './max.ts';
import { outsideError } from './outside.ts';
import { around, checkLimits, dispatches, placeOf, type Slice, slices } from './slice.ts';

/** Bytes of a verdict's words. */
const VERDICT = 16;
/** Workgroups that meet the planes one after another where there is hardly ever anything to do: CPUs start workgroups with barriers slowly. */
const FEW = { software: 2, gpu: 32 } as const;
/** Windows for which one of them is enough. */
const ENOUGH = 2 ** 14;
/** Windows over a cell up to which asking all of them is cheaper than an owner for every cell. */
const MANY = 16;

type Part = Slice<'small' | 'large' | 'indices'>;

/** How a verdict begins: the context's words are 0, a plan's own are cleared. */
export const ownVerdict = ({ limits }: Adapter): Step[] => cleared('verdict', VERDICT, limits.groups);

const cleared = (name: string, bytes: number, limit: number): Step[] =>
  cover(Math.ceil(bytes / 16), limit).map(({ base, grid }) => ({
    kernel: clear,
    types: {},
    constants: {},
    params: { count: Math.ceil(bytes / 16), base },
    bind: { y: name },
    grid,
  }));

/** Fields of lib/cells.wgsl that the tensors decide. */
export const cellParams = (small: TensorSpec, indexing: Indexing) => {
  const { batch, channel, axes } = stepsOf(indexing);
  const { inner, channels } = around(small);
  return { inner, channels, plane: indexing.plane, unit: Math.min(...axes), steps: axes, batch, channel, column: Number(axes[1] < axes[2]) };
};

/** Every admissible plan of max unpooling, its gradient, and the gradient of max pooling, best first for the adapter.
 * @throws UpsampleError `limit-exceeded` when a tensor cannot be bound, not even in windows */
export function spreadPlans(call: SpreadCall, adapter: Adapter): Plan[] {
  const { op, backward, free, small, large, indices, axes, indexing, duplicates } = call;
  const outputs = backward ? { dx: small } : free ? { output: large } : { dx: large };
  checkLimits(op, outputs, adapter);
  const names = { small: backward ? 'dx' : free ? 'input' : 'dy', large: backward ? 'dy' : free ? 'output' : 'dx' };
  const empty: Plan = { name: 'empty', why: 'nothing to compute', outputs, scratch: {}, tables: {}, steps: [] };
  if (product(small.shape) === 0) return [empty];

  const half = small.dtype === 'f16';
  const { outer, inner } = around(small);
  const places = { small: placeOf(names.small, small), large: placeOf(names.large, large), indices: placeOf('indices', indices) };
  const [windows, cells] = [product(axes.map((a) => a.small)), product(axes.map((a) => a.large))];
  const fields = cellParams(small, indexing);
  const kernels = windowsOf(axes);
  const { DD: _d, DH: _h, DW: _w, ...flatKernels } = kernels;
  const REVERSE = Number(duplicates === 'first');
  const params = (part: Part) => ({
    ...{ ...fields, small: axes.map((a) => a.small), large: axes.map((a) => a.large), pad: axes.map((a) => a.pad) },
    ...{ outer: part.first, outers: part.outer, small_at: part.at.small, large_at: part.at.large, indices_at: part.at.indices },
  });
  const copied = half ? 'f16' : 'u32';
  const disjoint = axes.every((a) => (a.kernel - 1) * a.dilation < a.stride);
  const summing = duplicates === 'sum' && !disjoint;

  /** Parts whose windows fit; owners and sums of one part at a time need scratch memory of `bytes` a cell. */
  const partsWith = (bytes: number) => slices(op, outer, places, adapter, cells * inner * bytes);
  const scratchOf = (parts: readonly Part[], bytes: number) => Math.ceil((Math.max(...parts.map((p) => p.outer)) * cells * inner * bytes) / 16) * 16;
  const plain = partsWith(0);

  /** One invocation a window. */
  const perWindow = (part: Part, step: Pick<Step, 'kernel' | 'types' | 'constants' | 'bind'>, most?: number) =>
    dispatches({ ...step, params: params(part), count: part.outer * windows * inner }, adapter, most);
  /** One workgroup a plane, or with `few` several planes a workgroup. */
  const perPlane = (part: Part, few: boolean, step: Pick<Step, 'kernel' | 'types' | 'constants' | 'bind'>): Step[] => {
    const planes = part.outer * inner;
    const groups = Math.min(planes, adapter.software ? FEW.software : FEW.gpu, Math.ceil((planes * windows) / ENOUGH));
    if (few) return [{ ...step, params: { ...params(part), count: planes, base: 0 }, grid: fold(groups, adapter.limits.groups) }];
    const most = Math.max(Math.min(Math.floor(1e9 / (windows * 64 + cells)), adapter.limits.groups ** 3), 1);
    return Array.from({ length: Math.ceil(planes / most) }, (_, i) => {
      const count = Math.min((i + 1) * most, planes);
      return { ...step, params: { ...params(part), count, base: i * most }, grid: fold(count - i * most, adapter.limits.groups) };
    });
  };

  const gathers = (width: 1 | 4): Step[] => {
    const wide = (type: string) => (width === 4 ? `vec4<${type}>` : type);
    const real = summing ? small.dtype : copied;
    const types = { real: wide(real), wide: wide(summing ? 'f32' : copied), places: wide('u32'), ...(width === 4 && { LANES: 'vec4u(0u, 1u, 2u, 3u)' }) };
    const candidates = product(axes.map((a) => Math.floor(((a.kernel - 1) * a.dilation) / a.stride) + 1));
    return plain.flatMap((part) => {
      const { small_at, large_at, indices_at, ...rest } = params(part);
      return dispatches(
        {
          kernel: gather,
          types,
          constants: { ...kernels, WIDTH: width, SUM: Number(summing), REVERSE },
          params: { ...rest, inner: inner / width, small_at: small_at / width, large_at: large_at / width, indices_at: indices_at / width },
          bind: part.bind,
          count: (part.outer * cells * inner) / width,
        },
        adapter,
        Math.max(Math.floor(1e9 / (candidates * width)), 1),
      );
    });
  };
  const spreads = (CHECK: number, verdict: string) =>
    plain.flatMap((part) => {
      const { small_at, large_at, indices_at, ...rest } = params(part);
      return dispatches(
        {
          kernel: spread,
          types: {},
          constants: { SD: axes[0].stride, SH: axes[1].stride, PAIRS, CROP, CHECK },
          params: { ...rest, small_at: small_at / 2, large_at: large_at / 4, indices_at: indices_at / 2 },
          bind: { ...part.bind, verdict },
          count: (part.outer * windows) / 2 / PAIRS,
        },
        adapter,
      );
    });
  const placesOf = (width: 1 | 4, CHECK: number, verdict: string) => {
    const wide = (type: string) => (width === 4 ? `vec4<${type}>` : type);
    const types = { real: wide(copied), places: wide('u32'), ...(width === 4 && { LANES: 'vec4u(0u, 1u, 2u, 3u)' }) };
    const { SD, SH, SW } = kernels;
    return plain.flatMap((part) => {
      const { small_at, large_at, indices_at, ...rest } = params(part);
      return dispatches(
        {
          kernel: place,
          types,
          constants: { SD, SH, SW, WIDTH: width, CROP, CHECK },
          params: { ...rest, inner: inner / width, small_at: small_at / width, large_at: large_at / width, indices_at: indices_at / width },
          bind: { ...part.bind, verdict },
          count: (part.outer * windows * inner) / width,
        },
        adapter,
        Math.max(Math.floor(1e9 / (SD * SH * SW * width)), 1),
      );
    });
  };
  const aligned = (unit: { small: number; large: number; indices: number }) =>
    plain.every(({ at }) => at.small % unit.small === 0 && at.large % unit.large === 0 && at.indices % unit.indices === 0);
  const [d, h, w] = axes;
  const sideBySide =
    axes.every((a) => a.kernel === a.stride && a.dilation === 1 && a.pad === 0 && a.large <= a.small * a.stride) &&
    indexing.plane.every((n, i) => n >= axes[i]!.large);
  const CROP = Number(axes.some((a) => a.large < a.small * a.stride));
  const inPairs =
    sideBySide && !half && inner === 1 && w.stride === 2 && w.large === 2 * w.small && w.large % 4 === 0 && aligned({ small: 2, large: 4, indices: 2 });
  const PAIRS = w.small % 8 === 0 ? 4 : w.small % 4 === 0 ? 2 : 1;
  const pixels = inner % 4 === 0 && aligned({ small: 4, large: 4, indices: 4 });
  const sides = `windows of ${d.stride}x${h.stride}x${w.stride} side by side: each index is read once, and all its cells are written`;
  const asked = 'each cell asks the windows over it';

  if (!free) {
    const make = (name: string, why: string, steps: Step[], scratch: Plan['scratch'] = {}): Plan => ({ ...empty, name, why, steps, scratch });
    return [
      ...(inPairs ? [make('spread', `${sides} as vectors`, spreads(0, 'unused'), { unused: VERDICT })] : []),
      ...(sideBySide && pixels ? [make('place vec4', `${sides}, vectors of channels`, placesOf(4, 0, 'unused'), { unused: VERDICT })] : []),
      ...(sideBySide ? [make('place', sides, placesOf(1, 0, 'unused'), { unused: VERDICT })] : []),
      ...(pixels ? [make('pixel', `${asked}, vectors of channels`, gathers(4))] : []),
      make('plain', asked, gathers(1)),
    ];
  }

  /** The verdict around a plan's steps: its words 0 before where steps depend on them, and the value that is reported after. */
  const judged = (name: string, why: string, steps: readonly Step[], scratch: Plan['scratch'], guarded: boolean): Plan => {
    const last = plain.map((part): Step => {
      const bind = { indices: part.bind.indices, verdict: 'verdict' };
      return { kernel: value, types: {}, constants: {}, params: { ...params(part), count: 1, base: 0 }, bind, grid: [1, 1, 1] };
    });
    if (call.check)
      return {
        ...empty,
        name,
        why,
        scratch,
        steps: [...steps, ...last],
        verdict: ([, place, found]) => (place ? outsideError(call, 0xffffffff - place, found!) : null),
      };
    return { ...empty, name, why, scratch: { ...scratch, verdict: VERDICT }, steps: [...(guarded ? ownVerdict(adapter) : []), ...steps] };
  };
  const otherwise = 'an index that leaves its window makes the planes be filled one window after another instead';

  /** Any indices, in order. Sums of f16 are made in f32. */
  const settled = (guarded: boolean): { steps: Step[]; scratch: Plan['scratch'] } => {
    const sums = duplicates === 'sum' && half;
    const parts = sums ? partsWith(4) : plain;
    const GUARD = Number(guarded);
    const types = duplicates === 'sum' ? { real: small.dtype, total: 'f32' } : { real: copied, total: copied };
    const steps = parts.flatMap((part) => {
      const bind = { ...part.bind, verdict: 'verdict', ...(sums && { large: 'sums' }) };
      const constants = { GUARD, SUM: Number(duplicates === 'sum'), REVERSE };
      const fill = perPlane(part, guarded, { kernel: settle, types, constants, bind });
      if (!sums) return fill;
      const size = part.outer * cells * inner;
      const threads = Math.ceil(size / 16);
      const moved = cover(threads, adapter.limits.groups).map(({ base, grid }): Step => {
        const params = { count: threads, part: threads, y_at: part.at.large, base, size };
        return { kernel: narrow, types: { real: 'f16' }, constants: { GUARD }, params, bind: { x: 'sums', y: part.bind.large, verdict: 'verdict' }, grid };
      });
      return [...fill.map((s) => ({ ...s, params: { ...s.params, large_at: 0 } })), ...moved];
    });
    return { steps, scratch: sums ? { sums: scratchOf(parts, 4) } : {} };
  };
  /** An owner for every cell, then what `then` does with it. */
  const owned = (then: (part: Part) => Step[]): { steps: Step[]; scratch: Plan['scratch'] } => {
    const parts = partsWith(4);
    const steps = parts.flatMap((part) => [
      ...cleared('owner', part.outer * cells * inner * 4, adapter.limits.groups),
      ...perWindow(part, { kernel: claim, types: {}, constants: { REVERSE }, bind: { indices: part.bind.indices, owner: 'owner', verdict: 'verdict' } }),
      ...then(part),
    ]);
    return { steps, scratch: { owner: scratchOf(parts, 4) } };
  };

  if (backward) {
    const picks = (parts: readonly Part[], CHECK: number, OWNED: number) =>
      parts.flatMap((part) => {
        const bind = { ...part.bind, owner: OWNED ? 'owner' : 'unused', verdict: 'verdict' };
        return perWindow(part, { kernel: pick, types: { real: copied }, constants: { ...flatKernels, CHECK, OWNED, REVERSE }, bind });
      });
    const unused = { unused: VERDICT };
    if (duplicates === 'sum') return [judged('pick', 'every window reads the cell that its index names', picks(plain, 0, 0), unused, false)];
    const yields = (guarded: boolean) => {
      const parts = partsWith(4);
      const steps = parts.flatMap((part) => {
        const bind = { indices: part.bind.indices, owner: 'owner', small: part.bind.small, verdict: 'verdict' };
        return perPlane(part, guarded, { kernel: yieldKernel, types: { real: copied }, constants: { GUARD: Number(guarded), REVERSE }, bind });
      });
      return { steps: [...picks(plain, Number(guarded), 0), ...steps], scratch: { owner: scratchOf(parts, 4), ...unused } };
    };
    const owner = owned((part) => picks([part], 0, 1));
    const guarded = yields(true);
    const always = yields(false);
    const lost = 'an index that leaves its window makes losers be looked for, one window after another';
    return [
      ...(disjoint ? [judged('pick', `every window reads the cell that its index names; ${lost}`, guarded.steps, guarded.scratch, true)] : []),
      judged('owner', 'any indices: cells have owners, and windows ask whether they are', owner.steps, owner.scratch, false),
      judged('planes', 'any indices: windows yield to each other in order', always.steps, always.scratch, false),
    ];
  }

  const after = settled(true);
  const checks = plain.flatMap((part) =>
    perWindow(part, { kernel: check, types: {}, constants: flatKernels, bind: { indices: part.bind.indices, verdict: 'verdict' } }),
  );
  const asking = (name: string, why: string, width: 1 | 4) =>
    judged(name, `${why}; ${otherwise}`, [...checks, ...gathers(width), ...after.steps], after.scratch, true);
  const placing = (name: string, why: string, steps: Step[]) => judged(name, `${why}; ${otherwise}`, [...steps, ...after.steps], after.scratch, true);
  const gatherPlans = [...(pixels ? [asking('pixel', `${asked}, vectors of channels`, 4)] : []), asking('plain', asked, 1)];
  const alone = settled(false);
  const owner = owned((part) =>
    dispatches(
      {
        kernel: give,
        types: { real: copied },
        constants: { REVERSE },
        params: params(part),
        bind: { small: part.bind.small, owner: 'owner', large: part.bind.large },
        count: part.outer * cells * inner,
      },
      adapter,
    ),
  );
  const owners = duplicates === 'sum' ? [] : [judged('owner', 'any indices: cells have owners, and take their values', owner.steps, owner.scratch, false)];
  const over = product(axes.map((a) => Math.ceil(a.kernel / a.stride)));
  return [
    ...(inPairs ? [placing('spread', `${sides} as vectors`, spreads(1, 'verdict'))] : []),
    ...(sideBySide && pixels ? [placing('place vec4', `${sides}, vectors of channels`, placesOf(4, 1, 'verdict'))] : []),
    ...(sideBySide ? [placing('place', sides, placesOf(1, 1, 'verdict'))] : []),
    ...(over > MANY ? [...owners, ...gatherPlans] : [...gatherPlans, ...owners]),
    judged('planes', 'any indices: planes are filled one window after another', alone.steps, alone.scratch, false),
  ];
}
