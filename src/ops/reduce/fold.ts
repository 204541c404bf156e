// Sums over groups of axes: passes over one axis each, long axes in chunks whose parts are summed by the next pass.

import fold from '../../../shaders/reduce/fold.wgsl';
import { UpsampleError } from '../../check.ts';
import { type Adapter, BYTES, type DType, product, type Step } from '../../plan.ts';
import type { Group } from '../pointwise/broadcast.ts';
import { cellOf, LANES } from '../pointwise/cells.ts';
import { cutOf, dispatches, slices } from '../slices.ts';

/** A tensor that is read. */
export interface Source {
  readonly name: string;
  readonly dtype: DType;
  readonly skew: number;
}

/** What is summed: f(p, q) of lib/binary.wgsl by its number, 0 for p itself. */
export interface Summand {
  readonly pair: number;
  readonly p: Source;
  readonly q?: Source | number;
}

/** Where a sum goes, and what it is multiplied with. */
export interface Target {
  readonly name: string;
  readonly dtype: DType;
  readonly scale: number;
}

/** How terms are dealt out to invocations: neighbours take neighbouring terms, or each a run of its own. */
export type Deal = 'interleaved' | 'contiguous';

/** Dispatches, and the scratch memory between them. */
export interface Pieces {
  readonly steps: readonly Step[];
  readonly scratch: Readonly<Record<string, number>>;
}

/** Terms that one invocation adds up: few enough to keep rounding small. */
const MOST_TERMS = 256;
const LEAST_TERMS = 64;
/** Invocations that keep a device busy. */
const BUSY = 4096;
/** Terms of one dispatch, to keep it short on software adapters. */
const MOST_WORK = 2 ** 29;

/** One pass over the middle axis of [outer, reduced, inner]. */
interface Pass {
  readonly outer: number;
  readonly reduced: number;
  readonly inner: number;
  readonly chunks: number;
  readonly lanes: number;
}

/** A divisor of n, at least `least`, the smallest; 0 where there is none. */
function divisor(n: number, least: number): number {
  for (let d = Math.max(least, 2); d <= Math.sqrt(n); d++) if (n % d === 0) return d;
  for (let d = Math.floor(Math.sqrt(n)); d >= 1; d--) if (n % d === 0 && n / d >= least) return n / d;
  return 0;
}

/** The dispatches of one pass, in windows of outer where bindings are too small. */
function passSteps(op: string, { pair, p, q = 0 }: Summand, pass: Pass, target: Target, deal: Deal, adapter: Adapter): Step[] {
  const { outer, reduced, inner, chunks, lanes } = pass;
  const second = typeof q === 'number' ? p : q;
  const each = reduced * inner;
  const sources = { p: cutOf(p.name, p, each), q: cutOf(second.name, second, each), y: cutOf(target.name, { ...target, skew: 0 }, chunks * inner) };
  const terms = Math.ceil(reduced / chunks);
  return slices(op, outer, sources, adapter, { one: 'run' }).flatMap(({ count, bind, at }) =>
    dispatches(
      {
        kernel: fold,
        types: {
          ...{ cell_p: cellOf(p.dtype, lanes), cell_q: cellOf(second.dtype, lanes), cell_y: cellOf(target.dtype, lanes) },
          num: cellOf('f32', lanes),
        },
        constants: { PAIR: pair, NUMBER: Number(typeof q === 'number') },
        params: {
          ...{ reduced, inner: inner / lanes, chunks, terms, number: typeof q === 'number' ? q : 0, scale: target.scale },
          ...(deal === 'contiguous' ? { jump: terms, stride: 1 } : { jump: 1, stride: chunks }),
          ...{ p_at: at.p / lanes, q_at: at.q / lanes, y_at: at.y / lanes },
        },
        bind,
        count: (count * chunks * inner) / lanes,
      },
      adapter,
      MOST_WORK / Math.max(terms, 1),
    ),
  );
}

/** A sum over some groups of axes, in a fixed order.
 * @param id begins the names of its scratch buffers
 * @param groups the axes in memory order, outermost first */
export function folds(op: string, id: string, what: Summand, groups: readonly Group[], target: Target, deal: Deal, adapter: Adapter): Pieces {
  const { binding } = adapter.limits;
  const steps: Step[] = [];
  const scratch: Record<string, number> = {};
  let rest = groups.some((g) => g.summed) ? [...groups] : [...groups, { size: 1, summed: true }];
  let from = what;
  while (rest.some((g) => g.summed)) {
    const at = rest.findLastIndex((g) => g.summed);
    const outer = product(rest.slice(0, at).map((g) => g.size));
    let inner = product(rest.slice(at + 1).map((g) => g.size));
    let reduced = rest[at]!.size;
    const sources = [from.p, ...(typeof from.q === 'object' ? [from.q] : [])];
    const bytes = reduced * inner * Math.max(...sources.map((s) => BYTES[s.dtype]));
    if (bytes > binding - 512 && reduced > 1 && Math.max(...sources.map((s) => (s.skew + outer * reduced * inner) * BYTES[s.dtype])) > binding) {
      const parts = divisor(reduced, Math.ceil(bytes / (binding - 512)));
      if (!parts || parts === reduced)
        throw new UpsampleError('limit-exceeded', op, `one run of ${bytes} bytes exceeds a storage binding; the device allows ${binding} bytes`);
      rest.splice(at, 1, { size: parts, summed: true }, { size: reduced / parts, summed: true });
      continue;
    }
    // A source without elements is bound as one word.
    const wide = outer * reduced * inner > 0 && sources.every((s) => s.skew % LANES === 0);
    // Along the summed axis four sums run beside each other, to be added by the next pass.
    const folded = wide && inner === 1 && reduced % LANES === 0 && reduced > LEAST_TERMS;
    if (folded) [reduced, inner] = [reduced / LANES, LANES];
    const lanes = wide && inner % LANES === 0 ? LANES : 1;
    const cells = (outer * reduced * inner) / lanes;
    const terms = Math.min(Math.max(Math.ceil(cells / BUSY), LEAST_TERMS), MOST_TERMS);
    let chunks = reduced <= MOST_TERMS ? 1 : Math.ceil(reduced / terms);
    if (chunks > 1 && inner === 1) chunks = Math.ceil(chunks / LANES) * LANES; // so that the next pass takes four at a time
    const left = chunks * (folded ? LANES : 1);
    const last = left === 1 && rest.filter((g) => g.summed).length === 1;
    const name = `${id}${Object.keys(scratch).length}`;
    const to: Target = last ? target : { name, dtype: 'f32', scale: 1 };
    if (!last) {
      scratch[name] = Math.max(outer * chunks * inner * 4, 4);
      if (scratch[name]! > adapter.limits.buffer)
        throw new UpsampleError('limit-exceeded', op, `partial sums need ${scratch[name]} bytes; the device allows buffers of ${adapter.limits.buffer}`);
    }
    steps.push(...passSteps(op, from, { outer, reduced, inner, chunks, lanes }, to, deal, adapter));
    rest = left === 1 ? rest.toSpliced(at, 1) : rest.toSpliced(at, 1, { size: left, summed: true });
    from = { pair: 0, p: { name, dtype: 'f32', skew: 0 } };
  }
  return { steps, scratch };
}

/** The ways of dealing, best first: on a CPU an invocation reads its own lines, on a GPU neighbours share them. */
export const deals = ({ software }: Adapter): readonly Deal[] => (software ? ['contiguous', 'interleaved'] : ['interleaved', 'contiguous']);

/** Why a way of dealing is chosen. */
export const WHY: Readonly<Record<Deal, string>> = {
  interleaved: 'neighbouring invocations take neighbouring terms: loads coalesce on a GPU',
  contiguous: 'each invocation takes a run of terms: cache lines stay with one core of a CPU',
};
