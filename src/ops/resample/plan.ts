import { UpsampleError } from '../../check.ts';
import { type Adapter, type Plan, product, type TensorSpec } from '../../plan.ts';
import { checkBuffers } from '../slices.ts';
import { type Box, boxOf } from './box.ts';
import type { ResampleCall } from './call.ts';
import { chainPlans } from './chain.ts';
import { type Make, movePlans } from './move.ts';
import type { Packed } from './pack.ts';
import { sumPlans } from './sum.ts';
import { isSelection } from './table.ts';

type Ways = (call: ResampleCall, box: Box, adapter: Adapter, make: Make) => Plan[];

/** A function that gives every admissible plan of a call, best first for the adapter.
 * @throws UpsampleError `limit-exceeded` when a tensor or a table cannot be bound, not even in windows */
const planner =
  (ways: Ways) =>
  (call: ResampleCall, adapter: Adapter): Plan[] => {
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
    const plans = ways(call, boxOf(call), adapter, make).filter((plan) => largest.get(plan)! <= binding);
    if (!plans.length)
      throw new UpsampleError('limit-exceeded', op, `no plan for [${x.shape.join(', ')}] to [${shape.join(', ')}] fits bindings of ${binding} bytes`);
    return plans;
  };

const copies = ({ axes }: Box): boolean => axes.every(isSelection);
const spatialWays: Ways = (call, box, ...rest) => (copies(box) ? movePlans : sumPlans)(call, box, ...rest);

/** Plans of maps that always copy and of the gradients of those that insert: a selection along spatial axes. */
export const selectionPlans = /*#__PURE__*/ planner(movePlans);
/** Plans of maps along spatial axes. */
export const spatialPlans = /*#__PURE__*/ planner(spatialWays);
/** Plans of maps along any axes. */
export const resamplePlans = /*#__PURE__*/ planner((call, box, ...rest) => (copies(box) && box.axes.length > 3 ? chainPlans : spatialWays)(call, box, ...rest));

/** Tables that are built when they are first asked for. */
function onDemand(tables: Readonly<Record<string, Packed>>): Record<string, Uint32Array> {
  const built: Record<string, Uint32Array> = {};
  const lazy = {};
  for (const [name, table] of Object.entries(tables)) Object.defineProperty(lazy, name, { enumerable: true, get: () => (built[name] ??= table.build()) });
  return lazy;
}
