import adamKernel from '../../shaders/optim/adam.wgsl';
import descendKernel from '../../shaders/optim/descend.wgsl';
import momentumKernel from '../../shaders/optim/momentum.wgsl';
import { checkOptions, finite, flag, refuse, show } from '../check.ts';
import type { Context } from '../context.ts';
import { guarded } from '../fault.ts';
import { checkTensor } from '../op.ts';
import { checkSame } from '../ops/pointwise/broadcast.ts';
import { aligned, dispatches, type Flat, LANES, runs } from '../ops/pointwise/cells.ts';
import { widePlans } from '../ops/pointwise/plan.ts';
import { type Adapter, type Plan, product, type TensorSpec } from '../plan.ts';
import type { Kernel } from '../shader.ts';
import { Tensor } from '../tensor.ts';
import { isParameter } from './parameter.ts';

interface Common {
  /** Learning rate; default 1e-3. */
  lr?: number | undefined;
  /** Pull towards 0; default 0, of `adamw` 0.01. */
  weightDecay?: number | undefined;
}
export interface SgdOptions extends Common {
  /** Share of the last step's direction that is kept; default 0. */
  momentum?: number | undefined;
  /** Share of the gradient that momentum leaves out, after the first step; default 0. */
  dampening?: number | undefined;
  /** Whether the gradient is looked at one momentum ahead; default false. Needs momentum, and no dampening. */
  nesterov?: boolean | undefined;
}
export interface AdamOptions extends Common {
  /** Shares of the running means of the gradient and of its square that are kept; default [0.9, 0.999]. */
  betas?: readonly [number, number] | undefined;
  /** Added to the root of the mean square; default 1e-8. */
  eps?: number | undefined;
}

/** What an optimiser has learnt of its parameters, as plain data: lists have an entry for each parameter. */
export interface OptimizerState {
  readonly lr: number;
  /** Steps taken. */
  readonly steps: readonly number[];
  /** Running means by name, in the memory order of the parameters. */
  readonly means: Readonly<Record<string, readonly Float32Array[]>>;
}

/** How one kind of optimiser steps. */
interface Rule {
  readonly op: string;
  readonly kernel: Kernel;
  readonly constants: Readonly<Record<string, number>>;
  /** Running means that it keeps for each parameter. */
  readonly means: readonly string[];
  /** Numbers that the kernel reads as `rates` at a parameter's step t, from 1. */
  readonly rates: (lr: number, t: number) => readonly number[];
}

const flat = (slot: string, { dtype, skew }: TensorSpec): Flat => ({ slot, name: slot, dtype, skew });
const mean = ({ shape, layout }: TensorSpec): TensorSpec => ({ shape, layout, dtype: 'f32', skew: 0 });

/** Every admissible plan of one parameter's step, in place, best first. */
export function stepPlans({ kernel, constants, means }: Pick<Rule, 'kernel' | 'constants' | 'means'>, p: TensorSpec, g: TensorSpec, adapter: Adapter): Plan[] {
  const outputs = { p, ...Object.fromEntries(means.map((name) => [name, mean(p)])) };
  const flats = [...Object.entries(outputs).map(([name, spec]) => flat(name, spec)), flat('g', g)];
  const n = product(p.shape);
  return widePlans(aligned(flats) && n >= LANES, outputs, (wide) =>
    dispatches(kernel, runs(n, flats, wide, adapter), () => ({ constants, params: {}, bind: { rates: 'rates' } }), adapter),
  );
}

/** Bytes between the rates of one parameter and the next: bindings begin at multiples of it. */
const ROW = 256;

/** Changes parameters by their gradients, in place and on the GPU: one dispatch a parameter. Made by `sgd`, `adam` and `adamw`. */
export class Optimizer {
  readonly params: readonly Tensor[];
  readonly #rule: Rule;
  readonly #ctx: Context;
  #lr: number;
  readonly #steps: number[];
  readonly #means: Readonly<Record<string, Tensor>>[];
  /** Rows of rates: parameters that have taken equally many steps share one. */
  readonly #rates: Tensor;
  readonly #rows: Tensor[];

  /** @internal */
  constructor(rule: Rule, params: readonly Tensor[], lr: number) {
    const { op } = rule;
    if (!Array.isArray(params) || !params.length) refuse(op, `params is ${show(params)}`, 'expected an array of at least one parameter');
    params.forEach((p: Tensor, i) => {
      const name = `params[${i}]`;
      checkTensor(op, name, p, params[0]!.ctx);
      if (!isParameter(p)) refuse(op, `${name} [${p.shape.join(', ')}] is no parameter`, 'give it to parameter() first');
      if (params.indexOf(p) < i) refuse(op, `${name} is params[${params.indexOf(p)}] again`, 'expected each parameter once');
    });
    const { ctx } = params[0]!;
    this.#rule = rule;
    this.#ctx = ctx;
    this.#lr = lr;
    this.params = [...params];
    this.#steps = params.map(() => 0);
    this.#means = params.map(({ spec, size }) =>
      Object.fromEntries(rule.means.map((name) => [name, ctx.tensor(new Float32Array(size), spec.shape, { layout: spec.layout })])),
    );
    const row = { shape: [ROW / 4], dtype: 'f32', layout: 'nchw' } as const;
    this.#rates = ctx.tensor(new Float32Array((params.length * ROW) / 4), [params.length, ROW / 4]);
    this.#rows = params.map((_, i) => new Tensor(ctx, row, this.#rates.buffer, i * ROW, false, this.#rates.faults));
  }

  /** Learning rate; a new one holds from the next step on, and costs nothing. */
  get lr(): number {
    return this.#lr;
  }

  set lr(value: number) {
    this.#lr = positive(this.#rule.op, 'lr', value);
  }

  /** Changes every parameter that has a gradient.
   * @throws UpsampleError `invalid-argument` where none has one, `disposed`, `device-lost` */
  step(): void {
    const { op, kernel, constants, means, rates } = this.#rule;
    const ctx = this.#ctx;
    ctx.alive(op);
    checkTensor(op, 'the state', this.#rates);
    const moving = this.params.flatMap((p, i) => {
      checkTensor(op, `params[${i}]`, p);
      const { grad } = p;
      if (!grad) return [];
      checkTensor(op, `the gradient of params[${i}]`, grad, ctx);
      checkSame(op, `the gradient of params[${i}]`, grad.spec, 'the parameter', p.spec);
      return [{ p, grad, i }];
    });
    if (!moving.length) refuse(op, 'no parameter has a gradient', 'call loss.backward() first');
    const ages = [...new Set(moving.map(({ i }) => this.#steps[i]!))];
    const rows = new Float32Array((ages.length * ROW) / 4);
    ages.forEach((age, row) => {
      rows.set(rates(this.#lr, age + 1), (row * ROW) / 4);
    });
    write(ctx, op, this.#rates, rows);
    for (const { p, grad, i } of moving) {
      const key = JSON.stringify([op, means, constants, p.spec, grad.spec]);
      const inputs = { g: grad, rates: this.#rows[ages.indexOf(this.#steps[i]!)]! };
      ctx.run(op, key, inputs, () => stepPlans({ kernel, constants, means }, p.spec, grad.spec, ctx.adapter)[0]!, { p, ...this.#means[i]! });
    }
    for (const { i } of moving) this.#steps[i]!++;
  }

  /** Frees the gradients of the parameters: the next `backward` begins anew. */
  zeroGrad(): void {
    for (const p of this.params) {
      p.grad?.dispose();
      if (p.tape) p.tape.grad = undefined;
    }
  }

  /** Reads what must be kept to go on later. */
  async state(): Promise<OptimizerState> {
    checkTensor(this.#rule.op, 'the state', this.#rates);
    const [lr, steps] = [this.#lr, [...this.#steps]];
    const entries = this.#rule.means.map(async (name) => [name, await Promise.all(this.#means.map((m) => m[name]!.data() as Promise<Float32Array>))] as const);
    return { lr, steps, means: Object.fromEntries(await Promise.all(entries)) };
  }

  /** Goes on from a state that an optimiser of the same kind, for parameters of the same sizes, has given.
   * @throws UpsampleError `invalid-argument` where the state does not fit */
  load(state: OptimizerState): void {
    const { op, means } = this.#rule;
    const ctx = this.#ctx;
    ctx.alive(op);
    checkTensor(op, 'the state', this.#rates);
    const { lr, steps, means: given } = state ?? {};
    positive(op, 'lr of the state', lr);
    const n = this.params.length;
    if (steps?.length !== n || !steps.every((s) => Number.isInteger(s) && s >= 0))
      refuse(op, `steps of the state is ${show(steps)}`, `expected ${n} whole numbers`);
    const kinds = Object.keys(given ?? {})
      .sort()
      .join(', ');
    if (kinds !== [...means].sort().join(', ')) refuse(op, `the state has the means ${kinds || 'none'}`, `expected ${means.join(', ') || 'none'}`);
    for (const name of means)
      this.params.forEach(({ size }, i) => {
        const found = given[name]![i]?.length;
        if (found !== size) refuse(op, `${name} of params[${i}] has ${found} elements in the state`, `expected ${size}`);
      });
    for (const name of means)
      this.#means.forEach((own, i) => {
        write(ctx, op, own[name]!, Float32Array.from(given[name]![i]!));
      });
    this.#lr = lr;
    steps.forEach((s, i) => {
      this.#steps[i] = s;
    });
  }

  /** Frees the running means; parameters and gradients stay. */
  dispose(): void {
    for (const own of this.#means) for (const tensor of Object.values(own)) tensor.dispose();
    this.#rates.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** Replaces the elements of a tensor. What the GPU may say of it is among the tensor's faults already: they tell whether its buffer exists. */
function write(ctx: Context, op: string, to: Tensor, data: Float32Array<ArrayBuffer>): void {
  ctx.flush(); // calls not yet submitted read what is replaced
  guarded(ctx.device, op, () => ctx.device.queue.writeBuffer(to.buffer, 0, data));
  to.version++;
}

function positive(op: string, name: string, value: unknown, fallback?: number): number {
  const n = finite(op, name, value, fallback ?? Number.NaN);
  if (!(n >= 0)) refuse(op, `${name} is ${show(value)}`, 'expected a number not below 0');
  return n;
}

/** `d = g + weightDecay * p; p = p - lr * d`; with momentum `m = momentum * m + (1 - dampening) * d`, in the first step `m = d`, and `p = p - lr * m`, or with
 * nesterov `p = p - lr * (d + momentum * m)`.
 * @param params parameters of one context; those without a gradient stay as they are
 * @param options `lr` 1e-3, `momentum` 0, `dampening` 0, `nesterov` false, `weightDecay` 0
 * @throws UpsampleError `invalid-argument`, `disposed`, `device-mismatch`
 * Source: PyTorch SGD. */
export function sgd(params: readonly Tensor[], options: SgdOptions = {}): Optimizer {
  const op = 'sgd';
  checkOptions(op, options, ['lr', 'momentum', 'dampening', 'nesterov', 'weightDecay']);
  const lr = positive(op, 'lr', options.lr, 1e-3);
  const decay = positive(op, 'weightDecay', options.weightDecay, 0);
  const momentum = positive(op, 'momentum', options.momentum, 0);
  const dampening = finite(op, 'dampening', options.dampening, 0);
  const nesterov = flag(op, 'nesterov', options.nesterov);
  if (nesterov && (!momentum || dampening))
    refuse(op, `nesterov is true with momentum ${momentum} and dampening ${dampening}`, 'expected momentum above 0 and dampening 0');
  if (dampening && !momentum) refuse(op, 'dampening has no effect here', 'it applies to momentum');
  const rule: Rule = momentum
    ? {
        ...{ op, kernel: momentumKernel, constants: { NESTEROV: Number(nesterov) }, means: ['m'] },
        rates: (rate, t) => [rate, decay, ...(t === 1 ? [0, 1] : [momentum, 1 - dampening]), momentum],
      }
    : { op, kernel: descendKernel, constants: {}, means: [], rates: (rate) => [rate, decay] };
  return new Optimizer(rule, params, lr);
}

function moments(op: string, apart: boolean, params: readonly Tensor[], options: AdamOptions): Optimizer {
  checkOptions(op, options, ['lr', 'betas', 'eps', 'weightDecay']);
  const lr = positive(op, 'lr', options.lr, 1e-3);
  const eps = positive(op, 'eps', options.eps, 1e-8);
  const decay = positive(op, 'weightDecay', options.weightDecay, apart ? 0.01 : 0);
  const betas: readonly number[] = options.betas ?? [0.9, 0.999];
  if (!Array.isArray(betas) || betas.length !== 2 || !betas.every((b) => typeof b === 'number' && b >= 0 && b < 1))
    refuse(op, `betas is ${show(betas)}`, 'expected two numbers from 0 to below 1');
  const [b1, b2] = betas as [number, number];
  const rates = (rate: number, t: number) => [
    ...[rate / (1 - b1 ** t), apart ? 0 : decay, apart ? 1 - rate * decay : 1],
    ...[b1, 1 - b1, b2, 1 - b2, 1 / Math.sqrt(1 - b2 ** t), eps],
  ];
  return new Optimizer({ op, kernel: adamKernel, constants: {}, means: ['m', 'v'], rates }, params, lr);
}

/** `d = g + weightDecay * p; m = b1 * m + (1 - b1) * d; v = b2 * v + (1 - b2) * d^2; p = p - lr * (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps)`, t the
 * parameter's step from 1.
 * @param params parameters of one context; those without a gradient stay as they are
 * @param options `lr` 1e-3, `betas` [0.9, 0.999], `eps` 1e-8, `weightDecay` 0
 * @throws UpsampleError `invalid-argument`, `disposed`, `device-mismatch`
 * Source: PyTorch Adam. */
export const adam = (params: readonly Tensor[], options: AdamOptions = {}): Optimizer => moments('adam', false, params, options);

/** As `adam`, but decay is apart from the means: first `p = p - lr * weightDecay * p`, and `d = g`.
 * @param options `lr` 1e-3, `betas` [0.9, 0.999], `eps` 1e-8, `weightDecay` 0.01
 * Source: PyTorch AdamW. */
export const adamw = (params: readonly Tensor[], options: AdamOptions = {}): Optimizer => moments('adamw', true, params, options);
