import widen from '../../../shaders/conv/widen.wgsl';
import { UpsampleError } from '../../check.ts';
import { type Adapter, BYTES, type Plan, product, type Step, type TensorSpec } from '../../plan.ts';
import { checkBuffers, dispatches } from '../slices.ts';
import { ACT } from './activation.ts';
import type { ConvCall } from './call.ts';
import { multiplyAdds, stridesOf } from './geometry.ts';
import { blockMaps, depthwiseMap, lineMap, type MapJob, type Part, plainMap, type Weights } from './map.ts';
import type { Place } from './window.ts';

export type Real = 'f32' | 'f16';
/** No activation. */
export const NONE = { ACT: 0, SLOPE: 0 };

export const placeOf = (name: string, { shape, dtype, layout, skew }: TensorSpec): Place => ({
  name,
  dtype: dtype as Real,
  strides: stridesOf(shape, layout),
  at: skew,
});

/** The filter as maps read it; a folded one after it was widened. */
export function weightsOf({ fold, geometry: g, filter, w }: ConvCall): Weights {
  if (!fold) return { name: 'w', dtype: w.dtype as Real, view: filter, at: w.skew };
  const [d, h, v] = g.axes.map((a) => a.kernel) as [number, number, number];
  const perOut = g.largeChannels / g.groups;
  return { name: 'wide', dtype: 'f32', view: { batch: perOut * d * h * v, channel: d * h * v, axes: [h * v, v, 1] }, at: 0 };
}

/** Steps between the filter of a folded call and the wide one: `narrow` is the transpose, for gradients. */
export function widening(call: ConvCall, narrow: boolean, from: string, to: string, adapter: Adapter): Step[] {
  const { geometry: g, filter, w } = call;
  const scale = g.axes.map((a) => a.stride);
  const kernel = g.axes.map((a) => a.kernel - a.stride + 1);
  const count = ((g.smallChannels * g.largeChannels) / g.groups) * product(narrow ? kernel : g.axes.map((a) => a.kernel));
  return dispatches(
    {
      kernel: widen,
      types: { real_from: narrow ? 'f32' : w.dtype, real_to: narrow ? w.dtype : 'f32' },
      constants: { NARROW: Number(narrow), SCALE_D: scale[0]!, SCALE_H: scale[1]!, SCALE_W: scale[2]! },
      params: {
        ...{ kernel, per_in: g.smallChannels / g.groups, per_out: g.largeChannels / g.groups, taps: filter.axes, row: filter.batch, channel: filter.channel },
        ...{ w_at: narrow ? 0 : w.skew },
      },
      bind: { from_: from, to },
      count,
    },
    adapter,
  );
}

/** Bytes of the wide filter of a folded call. */
export const wideBytes = ({ geometry: g }: ConvCall) => ((g.smallChannels * g.largeChannels) / g.groups) * product(g.axes.map((a) => a.kernel)) * 4;

export const EMPTY: Part = { name: '', why: '', cost: 0, steps: [], once: [], kept: {}, scratch: {}, tables: {} };

/** Parts one after another. */
export function chain(parts: readonly Part[]): Part {
  return {
    ...EMPTY,
    name: [...new Set(parts.map((p) => p.name).filter(Boolean))].join(' + '),
    why: [...new Set(parts.map((p) => p.why).filter(Boolean))].join('; '),
    cost: parts.reduce((n, p) => n + p.cost, 0),
    steps: parts.flatMap((p) => p.steps),
    once: parts.flatMap((p) => p.once),
    kept: Object.assign({}, ...parts.map((p) => p.kept)),
    scratch: Object.assign({}, ...parts.map((p) => p.scratch)),
    tables: Object.assign({}, ...parts.map((p) => p.tables)),
  };
}

/** The best parts for a map, best first; the plain one always works. */
export function maps(job: MapJob, adapter: Adapter, most: number): Part[] {
  const depthwise = depthwiseMap(job, adapter);
  const parts = [...blockMaps(job, adapter, most), lineMap(job, adapter), ...(depthwise ? [depthwise] : [])].sort((a, b) => a.cost - b.cost).slice(0, most);
  return parts.length < most ? [...parts, plainMap(job, adapter)] : parts;
}

/** The widened filter of a folded call, made once. */
export const widened = (call: ConvCall, adapter: Adapter): Part =>
  call.fold ? { ...EMPTY, once: widening(call, false, 'w', 'wide', adapter), kept: { wide: wideBytes(call) } } : EMPTY;

/** The activation as lib/act.wgsl takes it. */
export const actOf = ({ activation, negativeSlope }: ConvCall) => (activation ? { ACT: ACT[activation], SLOPE: negativeSlope } : NONE);

/** The forward map of a call, into any place. */
export function forwardParts(call: ConvCall, input: string, target: Place, act: typeof NONE, adapter: Adapter, most: number): Part[] {
  const { op, x, bias, geometry, transposed } = call;
  const b = bias ? { name: 'bias', dtype: bias.dtype as Real, at: bias.skew } : null;
  const direction = transposed ? 'scatter' : 'gather';
  return maps({ op, id: 'y', geometry, direction, x: placeOf(input, x), w: weightsOf(call), b, y: target, act }, adapter, most);
}

/** Refuses what no buffer or binding can hold.
 * @throws UpsampleError `limit-exceeded` */
export function checkLimits(call: ConvCall, outputs: Readonly<Record<string, TensorSpec>>, adapter: Adapter): void {
  const { op, w, y } = call;
  const { limits } = adapter;
  checkBuffers(op, { ...outputs, y }, adapter);
  const bytes = (product(w.shape) + w.skew) * BYTES[w.dtype];
  if (bytes > limits.binding)
    throw new UpsampleError('limit-exceeded', op, `weight [${w.shape.join(', ')}] needs ${bytes} bytes; the device allows bindings of ${limits.binding}`);
  const room = Math.min(limits.binding, limits.buffer);
  if (call.fold && wideBytes(call) > room)
    throw new UpsampleError('limit-exceeded', op, `the filter folded with the scale needs ${wideBytes(call)} bytes; the device allows bindings of ${room}`);
}

/** A part as a plan; `maps` is how many times the multiply-adds of the geometry are done. */
export const planOf = ({ name, why, scratch, tables, steps, once, kept }: Part, { geometry }: ConvCall, outputs: Plan['outputs'], maps: number): Plan => ({
  ...{ name, why, outputs, scratch, tables, steps, once, kept },
  flops: 2 * multiplyAdds(geometry) * maps,
});
