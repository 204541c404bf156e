// Cells and the windows that reach them: right for every index that stays in its own window.

import gather from '../../../shaders/pool/gather.wgsl';
import place from '../../../shaders/pool/place.wgsl';
import spread from '../../../shaders/pool/spread.wgsl';
import spreadHalf from '../../../shaders/pool/spread_half.wgsl';
import { product, type Step } from '../../plan.ts';
import { dispatches } from '../slices.ts';
import type { Job } from './job.ts';
import { runOf } from './place.ts';

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
function places({ call, adapter, inner, windows, params, parts, copied, kernels }: Job, width: Width, CROP: number, check: boolean, verdict: string): Step[] {
  const { SD, SH, SW } = kernels;
  const RUN = runOf(call.axes[2].small, adapter, 1);
  return parts.flatMap((part) => {
    const { small_at, large_at, indices_at, ...rest } = params(part);
    return dispatches(
      {
        kernel: place,
        types: { real: wide(copied, width), places: wide('u32', width), ...lanes(width) },
        constants: { SD, SH, SW, RUN, WIDTH: width, CROP, CHECK: Number(check) },
        params: { ...rest, inner: inner / width, small_at: small_at / width, large_at: large_at / width, indices_at: indices_at / width },
        bind: { ...part.bind, verdict },
        count: (part.count * windows * inner) / width / RUN,
      },
      adapter,
      Math.max(Math.floor(1e9 / (SD * SH * SW * width * RUN)), 1),
    );
  });
}

/** The same for windows 2 wide, in vectors along the row: of words two windows, of halves four. */
function spreads({ call, adapter, half, windows, params, parts, kernels }: Job, CROP: number, check: boolean, verdict: string): Step[] {
  const { SD, SH } = kernels;
  const each = half ? 4 : 2;
  const RUN = runOf(call.axes[2].small / each, adapter, 4);
  return parts.flatMap((part) => {
    const { small_at, large_at, indices_at, ...rest } = params(part);
    return dispatches(
      {
        kernel: half ? spreadHalf : spread,
        types: {},
        constants: { SD, SH, RUN, CROP, CHECK: Number(check), ...(!half && { TWICE: Number(RUN % 2 === 0) }) },
        params: { ...rest, small_at: small_at / each, large_at: large_at / each / 2, indices_at: indices_at / each },
        bind: { ...part.bind, verdict },
        count: (part.count * windows) / each / RUN,
      },
      adapter,
      Math.max(Math.floor(1e9 / (SD * SH * RUN * each * 2)), 1),
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
  const each = job.half ? 4 : 2;
  const inRows = sideBySide && job.inner === 1 && w.stride === 2 && w.large === 2 * w.small && w.small % each === 0 && aligned(each, 2 * each);
  const pixels = job.inner % 4 === 0 && aligned(4, 4);
  const sides = `windows of ${d.stride}x${h.stride}x${w.stride} side by side: each index is read once, and all its cells are written`;
  const asked = 'each cell asks the windows over it';
  const ways: Way[] = [];
  const placing = (width: Width) => (check: boolean, verdict: string) => places(job, width, crop, check, verdict);
  if (inRows) ways.push({ name: 'spread', why: `${sides} as vectors`, reports: true, steps: (check, verdict) => spreads(job, crop, check, verdict) });
  if (sideBySide && pixels) ways.push({ name: 'place vec4', why: `${sides}, vectors of channels`, reports: true, steps: placing(4) });
  if (sideBySide) ways.push({ name: 'place', why: sides, reports: true, steps: placing(1) });
  if (pixels) ways.push({ name: 'pixel', why: `${asked}, vectors of channels`, reports: false, steps: () => gathers(job, 4) });
  return [...ways, { name: 'plain', why: asked, reports: false, steps: () => gathers(job, 1) }];
}
