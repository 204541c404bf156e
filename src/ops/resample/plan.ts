import { UpsampleError } from '../../check.ts';
import { type Adapter, BYTES, type Plan, type TensorSpec } from '../../plan.ts';
import { boxOf, product } from './box.ts';
import type { ResampleCall } from './call.ts';
import { movePlans } from './move.ts';
import { sumPlans } from './sum.ts';
import { isSelection } from './table.ts';

/** Every admissible plan, best first for the adapter.
 * @throws UpsampleError `limit-exceeded` when a tensor or a table cannot be bound, not even in windows */
export function resamplePlans(call: ResampleCall, adapter: Adapter): Plan[] {
  const { x, shape, op } = call;
  const output: TensorSpec = { shape, dtype: x.dtype, layout: x.layout, skew: 0 };
  const bytes = product(shape) * BYTES[x.dtype];
  const { binding, buffer } = adapter.limits;
  if (bytes > buffer)
    throw new UpsampleError('limit-exceeded', op, `the result [${shape.join(', ')}] needs ${bytes} bytes; the device allows buffers of ${buffer}`);
  const make = (name: string, why: string, steps: Plan['steps'], tables: Plan['tables'], scratch: Plan['scratch'] = {}): Plan => {
    for (const table of Object.values(tables))
      if (table.byteLength > binding)
        throw new UpsampleError('limit-exceeded', op, `an axis table needs ${table.byteLength} bytes; the device allows bindings of ${binding}`);
    return { name, why, outputs: { output }, scratch, tables, steps };
  };
  if (product(shape) === 0) return [make('empty', 'nothing to compute', [], {})];
  const box = boxOf(call);
  const copies = box.axes.every(isSelection);
  const plans = copies ? movePlans(call, box, adapter, make) : sumPlans(call, box, adapter, make);
  if (!plans.length)
    throw new UpsampleError('limit-exceeded', op, `no plan for [${x.shape.join(', ')}] to [${shape.join(', ')}] fits bindings of ${binding} bytes`);
  return plans;
}
