import given from '../../../shaders/norm/given.wgsl';
import merge from '../../../shaders/norm/merge.wgsl';
import moments from '../../../shaders/norm/moments.wgsl';
import momentsGroup from '../../../shaders/norm/moments_group.wgsl';
import running from '../../../shaders/norm/running.wgsl';
import sum from '../../../shaders/norm/sums.wgsl';
import sumGroup from '../../../shaders/norm/sums_group.wgsl';
import total from '../../../shaders/norm/total.wgsl';
import { type Adapter, cover, type Plan, product, type Step, type TensorSpec } from '../../plan.ts';
import type { Kernel } from '../../shader.ts';
import { groups } from '../conv/window.ts';
import { cutOf, dispatches, slices } from '../slices.ts';
import { lengthOf, type NormCall, setsOf, shareOf, viewOf } from './call.ts';

/** Who sums a chunk up: one invocation, or a workgroup. */
export type How = 'invocations' | 'workgroups';

/** Part of a plan. */
interface Part {
  readonly steps: readonly Step[];
  readonly scratch: Plan['scratch'];
}

/** Elements of a chunk at least. */
const LEAST: Record<How, number> = { invocations: 256, workgroups: 4096 };
/** Terms of one dispatch at most. */
const MOST = 1e9;

/** Tensors of one shape, in runs of samples. */
export function batches(op: string, tensors: Readonly<Record<string, TensorSpec>>, adapter: Adapter) {
  const cuts = Object.entries(tensors).map(([name, t]) => [name, cutOf(name, t, product(t.shape.slice(1)))]);
  return slices(op, Object.values(tensors)[0]!.shape[0]!, Object.fromEntries(cuts), adapter);
}

/** Chunks of all sets: steps over the batch in runs, and how many chunks a set has in all. `share` channels make a set. */
function chunks(
  call: NormCall,
  how: How,
  share: number,
  tensors: Readonly<Record<string, TensorSpec>>,
  adapter: Adapter,
  work: (bind: Step['bind'], dtype: string) => Pick<Step, 'kernel' | 'types' | 'constants' | 'bind'>,
): { steps: Step[]; chunks: number; sets: number } {
  const view = viewOf(call.x);
  const batch = call.kind === 'batch';
  const { length } = setsOf(view, call.kind, share, view.batch);
  const per = Math.max(LEAST[how], Math.ceil(Math.sqrt(length)));
  const sets = (batch ? 1 : view.batch / share) * view.channels;
  let before = 0;
  let most = 0;
  const steps = batches(call.op, tensors, adapter).flatMap((run) => {
    const { length, sets: here, ...s } = setsOf(view, call.kind, share, run.count);
    const count = Math.ceil(length / per) * here;
    const first = batch ? 0 : (run.first * view.channels) / share;
    const params = {
      ...{ sets: here, all: sets, per_sample: s.perSample, sample: s.sample, between: s.between, across: s.across, row: s.row, step: s.step, length },
      ...{
        per_chunk: per,
        share: shareOf(call) / share,
        first,
        part_at: batch ? before * sets : first,
        x_at: run.at['x']!,
        dy_at: run.at['dy'] ?? 0,
        eps: call.eps,
      },
    };
    before += count / here;
    most = Math.max(most, count / here);
    const made = work(run.bind, call.x.dtype);
    const parts = how === 'invocations' ? cover(count, adapter.limits.groups, MOST / per) : groups(count, adapter.limits.groups, MOST / per);
    return parts.map(({ base, grid }): Step => ({ ...made, params: { ...params, count, base }, grid }));
  });
  return { steps, chunks: batch ? before : most, sets };
}

/** One invocation a set that goes through its chunks. */
const finish = (kernel: Kernel, chunks: number, sets: number, bind: Step['bind'], adapter: Adapter): Step[] =>
  dispatches({ kernel, types: {}, constants: {}, params: { chunks }, bind, count: sets }, adapter, MOST / chunks);

/** stats = (mean, biased variance) of every set; running statistics move, or are taken. */
export function statistics(call: NormCall, how: How, adapter: Adapter): Part {
  const { x, runningMean, runningVar, momentum } = call;
  const channels = x.shape[1]!;
  const at = { mean_at: runningMean?.skew ?? 0, variance_at: runningVar?.skew ?? 0 };
  const one = (kernel: Kernel, params: object): Step[] =>
    dispatches(
      {
        kernel,
        types: {},
        constants: {},
        params: { ...at, ...params },
        bind: { stats: 'stats', mean: 'runningMean', variance: 'runningVar' },
        count: channels,
      },
      adapter,
    );
  if (!call.own) return { steps: one(given, {}), scratch: { stats: 8 * channels } };
  const made = chunks(call, how, shareOf(call), { x }, adapter, (bind, dtype) => ({
    kernel: how === 'invocations' ? moments : momentsGroup,
    types: { real_x: dtype },
    constants: {},
    bind: { x: bind['x']!, part: 'part' },
  }));
  const n = lengthOf(call);
  return {
    steps: [
      ...made.steps,
      ...finish(merge, made.chunks, made.sets, { part: 'part', stats: 'stats' }, adapter),
      ...(call.moves ? one(running, { momentum, unbias: n / (n - 1) }) : []),
    ],
    scratch: { part: 16 * made.chunks * made.sets, stats: 8 * made.sets },
  };
}

/** total = (sum of dy, sum of dy times the normalised x) of every channel, of each sample or of all. */
export function sums(call: NormCall, how: How, adapter: Adapter): Part {
  const made = chunks(call, how, 1, { x: call.x, dy: call.dy! }, adapter, (bind, dtype) => ({
    kernel: how === 'invocations' ? sum : sumGroup,
    types: { real_x: dtype },
    constants: {},
    bind: { x: bind['x']!, dy: bind['dy']!, stats: 'stats', part: 'sums' },
  }));
  return {
    steps: [...made.steps, ...finish(total, made.chunks, made.sets, { part: 'sums', total: 'total' }, adapter)],
    scratch: { sums: 8 * made.chunks * made.sets, total: 8 * made.sets },
  };
}
