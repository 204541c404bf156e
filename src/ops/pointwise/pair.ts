// Functions of two operands, and their gradients.
import { refuse } from '../../check.ts';
import type { Context } from '../../context.ts';
import type { Explanation, Prepared, PrepareSpec } from '../../op.ts';
import type { Tensor } from '../../tensor.ts';
import { type Given, type Several, several } from '../several.ts';
import { type Chosen, pairBackwardCall, pairCall } from './arguments.ts';
import type { Binary, PairCall } from './call.ts';
import { pairBackwardPlans, pairPlans } from './plan.ts';

/** A function of two operands. The second may repeat: one element, one a channel, or ones in its shape; or it is a number. */
export type Pairwise = Several<[a: Tensor, b: Tensor | number], { a: PrepareSpec; b: PrepareSpec | number }, Tensor, 'a' | 'output', 'b'>;
type PairGradient = 'da' | 'db';
/** Its gradients: of a number there is none. */
export interface PairwiseBackward {
  <G extends PairGradient = PairGradient>(dy: Tensor, a: Tensor, b: Tensor, options?: Chosen<G>): Record<G, Tensor>;
  (dy: Tensor, a: Tensor, b: number, options?: Chosen<'da'>): Record<'da', Tensor>;
  (dy: Tensor, a: Tensor, b: Tensor | number, options?: Chosen<'da'>): { da: Tensor; db?: Tensor };
  /** Compiles and allocates everything that `encode` needs. */
  prepare<G extends PairGradient = PairGradient>(
    ctx: Context,
    spec: { dy: PrepareSpec; a: PrepareSpec; b: PrepareSpec } & Chosen<G>,
  ): Promise<Prepared<'dy' | 'a' | 'b' | G>>;
  prepare(ctx: Context, spec: { dy: PrepareSpec; a: PrepareSpec; b: number } & Chosen<'da'>): Promise<Prepared<'dy' | 'a' | 'da'>>;
  prepare(ctx: Context, spec: { dy: PrepareSpec; a: PrepareSpec; b: PrepareSpec | number } & Chosen<'da'>): Promise<Prepared<'dy' | 'a' | 'da', 'b' | 'db'>>;
  /** Which plan a call would run, and why; computes nothing. */
  explain(ctx: Context, spec: { dy: PrepareSpec; a: PrepareSpec; b: PrepareSpec | number } & Chosen<PairGradient>): Explanation;
}

const pairwise = (name: Binary): Pairwise =>
  several<[a: Tensor, b: Tensor | number], { a: PrepareSpec; b: PrepareSpec | number }, Tensor, 'a' | 'output', PairCall, 'b'>(name, {
    ...{ tensors: ['a', 'b'], numbers: ['b'] },
    ...{ check: pairCall(name, ['a', 'b']), plans: pairPlans },
  });
const pairwiseBackward = (name: Binary): PairwiseBackward =>
  several(`${name}Backward`, {
    ...{ tensors: ['dy', 'a', 'b'], numbers: ['b'] },
    ...{ check: pairBackwardCall(name, ['a', 'b']), plans: pairBackwardPlans, result: (outputs) => outputs },
  }) as unknown as PairwiseBackward;

/** `y = a + b`, element by element.
 * @param a any shape, f32 or f16
 * @param b the shape of a, with ones in it or without; `[C]`, one element a channel (axis 1, not the last); one element; or a number, which is rounded
 *   to f32 and part of the plan: give one that changes at every step as a tensor. dtype and layout as a
 * @returns y, in the shape, layout and dtype of a
 * @throws UpsampleError `invalid-argument`, `limit-exceeded`, `disposed`, `device-mismatch`, `device-lost` */
export const add: Pairwise = /*#__PURE__*/ pairwise('add');
/** The gradients of `add`: `da = dy`, `db = dy`, summed where b repeats, in a fixed order.
 * @param dy gradient of the result, in the shape, layout and dtype of a
 * @param a as given to `add`
 * @param b as given to `add`
 * @param options `gradients` `['da', 'db']`; of a number there is none
 * @returns those of `{ da, db }` that are wanted, each like what it belongs to. Deterministic.
 * @throws UpsampleError as `add` */
export const addBackward: PairwiseBackward = /*#__PURE__*/ pairwiseBackward('add');

/** `y = a - b`, element by element.
 * @param a any shape, f32 or f16
 * @param b the shape of a, with ones in it or without; `[C]`, one element a channel (axis 1, not the last); one element; or a number, which is rounded
 *   to f32 and part of the plan: give one that changes at every step as a tensor. dtype and layout as a
 * @returns y, in the shape, layout and dtype of a
 * @throws UpsampleError `invalid-argument`, `limit-exceeded`, `disposed`, `device-mismatch`, `device-lost` */
export const sub: Pairwise = /*#__PURE__*/ pairwise('sub');
/** The gradients of `sub`: `da = dy`, `db = -dy`, summed where b repeats, in a fixed order.
 * @param dy gradient of the result, in the shape, layout and dtype of a
 * @param a as given to `sub`
 * @param b as given to `sub`
 * @param options `gradients` `['da', 'db']`; of a number there is none
 * @returns those of `{ da, db }` that are wanted, each like what it belongs to. Deterministic.
 * @throws UpsampleError as `sub` */
export const subBackward: PairwiseBackward = /*#__PURE__*/ pairwiseBackward('sub');

/** `y = a * b`, element by element.
 * @param a any shape, f32 or f16
 * @param b the shape of a, with ones in it or without; `[C]`, one element a channel (axis 1, not the last); one element; or a number, which is rounded
 *   to f32 and part of the plan: give one that changes at every step as a tensor. dtype and layout as a
 * @returns y, in the shape, layout and dtype of a
 * @throws UpsampleError `invalid-argument`, `limit-exceeded`, `disposed`, `device-mismatch`, `device-lost` */
export const mul: Pairwise = /*#__PURE__*/ pairwise('mul');
/** The gradients of `mul`: `da = dy * b`, `db = dy * a`, summed where b repeats, in a fixed order.
 * @param dy gradient of the result, in the shape, layout and dtype of a
 * @param a as given to `mul`
 * @param b as given to `mul`
 * @param options `gradients` `['da', 'db']`; of a number there is none
 * @returns those of `{ da, db }` that are wanted, each like what it belongs to. Deterministic.
 * @throws UpsampleError as `mul` */
export const mulBackward: PairwiseBackward = /*#__PURE__*/ pairwiseBackward('mul');

const scaled =
  (first: 'x' | 'dy') =>
  (op: string, given: Given, options: object): PairCall => {
    if (typeof given['factor'] !== 'number') refuse(op, 'factor is a tensor', 'expected a number; mul takes tensors');
    return pairCall('mul', [first, 'factor'])(op, given, options);
  };
/** `y = factor * x`: `mul` by a number.
 * @param x any shape, f32 or f16
 * @param factor a finite number, rounded to f32
 * @returns y, in the shape, layout and dtype of x
 * @throws UpsampleError as `mul` */
export const scale: Several<[x: Tensor, factor: number], { x: PrepareSpec; factor: number }, Tensor, 'x' | 'output'> = /*#__PURE__*/ several('scale', {
  tensors: ['x', 'factor'],
  numbers: ['factor'],
  check: /*#__PURE__*/ scaled('x'),
  plans: pairPlans,
});
/** `dx = factor * dy`: the transpose of `scale`.
 * @param dy gradient of the result, f32 or f16
 * @param factor as given to `scale`
 * @returns dx, in the shape, layout and dtype of dy
 * @throws UpsampleError as `mul` */
export const scaleBackward: Several<[dy: Tensor, factor: number], { dy: PrepareSpec; factor: number }, Tensor, 'dy' | 'output'> = /*#__PURE__*/ several(
  'scaleBackward',
  { tensors: ['dy', 'factor'], numbers: ['factor'], check: /*#__PURE__*/ scaled('dy'), plans: pairPlans },
);

/** `y = x where x > 0, else w * x`, with a slope for each channel or one for all.
 * @param x [N, C, ...spatial] or any shape, f32 or f16
 * @param w [C] or [1], dtype as x
 * @returns y, in the shape, layout and dtype of x
 * @throws UpsampleError `invalid-argument`, `limit-exceeded`, `disposed`, `device-mismatch`, `device-lost`
 * Source: PyTorch PReLU. */
export const prelu: Several<[x: Tensor, w: Tensor], { x: PrepareSpec; w: PrepareSpec }, Tensor, 'x' | 'w' | 'output'> = /*#__PURE__*/ several('prelu', {
  tensors: ['x', 'w'],
  check: /*#__PURE__*/ pairCall('prelu', ['x', 'w']),
  plans: pairPlans,
});
type PreluGradient = 'dx' | 'dw';
/** The gradients of `prelu`. */
export interface PreluBackward {
  <G extends PreluGradient = PreluGradient>(dy: Tensor, x: Tensor, w: Tensor, options?: Chosen<G>): Record<G, Tensor>;
  /** Compiles and allocates everything that `encode` needs. */
  prepare<G extends PreluGradient = PreluGradient>(
    ctx: Context,
    spec: { dy: PrepareSpec; x: PrepareSpec; w: PrepareSpec } & Chosen<G>,
  ): Promise<Prepared<'dy' | 'x' | 'w' | G>>;
  /** Which plan a call would run, and why; computes nothing. */
  explain(ctx: Context, spec: { dy: PrepareSpec; x: PrepareSpec; w: PrepareSpec } & Chosen<PreluGradient>): Explanation;
}
/** The gradients of `prelu`: `dx = dy where x > 0, else w * dy`; `dw = the sum of dy * x over x <= 0`, a channel's or all, in a fixed order.
 * @param dy gradient of the result, in the shape, layout and dtype of x
 * @param x as given to `prelu`
 * @param w as given to `prelu`
 * @param options `gradients` `['dx', 'dw']`
 * @returns those of `{ dx, dw }` that are wanted, each like what it belongs to. Deterministic.
 * @throws UpsampleError as `prelu` */
export const preluBackward: PreluBackward = /*#__PURE__*/ several('preluBackward', {
  tensors: ['dy', 'x', 'w'],
  check: /*#__PURE__*/ pairBackwardCall('prelu', ['x', 'w']),
  plans: pairBackwardPlans,
  result: (outputs) => outputs,
}) as unknown as PreluBackward;
