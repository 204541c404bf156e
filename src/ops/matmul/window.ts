import { UpsampleError } from '../../check.ts';
import type { Adapter } from '../../plan.ts';
import { type Place, windowOf } from '../slices.ts';
import type { Product } from './call.ts';

/** Where a matrix of a product lies. */
export interface Side {
  readonly name: string;
  readonly at: number;
  /** Bytes of an element. */
  readonly width: number;
}

/** A part of a product whose bindings respect the limit. */
export interface Run {
  readonly batch: number;
  readonly rows: number;
  /** Where each of a, b and c is bound, and its first element there. */
  readonly places: readonly Place[];
}

/** Cuts a product along its batch, or along the rows of one matrix, into runs whose windows of a, b and c fit the binding limit. */
export function runs(op: string, job: Product, sides: readonly [Side, Side, Side], { limits }: Adapter): Run[] {
  const { batch, rows, columns, depth, aSteps, bSteps } = job;
  const within = (count: number, deep: number) => [
    (deep - 1) * aSteps[0] + (count - 1) * aSteps[1] + (depth - 1) * aSteps[2] + 1,
    (deep - 1) * bSteps[0] + (depth - 1) * bSteps[1] + (columns - 1) * bSteps[2] + 1,
    (deep * count - 1) * columns + columns,
  ];
  const whole = within(rows, batch).every((n, i) => (sides[i]!.at + n) * sides[i]!.width <= limits.binding);
  if (whole) return [{ batch, rows, places: sides.map(({ name, at }) => ({ bind: name, at })) }];
  const along = batch > 1;
  const total = along ? batch : rows;
  const steps = along ? [aSteps[0], bSteps[0], rows * columns] : [aSteps[1], 0, columns];
  const made = (first: number, count: number) => {
    const sizes = along ? within(rows, count) : within(count, 1);
    return sides.map(({ name, at, width }, i) => windowOf(name, width, at + first * steps[i]!, sizes[i]!));
  };
  const out: Run[] = [];
  for (let first = 0; first < total; ) {
    let count = total - first;
    const largest = () => Math.max(...made(first, count).map((p) => p.bind.size));
    while (count > 1 && largest() > limits.binding) count = Math.ceil(count / 2);
    if (largest() > limits.binding || job.over)
      throw new UpsampleError('limit-exceeded', op, `a product needs a binding of ${largest()} bytes; the device allows ${limits.binding} bytes`);
    out.push({ batch: along ? count : 1, rows: along ? rows : count, places: made(first, count) });
    first += count;
  }
  return out;
}
