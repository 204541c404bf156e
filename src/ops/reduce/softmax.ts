import softmaxKernel from '../../../shaders/reduce/softmax.wgsl';
import softmaxSlope from '../../../shaders/reduce/softmax_slope.wgsl';
import { UpsampleError } from '../../check.ts';
import { type Adapter, BYTES, cover, type Plan, product, type Step, type TensorSpec } from '../../plan.ts';
import { memoryOrder } from '../pointwise/broadcast.ts';
import { aligned, cellOf, LANES, stretchOf } from '../pointwise/cells.ts';
import { widePlans } from '../pointwise/plan.ts';
import { checkBuffers } from '../slices.ts';
import type { SoftmaxCall } from './call.ts';

/** Exponentials of one dispatch, to keep it short on software adapters. */
const MOST_WORK = 2 ** 28;

/** Every admissible plan of softmax, its logarithm, or a gradient of them, best first. */
export function softmaxPlans({ op, x, log, axis, dy }: SoftmaxCall, adapter: Adapter): Plan[] {
  const output: TensorSpec = { ...x, skew: 0 };
  const outputs = { output };
  checkBuffers(op, outputs, adapter);
  const { limits } = adapter;
  const order = memoryOrder(x.shape.length, x.layout);
  const at = order.indexOf(axis);
  const outer = product(order.slice(0, at).map((a) => x.shape[a]!));
  const inner = product(order.slice(at + 1).map((a) => x.shape[a]!));
  const classes = x.shape[axis]!;
  const each = classes * inner;
  const read = dy ? { dy: { name: 'dy', skew: dy.skew }, y: { name: 'y', skew: x.skew } } : { x: { name: 'input', skew: x.skew } };
  const tensors = Object.entries({ ...read, [dy ? 'dx' : 'y']: { name: 'output', skew: 0 } });
  const whole = tensors.every(([, t]) => (t.skew + outer * each) * BYTES[x.dtype] <= limits.binding);
  const most = whole ? outer : Math.floor((limits.binding - 512) / (each * BYTES[x.dtype]));
  if (most < 1 && outer)
    throw new UpsampleError(
      'limit-exceeded',
      op,
      `one run of ${each * BYTES[x.dtype]} bytes exceeds a storage binding; the device allows ${limits.binding} bytes`,
    );
  const steps = (lanes: number): Step[] => {
    const list: Step[] = [];
    for (let from = 0; from < outer; from += most) {
      const n = Math.min(most, outer - from);
      const windows = tensors.map(([slot, t]) => [slot, stretchOf(t.name, x.dtype, t.skew, from * each, n * each, limits)] as const);
      const count = (n * inner) / lanes;
      for (const { base, grid } of cover(count, limits.groups, MOST_WORK / (classes * lanes)))
        list.push({
          kernel: dy ? softmaxSlope : softmaxKernel,
          types: { num: cellOf('f32', lanes), ...Object.fromEntries(tensors.map(([slot]) => [`cell_${slot}`, cellOf(x.dtype, lanes)])) },
          constants: { LOG: Number(log) },
          params: { classes, inner: inner / lanes, ...Object.fromEntries(windows.map(([slot, w]) => [`${slot}_at`, w.at / lanes])), count, base },
          bind: Object.fromEntries(windows.map(([slot, w]) => [slot, w.bind])),
          grid,
        });
    }
    return list;
  };
  return widePlans(inner % LANES === 0 && aligned(tensors.map(([, t]) => t)), outputs, (wide) => steps(wide ? LANES : 1));
}
