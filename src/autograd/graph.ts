// What happened to tensors: calls, and the variables between them. Knows no operation, only a table of their transposes.
import { checkOptions, flag, refuse, show } from '../check.ts';
import { checkTensor } from '../op.ts';
import type { Layout } from '../plan.ts';
import { type BackwardOptions, type Tape, Tensor } from '../tensor.ts';
import { unwind } from './unwind.ts';

// biome-ignore lint/suspicious/noExplicitAny: each transpose knows the arguments and results of its own operation
type Loose = any;

/** A recorded call on its way back. */
export interface Pull {
  /** The call as it was written, and what it returned. */
  readonly args: Loose;
  readonly result: Loose;
  /** The gradient of the result: of its one tensor, or of each by name, undefined where none flows. */
  readonly dy: Loose;
  /** Whether the gradients will be differentiated in turn, so that every call must have a transpose itself. */
  readonly again: boolean;
  /** Whether the gradient of an argument is wanted. */
  wants(x: Tensor | undefined): boolean;
  /** The gradients of a function of the arguments that stands for this call: for calls that are best differentiated as others. */
  through(body: (...args: Loose) => unknown): Gradients;
}

/** Gradients of arguments, by the argument. */
export type Gradients = readonly (readonly [x: Tensor | undefined, dx: Tensor | undefined])[];

/** How gradients go back through one operation. */
export type Transpose = (pull: Pull) => Gradients;

/** What the graph must be told of operations. */
export interface Rules {
  /** By name of the operation. */
  readonly transposes: Readonly<Record<string, Transpose>>;
  /** Operations without a gradient, and why. */
  readonly without: Readonly<Record<string, string>>;
  /** a + b, in the layout of a. */
  add(a: Tensor, b: Tensor): Tensor;
  /** A tensor of its own with the elements of x. */
  copy(x: Tensor): Tensor;
  /** x in another layout. */
  laid(x: Tensor, layout: Layout): Tensor;
  /** As many zeros as x has elements, in its shape, dtype and layout. */
  zeros(x: Tensor): Tensor;
}

/** One recorded call. */
export class Call {
  readonly op: string;
  args: readonly unknown[];
  readonly result: unknown;
  /** Arguments that lead to a parameter, as they were known then. */
  readonly inputs = new Map<Tensor, Variable>();
  /** Tensors whose elements must stay as the call read or wrote them, and their versions. */
  readonly read: [Tensor, number][] = [];
  /** When it was made. */
  readonly order: number;
  /** Tensors that the backward pass which made this call left behind. */
  readonly leftovers: Set<Tensor> | undefined;
  readonly outputs = new Map<string, Variable>();
  /** Whether a backward pass has been here, and what it needed is gone. */
  spent = false;

  constructor(op: string, args: readonly unknown[], result: unknown, written: readonly Tensor[], order: number, leftovers: Set<Tensor> | undefined) {
    const { inputs, read } = this;
    this.op = op;
    this.args = args.map((arg) =>
      copied(arg, (tensor) => {
        if (tensor.tape) inputs.set(tensor, tensor.tape as Variable);
        if (!written.includes(tensor)) read.push([tensor, tensor.version]);
      }),
    );
    this.result = result;
    for (const [, tensor] of this.results) read.push([tensor, tensor.version]);
    this.order = order;
    this.leftovers = leftovers;
  }

  /** The tensors of the result by name, '' where it is one. */
  get results(): [string, Tensor][] {
    if (this.result instanceof Tensor) return [['', this.result]];
    return Object.entries(this.result as object).filter((entry): entry is [string, Tensor] => entry[1] instanceof Tensor);
  }

  /** Forgets what only a gradient needs, and frees the results. */
  release(kept: ReadonlySet<Tensor>): void {
    if (this.spent) return;
    this.spent = true;
    this.args = [];
    this.inputs.clear();
    this.read.length = 0;
    for (const [, tensor] of this.results) if (!kept.has(tensor)) tensor.dispose();
  }
}

/** The value as it is now, should the caller change it later. `see` meets every tensor in it. */
function copied(value: unknown, see: (tensor: Tensor) => void): unknown {
  if (value instanceof Tensor) see(value);
  else if (Array.isArray(value)) return value.map((v) => copied(v, see));
  else if (typeof value === 'object' && value && !ArrayBuffer.isView(value))
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, copied(v, see)]));
  return value;
}

/** A tensor's place in the graph: a parameter, or a result of a recorded call. */
export class Variable implements Tape {
  grad: Tensor | undefined;
  readonly graph: Graph;
  /** The call that made it; none for parameters. */
  readonly source: Call | undefined;
  /** Its name among the results of that call. */
  readonly name: string;
  /** Whether `backward` adds gradients to `grad`. */
  readonly gathers: boolean;

  constructor(graph: Graph, source?: Call, name = '', gathers = false) {
    this.graph = graph;
    this.source = source;
    this.name = name;
    this.gathers = gathers;
  }

  record(op: string, args: readonly unknown[], result: unknown, written: readonly Tensor[]): void {
    this.graph.record(op, args, result, written);
  }

  backward(from: Tensor, options: BackwardOptions): void {
    this.graph.backward(from, options);
  }
}

export const isReal = ({ dtype }: Tensor): boolean => dtype === 'f32' || dtype === 'f16';

/** Records calls and goes back through them. The graph itself hangs on the tensors: what nobody can reach any more is forgotten. */
export class Graph {
  readonly rules: Rules;
  /** Whether calls are recorded. */
  recording = true;
  /** Functions being differentiated around the present call. */
  depth = 0;
  /** Where the present backward pass leaves what it makes, if it is recorded itself. */
  leftovers: Set<Tensor> | undefined;
  /** Calls recorded so far. */
  #calls = 0;

  constructor(rules: Rules) {
    this.rules = rules;
  }

  /** Follows a call from its arguments to its results. */
  record(op: string, args: readonly unknown[], result: unknown, written: readonly Tensor[]): void {
    if (!this.recording) return;
    const call = new Call(op, args, result, written, this.#calls++, this.leftovers);
    for (const [name, tensor] of call.results) {
      if (!isReal(tensor) || tensor.tape) continue;
      const variable = new Variable(this, call, name);
      call.outputs.set(name, variable);
      tensor.tape = variable;
    }
  }

  /** Runs a function with recording switched on or off. */
  while<T>(recording: boolean, body: () => T): T {
    const before = this.recording;
    this.recording = recording;
    try {
      return body();
    } finally {
      this.recording = before;
    }
  }

  backward(from: Tensor, options: BackwardOptions): void {
    const op = 'backward';
    checkOptions(op, options, ['cotangent', 'of', 'keep', 'retain']);
    checkTensor(op, 'the tensor', from);
    const { ctx } = from;
    ctx.alive(op);
    const { cotangent, of, keep = [] } = options;
    const retain = flag(op, 'retain', options.retain);
    checkCotangent(op, from, cotangent);
    for (const [name, list] of Object.entries({ of, keep })) {
      if (list !== undefined && !Array.isArray(list)) refuse(op, `${name} is ${show(list)}`, 'expected an array of tensors');
      for (const [i, t] of (list ?? []).entries()) checkTensor(op, `${name}[${i}]`, t, ctx);
    }
    for (const [i, p] of (of ?? []).entries())
      if (!(p.tape as Variable | undefined)?.gathers) refuse(op, `of[${i}] [${p.shape.join(', ')}] is no parameter`, 'see parameter');
    const targets = of && new Set(of.map((p) => p.tape as Variable));
    this.while(false, () =>
      ctx.tidy(() => {
        const seed = cotangent ?? one(from);
        const found = unwind(this, ctx, [[from.tape as Variable, seed]], { targets, kept: retain ? undefined : new Set([from, ...keep]) });
        if (!found.size) refuse(op, 'no parameter leads to the tensor', 'expected a result computed from one of those asked for');
        for (const [variable, g] of found) {
          const { grad } = variable;
          variable.grad = ctx.keep(grad && !grad.disposed ? this.rules.add(grad, g) : g);
          if (variable.grad !== grad) grad?.dispose();
        }
      }),
    );
  }

  /** Runs a function and goes back from what it returns to `xs`, whether those are on the tape or not. What it uses beside them is constant.
   * @param seeds results and their gradients
   * @param again whether the gradients will be differentiated in turn
   * @returns the result, the gradients, and what else was made and must live as long as the recorded gradients: whoever goes back from them frees it */
  pull<R>(body: () => R, xs: readonly Tensor[], seeds: (result: R) => readonly (readonly [Tensor, Tensor])[], again: boolean) {
    const { ctx } = xs[0]!;
    const fresh = xs.filter((x) => !x.tape);
    for (const x of fresh) x.tape = new Variable(this);
    const targets = xs.map((x) => x.tape as Variable);
    const since = this.#calls;
    const outer = this.leftovers;
    const leftovers = again ? new Set<Tensor>() : outer;
    this.leftovers = leftovers;
    this.depth++;
    const run = () => {
      const result = this.while(true, body);
      const flows = seeds(result).flatMap(([y, dy]) => (y.tape ? [[y.tape as Variable, dy] as const] : []));
      const found = this.while(again, () => unwind(this, ctx, flows, { targets: new Set(targets), again, since }));
      return { result, gradients: targets.map((v) => found.get(v)), leftovers };
    };
    try {
      if (!again) return run();
      return ctx.scope(run, (made, out) => {
        for (const tensor of made)
          if (!out) tensor.dispose();
          else if (!out.gradients.includes(tensor)) leftovers!.add(tensor);
      });
    } finally {
      this.depth--;
      this.leftovers = outer;
      for (const x of fresh) x.tape = undefined;
    }
  }
}

/** The gradient of a loss with respect to itself. */
export const one = ({ ctx, shape, dtype, layout }: Tensor): Tensor => ctx.tensor([1], shape, { dtype, layout });

/** Refuses a gradient that does not belong to a result. */
export function checkCotangent(op: string, y: Tensor, cotangent: Tensor | undefined): void {
  if (!cotangent) {
    if (y.size !== 1) refuse(op, `the tensor [${y.shape.join(', ')}] has ${y.size} elements`, 'expected one element, or a cotangent of its shape');
    return;
  }
  checkTensor(op, 'cotangent', cotangent, y.ctx);
  const layout = y.shape.length > 2 && cotangent.layout !== y.layout; // with fewer axes there is but one
  if (cotangent.dtype !== y.dtype || cotangent.shape.join() !== y.shape.join() || layout) {
    const named = (t: Tensor) => `${t.dtype}${layout ? ` ${t.layout}` : ''} [${t.shape.join(', ')}]`;
    refuse(op, `cotangent is ${named(cotangent)}`, `expected ${named(y)}, as the tensor`);
  }
}
