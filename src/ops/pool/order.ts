// Any indices: who wins a cell that several name, in an order that does not depend on the device.
import claim from '../../../shaders/pool/claim.wgsl';
import give from '../../../shaders/pool/give.wgsl';
import narrow from '../../../shaders/pool/narrow.wgsl';
import pick from '../../../shaders/pool/pick.wgsl';
import settle from '../../../shaders/pool/settle.wgsl';
import yieldKernel from '../../../shaders/pool/yield.wgsl';
import type { Step } from '../../plan.ts';
import { dispatches } from '../slices.ts';
import { cleared, type Job, type Part, type Steps, VERDICT } from './job.ts';

/** Planes are filled one window after another. `guarded`: only where a window was found to be left. Sums of f16 are made in f32. */
export function settled(job: Job, guarded: boolean): Steps {
  const { call, adapter, half, inner, cells, partsWith, scratchOf, copied, perPlane, REVERSE } = job;
  const sum = call.duplicates === 'sum';
  const apart = sum && half;
  const parts = apart ? partsWith(4) : job.parts;
  const GUARD = Number(guarded);
  const types = sum ? { real: call.small.dtype, total: 'f32' } : { real: copied, total: copied };
  const steps = parts.flatMap((part) => {
    const bind = { ...part.bind, verdict: 'verdict', ...(apart && { large: 'sums' }) };
    const fill = perPlane(part, guarded, { kernel: settle, types, constants: { GUARD, SUM: Number(sum), REVERSE }, bind });
    if (!apart) return fill;
    const size = part.count * cells * inner;
    const threads = Math.ceil(size / 16);
    const params = { part: threads, y_at: part.at.large, size };
    const to = { x: 'sums', y: part.bind.large, verdict: 'verdict' };
    const moved = dispatches({ kernel: narrow, types: { real: 'f16' }, constants: { GUARD }, params, bind: to, count: threads }, adapter);
    return [...fill.map((s) => ({ ...s, params: { ...s.params, large_at: 0 } })), ...moved];
  });
  return { steps, scratch: apart ? { sums: scratchOf(parts, 4) } : {} };
}

/** Every cell has an owner; `then` reads them. */
function owned({ adapter, partsWith, scratchOf, perWindow, REVERSE }: Job, then: (part: Part) => Step[]): Steps {
  const parts = partsWith(4);
  const steps = parts.flatMap((part) => [
    ...cleared('owner', scratchOf([part], 4), adapter),
    ...perWindow(part, { kernel: claim, types: {}, constants: { REVERSE }, bind: { indices: part.bind.indices, owner: 'owner', verdict: 'verdict' } }),
    ...then(part),
  ]);
  return { steps, scratch: { owner: scratchOf(parts, 4) } };
}

/** Cells take the values of their owners. */
export const given = (job: Job): Steps =>
  owned(job, (part) =>
    dispatches(
      {
        kernel: give,
        types: { real: job.copied },
        constants: { REVERSE: job.REVERSE },
        params: job.params(part),
        bind: { small: part.bind.small, owner: 'owner', large: part.bind.large },
        count: part.count * job.cells * job.inner,
      },
      job.adapter,
    ),
  );

/** Windows read the cells that their indices name; `owned` ones only those that they own. */
function picks({ copied, kernels, perWindow, REVERSE }: Job, parts: readonly Part[], check: boolean, owned: boolean): Step[] {
  const { KD, KH, KW, SD, SH, SW } = kernels;
  const constants = { KD, KH, KW, SD, SH, SW, CHECK: Number(check), OWNED: Number(owned), REVERSE };
  return parts.flatMap((part) => {
    const bind = { ...part.bind, owner: owned ? 'owner' : 'unused', verdict: 'verdict' };
    return perWindow(part, { kernel: pick, types: { real: copied }, constants, bind });
  });
}

/** Windows read their cells, whoever else does. */
export const picked = (job: Job): Steps => ({ steps: picks(job, job.parts, false, false), scratch: { unused: VERDICT } });

/** Windows read the cells that they own. */
export const won = (job: Job): Steps => owned(job, (part) => picks(job, [part], false, true));

/** Windows read their cells, and then yield them one after another. `guarded`: only where a window was found to be left. */
export function yielded(job: Job, guarded: boolean): Steps {
  const parts = job.partsWith(4);
  const constants = { GUARD: Number(guarded), REVERSE: job.REVERSE };
  const after = parts.flatMap((part) => {
    const bind = { indices: part.bind.indices, owner: 'owner', small: part.bind.small, verdict: 'verdict' };
    return job.perPlane(part, guarded, { kernel: yieldKernel, types: { real: job.copied }, constants, bind });
  });
  return { steps: [...picks(job, job.parts, guarded, false), ...after], scratch: { owner: job.scratchOf(parts, 4), unused: VERDICT } };
}
