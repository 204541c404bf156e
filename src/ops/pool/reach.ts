// Cells and the windows that reach them: right for every index that stays in its own window.

import gather from '../../../shaders/pool/gather.wgsl';
import place from '../../../shaders/pool/place.wgsl';
import spread from '../../../shaders/pool/spread.wgsl';
import { product, type Step } from '../../plan.ts';
import { dispatches } from '../slices.ts';
import type { Job } from './job.ts';

/** One way to fill the cells. */
export interface Way {
  readonly name: string;
  readonly why: string;
  /** Whether it can report indices that leave their window by itself; it has the binding `verdict` then. */
  readonly reports: boolean;
  steps(check: boolean, verdict: string): Step[];
}

type Width = 1 | 4;
const wide = (type: string, width: Width) => (width === 4 ? `vec4<${type}>` : type);
const lanes = (width: Width) => (width === 4 ? { LANES: 'vec4u(0u, 1u, 2u, 3u)' } : {});

/** Every cell asks the windows over it. */
function gathers({ call, adapter, half, inner, cells, params, parts, copied, kernels, disjoint, REVERSE }: Job, width: Width): Step[] {
  const { axes, duplicates } = call;
  const SUM = Number(duplicates === 'sum' && !disjoint);
  const real = SUM ? (half ? 'f16' : 'f32') : copied;
  const types = { real: wide(real, width), wide: wide(SUM ? 'f32' : copied, width), places: wide('u32', width), ...lanes(width) };
  const asked = product(axes.map((a) => Math.floor(((a.kernel - 1) * a.dilation) / a.stride) + 1));
  return parts.flatMap((part) => {
    const { small_at, large_at, indices_at, ...rest } = params(part);
    return dispatches(
      {
        kernel: gather,
        types,
        constants: { ...kernels, WIDTH: width, SUM, REVERSE },
        params: { ...rest, inner: inner / width, small_at: small_at / width, large_at: large_at / width, indices_at: indices_at / width },
        bind: part.bind,
        count: (part.count * cells * inner) / width,
      },
      adapter,
      Math.max(Math.floor(1e9 / (asked * width)), 1),
    );
  });
}

/** Windows side by side write all their cells. */
function places({ adapter, inner, windows, params, parts, copied, kernels }: Job, width: Width, CROP: number, check: boolean, verdict: string): Step[] {
  const { SD, SH, SW } = kernels;
  return parts.flatMap((part) => {
    const { small_at, large_at, indices_at, ...rest } = params(part);
    return dispatches(
      {
        kernel: place,
        types: { real: wide(copied, width), places: wide('u32', width), ...lanes(width) },
        constants: { SD, SH, SW, WIDTH: width, CROP, CHECK: Number(check) },
        params: { ...rest, inner: inner / width, small_at: small_at / width, large_at: large_at / width, indices_at: indices_at / width },
        bind: { ...part.bind, verdict },
        count: (part.count * windows * inner) / width,
      },
      adapter,
      Math.max(Math.floor(1e9 / (SD * SH * SW * width)), 1),
    );
  });
}

/** Pairs of windows of an invocation: as many as divide a row, up to 4. */
const pairsOf = (windows: number) => (windows % 8 === 0 ? 4 : windows % 4 === 0 ? 2 : 1);

/** The same for windows 2 wide, in vectors along the row. */
function spreads({ call, adapter, windows, params, parts, kernels }: Job, CROP: number, check: boolean, verdict: string): Step[] {
  const { SD, SH } = kernels;
  const PAIRS = pairsOf(call.axes[2].small);
  return parts.flatMap((part) => {
    const { small_at, large_at, indices_at, ...rest } = params(part);
    return dispatches(
      {
        kernel: spread,
        types: {},
        constants: { SD, SH, PAIRS, CROP, CHECK: Number(check) },
        params: { ...rest, small_at: small_at / 2, large_at: large_at / 4, indices_at: indices_at / 2 },
        bind: { ...part.bind, verdict },
        count: (part.count * windows) / 2 / PAIRS,
      },
      adapter,
      Math.max(Math.floor(1e9 / (SD * SH * PAIRS * 4)), 1),
    );
  });
}

/** Every way to fill the cells of a job, best first. */
export function waysOf(job: Job): Way[] {
  const { axes, indexing } = job.call;
  const [d, h, w] = axes;
  const aligned = (small: number, large: number) => job.parts.every(({ at }) => at.small % small === 0 && at.indices % small === 0 && at.large % large === 0);
  const sideBySide =
    axes.every((a) => a.kernel === a.stride && a.dilation === 1 && a.pad === 0 && a.large <= a.small * a.stride) &&
    indexing.plane.every((n, i) => n >= axes[i]!.large);
  const crop = Number(axes.some((a) => a.large < a.small * a.stride));
  const inPairs = sideBySide && !job.half && job.inner === 1 && w.stride === 2 && w.large === 2 * w.small && w.large % 4 === 0 && aligned(2, 4);
  const pixels = job.inner % 4 === 0 && aligned(4, 4);
  const sides = `windows of ${d.stride}x${h.stride}x${w.stride} side by side: each index is read once, and all its cells are written`;
  const asked = 'each cell asks the windows over it';
  const ways: Way[] = [];
  const placing = (width: Width) => (check: boolean, verdict: string) => places(job, width, crop, check, verdict);
  if (inPairs) ways.push({ name: 'spread', why: `${sides} as vectors`, reports: true, steps: (check, verdict) => spreads(job, crop, check, verdict) });
  if (sideBySide && pixels) ways.push({ name: 'place vec4', why: `${sides}, vectors of channels`, reports: true, steps: placing(4) });
  if (sideBySide) ways.push({ name: 'place', why: sides, reports: true, steps: placing(1) });
  if (pixels) ways.push({ name: 'pixel', why: `${asked}, vectors of channels`, reports: false, steps: () => gathers(job, 4) });
  return [...ways, { name: 'plain', why: asked, reports: false, steps: () => gathers(job, 1) }];
}
