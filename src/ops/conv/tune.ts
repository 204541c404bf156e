import type { Context } from '../../context.ts';
import { type Prepared, prepared } from '../../op.ts';
import { product } from '../../plan.ts';
import type { Tensor } from '../../tensor.ts';
import type { Biased, ConvExplainSpec, Laid } from './index.ts';

/** What was measured. */
export interface Tuned {
  /** The quickest plan, which later equal calls take. */
  plan: string;
  /** Median milliseconds of one run, by plan. */
  milliseconds: Record<string, number>;
}

/** Milliseconds that one measurement takes at least, and measurements of a plan. */
const LEAST = 10;
const ROUNDS = 5;
/** A plan this many times slower than the best is measured once. */
const HOPELESS = 3;

/** Times every admissible plan of a convolution, or of its gradients, and remembers the quickest in `ctx.choices`: equal calls from then on take it, eager
 * and prepared. Without it plans follow from shape and adapter alone; another plan may give other low bits.
 * @param layer `conv2d`, `convTranspose2d`, `conv2dBackward` and the like
 * @param spec as `layer.prepare` takes it
 * @throws UpsampleError as `layer.prepare` */
export async function tune<S extends ConvExplainSpec & Biased>(
  ctx: Context,
  layer: { lay(ctx: Context, spec: S): Laid },
  spec: NoInfer<S> & { weight: Tensor },
): Promise<Tuned> {
  const { call, plans, inputs } = layer.lay(ctx, spec);
  const fixed = { w: spec.weight, ...(spec.bias && { bias: spec.bias }) };
  const made: Tensor[] = [];
  const blank = ({ shape, dtype, layout }: Laid['inputs'][string]): Tensor => {
    const tensor = ctx.tensor(new Float32Array(product(shape)), shape, { dtype, layout });
    made.push(tensor);
    return tensor;
  };
  const runs: { name: string; op: Prepared<string>; repeat: number; times: number[] }[] = [];
  try {
    const io: Record<string, Tensor> = {};
    for (const [name, given] of Object.entries({ ...inputs, ...plans[0]!.outputs })) io[name] = blank(given);
    const time = async (op: Prepared<string>, repeat: number): Promise<number> => {
      const encoder = ctx.device.createCommandEncoder();
      for (let i = 0; i < repeat; i++) op.encode(encoder, io);
      const begin = performance.now();
      ctx.device.queue.submit([encoder.finish()]);
      await ctx.settled(call.op, ctx.device.queue.onSubmittedWorkDone());
      ctx.alive(call.op);
      return (performance.now() - begin) / repeat;
    };
    for (const plan of plans) {
      const op = await prepared<string>(ctx, call.op, [plan], inputs, fixed);
      const run = { name: plan.name, op, repeat: 1, times: [] as number[] };
      runs.push(run);
      await time(op, 1); // the first run of a pipeline may compile it
      const once = await time(op, 1);
      run.times.push(once);
      run.repeat = Math.max(Math.ceil(LEAST / Math.max(once, 0.01)), 1);
    }
    const best = Math.min(...runs.map((r) => r.times[0]!));
    const hopeful = runs.filter((r) => r.times[0]! <= HOPELESS * best);
    for (const run of hopeful) run.times.length = 0;
    for (let round = 0; round < ROUNDS; round++) for (const run of hopeful) run.times.push(await time(run.op, run.repeat));
    const medians = runs.map(({ name, times }) => [name, times.sort((a, b) => a - b)[times.length >> 1]!] as const);
    const plan = medians.reduce((a, b) => (b[1] < a[1] ? b : a))[0];
    ctx.choices.set(JSON.stringify(call), plan);
    return { plan, milliseconds: Object.fromEntries(medians) };
  } finally {
    for (const { op } of runs) op.dispose();
    for (const tensor of made) tensor.dispose();
  }
}
