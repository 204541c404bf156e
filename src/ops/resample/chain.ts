import { UpsampleError } from '../../check.ts';
import { type Adapter, BYTES, bytesOf, type Plan, product } from '../../plan.ts';
import { dispatches } from '../slices.ts';
import { type Box, outSize, threeAxes } from './box.ts';
import type { ResampleCall } from './call.ts';
import { type Make, plainMove } from './move.ts';
import type { Packed } from './pack.ts';

/** The plan of a copy along four to six axes: the first three, then the rest. */
export function chainPlans(call: ResampleCall, { outer, inner, axes }: Box, adapter: Adapter, make: Make): Plan[] {
  if (axes.length > 6) throw new UpsampleError('limit-exceeded', call.op, `${axes.length} separate axes change; at most 6 can`);
  const first = axes.slice(0, 3);
  const rest = axes.slice(3);
  const between = product(first.map(outSize)) * product(rest.map((r) => r.inSize)) * outer * inner;
  const bytes = between * BYTES[call.x.dtype];
  const most = Math.max(bytes, bytesOf(call.x), product(call.shape) * BYTES[call.x.dtype]);
  if (most > adapter.limits.binding)
    throw new UpsampleError(
      'limit-exceeded',
      call.op,
      `copying along ${axes.length} axes needs a binding of ${most} bytes; the device allows ${adapter.limits.binding}`,
    );
  const boxes = [
    threeAxes({ outer, axes: first, inner: product(rest.map((r) => r.inSize)) * inner }, call, adapter),
    threeAxes({ outer: outer * product(first.map(outSize)), axes: rest, inner }, call, adapter),
  ] as const;
  const tables: Record<string, Packed> = {};
  const steps = boxes.flatMap((box, i) => {
    const { table, work } = plainMove(call, box);
    tables[`table${i}`] = table;
    const bind = { x: i ? 'between' : 'input', y: i ? 'output' : 'between' };
    const slice = { first: 0, count: box.outer, bind, at: { x: i ? 0 : call.x.skew, y: 0 } };
    const half = (box.inner * BYTES[call.x.dtype]) % 4 !== 0 || (slice.at.x * BYTES[call.x.dtype]) % 4 !== 0;
    return dispatches(work(half ? 2 : 4)(slice), adapter).map((step) => ({ ...step, bind: { ...step.bind, table: `table${i}` } }));
  });
  return [make('move chain', `a copy along ${axes.length} separate axes, three at a time`, steps, tables, { between: bytes })];
}
