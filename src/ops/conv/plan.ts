import slope from '../../../shaders/conv/slope.wgsl';
import widen from '../../../shaders/conv/widen.wgsl';
import { UpsampleError } from '../../check.ts';
import { type Adapter, BYTES, cover, type Plan, type Step, type TensorSpec } from '../../plan.ts';
import { ACT } from './activation.ts';
import type { ConvCall } from './call.ts';
import { biasGradient, correlations, sums } from './correlate.ts';
import { multiplyAdds, product, stridesOf } from './geometry.ts';
import { blockMaps, type MapJob, type Part, plainMap, type Weights } from './map.ts';
import type { Direction } from './phases.ts';
import { type Place, slices } from './window.ts';

type Real = 'f32' | 'f16';
const NONE = { ACT: 0, SLOPE: 0 };

const placeOf = (name: string, { shape, dtype, layout, skew }: TensorSpec): Place => ({
  name,
  dtype: dtype as Real,
  strides: stridesOf(shape, layout),
  at: skew,
});

/** The filter as maps read it; a folded one after it was widened. */
function weightsOf({ fold, geometry: g, filter, w }: ConvCall): Weights {
  if (!fold) return { name: 'w', dtype: w.dtype as Real, view: filter, at: w.skew };
  const [d, h, v] = g.axes.map((a) => a.kernel) as [number, number, number];
  const perOut = g.largeChannels / g.groups;
  return { name: 'wide', dtype: 'f32', view: { batch: perOut * d * h * v, channel: d * h * v, axes: [h * v, v, 1] }, at: 0 };
}

/** Steps between the filter of a folded call and the wide one: `narrow` is the transpose, for gradients. */
function widening(call: ConvCall, narrow: boolean, from: string, to: string, { limits }: Adapter): Step[] {
  const { geometry: g, filter, w } = call;
  const scale = g.axes.map((a) => a.stride);
  const kernel = g.axes.map((a) => a.kernel - a.stride + 1);
  const count = ((g.smallChannels * g.largeChannels) / g.groups) * product(narrow ? kernel : g.axes.map((a) => a.kernel));
  return cover(count, limits.groups).map(({ base, grid }) => ({
    kernel: widen,
    types: { real_from: narrow ? 'f32' : w.dtype, real_to: narrow ? w.dtype : 'f32' },
    constants: { NARROW: Number(narrow), SCALE_D: scale[0]!, SCALE_H: scale[1]!, SCALE_W: scale[2]! },
    params: {
      ...{ kernel, per_in: g.smallChannels / g.groups, per_out: g.largeChannels / g.groups, taps: filter.axes, row: filter.batch, channel: filter.channel },
      ...{ w_at: narrow ? 0 : w.skew, count, base },
    },
    bind: { from_: from, to },
    grid,
  }));
}

/** Bytes of the wide filter of a folded call. */
const wideBytes = ({ geometry: g }: ConvCall) => ((g.smallChannels * g.largeChannels) / g.groups) * product(g.axes.map((a) => a.kernel)) * 4;

const EMPTY: Part = { name: '', why: '', cost: 0, steps: [], once: [], kept: {}, scratch: {}, tables: {} };

/** Parts one after another. */
function chain(parts: readonly Part[]): Part {
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
function maps(job: MapJob, adapter: Adapter, most: number): Part[] {
  const blocks = blockMaps(job, adapter, most);
  return blocks.length < most ? [...blocks, plainMap(job, adapter)] : blocks;
}

/** Every admissible plan, or the best `most`, best first for the adapter.
 * @throws UpsampleError `limit-exceeded` when a tensor cannot be bound, not even in windows */
export function convPlans(call: ConvCall, adapter: Adapter, most = Number.POSITIVE_INFINITY): Plan[] {
  const { op, x, w, y, geometry: g, transposed, gradients, backward } = call;
  const { binding, buffer } = adapter.limits;
  const flat = (shape: readonly number[]): TensorSpec => ({ shape, dtype: x.dtype, layout: 'nchw', skew: 0 });
  const outputs: Record<string, TensorSpec> = backward
    ? {
        ...(gradients.includes('dx') && { dx: { ...x, skew: 0 } }),
        ...(gradients.includes('dw') && { dw: { ...w, skew: 0 } }),
        ...(gradients.includes('db') && { db: flat([y.shape[1]!]) }),
      }
    : { output: y };
  for (const [name, t] of Object.entries({ ...outputs, y })) {
    const bytes = product(t.shape) * BYTES[t.dtype];
    if (bytes > buffer)
      throw new UpsampleError('limit-exceeded', op, `${name} [${t.shape.join(', ')}] needs ${bytes} bytes; the device allows buffers of ${buffer}`);
  }
  if (product(w.shape) * BYTES[w.dtype] + w.skew > binding)
    throw new UpsampleError(
      'limit-exceeded',
      op,
      `weight [${w.shape.join(', ')}] needs ${product(w.shape) * BYTES[w.dtype]} bytes; the device allows bindings of ${binding}`,
    );
  const flops = 2 * multiplyAdds(g) * (backward ? gradients.filter((d) => d !== 'db').length + Number(!!call.activation) : 1);
  const make = (part: Part): Plan => ({
    name: part.name,
    why: part.why,
    outputs,
    scratch: part.scratch,
    tables: part.tables,
    steps: part.steps,
    once: part.once,
    kept: part.kept,
    flops,
  });
  if (g.batch === 0) {
    // Gradients of weights are sums over nothing; everything else is empty.
    const zero = (name: 'dw' | 'db', count: number) => {
      const to = { name, dtype: x.dtype as Real, view: { batch: 1, channel: 0, axes: [0, 0, 0] as const }, at: 0 };
      return gradients.includes(name) ? sums('w', to, { kernel: [1, 1, 1], channels: 1, slices: 0, count }, adapter) : [];
    };
    return [make({ ...EMPTY, name: 'empty', why: 'nothing to compute', steps: [...zero('dw', product(w.shape)), ...zero('db', y.shape[1]!)] })];
  }

  const weights = weightsOf(call);
  const wide: Part = call.fold ? { ...EMPTY, once: widening(call, false, 'w', 'wide', adapter), kept: { wide: wideBytes(call) } } : EMPTY;
  const act = call.activation ? { ACT: ACT[call.activation], SLOPE: call.negativeSlope } : NONE;
  const b = call.bias ? { name: 'bias', dtype: call.bias.dtype as Real, at: call.bias.skew } : null;
  const direction: Direction = transposed ? 'scatter' : 'gather';
  const input = placeOf(backward ? 'x' : 'input', x);
  const forward = (target: Place, a: typeof act): Part[] =>
    maps({ op, id: 'y', geometry: g, direction, x: input, w: weights, b, y: target, act: a }, adapter, most);
  if (!backward) return forward(placeOf('output', y), act).map((part) => make(chain([wide, part])));

  const dy = placeOf('dy', call.dy!);
  const before: Part[] = [wide];
  let back = dy;
  if (call.activation) {
    // z = the result before the activation, in f32; then z becomes dy * act'(z).
    const bytes = product(y.shape) * 4;
    if (bytes > buffer)
      throw new UpsampleError('limit-exceeded', op, `the result before the activation needs ${bytes} bytes; the device allows buffers of ${buffer}`);
    back = { name: 'z', dtype: 'f32', strides: dy.strides, at: 0 };
    const sample = dy.strides.batch;
    const steps = slices({ op, geometry: g, x: dy, y: back }, adapter).flatMap((s) =>
      cover(s.batch * sample, adapter.limits.groups).map(
        ({ base, grid }): Step => ({
          kernel: slope,
          types: { real_y: dy.dtype },
          constants: act,
          params: { y_at: s.xAt, z_at: s.yAt, count: s.batch * sample, base },
          bind: { dy: s.x, z: s.y },
          grid,
        }),
      ),
    );
    before.push(forward(back, NONE)[0]!, { ...EMPTY, steps, scratch: { z: bytes } });
  }
  const columns: Part[][] = [];
  if (gradients.includes('dx'))
    columns.push(
      maps(
        {
          op,
          id: 'dx',
          geometry: g,
          direction: transposed ? 'gather' : 'scatter',
          x: back,
          w: weights,
          b: null,
          y: placeOf('dx', { ...x, skew: 0 }),
          act: NONE,
        },
        adapter,
        most,
      ).map((p) => ({ ...p, name: `dx ${p.name}` })),
    );
  if (gradients.includes('dw')) {
    const dw: Weights = call.fold ? { ...weights, name: 'dwide' } : { ...weights, name: 'dw', at: 0 };
    const [small, large] = transposed ? [input, back] : [back, input];
    const after: Part = call.fold ? { ...EMPTY, steps: widening(call, true, 'dwide', 'dw', adapter), scratch: { dwide: wideBytes(call) } } : EMPTY;
    const found = correlations({ op, id: 'dw', geometry: g, small, large, dw }, adapter).sort((p, q) => p.cost - q.cost);
    columns.push(found.map((p) => ({ ...chain([p, after]), name: `dw ${p.name}` })));
  }
  if (gradients.includes('db')) {
    const db = placeOf('db', flat([1, y.shape[1]!, 1]));
    columns.push([biasGradient({ op, id: 'db', geometry: g, dy: back, channels: y.shape[1]!, positions: product(y.shape.slice(2)), db }, adapter)]);
  }
  // One plan for each way of the gradient that has most: the others take their own, or their best again.
  const ways = Math.min(most, Math.max(...columns.map((c) => c.length)));
  return Array.from({ length: ways }, (_, i) => make(chain([...before, ...columns.map((c) => c[i] ?? c[0]!)])));
}
