import { refuse, UpsampleError } from '../check.ts';
import type { Context } from '../context.ts';
import type { Tensor } from '../tensor.ts';
import type { Call, Gradients, Graph, Variable } from './graph.ts';

/** Every call since some moment that leads to some variables, in the order they were made, and where they begin. */
function history(from: readonly Variable[], since: number): { calls: Call[]; leaves: Set<Variable> } {
  const calls = new Set<Call>();
  const leaves = new Set<Variable>();
  const open = [...from];
  for (let next = open.pop(); next; next = open.pop()) {
    const { source } = next;
    if (!source || source.order < since) leaves.add(next);
    else if (!calls.has(source)) {
      calls.add(source);
      open.push(...source.inputs.values());
    }
  }
  return { calls: [...calls].sort((a, b) => a.order - b.order), leaves };
}

/** Refuses a call that cannot be gone back through, before anything is computed. */
function checkCall({ rules }: Graph, { op, spent, read }: Call): void {
  if (spent) refuse('backward', `${op} was gone through before, and what it needs is freed`, 'pass retain: true the first time, or detach what is used again');
  const why = rules.without[op];
  if (!rules.transposes[op]) refuse('backward', `${op} has no gradient${why ? `: ${why}` : ''}`, 'compute it from detached tensors, or under noGrad');
  for (const [tensor, version] of read)
    if (tensor.version !== version)
      refuse('backward', `a tensor [${tensor.shape.join(', ')}] of ${op} was written to after the call`, 'go backward first, then update');
}

export interface UnwindOptions {
  /** Variables that are asked for; default parameters. */
  readonly targets?: ReadonlySet<Variable> | undefined;
  /** Whether this pass is recorded, to be differentiated in turn; default false. */
  readonly again?: boolean;
  /** Number of the first call to go back through; default 0. */
  readonly since?: number;
  /** Given, what the calls have made is freed on the way, except these. */
  readonly kept?: ReadonlySet<Tensor> | undefined;
}

/** Gradients of some variables with respect to others: every call between them, last first, through its transpose. A variable that several calls used gets
 * the sum of their gradients, added up in this order.
 * @param seeds variables and their gradients to begin with
 * @returns a tensor of its own for each target that is reached */
export function unwind(
  graph: Graph,
  ctx: Context,
  seeds: readonly (readonly [Variable, Tensor])[],
  { targets, again = false, since = 0, kept }: UnwindOptions,
): Map<Variable, Tensor> {
  const { calls, leaves } = history(
    seeds.map(([v]) => v),
    since,
  );
  const wanted = targets ?? new Set([...leaves].filter((v) => v.gathers));
  const leads = new Set(wanted);
  const path = calls
    .filter(({ inputs, outputs, spent }) => {
      const on = spent || [...inputs.values()].some((v) => leads.has(v));
      if (on) for (const v of outputs.values()) leads.add(v);
      return on;
    })
    .reverse();
  for (const call of path) checkCall(graph, call);

  const body = (made: ReadonlySet<Tensor>) => flowBack(graph, ctx, seeds, path, { wanted, leads, again, made, kept });
  try {
    return ctx.scope(body, (made, found) => {
      if (again && found) return; // whoever asked for it frees it
      const results = new Set(found?.values());
      for (const tensor of made) if (!results.has(tensor)) tensor.dispose();
    });
  } finally {
    if (kept)
      for (const call of calls) {
        call.release(kept);
        for (const tensor of call.leftovers ?? []) if (!kept.has(tensor)) tensor.dispose();
      }
  }
}

interface Flow {
  readonly wanted: ReadonlySet<Variable>;
  /** Variables that lead back to wanted ones. */
  readonly leads: ReadonlySet<Variable>;
  readonly again: boolean;
  /** What this pass has made. */
  readonly made: ReadonlySet<Tensor>;
  readonly kept: ReadonlySet<Tensor> | undefined;
}

function flowBack(graph: Graph, ctx: Context, seeds: readonly (readonly [Variable, Tensor])[], path: readonly Call[], way: Flow): Map<Variable, Tensor> {
  const { wanted, leads, again, made, kept } = way;
  const flows = new Map<Variable, Tensor>();
  /** To how many variables a gradient belongs: a transpose may pass on the one it was given. */
  const uses = new Map<Tensor, number>();
  const drop = (g: Tensor) => {
    const left = uses.get(g)! - 1;
    uses.set(g, left);
    if (!left && !again && made.has(g)) g.dispose();
  };
  const flow = (variable: Variable, g: Tensor) => {
    uses.set(g, (uses.get(g) ?? 0) + 1);
    const before = flows.get(variable);
    flows.set(variable, before ? graph.rules.add(before, g) : g);
    if (!before) return;
    uses.set(flows.get(variable)!, 1);
    drop(before);
    drop(g);
  };
  /** Those that are asked for and were used, as the calls know them: whatever flows to them, be it nothing, they get a gradient. */
  const used = new Map<Variable, Tensor>();
  for (const { inputs } of path) for (const [x, v] of inputs) if (wanted.has(v)) used.set(v, x);
  for (const [variable, g] of seeds) if (leads.has(variable)) flow(variable, g);
  for (const call of path) {
    const given = [...call.outputs].filter(([, v]) => flows.has(v));
    if (given.length) {
      const dy = Object.fromEntries(given.map(([name, v]) => [name, flows.get(v)!]));
      for (const [x, dx] of transposed(graph, ctx, call, dy, way)) {
        const variable = x && call.inputs.get(x);
        if (dx && variable && leads.has(variable)) flow(variable, dx);
      }
    }
    for (const [, v] of given) {
      if (wanted.has(v)) continue;
      drop(flows.get(v)!);
      flows.delete(v);
    }
    if (kept) call.release(kept);
  }
  for (const [variable, x] of used) if (!flows.has(variable)) flow(variable, graph.rules.zeros(x));
  for (const [variable, g] of flows) {
    if (uses.get(g) === 1 && made.has(g)) continue;
    flows.set(variable, graph.rules.copy(g)); // somebody else's, or another variable's too
    drop(g);
  }
  return flows;
}

/** Takes the gradients of a call's results to its arguments. */
function transposed(graph: Graph, ctx: Context, call: Call, dy: Record<string, Tensor>, { leads, again }: Flow): Gradients {
  const { args, result, inputs, op } = call;
  const wants = (x: Tensor | undefined) => {
    const variable = x && inputs.get(x);
    return !!variable && leads.has(variable);
  };
  const through = (body: (...args: never) => unknown): Gradients => {
    const xs = [...inputs.keys()].filter(wants);
    const seeds = (y: unknown) => Object.entries(dy).map(([name, g]) => [name ? (y as Record<string, Tensor>)[name]! : (y as Tensor), g] as const);
    const { gradients } = graph.pull(() => body(...(args as never)), xs, seeds, again);
    return xs.map((x, i) => [x, gradients[i]]);
  };
  let pairs: Gradients = [];
  const pull = () => {
    const found = graph.rules.transposes[op]!({ args, result, dy: '' in dy ? dy[''] : dy, again, wants, through });
    // A matrix has no layout but that of its name, and what becomes of it takes that.
    pairs = found.map(([x, dx]) => [x, x && dx && dx.layout !== x.layout ? graph.rules.laid(dx, x.layout) : dx]);
    return pairs.map(([, dx]) => dx);
  };
  try {
    if (again) pull();
    else ctx.tidy(pull);
  } catch (error) {
    if (!(error instanceof UpsampleError) || error.code !== 'disposed') throw error;
    const what = `the gradient of ${op} needs a tensor that is gone (${error.message})`;
    throw new UpsampleError('disposed', 'backward', `${what}; dispose, or end ctx.tidy, after backward`);
  }
  for (const [x, dx] of pairs)
    if (x && dx && x.shape.join() !== dx.shape.join()) refuse('backward', `the gradient of ${op} is [${dx.shape.join(', ')}] for [${x.shape.join(', ')}]`);
  return pairs;
}
