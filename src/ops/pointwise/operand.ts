// How kernels find the second operand of a pair: a number, an element beside each of the first, or one that repeats.

import { UpsampleError } from '../../check.ts';
import { product, type Step, type TensorSpec } from '../../plan.ts';
import { termsOf } from './broadcast.ts';
import { aligned, cellOf, type Flat, LANES, type Run } from './cells.ts';

/** A second operand, ready for `dispatches`. */
export interface Operand {
  /** Where it lies beside the first: then it is one of the flat tensors. */
  readonly flat: readonly Flat[];
  /** Whether cells of four can be taken. */
  readonly wide: boolean;
  /** What a run needs to find it. */
  rest(run: Run): { types: Readonly<Record<string, string>>; bind: Step['bind']; params: Step['params']; mode: number; terms: number };
}

const ONES = [1, 1, 1] as const;
const NONE = { div: ONES, size: ONES, step: [0, 0, 0] };

/** @param name the operand's name in the plan
 * @param strides of b along the axes of a; null where b lies as a does
 * @param other a shader variable that stands in where there is no tensor */
export function operandOf(op: string, name: string, a: TensorSpec, b: TensorSpec | number, strides: readonly number[] | null, other: string): Operand {
  if (typeof b === 'number')
    return {
      flat: [],
      wide: true,
      rest: (run) => ({
        types: { cell_b: run.types[`cell_${other}`]!, num_b: run.types['num']! },
        bind: { b: run.bind[other]! },
        params: { ...NONE, b_at: 0, number: b, first: 0 },
        mode: 0,
        terms: 0,
      }),
    };
  if (!strides)
    return {
      flat: [{ slot: 'b', name, dtype: b.dtype, skew: b.skew }],
      wide: true,
      rest: (run) => ({ types: { num_b: run.types['num']! }, bind: {}, params: { ...NONE, number: 0, first: 0 }, mode: 1, terms: 0 }),
    };
  const terms = termsOf(a.shape, a.layout, strides);
  if (terms.length > 3) throw new UpsampleError('limit-exceeded', op, `${name} repeats between ${terms.length} runs of axes; at most 3 can be kept`);
  // Four neighbours of a share one element of b, or have four neighbours there.
  const beside = terms[0]?.div === 1;
  const lies = beside ? terms[0]!.size % LANES === 0 && aligned([b]) : (terms[0]?.div ?? LANES) % LANES === 0;
  const wide = lies && terms.every((t) => t.step % LANES === 0 || t.div === 1 || !beside) && (!terms.length || product(a.shape) % LANES === 0);
  const filled = <T>(list: readonly T[], other: T) => [...list, ...new Array<T>(3 - list.length).fill(other)];
  return {
    flat: [],
    wide,
    rest: ({ lanes, first }) => {
      const per = beside ? lanes : 1; // elements of a cell of b
      const cells = terms.map(({ div, size, step }) => (div === 1 ? { div, size: size / per, step } : { div: div / lanes, size, step: step / per }));
      return {
        types: { cell_b: cellOf(b.dtype, per), num_b: cellOf('f32', per) },
        bind: { b: name },
        params: {
          div: filled(
            cells.map((t) => t.div),
            1,
          ),
          size: filled(
            cells.map((t) => t.size),
            1,
          ),
          step: filled(
            cells.map((t) => t.step),
            0,
          ),
          ...{ b_at: b.skew / per, number: 0, first: first / lanes },
        },
        mode: 2,
        terms: terms.length,
      };
    },
  };
}
