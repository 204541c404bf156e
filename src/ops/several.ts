import { checkObject, refuse, show } from '../check.ts';
import type { Context } from '../context.ts';
import { checkContext, checkTensor, type Explanation, eager, explanation, type Prepared, type PrepareSpec, prepared } from '../op.ts';
import type { Adapter, Plan, TensorSpec } from '../plan.ts';
import type { Tensor } from '../tensor.ts';

/** The tensors of a call by name; some arguments may be numbers. */
export type Given = Readonly<Record<string, TensorSpec | number>>;

/** The gradient of a parameter that may be given, by its name. */
export type GradientOf<Name extends string, Given, T = NonNullable<Given>> = [Given] extends [undefined]
  ? unknown
  : undefined extends Given
    ? Partial<Record<Name, T>>
    : Record<Name, T>;

/** An operation on several tensors: called at once, prepared for a caller's encoder, or explained. `Spec` names its tensors, `{ x: { shape }, … }`, beside its options. */
export interface Several<Args extends readonly unknown[], Spec extends object, R = Tensor, Io extends string = string, Maybe extends string = never> {
  (...args: Args): R;
  /** Compiles and allocates everything that `encode` needs. */
  prepare(ctx: Context, spec: Spec): Promise<Prepared<Io, Maybe>>;
  /** Which plan a call would run, and why; computes nothing. */
  explain(ctx: Context, spec: Spec): Explanation;
}

/** What such an operation is made of. */
export interface Form<Call extends object> {
  /** Names of its leading arguments, tensors; the first belongs to the context of the call. */
  readonly tensors: readonly string[];
  /** Those of them that may be numbers. */
  readonly numbers?: readonly string[];
  /** Options that are tensors. */
  readonly optional?: readonly string[];
  readonly check: (op: string, given: Given, options: object) => Call;
  /** Every admissible plan, best first. */
  readonly plans: (call: Call, adapter: Adapter) => Plan[];
  /** Names of tensors given that a call writes in place; its plans have them among their outputs. */
  readonly into?: (call: Call) => readonly string[];
  /** What the call returns of the plan's outputs; default the one called `output`. */
  readonly result?: (outputs: Record<string, Tensor>) => unknown;
}

/** Options without those that are tensors. */
function split(options: unknown, optional: readonly string[]): [plain: object, tensors: Record<string, unknown>] {
  if (typeof options !== 'object' || options === null) return [options as object, {}];
  const plain: Record<string, unknown> = {};
  const tensors: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(options)) {
    if (!optional.includes(name)) plain[name] = value;
    else if (value !== undefined) tensors[name] = value;
  }
  return [plain, tensors];
}

/** Tensors that a call reads, and those it writes. */
function divide<T>(all: Readonly<Record<string, T>>, written: readonly string[]): [read: Record<string, T>, write: Record<string, T>] {
  const part = (write: boolean) => Object.fromEntries(Object.entries(all).filter(([name]) => written.includes(name) === write));
  return [part(false), part(true)];
}

/** Builds an operation on several tensors from its argument checks and its plans. */
export function several<
  Args extends readonly unknown[],
  Spec extends object,
  R = Tensor,
  Io extends string = string,
  Call extends object = object,
  Maybe extends string = never,
>(
  op: string,
  { tensors, numbers = [], optional = [], check, plans, into = () => [], result = (outputs) => outputs['output']! }: Form<Call>,
): Several<Args, Spec, R, Io, Maybe> {
  const now = (...args: Args): R => {
    const [first] = args;
    checkTensor(op, tensors[0]!, first);
    const { ctx } = first;
    ctx.alive(op);
    const inputs: Record<string, Tensor> = {};
    const given: Record<string, TensorSpec | number> = {};
    const take = (name: string, value: unknown) => {
      if (typeof value === 'number' && numbers.includes(name)) {
        given[name] = value;
        return;
      }
      checkTensor(op, name, value, ctx);
      inputs[name] = value;
      given[name] = value.spec;
    };
    tensors.forEach((name, i) => {
      take(name, args[i]);
    });
    const [options, more] = split(args[tensors.length] === undefined ? {} : args[tensors.length], optional);
    for (const [name, value] of Object.entries(more)) take(name, value);
    const call = check(op, given, options);
    const [read, write] = divide(inputs, into(call));
    return eager(op, args, read, call, () => plans(call, ctx.adapter)[0]!, result, write) as R;
  };
  const complete = (ctx: Context, spec: Spec) => {
    checkContext(op, ctx);
    checkObject(op, 'spec', spec, `${tensors.join(', ')} and the options`);
    const inputs: Record<string, TensorSpec> = {};
    const given: Record<string, TensorSpec | number> = {};
    const take = (name: string, value: unknown) => {
      if (typeof value === 'number' && numbers.includes(name)) {
        given[name] = value;
        return;
      }
      if (typeof value !== 'object' || value === null) refuse(op, `${name} is ${show(value)}`, 'expected { shape, dtype, layout }');
      const { shape, dtype = 'f32', layout = 'nchw' } = value as PrepareSpec;
      given[name] = inputs[name] = { ...ctx.checkSpec(op, shape, { dtype, layout }), skew: 0 };
    };
    const [rest, more] = split(spec, [...tensors, ...optional]);
    for (const name of tensors) take(name, more[name]);
    for (const name of optional) if (more[name] !== undefined) take(name, more[name]);
    const call = check(op, given, rest);
    return { all: plans(call, ctx.adapter), inputs: divide(inputs, into(call))[0] };
  };
  return Object.assign(now, {
    explain: (ctx: Context, spec: Spec) => {
      const { all, inputs } = complete(ctx, spec);
      return explanation(all, inputs);
    },
    prepare: async (ctx: Context, spec: Spec): Promise<Prepared<Io, Maybe>> => {
      const { all, inputs } = complete(ctx, spec);
      return prepared<Io, Maybe>(ctx, op, all, inputs);
    },
  });
}
