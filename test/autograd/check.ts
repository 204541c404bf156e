// Gradients of the GPU through the tape, against differences of the float64 reference.
import type { Context, Tensor } from '../../src/index.ts';
import * as core from '../../src/index.ts';
import * as nn from '../../src/nn/index.ts';
import { graph } from '../../src/nn/tape.ts';
import * as reference from '../../src/reference.ts';
import { differs, generate } from '../fixtures.ts';

/** An operand: its shape, and where its elements may lie. */
export interface Operand {
  readonly shape: readonly number[];
  readonly layout?: 'nchw' | 'nhwc';
  /** From uniform numbers in [-1, 1). */
  readonly of?: (u: number, i: number) => number;
  /** Not differentiated: indices say. */
  readonly fixed?: boolean;
  readonly dtype?: 'f32' | 'u32' | 'i32';
}

export interface Case {
  readonly op: string;
  readonly inputs: Readonly<Record<string, Operand>>;
  /** The call, on tensors of the GPU or of the reference. */
  // biome-ignore lint/suspicious/noExplicitAny: every operation has arguments of its own
  readonly args: (t: any) => unknown[];
  /** Units beside 2 * sqrt(terms); default 16. Approximate functions need more. */
  readonly units?: number;
}

type Plain = { data: Float64Array; shape: readonly number[]; layout: 'nchw' | 'nhwc'; dtype?: string };
type Results = Record<string, { data: ArrayLike<number>; shape: readonly number[]; layout?: string }>;
type AnyOp = (...args: unknown[]) => unknown;

const find = (from: object, op: string): AnyOp => {
  const found = (from as Record<string, unknown>)[op];
  if (typeof found !== 'function') throw new Error(`no ${op}`);
  return found as AnyOp;
};
export const gpuOp = (op: string): AnyOp => find({ ...core, ...nn }, op);

export const referenceOp = (op: string): AnyOp => find(reference, op);

/** Results by name, whether there are several or one. */
const named = (result: unknown): Results =>
  (result && typeof result === 'object' && 'data' in result && 'shape' in result ? { '': result } : result) as Results;
const named2 = (result: unknown): Record<string, Tensor> => (result instanceof core.Tensor ? { '': result } : result) as Record<string, Tensor>;
const isReal = (dtype: string | undefined) => dtype === undefined || dtype === 'f32' || dtype === 'f16';

const H = 2 ** -10;

/** The Jacobian of the reference, a column an element of an input: five-point differences, exact for linear maps. */
function columns(c: Case, plain: Record<string, Plain>, name: string): { output: string; column: Float64Array }[][] {
  const run = () => named(referenceOp(c.op)(...c.args(plain)));
  const { data } = plain[name]!;
  return Array.from(data, (value, i) => {
    const at = (k: number) => {
      data[i] = value + k * H;
      return run();
    };
    const [a, b, d, e] = [at(-2), at(-1), at(1), at(2)];
    data[i] = value;
    return Object.entries(a!)
      .filter(([, t]) => t && isReal((t as { dtype?: string }).dtype))
      .map(([output, low]) => {
        const column = Float64Array.from(low.data, (v, j) => (v - e![output]!.data[j]! + 8 * (d![output]!.data[j]! - b![output]!.data[j]!)) / (12 * H));
        return { output, column };
      });
  });
}

/** Differences between the gradients of a case and those of the reference, as sentences; none where all is well. */
export async function gradientErrors(ctx: Context, c: Case): Promise<string[]> {
  const plain: Record<string, Plain> = {};
  const tensors: Record<string, Tensor> = {};
  const before = ctx.memory().tensors;
  for (const [k, [name, { shape, layout = 'nchw', of = (u: number) => u, dtype = 'f32' }]] of Object.entries(c.inputs).entries()) {
    const data = Float32Array.from(
      generate(
        shape.reduce((a, b) => a * b, 1),
        31 + 7 * k,
      ),
      (u, i) => of(u, i),
    );
    plain[name] = { data: Float64Array.from(data), shape, layout, dtype };
    tensors[name] = ctx.tensor(data, shape, { layout, dtype });
  }
  const wanted = Object.keys(c.inputs).filter((name) => !c.inputs[name]!.fixed);
  const xs = wanted.map((name) => tensors[name]!);
  const errors: string[] = [];
  const cotangents: Record<string, Float32Array> = {};
  const actual: Record<string, ArrayLike<number>[]> = {};
  for (const again of [false, true]) {
    const made: Tensor[] = [];
    const seeds = (result: unknown) =>
      Object.entries(named2(result))
        .filter(([, y]) => isReal(y.dtype))
        .map(([output, y], k) => {
          cotangents[output] = generate(y.size, 101 + k);
          const dy = ctx.tensor(cotangents[output], y.shape, { layout: y.layout });
          made.push(dy);
          return [y, dy] as const;
        });
    const { result, gradients, leftovers } = graph.pull(() => gpuOp(c.op)(...c.args(tensors)), xs, seeds, again);
    for (const [i, name] of wanted.entries()) {
      const g = gradients[i];
      if (g && (g.shape.join() !== xs[i]!.shape.join() || g.layout !== xs[i]!.layout)) errors.push(`${name}: ${g.layout} [${g.shape}]`);
      actual[name] ??= [];
      actual[name].push(g ? await g.data() : new Float32Array(xs[i]!.size));
    }
    for (const t of [...Object.values(named2(result)), ...gradients, ...made, ...(leftovers ?? [])]) t?.dispose();
  }
  for (const t of Object.values(tensors)) t.dispose();
  if (ctx.memory().tensors !== before) errors.push(`${ctx.memory().tensors - before} tensors more than before`);
  for (const name of wanted) {
    const expected: number[] = [];
    let scale = 0;
    let terms = 0;
    for (const outputs of columns(c, plain, name)) {
      let [sum, size, count] = [0, 0, 0];
      for (const { output, column } of outputs)
        for (const [j, v] of column.entries()) {
          const term = v * cotangents[output]![j]!;
          sum += term;
          size += Math.abs(term);
          count += Number(term !== 0);
        }
      expected.push(sum);
      scale = Math.max(scale, size);
      terms = Math.max(terms, count);
    }
    for (const [i, data] of actual[name]!.entries()) {
      const wrong = differs(data, expected, { units: (c.units ?? 16) + 2 * Math.sqrt(terms), scale: Math.max(scale, 2 ** -100) });
      if (wrong) errors.push(`${name}${i ? ', to be differentiated again' : ''}: ${wrong}`);
    }
  }
  return errors;
}
