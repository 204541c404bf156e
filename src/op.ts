import { refuse, show, UpsampleError } from './check.ts';
import type { Context } from './context.ts';
import { type Adapter, BYTES, type DType, type Layout, type Plan, planBytes, type TensorSpec } from './plan.ts';
import type { Place, Program } from './program.ts';
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
  /** Names of all admissible plans, best first. */
  admissible: string[];
}

/** Shape and type of the tensor that a prepared operation will be given. */
export interface PrepareSpec {
  /** [N, C, ...spatial] */
  shape: readonly number[];
  /** Default `'f32'`. */
  dtype?: DType;
  /** Default `'nchw'`. */
  layout?: Layout;
}

/** What a prepared operation reads or writes: a tensor, or a buffer that holds it from its first byte on. */
export type Resource = Tensor | GPUBuffer;

/** An operation with its pipelines compiled and its tables and scratch memory allocated. */
export class Prepared {
  /** Shape, type and layout of the result. */
  readonly output: { readonly shape: readonly number[]; readonly dtype: DType; readonly layout: Layout };
  readonly #ctx: Context;
  readonly #op: string;
  readonly #program: Program;
  readonly #inputs: Readonly<Record<string, TensorSpec>>;
  readonly #scratch: Map<string, Place>;
  readonly #explanation: Explanation;
  #disposed = false;

  /** @internal */
  constructor(ctx: Context, op: string, program: Program, inputs: Readonly<Record<string, TensorSpec>>, scratch: Map<string, Place>, explanation: Explanation) {
    const { shape, dtype, layout } = program.plan.outputs['output']!;
    this.output = { shape, dtype, layout };
    this.#ctx = ctx;
    this.#op = op;
    this.#program = program;
    this.#inputs = inputs;
    this.#scratch = scratch;
    this.#explanation = explanation;
  }

  /** Records the operation into the caller's encoder: nothing is allocated, compiled or submitted.
   * @param io `input` and `output`: tensors, or buffers with usage STORAGE that hold them from byte 0
   * @throws UpsampleError `invalid-argument` for buffers that are too small or the same, `disposed`, `device-mismatch`, `device-lost` */
  encode(encoder: GPUCommandEncoder, io: { input: Resource; output: Resource }): void {
    if (this.#disposed) throw new UpsampleError('disposed', this.#op, 'the prepared operation was disposed');
    this.#ctx.alive(this.#op);
    const specs = { ...this.#inputs, ...this.#program.plan.outputs };
    const places = new Map(this.#scratch);
    for (const [name, spec] of Object.entries(specs)) places.set(name, this.#place(name, spec, io[name as keyof typeof io]));
    const input = places.get('input')!;
    const output = places.get('output')!;
    if (input.buffer === output.buffer && input.offset < output.offset + output.size && output.offset < input.offset + input.size)
      refuse(this.#op, 'input and output overlap in one buffer', 'expected separate memory');
    this.#ctx.flush(); // eager calls made before this one may write its input
    const pass = encoder.beginComputePass();
    this.#program.encode(pass, (name) => places.get(name)!);
    pass.end();
  }

  #place(name: string, spec: TensorSpec, given: Resource | undefined): Place {
    const bytes = spec.shape.reduce((a, b) => a * b, 1) * BYTES[spec.dtype];
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
    if (buffer.size < offset + bytes) refuse(this.#op, `${name} has ${buffer.size - offset} bytes`, `expected ${bytes} for [${spec.shape.join(', ')}]`);
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

const explanation = (plans: readonly Plan[], x: TensorSpec): Explanation => {
  const [plan] = plans as [Plan];
  const kernels = plan.steps.map(({ kernel, grid }) => ({ kernel: kernel.name, grid }));
  return { plan: plan.name, why: plan.why, kernels, bytes: planBytes(plan, { input: x }), admissible: plans.map((p) => p.name) };
};

/** Builds an operation from its argument checks and its plans.
 * @param split divides the options of `prepare` into the further arguments of the eager call */
export function operation<Rest extends unknown[], Options extends object, Call extends AnyCall>(
  op: string,
  check: (op: string, x: TensorSpec, ...rest: Rest) => Call,
  plans: (call: Call, adapter: Adapter) => Plan[],
  split: (options: Options) => Rest,
): Operation<Rest, Options> {
  const eager = (x: Tensor, ...rest: Rest): Tensor => {
    checkTensor(op, 'x', x);
    x.ctx.alive(op);
    const call = check(op, x.spec, ...rest);
    return x.ctx.run(op, JSON.stringify(call), { input: x }, () => plans(call, x.ctx.adapter)[0]!)['output']!;
  };
  const complete = (ctx: Context, spec: PrepareSpec & Options) => {
    const { shape, dtype = 'f32', layout = 'nchw', ...options } = spec;
    ctx.alive(op);
    const x = ctx.checkSpec(op, shape, { dtype, layout });
    const call = check(op, { ...x, skew: 0 }, ...split(options as unknown as Options));
    return { call, all: plans(call, ctx.adapter) };
  };
  return Object.assign(eager, {
    explain: (ctx: Context, spec: PrepareSpec & Options) => {
      const { call, all } = complete(ctx, spec);
      return explanation(all, call.x);
    },
    prepare: async (ctx: Context, spec: PrepareSpec & Options) => {
      const { call, all } = complete(ctx, spec);
      const program = await ctx.compile(op, all[0]!);
      const { places, done } = ctx.scratch(op, all[0]!.scratch);
      await done;
      return new Prepared(ctx, op, program, { input: call.x }, places, explanation(all, call.x));
    },
  });
}
