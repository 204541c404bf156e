import { product } from '../../plan.ts';
import { type ConvAxis, type Geometry, gcd, type Triple } from './geometry.ts';

/** One phase of an axis: outputs o = q*step + o0 for 0 <= q < positions, inputs i = q*step + i0 + j*tap, taps t = t0 + j*tap. */
interface Phase {
  readonly positions: number;
  readonly i0: number;
  readonly o0: number;
  readonly t0: number;
}

/** Phases of an axis that have the same number of taps. */
interface AxisClass {
  readonly taps: number;
  readonly phases: readonly Phase[];
  /** Phases stacked into rows: what each adds to o0 and t0. */
  readonly rows: readonly { readonly o0: number; readonly t0: number }[];
}

/** An axis of a map: how outputs, inputs and taps step, and its classes. */
interface AxisMap {
  readonly iStep: number;
  readonly iTap: number;
  readonly oStep: number;
  readonly tStep: number;
  readonly classes: readonly AxisClass[];
}

const ALONE = [{ o0: 0, t0: 0 }];

/** Large to small: one phase, all taps. */
const gatherAxis = ({ small, kernel, stride, dilation, pad }: ConvAxis): AxisMap => ({
  iStep: stride,
  iTap: dilation,
  oStep: 1,
  tStep: 1,
  classes: [{ taps: kernel, phases: [{ positions: small, i0: -pad, o0: 0, t0: 0 }], rows: ALONE }],
});

/** Number n with a*n = 1 modulo m. */
function inverse(a: number, m: number): number {
  for (let n = 0; n < m; n++) if ((a * n) % m === 1 % m) return n;
  return 0;
}

/** Small to large: outputs of one phase, o = stride*q + phase - pad, meet the taps t0 + j*stride/g at the inputs q + off - j*dilation/g, g = gcd(stride, dilation).
 * A phase that g does not divide meets none.
 * @param stacked whether phases that read the same inputs become rows */
function scatterAxis(axis: ConvAxis, stacked: boolean): AxisMap {
  const { large, small, kernel, dilation, pad } = axis;
  // From one input alone each tap reaches an output of its own whatever the stride: with a stride beyond the kernel every phase has one tap.
  const stride = small === 1 ? Math.max(dilation * kernel, axis.stride) : axis.stride;
  const g = gcd(stride, dilation);
  const tStep = stride / g;
  const found: { taps: number; off: number; t0: number; phase: number; q0: number; q1: number }[] = [];
  for (let phase = 0; phase < stride; phase++) {
    const q0 = Math.ceil((pad - phase) / stride);
    const q1 = Math.floor((large - 1 + pad - phase) / stride);
    if (q1 < q0) continue;
    const meets = phase % g === 0;
    const t0 = meets ? ((phase / g) * inverse((dilation / g) % tStep, tStep)) % tStep : 0;
    const taps = meets ? Math.max(Math.ceil((kernel - t0) / tStep), 0) : 0;
    found.push({ taps, off: taps ? (phase - t0 * dilation) / stride : 0, t0: taps ? t0 : 0, phase, q0, q1 });
  }
  const groups = new Map<string, typeof found>();
  for (const f of found) {
    const key = stacked ? `${f.taps} ${f.off}` : `${f.taps}`;
    groups.set(key, [...(groups.get(key) ?? []), f]);
  }
  const classes = [...groups.values()].map((list): AxisClass => {
    const { taps, off } = list[0]!;
    if (!stacked) {
      const phases = list.map((f) => ({ positions: f.q1 - f.q0 + 1, i0: f.q0 + f.off, o0: f.q0 * stride + f.phase - pad, t0: f.t0 }));
      return { taps, phases, rows: ALONE };
    }
    const q0 = Math.min(...list.map((f) => f.q0));
    const q1 = Math.max(...list.map((f) => f.q1));
    const rows = list.map((f) => ({ o0: f.phase, t0: f.t0 }));
    return { taps, phases: [{ positions: q1 - q0 + 1, i0: q0 + off, o0: q0 * stride - pad, t0: 0 }], rows };
  });
  return { iStep: 1, iTap: -dilation / g, oStep: stride, tStep, classes };
}

/** A class of phases of all three axes: what one dispatch computes. */
export interface MapClass {
  readonly taps: Triple;
  readonly phases: readonly [readonly Phase[], readonly Phase[], readonly Phase[]];
  /** Channel of the group, o0 and t0 of each row. */
  readonly rows: readonly { readonly channel: number; readonly o0: Triple; readonly t0: Triple }[];
  /** Most positions of a phase, in one sample. */
  readonly positions: number;
}

export type Direction = 'gather' | 'scatter';

/** A convolution (gather) or transposed convolution (scatter) as kernels walk it. */
export interface MapShape {
  readonly iStep: Triple;
  readonly iTap: Triple;
  readonly oStep: Triple;
  readonly tStep: Triple;
  readonly classes: readonly MapClass[];
}

/** Divides a map into classes.
 * @param stacked whether phases become rows: for few output channels
 * @param channels output channels per group */
export function mapShape({ axes }: Geometry, direction: Direction, stacked: boolean, channels: number): MapShape {
  const maps = axes.map((axis) => (direction === 'gather' ? gatherAxis(axis) : scatterAxis(axis, stacked))) as [AxisMap, AxisMap, AxisMap];
  const triple = (of: (m: AxisMap) => number) => maps.map(of) as unknown as Triple;
  const classes: MapClass[] = [];
  for (const d of maps[0].classes)
    for (const h of maps[1].classes)
      for (const w of maps[2].classes) {
        const all = [d, h, w] as const;
        const none = all.some((c) => c.taps === 0);
        const rows: MapClass['rows'][number][] = [];
        for (let channel = 0; channel < channels; channel++)
          for (const rd of d.rows)
            for (const rh of h.rows) for (const rw of w.rows) rows.push({ channel, o0: [rd.o0, rh.o0, rw.o0], t0: none ? [0, 0, 0] : [rd.t0, rh.t0, rw.t0] });
        classes.push({
          taps: none ? [0, 0, 0] : [d.taps, h.taps, w.taps],
          phases: all.map((c) => c.phases.map((p) => (none ? { ...p, t0: 0 } : p))) as unknown as MapClass['phases'],
          rows,
          positions: product(all.map((c) => Math.max(...c.phases.map((p) => p.positions)))),
        });
      }
  return { iStep: triple((m) => m.iStep), iTap: triple((m) => m.iTap), oStep: triple((m) => m.oStep), tStep: triple((m) => m.tStep), classes };
}
