import { beforeAll, describe, expect, it } from 'vitest';
import type { Context, Tensor } from '../../src/index.ts';
import { add, detach, parameter } from '../../src/nn/index.ts';
import { bytes, count, differs, type Rec, restored, type Stored } from '../fixtures.ts';
import { context } from '../gpu.ts';
import { fused, type LossTerm, lossOf, type Net, optimizer, run } from './network.ts';

interface Update {
  readonly name: string;
  readonly net: string;
  readonly calls: readonly { net: string; inputs: readonly string[]; outputs: readonly string[]; detach: readonly string[] }[];
  readonly loss: readonly LossTerm[];
  readonly optimizer: object;
}
interface Training {
  readonly name: string;
  readonly attrs: { readonly steps: number };
  readonly nets: Readonly<Record<string, Net>>;
  readonly updates: readonly Update[];
  readonly batches: readonly Stored[];
  readonly init: readonly Stored[];
  readonly losses: Readonly<Record<string, readonly number[]>>;
  readonly grads: readonly Stored[];
  readonly f32GradDev: number;
  readonly checkpoints: readonly { step: number; f32LossDev: number; f32ParamDev: number; tensors: readonly Stored[] }[];
}

const SET = 'torch-train';
const [text, bin] = await Promise.all([bytes(`${SET}/index.json`).then((b) => new TextDecoder().decode(b)), bytes(`${SET}/data.bin`)]);
const trainings = (JSON.parse(text) as { cases: Training[] }).cases;
const data = (rec: Stored): Rec => restored(rec, bin)!;

/** Relative error that is allowed: eight times what PyTorch's own float32 is away from float64 in the same training. */
const allowed = (dev: number) => Math.max(8 * dev, 1e-6);
const close = (actual: ArrayLike<number>, rec: Stored, dev: number) => differs(actual, data(rec).data, { units: allowed(dev) * 2 ** 24, scale: rec.scaleAbs! });

let ctx: Context;
beforeAll(async () => {
  ctx = await context();
});

/** Repeats a training, and says where it is not PyTorch's. */
async function errors(training: Training, nets: Readonly<Record<string, Net>>): Promise<string[]> {
  const { attrs, updates, batches, init, losses, grads, checkpoints } = training;
  const wrong: string[] = [];
  const report = (what: string, sentence: string) => {
    if (sentence) wrong.push(`${what}: ${sentence}`);
  };
  const before = ctx.memory().tensors;
  const trained = new Set(Object.values(nets).flatMap((net) => net.params));
  const state = Object.fromEntries(
    init.map((rec) => {
      const tensor = ctx.tensor(data(rec).data, rec.shape);
      return [rec.name, trained.has(rec.name) ? parameter(tensor) : tensor];
    }),
  );
  const all = Object.fromEntries(batches.map((rec) => [rec.name, data(rec)]));
  const weights = updates.map(({ loss }) => loss.map(({ attrs: { weight } }) => (weight ? ctx.tensor(weight, [weight.length]) : undefined)));
  const params = updates.map(({ net }) => nets[net]!.params.map((name) => state[name]!));
  const optimizers = updates.map((u, i) => optimizer(params[i]!, u.optimizer));
  const start = ctx.memory().tensors;
  for (let step = 1; step <= attrs.steps; step++) {
    const values: Record<string, Tensor> = {};
    for (const [name, { data, shape, dtype }] of Object.entries(all)) {
      const n = count(shape.slice(1));
      values[name] = ctx.tensor(data.subarray((step - 1) * n, step * n), shape.slice(1), { dtype: dtype === 'int32' ? 'i32' : 'f32' });
    }
    const given = Object.values(values);
    const loose: Tensor[] = [];
    for (const [i, { name, calls, loss }] of updates.entries()) {
      for (const call of calls) {
        const inputs = call.inputs.map((input) => {
          if (!call.detach.includes(input)) return values[input]!;
          loose.push(detach(values[input]!));
          return loose.at(-1)!;
        });
        for (const [k, y] of run(nets[call.net]!, inputs, state, loose).entries()) values[call.outputs[k]!] = y;
      }
      const terms = loss.map((term, k) =>
        lossOf(term, values[term.input]!, typeof term.target === 'number' ? term.target : values[term.target]!, weights[i]![k]),
      );
      const total = terms.reduce((a, b) => add(a, b));
      total.backward({ of: params[i]! });
      const expected = losses[name]![step - 1]!;
      const { f32LossDev } = checkpoints.find((c) => c.step >= step)!;
      const value = await total.item();
      if (!(Math.abs(value - expected) <= allowed(f32LossDev) * Math.abs(expected)))
        report(`loss of ${name} at step ${step}`, `${value}, expected ${expected}`);
      if (step === 1) {
        const own = new Set(nets[updates[i]!.net]!.params);
        for (const rec of grads) if (own.has(rec.name)) report(`gradient of ${rec.name}`, close(await state[rec.name]!.grad!.data(), rec, training.f32GradDev));
      }
      optimizers[i]!.step();
      optimizers[i]!.zeroGrad();
      total.dispose();
    }
    for (const t of [...given, ...loose]) t.dispose();
    if (ctx.memory().tensors !== start) report(`step ${step}`, `${ctx.memory().tensors - start} tensors more`);
    const checkpoint = checkpoints.find((c) => c.step === step);
    for (const rec of checkpoint?.tensors ?? []) report(`${rec.name} after step ${step}`, close(await state[rec.name]!.data(), rec, checkpoint!.f32ParamDev));
  }
  for (const o of optimizers) o.dispose();
  for (const t of [...Object.values(state), ...weights.flat()]) t?.dispose();
  expect(ctx.memory().tensors).toBe(before);
  return wrong;
}

describe('twenty steps give the losses, gradients and weights of PyTorch', () => {
  it('in 15 trainings', () => expect(trainings.length).toBe(15));
  for (const training of trainings) {
    it(training.name, async () => expect(await errors(training, training.nets)).toEqual([]));
    const nets = Object.fromEntries(Object.entries(training.nets).map(([name, net]) => [name, fused(net)]));
    const fewer = Object.keys(nets).some((name) => nets[name]!.layers.length < training.nets[name]!.layers.length);
    if (fewer) it(`${training.name}, activations in the convolutions`, async () => expect(await errors(training, nets)).toEqual([]));
  }
});
