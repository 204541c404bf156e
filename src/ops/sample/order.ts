// Samples in the order of the pixels they are filed under: a stable sort by counting, 4 bits a pass. Nothing in it depends on timing
// or on the data: no atomics, and a pixel that holds all samples costs no more than any other distribution.
import begin from '../../../shaders/sample/begin.wgsl';
import count from '../../../shaders/sample/count.wgsl';
import deal from '../../../shaders/sample/deal.wgsl';
import running from '../../../shaders/sample/running.wgsl';
import total from '../../../shaders/sample/total.wgsl';
import type { Adapter, Step } from '../../plan.ts';
import { shared } from './batch.ts';

/** As `lib/digit.wgsl` has them. */
const DIGIT_BITS = 4;
const RUN = 64;

/** Lengths of the levels of a running sum over the digits of all runs. */
function levels(pairs: number): number[] {
  const lengths = [2 ** DIGIT_BITS * Math.ceil(pairs / RUN)];
  while (lengths.at(-1)! > RUN) lengths.push(Math.ceil(lengths.at(-1)! / RUN));
  return lengths;
}

/** Numbers in the table of a sort. */
export const tableLength = (pairs: number): number => levels(pairs).reduce((a, b) => a + b, 0);

const plainly = { types: {}, constants: {} };

/** Sorts `pairs` by key, with `spare` in turn, and writes `begins`.
 * @param pixels keys are below, or equal for samples that touch none
 * @returns the steps, and the name of the buffer that holds the result */
export function sorted(pairs: number, pixels: number, adapter: Adapter): { steps: Step[]; name: string } {
  const steps: Step[] = [];
  const runs = Math.ceil(pairs / RUN);
  const lengths = levels(pairs);
  const at = lengths.map((_, i) => lengths.slice(0, i).reduce((a, b) => a + b, 0));
  let [from, to] = ['pairs', 'spare'];
  for (let shift = 0; 2 ** shift <= pixels; shift += DIGIT_BITS) {
    const params = { pairs, shift };
    steps.push(...shared({ ...plainly, kernel: count, params, bind: { pairs: from, table: 'table' }, count: runs }, RUN, adapter));
    const level = (kernel: Step['kernel'], i: number) =>
      shared(
        {
          ...plainly,
          kernel,
          params: { level: at[i]!, length: lengths[i]!, upper: at[i + 1] ?? 0 },
          bind: { table: 'table' },
          count: Math.ceil(lengths[i]! / RUN),
        },
        RUN,
        adapter,
      );
    for (let i = 0; i + 1 < lengths.length; i++) steps.push(...level(total, i));
    for (let i = lengths.length - 1; i >= 0; i--) steps.push(...level(running, i));
    steps.push(...shared({ ...plainly, kernel: deal, params, bind: { pairs: from, table: 'table', sorted: to }, count: runs }, RUN, adapter));
    [from, to] = [to, from];
  }
  steps.push(...shared({ ...plainly, kernel: begin, params: { pairs }, bind: { pairs: from, begins: 'begins' }, count: pixels + 1 }, 32, adapter));
  return { steps, name: from };
}
