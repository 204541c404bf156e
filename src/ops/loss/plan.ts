import pairKernel from '../../../shaders/pointwise/pair.wgsl';
import pairSlope from '../../../shaders/pointwise/pair_slope.wgsl';
import { type Adapter, type Plan, product, type Step, type TensorSpec } from '../../plan.ts';
import { aligned, dispatches, type Flat, LANES, runs } from '../pointwise/cells.ts';
import { BINARY } from '../pointwise/functions.ts';
import { operandOf } from '../pointwise/operand.ts';
import { widePlans } from '../pointwise/plan.ts';
import { deals, folds, WHY } from '../reduce/fold.ts';
import { checkBuffers } from '../slices.ts';
import { lossSpec } from './arguments.ts';
import type { LossCall } from './call.ts';

const flat = (slot: string, name: string, { dtype, skew }: TensorSpec): Flat => ({ slot, name, dtype, skew });

/** Every admissible plan of a loss of two tensors, best first. */
export function lossPlans({ op, name, x, target, reduction }: LossCall, adapter: Adapter): Plan[] {
  const outputs = { output: lossSpec(x, reduction) };
  checkBuffers(op, outputs, adapter);
  const n = product(x.shape);
  if (reduction !== 'none') {
    const q = typeof target === 'number' ? target : { name: 'target', dtype: target.dtype, skew: target.skew };
    const what = { pair: BINARY[name], p: { name: 'x', dtype: x.dtype, skew: x.skew }, q };
    const to = { name: 'output', dtype: 'f32', scale: reduction === 'mean' ? 1 / n : 1 } as const;
    return deals(adapter).map((deal) => {
      const { steps, scratch } = folds(op, 'part', what, [{ size: n, summed: true }], to, deal, adapter);
      return { name: deal, why: WHY[deal], outputs, scratch, tables: {}, steps };
    });
  }
  const operand = operandOf(op, 'target', x, target, null, 'a');
  const flats = [flat('a', 'x', x), ...operand.flat, flat('y', 'output', outputs.output)];
  return widePlans(aligned(flats) && n >= LANES, outputs, (wide) =>
    dispatches(
      pairKernel,
      runs(n, flats, wide, adapter),
      (run) => {
        const { mode, terms, ...rest } = operand.rest(run);
        return { ...rest, constants: { PAIR: BINARY[name], OPERAND: mode, TERMS: terms } };
      },
      adapter,
    ),
  );
}

/** Every admissible plan of its gradients, best first. */
export function lossBackwardPlans({ op, name, x, target, reduction, dy, gradients = [] }: LossCall, adapter: Adapter): Plan[] {
  const outputs: Record<string, TensorSpec> = {
    ...(gradients.includes('dx') && { dx: { ...x, skew: 0 } }),
    ...(gradients.includes('dtarget') && { dtarget: { ...(target as TensorSpec), skew: 0 } }),
  };
  checkBuffers(op, outputs, adapter);
  const n = product(x.shape);
  const each = reduction === 'none';
  const operand = operandOf(op, 'target', x, target, null, 'a');
  const flats = (to: string) => [flat('a', 'x', x), ...operand.flat, ...(each ? [flat('dy', 'dy', dy!)] : []), flat('y', to, { ...x, skew: 0 })];
  return widePlans(aligned(flats('dx')) && n >= LANES, outputs, (wide) =>
    gradients.flatMap((to): Step[] =>
      dispatches(
        pairSlope,
        runs(n, flats(to), wide, adapter),
        (run) => {
          const { mode, terms, params, types, bind } = operand.rest(run);
          const one = each ? {} : { cell_dy: dy!.dtype };
          return {
            types: { ...types, ...one, num_dy: each ? run.types['num']! : 'f32' },
            bind: { ...bind, ...(each ? {} : { dy: 'dy' }) },
            params: { ...params, ...(each ? {} : { dy_at: dy!.skew }), scale: reduction === 'mean' ? 1 / n : 1 },
            constants: { PAIR: BINARY[name], SECOND: Number(to === 'dtarget'), EACH: Number(each), OPERAND: mode, TERMS: terms },
          };
        },
        adapter,
      ),
    ),
  );
}
