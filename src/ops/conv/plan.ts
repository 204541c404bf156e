import type { Adapter, Plan } from '../../plan.ts';
import type { ConvCall } from './call.ts';
import { actOf, chain, checkLimits, EMPTY, forwardParts, placeOf, planOf, widened } from './parts.ts';

/** Every admissible plan of a forward call, or the best `most`, best first for the adapter.
 * @throws UpsampleError `limit-exceeded` when a tensor cannot be bound, not even in windows */
export function convPlans(call: ConvCall, adapter: Adapter, most = Number.POSITIVE_INFINITY): Plan[] {
  const { y, geometry } = call;
  const outputs = { output: y };
  checkLimits(call, outputs, adapter);
  if (geometry.batch === 0) return [planOf({ ...EMPTY, name: 'empty', why: 'nothing to compute' }, call, outputs, 1)];
  const parts = forwardParts(call, 'input', placeOf('output', y), actOf(call), adapter, most);
  return parts.map((part) => planOf(chain([widened(call, adapter), part]), call, outputs, 1));
}
