import spread from '../../../shaders/reduce/spread.wgsl';
import { type Adapter, type Plan, product, type TensorSpec } from '../../plan.ts';
import { groupsOf, stridesOf } from '../pointwise/broadcast.ts';
import { aligned, dispatches, type Flat, LANES, runs } from '../pointwise/cells.ts';
import { operandOf } from '../pointwise/operand.ts';
import { checkBound, widePlans } from '../pointwise/plan.ts';
import { checkBuffers } from '../slices.ts';
import type { ReduceCall } from './call.ts';
import { deals, folds, WHY } from './fold.ts';

const scaleOf = ({ full, axes, mean }: ReduceCall) => (mean ? 1 / product(axes.map((axis) => full.shape[axis]!)) : 1);

/** Every admissible plan of a sum, best first. */
export function reducePlans(call: ReduceCall, adapter: Adapter): Plan[] {
  const { op, full, axes, sum } = call;
  const outputs = { output: sum };
  checkBuffers(op, outputs, adapter);
  if (product(sum.shape) === 0) return [{ name: 'empty', why: 'nothing to compute', outputs, scratch: {}, tables: {}, steps: [] }];
  const groups = groupsOf(full.shape, full.layout, (axis) => axes.includes(axis));
  const what = { pair: 0, p: { name: 'input', dtype: full.dtype, skew: full.skew } };
  return deals(adapter).map((deal) => {
    const { steps, scratch } = folds(op, 'part', what, groups, { name: 'output', dtype: sum.dtype, scale: scaleOf(call) }, deal, adapter);
    return { name: deal, why: WHY[deal], outputs, scratch, tables: {}, steps };
  });
}

/** Strides of a sum along the axes of what was summed, 0 along those that are gone. */
export function stridesOfSum({ full, axes, sum }: ReduceCall): number[] {
  const own = stridesOf(sum.shape, sum.layout);
  const stay = sum.shape.length === full.shape.length;
  const left = full.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  return full.shape.map((_, axis) => (axes.includes(axis) ? 0 : own[stay ? axis : left.indexOf(axis)]!));
}

/** Every admissible plan of its transpose, best first. */
export function spreadPlans(call: ReduceCall, adapter: Adapter): Plan[] {
  const { op, full, x } = call;
  const output: TensorSpec = { ...full, skew: 0 };
  const outputs = { output };
  checkBuffers(op, outputs, adapter);
  checkBound(op, 'dy', x, adapter);
  const operand = operandOf(op, 'input', output, x, stridesOfSum(call), 'y');
  const flats: Flat[] = [{ slot: 'y', name: 'output', dtype: full.dtype, skew: 0 }];
  const n = product(full.shape);
  return widePlans(operand.wide && aligned(flats) && n >= LANES, outputs, (wide) =>
    dispatches(
      spread,
      runs(n, flats, wide && operand.wide, adapter),
      (run) => {
        const { terms, params, types, bind } = operand.rest(run);
        const { number: _, ...rest } = params;
        return { types, bind, params: { ...rest, scale: scaleOf(call) }, constants: { TERMS: terms } };
      },
      adapter,
    ),
  );
}
