import { checkObject, refuse, show, UpsampleError } from './check.ts';
import type { Context } from './context.ts';
import { type Fault, guarded, joined } from './fault.ts';
import { type Adapter, bytesOf, type DType, type Layout, type Plan, planBytes, type TensorSpec } from './plan.ts';
import { overlap, type Place, type Program } from './program.ts';
import { Tensor } from './tensor.ts';

/** Which plan runs, and why. */
export interface Explanation {
  /** Name of the plan. */
  plan: string;
  why: string;
  /** One entry per dispatch. */
  kernels: { kernel: string; grid: readonly [number, number, number] }[];
  /** Bytes of inputs, outputs and scratch, each touched once. */
  bytes: number;
  /** Floating-point operations, where an operation counts them: of pairs of an element and a weight that exist. */
  flops?: number;
  /** Names of all admissible plans, best first. */
  admissible: string[];
}

/** Shape and type of the tensor that a prepared operation will be given. */
export interface PrepareSpec {
  /** [N, C, ...spatial] */
  shape: readonly number[];
  /** Default `'f32'`. */
  dtype?: DType | undefined;
  /** Default `'nchw'`. */
  layout?: Layout | undefined;
}

/** What a prepared operation reads or writes: a tensor, or a buffer that holds it from its first byte on. */
export type Resource = Tensor | GPUBuffer;

/** Shape, type and layout of a result. */
export interface OutputSpec {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly layout: Layout;
}

/** An operation with its pipelines compiled and its tables and scratch memory allocated. `Io` names what `encode` is given, `Maybe` what it is given where the
 * call has it. */
export class Prepared<Io extends string = 'input' | 'output', Maybe extends string = never> {
  /** Shape, type and layout of the result; of several, the first. */
  readonly output: OutputSpec;
  /** The same of every result, by name. */
  readonly outputs: Readonly<Record<string, OutputSpec>>;
  readonly #ctx: Context;
  readonly #op: string;
  readonly #program: Program;
  readonly #inputs: Readonly<Record<string, TensorSpec>>;
  readonly #scratch: Map<string, Place>;
  readonly #fixed: Readonly<Record<string, Tensor>>;
  readonly #explanation: Explanation;
  /** Buffers of others that could be bound. */
  readonly #met = new WeakSet<GPUBuffer>();
  #disposed = false;

  /** @internal */
  constructor(
    ctx: Context,
    op: string,
    program: Program,
    inputs: Readonly<Record<string, TensorSpec>>,
    scratch: Map<string, Place>,
    explanation: Explanation,
    fixed: Readonly<Record<string, Tensor>> = {},
  ) {
    this.outputs = Object.fromEntries(
      Object.entries(program.plan.outputs).map(([name, { shape, dtype, layout }]) => [name, { shape: Object.freeze([...shape]), dtype, layout }]),
    );
    this.output = Object.values(this.outputs)[0]!;
    this.#fixed = fixed;
    this.#ctx = ctx;
    this.#op = op;
    this.#program = program;
    this.#inputs = inputs;
    this.#scratch = scratch;
    this.#explanation = explanation;
  }

  /** Records the operation into the caller's encoder: nothing is allocated, compiled or submitted.
   * @param io inputs and outputs by name (`input` and `output` where there is one of each): tensors, or buffers with usage STORAGE that hold them from byte 0
   *   (of f16 an odd number of elements fills its last word)
   * @throws UpsampleError `invalid-argument` for buffers that are too small or the same, `disposed`, `device-mismatch`, `device-lost`. That a buffer or the
   *   encoder belongs to another device is said by the output tensor's `data()`, and by WebGPU when the encoder is finished. */
  encode(encoder: GPUCommandEncoder, io: { readonly [K in Io]: Resource } & { readonly [K in Maybe]?: Resource | undefined }): void {
    if (this.#disposed) throw new UpsampleError('disposed', this.#op, 'the prepared operation was disposed');
    this.#ctx.alive(this.#op);
    if (typeof encoder?.beginComputePass !== 'function') refuse(this.#op, `encoder is ${show(encoder)}`, 'expected a GPUCommandEncoder');
    if (typeof io !== 'object' || io === null) refuse(this.#op, `io is ${show(io)}`, `expected tensors or buffers by name`);
    const { outputs } = this.#program.plan;
    const places = new Map(this.#scratch);
    for (const [name, tensor] of Object.entries(this.#fixed)) {
      checkTensor(this.#op, name, tensor, this.#ctx);
      places.set(name, tensor.place);
    }
    for (const [name, spec] of Object.entries({ ...this.#inputs, ...outputs })) places.set(name, this.#place(name, spec, io[name as Io]));
    for (const to of Object.keys(outputs))
      for (const from of [...Object.keys(this.#inputs), ...Object.keys(this.#fixed), ...Object.keys(outputs)]) {
        const [a, b] = [places.get(from)!, places.get(to)!];
        // WebGPU binds a buffer for reading or, in parts that do not overlap, for writing.
        if (from !== to && a.buffer === b.buffer && (!outputs[from] || overlap(a, b)))
          refuse(this.#op, `${from} and ${to} lie in one buffer`, 'expected separate buffers');
      }
    this.#ctx.flush(); // eager calls made before this one may write its input
    const record = () => {
      const pass = encoder.beginComputePass();
      this.#program.encode(pass, (name) => places.get(name)!, 'steps');
      pass.end();
    };
    // Of a buffer nobody knows whose it is before it is bound.
    const strange = Object.keys({ ...this.#inputs, ...outputs }).flatMap((name) => {
      const given: Resource = io[name as Io];
      const buffer = given instanceof Tensor ? given.buffer : given;
      return (given instanceof Tensor && !given.wrapped) || this.#met.has(buffer) ? [] : [buffer];
    });
    const faults: Fault[] = [];
    if (strange.length) {
      const { fault } = guarded(this.#ctx.device, this.#op, record, 'device-mismatch');
      faults.push(fault);
      fault.done.then(() => {
        if (!fault.error) for (const buffer of strange) this.#met.add(buffer);
      });
    } else record();
    const given = (names: object) => Object.keys(names).flatMap((name) => (io[name as Io] instanceof Tensor ? [io[name as Io] as Tensor] : []));
    for (const t of [...given(this.#inputs), ...Object.values(this.#fixed)]) faults.push(...t.faults);
    for (const name of Object.keys(outputs)) this.#ctx.share(places.get(name)!.buffer);
    for (const tensor of given(outputs)) {
      tensor.version++;
      tensor.faults = joined(new Set([...tensor.faults.filter((f) => f.spoils), ...faults]));
    }
  }

  #place(name: string, spec: TensorSpec, given: Resource | undefined): Place {
    const bytes = bytesOf(spec);
    const tensor = given instanceof Tensor ? given : undefined;
    const buffer = tensor ? tensor.buffer : (given as GPUBuffer | undefined);
    if (typeof buffer?.size !== 'number') refuse(this.#op, `${name} is ${show(given)}`, 'expected a tensor or a GPUBuffer');
    if (tensor) {
      checkTensor(this.#op, name, tensor, this.#ctx);
      const same = tensor.dtype === spec.dtype && tensor.layout === spec.layout && tensor.shape.join() === spec.shape.join();
      if (!same)
        refuse(
          this.#op,
          `${name} is ${tensor.dtype} ${tensor.layout} [${tensor.shape.join(', ')}]`,
          `expected ${spec.dtype} ${spec.layout} [${spec.shape.join(', ')}], as prepared`,
        );
      if (tensor.offset % 256) refuse(this.#op, `${name} begins at byte ${tensor.offset} of its buffer`, 'expected a multiple of 256');
    }
    const offset = tensor?.offset ?? 0;
    if (buffer.size < Math.ceil((offset + bytes) / 4) * 4)
      refuse(this.#op, `${name} has ${buffer.size - offset} bytes`, `expected ${bytes} for [${spec.shape.join(', ')}]`);
    if (!(buffer.usage & 0x80)) refuse(this.#op, `${name} has usage ${buffer.usage}`, 'expected GPUBufferUsage.STORAGE among its usages');
    const room = Math.min(buffer.size - offset, this.#ctx.adapter.limits.binding);
    return { buffer, offset, size: Math.min(room - (room % 4), Math.max(Math.ceil(bytes / 4) * 4, 4)) };
  }

  /** Which plan runs, and why. */
  explain(): Explanation {
    return this.#explanation;
  }

  /** Frees tables and scratch memory. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#program.destroy();
    for (const { buffer } of this.#scratch.values()) buffer.destroy();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** Refuses what is not a live tensor, of this context where one is given. */
export function checkTensor(op: string, name: string, tensor: unknown, ctx?: Context): asserts tensor is Tensor {
  if (!(tensor instanceof Tensor)) refuse(op, `${name} is ${show(tensor)}`, 'expected a tensor of ctx.tensor, ctx.wrap or an operation');
  if (tensor.disposed) throw new UpsampleError('disposed', op, `${name} [${tensor.shape.join(', ')}] was disposed`);
  if (ctx && tensor.ctx !== ctx) throw new UpsampleError('device-mismatch', op, `${name} belongs to another context`);
}

/** Refuses what is not a context that can compute. */
export function checkContext(op: string, ctx: unknown): asserts ctx is Context {
  if (typeof (ctx as Context | undefined)?.checkSpec !== 'function') refuse(op, `ctx is ${show(ctx)}`, 'expected a Context');
  (ctx as Context).alive(op);
}

/** An operation on one tensor: called at once, prepared for a caller's encoder, or explained. `Rest` are its further arguments. */
export interface Operation<Rest extends unknown[], Options> {
  (x: Tensor, ...rest: Rest): Tensor;
  /** Compiles and allocates everything that `encode` needs. */
  prepare(ctx: Context, spec: PrepareSpec & Options): Promise<Prepared>;
  /** Which plan a call would run, and why; computes nothing. */
  explain(ctx: Context, spec: PrepareSpec & Options): Explanation;
}

/** A checked call as plans need it: anything that names the call completely. */
interface AnyCall {
  readonly op: string;
  readonly x: TensorSpec;
}

/** What the first of some plans does. */
export const explanation = (plans: readonly Plan[], inputs: Readonly<Record<string, TensorSpec>>): Explanation => {
  const [plan] = plans as [Plan];
  const kernels = plan.steps.map(({ kernel, grid }) => ({ kernel: kernel.name, grid }));
  const flops = plan.flops === undefined ? {} : { flops: plan.flops };
  return { plan: plan.name, why: plan.why, kernels, bytes: planBytes(plan, inputs), ...flops, admissible: plans.map((p) => p.name) };
};

/** Compiles and allocates what the first of some plans needs, and runs what depends on its weights alone.
 * @param inputs what `encode` will be given
 * @param fixed tensors that stay the same, weights among them */
export async function prepared<Io extends string, Maybe extends string = never>(
  ctx: Context,
  op: string,
  plans: readonly Plan[],
  inputs: Readonly<Record<string, TensorSpec>>,
  fixed: Readonly<Record<string, Tensor>> = {},
): Promise<Prepared<Io, Maybe>> {
  const plan = plans[0]!;
  const program = await ctx.compile(op, plan);
  const { places, done } = ctx.scratch(op, { ...plan.scratch, ...plan.kept });
  try {
    await done;
    if (plan.once?.length) {
      for (const [name, tensor] of Object.entries(fixed)) checkTensor(op, name, tensor, ctx);
      const faults = Object.values(fixed).flatMap((t) => t.faults);
      await ctx.settled(op, Promise.all(faults.map((f) => f.done)));
      for (const { error } of faults) if (error) throw error;
      await ctx.once(op, program, (name) => places.get(name) ?? fixed[name]!.place);
    }
  } catch (error) {
    program.destroy();
    for (const { buffer } of places.values()) buffer.destroy();
    throw error;
  }
  const all = { ...inputs, ...Object.fromEntries(Object.entries(fixed).map(([name, { spec }]) => [name, spec])) };
  return new Prepared<Io, Maybe>(ctx, op, program, inputs, places, explanation(plans, all), fixed);
}

/** Numbers that JSON would merge with others, in words. */
const exactly = (_: string, v: unknown) => (typeof v === 'number' && (!Number.isFinite(v) || Object.is(v, -0)) ? `${1 / v} ${v}` : v);

/** Runs the best plan of a checked call now, and tells the tape that follows one of its tensors.
 * @param args the call as it was written
 * @param call names the call completely: an equal one reuses its plan
 * @param result what the call returns of the plan's outputs
 * @param into outputs that are written in place, rather than made */
export function eager<R>(
  op: string,
  args: readonly unknown[],
  inputs: Readonly<Record<string, Tensor>>,
  call: object,
  plan: () => Plan,
  result: (outputs: Record<string, Tensor>) => R,
  into: Readonly<Record<string, Tensor>> = {},
): R {
  const tensors = Object.values(inputs);
  const returned = result(tensors[0]!.ctx.run(op, JSON.stringify(call, exactly), inputs, plan, into));
  tensors.find((t) => t.tape)?.tape?.record(op, args, returned, Object.values(into));
  return returned;
}

/** Builds an operation from its argument checks and its plans.
 * @param split divides the options of `prepare` into the further arguments of the eager call */
export function operation<Rest extends unknown[], Options extends object, Call extends AnyCall>(
  op: string,
  check: (op: string, x: TensorSpec, ...rest: Rest) => Call,
  plans: (call: Call, adapter: Adapter) => Plan[],
  split: (options: Options) => Rest,
): Operation<Rest, Options> {
  const now = (x: Tensor, ...rest: Rest): Tensor => {
    checkTensor(op, 'x', x);
    x.ctx.alive(op);
    const call = check(op, x.spec, ...rest);
    return eager(
      op,
      [x, ...rest],
      { input: x },
      call,
      () => plans(call, x.ctx.adapter)[0]!,
      (outputs) => outputs['output']!,
    );
  };
  const complete = (ctx: Context, spec: PrepareSpec & Options) => {
    checkContext(op, ctx);
    checkObject(op, 'spec', spec, 'shape, dtype, layout and the options');
    const { shape, dtype = 'f32', layout = 'nchw', ...options } = spec;
    const x = ctx.checkSpec(op, shape, { dtype, layout });
    const call = check(op, { ...x, skew: 0 }, ...split(options as unknown as Options));
    return { call, all: plans(call, ctx.adapter) };
  };
  return Object.assign(now, {
    explain: (ctx: Context, spec: PrepareSpec & Options) => {
      const { call, all } = complete(ctx, spec);
      return explanation(all, { input: call.x });
    },
    prepare: async (ctx: Context, spec: PrepareSpec & Options) => {
      const { call, all } = complete(ctx, spec);
      return prepared<'input' | 'output'>(ctx, op, all, { input: call.x });
    },
  });
}
