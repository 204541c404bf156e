import check from '../../../shaders/pool/check.wgsl';
import value from '../../../shaders/pool/value.wgsl';
import { type Adapter, type Plan, product, type Step } from '../../plan.ts';
import { verdict } from '../../verdict.ts';
import { checkBuffers } from '../slices.ts';
import type { SpreadCall } from './call.ts';
import { cleared, type Job, jobOf, type Steps, VERDICT } from './job.ts';
import { given, picked, settled, won, yielded } from './order.ts';
import { outsideError } from './outside.ts';
import { waysOf } from './reach.ts';

/** Windows over a cell up to which asking all of them is cheaper than an owner for every cell. */
const MANY = 16;

const planOf = ({ backward, free, small, large }: SpreadCall, name: string, why: string, { steps, scratch }: Steps): Plan => ({
  ...{ name, why, outputs: backward ? { dx: small } : free ? { output: large } : { dx: large } },
  ...{ scratch, tables: {}, steps },
});

/** The plans of a call that has elements, or its empty one. */
function plansOf(call: SpreadCall, adapter: Adapter, all: (job: Job) => Plan[]): Plan[] {
  const empty = planOf(call, 'empty', 'nothing to compute', { steps: [], scratch: {} });
  checkBuffers(call.op, empty.outputs, adapter);
  return product(call.small.shape) ? all(jobOf(call, adapter)) : [empty];
}

/** Every admissible plan of the gradient of max pooling, best first for the adapter. An index that leaves its window reaches no cell.
 * @throws UpsampleError `limit-exceeded` when a tensor cannot be bound, not even in windows */
export const poolGradientPlans = (call: SpreadCall, adapter: Adapter): Plan[] =>
  plansOf(call, adapter, (job) =>
    waysOf(job).map(({ name, why, reports, steps }) => planOf(call, name, why, { steps: steps(false, 'unused'), scratch: reports ? { unused: VERDICT } : {} })),
  );

/** A plan that tells of indices outside their plane. Without a check it has words of its own, which are cleared where its steps are `guarded` by them. */
function judged({ call, adapter, parts, params }: Job, name: string, why: string, { steps, scratch }: Steps, guarded: boolean): Plan {
  if (!call.check) {
    const own = guarded ? cleared('verdict', VERDICT, adapter) : [];
    return planOf(call, name, why, { steps: [...own, ...steps], scratch: { ...scratch, verdict: VERDICT } });
  }
  const last = parts.map((part): Step => {
    const bind = { indices: part.bind.indices, verdict: 'verdict' };
    return { kernel: value, types: {}, constants: {}, params: { ...params(part), count: 1, base: 0 }, bind, grid: [1, 1, 1] };
  });
  return {
    ...planOf(call, name, why, { steps: [...steps, ...last], scratch }),
    verdict: verdict(([, place, found]) => (place ? outsideError(call, 0xffffffff - place, found!) : null)),
  };
}

/** Every admissible plan of max unpooling, best first for the adapter. Plans that ask windows find out whether an index leaves its own, and then fill the
 * planes anew.
 * @throws UpsampleError `limit-exceeded` when a tensor cannot be bound, not even in windows */
export const unpoolPlans = (call: SpreadCall, adapter: Adapter): Plan[] =>
  plansOf(call, adapter, (job) => {
    const { KD, KH, KW, SD, SH, SW } = job.kernels;
    const checks = job.parts.flatMap((part) => {
      const bind = { indices: part.bind.indices, verdict: 'verdict' };
      return job.perWindow(part, { kernel: check, types: {}, constants: { KD, KH, KW, SD, SH, SW }, bind });
    });
    const after = settled(job, true);
    const otherwise = 'an index that leaves its window makes the planes be filled one window after another instead';
    const reaching = waysOf(job).map(({ name, why, reports, steps }) => {
      const filled = [...(reports ? [] : checks), ...steps(true, 'verdict'), ...after.steps];
      return judged(job, name, `${why}; ${otherwise}`, { steps: filled, scratch: after.scratch }, true);
    });
    const owners = call.duplicates === 'sum' ? [] : [judged(job, 'owner', 'any indices: cells have owners, and take their values', given(job), false)];
    const over = product(call.axes.map((a) => Math.ceil(a.kernel / a.stride)));
    return [
      ...(over > MANY ? [...owners, ...reaching] : [...reaching, ...owners]),
      judged(job, 'planes', 'any indices: planes are filled one window after another', settled(job, false), false),
    ];
  });

/** Every admissible plan of the gradient of max unpooling, best first for the adapter.
 * @throws UpsampleError `limit-exceeded` when a tensor cannot be bound, not even in windows */
export const unpoolGradientPlans = (call: SpreadCall, adapter: Adapter): Plan[] =>
  plansOf(call, adapter, (job) => {
    const reads = 'every window reads the cell that its index names';
    if (call.duplicates === 'sum') return [judged(job, 'pick', reads, picked(job), false)];
    const lost = 'an index that leaves its window makes losers be looked for, one window after another';
    return [
      ...(job.disjoint ? [judged(job, 'pick', `${reads}; ${lost}`, yielded(job, true), true)] : []),
      judged(job, 'owner', 'any indices: cells have owners, and windows ask whether they are', won(job), false),
      judged(job, 'planes', 'any indices: windows yield to each other in order', yielded(job, false), false),
    ];
  });
