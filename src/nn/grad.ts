import { checkCotangent, isReal, one } from '../autograd/graph.ts';
import { checkOptions, flag, refuse, show } from '../check.ts';
import { checkTensor } from '../op.ts';
import { Tensor } from '../tensor.ts';
import { zeros } from './linear.ts';
import { graph } from './tape.ts';

export interface GradOptions {
  /** Gradient of the function's result, of its shape; only a result of one element can do without, and then it is 1. */
  cotangent?: Tensor | undefined;
  /** Whether the gradients can be differentiated in turn: default where a function is being differentiated already. Then what the calls make is not freed here:
   * by the `backward` that goes on from the gradients, or by `ctx.tidy`. */
  createGraph?: boolean | undefined;
}

/** Of one argument its gradient, of several a list. */
export type GradOf<A extends readonly Tensor[]> = A extends readonly [Tensor] ? Tensor : { [K in keyof A]: Tensor };

/** The gradient of a function of tensors, as a function: `grad(f)(x) = df/dx`, `grad(f)(x, w) = [df/dx, df/dw]`.
 * @param f of tensors to a tensor of one element; what else it uses is constant
 * @param options `cotangent` 1; `createGraph` false, inside a function that is being differentiated true: `grad((x) => sum(grad(f)(x)))`
 * @returns gradients in the shapes of the arguments, zeros for one that f does not use. Everything else made on the way is disposed, as by `ctx.tidy`.
 * @throws UpsampleError what f throws; `invalid-argument` for arguments that are no f32 or f16 tensors or the same one twice, and for calls without a gradient */
export function grad<A extends readonly Tensor[]>(f: (...xs: A) => Tensor, options: GradOptions = {}): (...xs: A) => GradOf<A> {
  const both = differentiated('grad', f, options, false);
  return (...xs) => both(...xs).grad;
}

/** Result and gradient of a function of tensors: `valueAndGrad(f)(x) = { value, grad }`. As `grad`. */
export function valueAndGrad<A extends readonly Tensor[]>(
  f: (...xs: A) => Tensor,
  options: GradOptions = {},
): (...xs: A) => { value: Tensor; grad: GradOf<A> } {
  return differentiated('valueAndGrad', f, options, true);
}

/** @param keep whether the result is wanted too */
function differentiated<A extends readonly Tensor[]>(op: string, f: (...xs: A) => Tensor, options: GradOptions, keep: boolean) {
  if (typeof f !== 'function') refuse(op, `f is ${show(f)}`, 'expected a function of tensors');
  checkOptions(op, options, ['cotangent', 'createGraph']);
  return (...xs: A): { value: Tensor; grad: GradOf<A> } => {
    const { cotangent } = options;
    const createGraph = flag(op, 'createGraph', options.createGraph, graph.recording && graph.depth > 0);
    checkArguments(op, xs);
    const { ctx } = xs[0]!;
    ctx.alive(op);
    const seeds = (y: unknown) => {
      if (!(y instanceof Tensor)) refuse(op, `the function returned ${show(y)}`, 'expected a tensor');
      checkTensor(op, 'the result of the function', y, ctx);
      checkCotangent(op, y, cotangent);
      return [[y, cotangent ?? one(y)] as const];
    };
    const run = (made: ReadonlySet<Tensor>) => {
      const { result: value, gradients, leftovers } = graph.pull(() => f(...xs), xs, seeds, createGraph);
      if (!createGraph && made.has(value)) value.tape = undefined;
      if (createGraph && keep) leftovers!.delete(value);
      return { value, gradients: gradients.map((g, i) => g ?? zeros(xs[i]!)) };
    };
    const { value, gradients } = ctx.scope(run, (made, out) => {
      if (createGraph && out) return;
      const kept = new Set(out && [...(keep ? [out.value] : []), ...out.gradients]);
      for (const tensor of made) if (!kept.has(tensor)) tensor.dispose();
    });
    return { value, grad: (xs.length === 1 ? gradients[0] : gradients) as GradOf<A> };
  };
}

function checkArguments(op: string, xs: readonly Tensor[]): void {
  if (!xs.length) refuse(op, 'the function was called without arguments', 'expected tensors to differentiate by');
  for (const [i, x] of xs.entries()) {
    checkTensor(op, `argument ${i}`, x, xs[0]!.ctx);
    if (!isReal(x)) refuse(op, `argument ${i} is ${x.dtype}`, 'expected f32 or f16');
    if (xs.indexOf(x) !== i) refuse(op, `arguments ${xs.indexOf(x)} and ${i} are the same tensor`, 'expected different ones: whose gradient is meant?');
  }
}
