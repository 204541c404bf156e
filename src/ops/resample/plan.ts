import { UpsampleError } from '../../check.ts';
import { type Adapter, type Plan, product, type TensorSpec } from '../../plan.ts';
import { checkBuffers } from '../slices.ts';
import { boxOf } from './box.ts';
import type { ResampleCall } from './call.ts';
import { type Make, movePlans } from './move.ts';
import type { Packed } from './pack.ts';
import { sumPlans } from './sum.ts';
import { isSelection } from './table.ts';

/** Every admissible plan, best first for the adapter.
 * @throws UpsampleError `limit-exceeded` when a tensor or a table cannot be bound, not even in windows */
export function resamplePlans(call: ResampleCall, adapter: Adapter): Plan[] {
  const { x, shape, op } = call;
  const output: TensorSpec = { shape, dtype: x.dtype, layout: x.layout, skew: 0 };
  const { binding } = adapter.limits;
  checkBuffers(op, { output }, adapter);
  const largest = new Map<Plan, number>(); // bytes of a plan's largest table
  const make: Make = (name, why, steps, tables, scratch = {}) => {
    const plan = { name, why, outputs: { output }, scratch, tables: onDemand(tables), steps };
    largest.set(plan, 4 * Math.max(0, ...Object.values(tables).map((t) => t.length)));
    return plan;
  };
  if (product(shape) === 0) return [make('empty', 'nothing to compute', [], {})];
  const box = boxOf(call);
  const copies = box.axes.every(isSelection);
  const all = copies ? movePlans(call, box, adapter, make) : sumPlans(call, box, adapter, make);
  const plans = all.filter((plan) => largest.get(plan)! <= binding);
  if (!plans.length)
    throw new UpsampleError('limit-exceeded', op, `no plan for [${x.shape.join(', ')}] to [${shape.join(', ')}] fits bindings of ${binding} bytes`);
  return plans;
}

/** Tables that are built when they are first asked for. */
function onDemand(tables: Readonly<Record<string, Packed>>): Record<string, Uint32Array> {
  const built: Record<string, Uint32Array> = {};
  const lazy = {};
  for (const [name, table] of Object.entries(tables)) Object.defineProperty(lazy, name, { enumerable: true, get: () => (built[name] ??= table.build()) });
  return lazy;
}
