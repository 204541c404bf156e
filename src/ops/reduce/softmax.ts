import softmaxKernel from '../../../shaders/reduce/softmax.wgsl';
import softmaxSlope from '../../../shaders/reduce/softmax_slope.wgsl';
import { type Adapter, type Plan, product, type TensorSpec } from '../../plan.ts';
import { memoryOrder } from '../pointwise/broadcast.ts';
import { aligned, cellOf, LANES } from '../pointwise/cells.ts';
import { widePlans } from '../pointwise/plan.ts';
import { checkBuffers, cutOf, dispatches, slices } from '../slices.ts';
import type { SoftmaxCall } from './call.ts';

/** Exponentials of one dispatch, to keep it short on software adapters. */
const MOST_WORK = 2 ** 28;

/** Every admissible plan of softmax, its logarithm, or a gradient of them, best first. */
export function softmaxPlans({ op, x, log, axis, dy }: SoftmaxCall, adapter: Adapter): Plan[] {
  const output: TensorSpec = { ...x, skew: 0 };
  const outputs = { output };
  checkBuffers(op, outputs, adapter);
  const order = memoryOrder(x.shape.length, x.layout);
  const at = order.indexOf(axis);
  const outer = product(order.slice(0, at).map((a) => x.shape[a]!));
  const inner = product(order.slice(at + 1).map((a) => x.shape[a]!));
  const classes = x.shape[axis]!;
  const read = dy ? { dy: { name: 'dy', skew: dy.skew }, y: { name: 'y', skew: x.skew } } : { x: { name: 'input', skew: x.skew } };
  const tensors = Object.entries({ ...read, [dy ? 'dx' : 'y']: { name: 'output', skew: 0 } });
  const cuts = tensors.map(([slot, { name, skew }]) => [slot, cutOf(name, { dtype: x.dtype, skew }, classes * inner)]);
  const parts = slices(op, outer, Object.fromEntries(cuts), adapter, { one: 'run' });
  const steps = (lanes: number) =>
    parts.flatMap(({ count, bind, at }) =>
      dispatches(
        {
          kernel: dy ? softmaxSlope : softmaxKernel,
          types: { num: cellOf('f32', lanes), ...Object.fromEntries(tensors.map(([slot]) => [`cell_${slot}`, cellOf(x.dtype, lanes)])) },
          constants: { LOG: Number(log) },
          params: { classes, inner: inner / lanes, ...Object.fromEntries(tensors.map(([slot]) => [`${slot}_at`, at[slot]! / lanes])) },
          bind,
          count: (count * inner) / lanes,
        },
        adapter,
        MOST_WORK / (classes * lanes),
      ),
    );
  return widePlans(inner % LANES === 0 && aligned(tensors.map(([, t]) => t)), outputs, (wide) => steps(wide ? LANES : 1));
}
