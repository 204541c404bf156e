import slope from '../../../shaders/conv/slope.wgsl';
import { UpsampleError } from '../../check.ts';
import { type Adapter, type Plan, product, type TensorSpec } from '../../plan.ts';
import { dispatches } from '../slices.ts';
import type { ConvCall } from './call.ts';
import { biasGradient, correlations, sums } from './correlate.ts';
import type { Part, Weights } from './map.ts';
import { actOf, chain, checkLimits, EMPTY, forwardParts, maps, NONE, placeOf, planOf, type Real, weightsOf, wideBytes, widened, widening } from './parts.ts';
import { batches } from './window.ts';

/** Every admissible plan of a backward call, or the best `most`, best first for the adapter.
 * @throws UpsampleError `limit-exceeded` when a tensor cannot be bound, not even in windows */
export function gradientPlans(call: ConvCall, adapter: Adapter, most = Number.POSITIVE_INFINITY): Plan[] {
  const { op, x, w, y, geometry: g, transposed, gradients } = call;
  const flat = (shape: readonly number[]): TensorSpec => ({ shape, dtype: x.dtype, layout: 'nchw', skew: 0 });
  const outputs: Record<string, TensorSpec> = {
    ...(gradients.includes('dx') && { dx: { ...x, skew: 0 } }),
    ...(gradients.includes('dw') && { dw: { ...w, skew: 0 } }),
    ...(gradients.includes('db') && { db: flat([y.shape[1]!]) }),
  };
  checkLimits(call, outputs, adapter);
  const times = gradients.filter((d) => d !== 'db').length + Number(!!call.activation);
  if (g.batch === 0) {
    // Gradients of weights are sums over nothing; everything else is empty.
    const zero = (name: 'dw' | 'db', count: number) => {
      const to = { name, dtype: x.dtype as Real, view: { batch: 1, channel: 0, axes: [0, 0, 0] as const }, at: 0 };
      return gradients.includes(name) ? sums('w', to, { kernel: [1, 1, 1], channels: 1, slices: 0, count }, adapter) : [];
    };
    const steps = [...zero('dw', product(w.shape)), ...zero('db', y.shape[1]!)];
    return [planOf({ ...EMPTY, name: 'empty', why: 'nothing to compute', steps }, call, outputs, times)];
  }
  const weights = weightsOf(call);
  const input = placeOf('x', x);
  const dy = placeOf('dy', call.dy!);
  const before: Part[] = [widened(call, adapter)];
  let back = dy;
  if (call.activation) {
    // z = the result before the activation, in f32; then z becomes dy * act'(z).
    const bytes = product(y.shape) * 4;
    if (bytes > adapter.limits.buffer)
      throw new UpsampleError(
        'limit-exceeded',
        op,
        `the result before the activation needs ${bytes} bytes; the device allows buffers of ${adapter.limits.buffer}`,
      );
    back = { name: 'z', dtype: 'f32', strides: dy.strides, at: 0 };
    const sample = dy.strides.batch;
    const steps = batches({ op, geometry: g, x: dy, y: back }, adapter).flatMap((s) =>
      dispatches(
        {
          kernel: slope,
          types: { real_y: dy.dtype },
          constants: actOf(call),
          params: { y_at: s.at.x, z_at: s.at.y },
          bind: { dy: s.bind.x, z: s.bind.y },
          count: s.count * sample,
        },
        adapter,
      ),
    );
    before.push(forwardParts(call, 'x', back, NONE, adapter, 1)[0]!, { ...EMPTY, steps, scratch: { z: bytes } });
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
  return Array.from({ length: ways }, (_, i) => planOf(chain([...before, ...columns.map((c) => c[i] ?? c[0]!)]), call, outputs, times));
}
