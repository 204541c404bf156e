// Functions of one number, their gradients, and the gradients of these.
import { type Operation, operation, type PrepareSpec } from '../../op.ts';
import type { Tensor } from '../../tensor.ts';
import { type Several, several } from '../several.ts';
import { type LeakyReluOptions, mapCall } from './arguments.ts';
import type { MapCall, Unary } from './call.ts';
import { mapPlans } from './plan.ts';

export type { LeakyReluOptions } from './arguments.ts';

/** A function applied to every element. */
export type Elementwise<O extends object = object> = Operation<[options?: O], O>;
/** Its gradient: the gradient of the result, and the argument. */
export type ElementwiseBackward<O extends object = object> = Several<
  [dy: Tensor, x: Tensor, options?: O],
  { dy: PrepareSpec; x: PrepareSpec } & O,
  Tensor,
  'dy' | 'x' | 'output'
>;
/** The gradient, in x, of the gradient: g is the gradient of what the backward function returned. */
export type ElementwiseDoubleBackward<O extends object = object> = Several<
  [g: Tensor, dy: Tensor, x: Tensor, options?: O],
  { g: PrepareSpec; dy: PrepareSpec; x: PrepareSpec } & O,
  Tensor,
  'g' | 'dy' | 'x' | 'output'
>;

const forward = <O extends object = object>(name: Unary): Elementwise<O> =>
  operation<[options?: O], O, MapCall>(
    name,
    (op, x, options = {} as O) => mapCall(name)(op, { x }, options),
    mapPlans,
    (options) => [options],
  );
const backward = <O extends object = object>(name: Unary): ElementwiseBackward<O> =>
  several(`${name}Backward`, { tensors: ['dy', 'x'], check: mapCall(name), plans: mapPlans });
const again = <O extends object = object>(name: Unary): ElementwiseDoubleBackward<O> =>
  several(`${name}DoubleBackward`, { tensors: ['g', 'dy', 'x'], check: mapCall(name), plans: mapPlans });

/** `y = max(x, 0)`, element by element.
 * @param x any shape, f32 or f16
 * @returns y, in the shape, layout and dtype of x
 * @throws UpsampleError `invalid-argument`, `limit-exceeded`, `disposed`, `device-mismatch`, `device-lost`
 * Source: PyTorch ReLU. */
export const relu: Elementwise = /*#__PURE__*/ forward('relu');
/** `dx = dy where x > 0, else 0`: the gradient of `relu`; 0 at 0.
 * @param dy gradient of the result, in the shape, layout and dtype of x
 * @param x the argument, any shape, f32 or f16
 * @returns dx, in the shape, layout and dtype of x
 * @throws UpsampleError as `relu` */
export const reluBackward: ElementwiseBackward = /*#__PURE__*/ backward('relu');
/** `dx = 0, kinks included`: what a gradient g of `reluBackward(dy, x)` is in x. In dy it is `reluBackward(g, x)`.
 * @param g gradient of what `reluBackward` returned
 * @param dy as given to it
 * @param x as given to it, all in one shape, layout and dtype
 * @returns the gradient in x, in the shape, layout and dtype of x
 * @throws UpsampleError as `relu` */
export const reluDoubleBackward: ElementwiseDoubleBackward = /*#__PURE__*/ again('relu');

/** `y = x where x >= 0, else negativeSlope * x`, element by element.
 * @param x any shape, f32 or f16
 * @param options `negativeSlope` 0.01
 * @returns y, in the shape, layout and dtype of x
 * @throws UpsampleError `invalid-argument`, `limit-exceeded`, `disposed`, `device-mismatch`, `device-lost`
 * Source: PyTorch LeakyReLU. */
export const leakyRelu: Elementwise<LeakyReluOptions> = /*#__PURE__*/ forward('leakyRelu');
/** `dx = dy where x > 0, else negativeSlope * dy`: the gradient of `leakyRelu`; negativeSlope * dy at 0.
 * @param dy gradient of the result, in the shape, layout and dtype of x
 * @param x the argument, any shape, f32 or f16
 * @param options as given to `leakyRelu`
 * @returns dx, in the shape, layout and dtype of x
 * @throws UpsampleError as `leakyRelu` */
export const leakyReluBackward: ElementwiseBackward<LeakyReluOptions> = /*#__PURE__*/ backward('leakyRelu');
/** `dx = 0, kinks included`: what a gradient g of `leakyReluBackward(dy, x)` is in x. In dy it is `leakyReluBackward(g, x)`.
 * @param g gradient of what `leakyReluBackward` returned
 * @param dy as given to it
 * @param x as given to it, all in one shape, layout and dtype
 * @param options as given to `leakyRelu`
 * @returns the gradient in x, in the shape, layout and dtype of x
 * @throws UpsampleError as `leakyRelu` */
export const leakyReluDoubleBackward: ElementwiseDoubleBackward<LeakyReluOptions> = /*#__PURE__*/ again('leakyRelu');

/** `y = tanh(x)`, element by element.
 * @param x any shape, f32 or f16
 * @returns y, in the shape, layout and dtype of x
 * @throws UpsampleError `invalid-argument`, `limit-exceeded`, `disposed`, `device-mismatch`, `device-lost`
 * Source: PyTorch Tanh. */
export const tanh: Elementwise = /*#__PURE__*/ forward('tanh');
/** `dx = dy * (1 - tanh(x)^2)`: the gradient of `tanh`.
 * @param dy gradient of the result, in the shape, layout and dtype of x
 * @param x the argument, any shape, f32 or f16
 * @returns dx, in the shape, layout and dtype of x
 * @throws UpsampleError as `tanh` */
export const tanhBackward: ElementwiseBackward = /*#__PURE__*/ backward('tanh');
/** `dx = -2 * g * dy * tanh(x) * (1 - tanh(x)^2)`: what a gradient g of `tanhBackward(dy, x)` is in x. In dy it is `tanhBackward(g, x)`.
 * @param g gradient of what `tanhBackward` returned
 * @param dy as given to it
 * @param x as given to it, all in one shape, layout and dtype
 * @returns the gradient in x, in the shape, layout and dtype of x
 * @throws UpsampleError as `tanh` */
export const tanhDoubleBackward: ElementwiseDoubleBackward = /*#__PURE__*/ again('tanh');

/** `y = 1 / (1 + exp(-x))`, element by element.
 * @param x any shape, f32 or f16
 * @returns y, in the shape, layout and dtype of x
 * @throws UpsampleError `invalid-argument`, `limit-exceeded`, `disposed`, `device-mismatch`, `device-lost`
 * Source: PyTorch Sigmoid. */
export const sigmoid: Elementwise = /*#__PURE__*/ forward('sigmoid');
/** `dx = dy * s * (1 - s), s = sigmoid(x)`: the gradient of `sigmoid`.
 * @param dy gradient of the result, in the shape, layout and dtype of x
 * @param x the argument, any shape, f32 or f16
 * @returns dx, in the shape, layout and dtype of x
 * @throws UpsampleError as `sigmoid` */
export const sigmoidBackward: ElementwiseBackward = /*#__PURE__*/ backward('sigmoid');
/** `dx = g * dy * s * (1 - s) * (1 - 2*s), s = sigmoid(x)`: what a gradient g of `sigmoidBackward(dy, x)` is in x. In dy it is `sigmoidBackward(g, x)`.
 * @param g gradient of what `sigmoidBackward` returned
 * @param dy as given to it
 * @param x as given to it, all in one shape, layout and dtype
 * @returns the gradient in x, in the shape, layout and dtype of x
 * @throws UpsampleError as `sigmoid` */
export const sigmoidDoubleBackward: ElementwiseDoubleBackward = /*#__PURE__*/ again('sigmoid');

/** `y = x * sigmoid(x)`, element by element.
 * @param x any shape, f32 or f16
 * @returns y, in the shape, layout and dtype of x
 * @throws UpsampleError `invalid-argument`, `limit-exceeded`, `disposed`, `device-mismatch`, `device-lost`
 * Source: PyTorch SiLU. */
export const silu: Elementwise = /*#__PURE__*/ forward('silu');
/** `dx = dy * s * (1 + x * (1 - s)), s = sigmoid(x)`: the gradient of `silu`.
 * @param dy gradient of the result, in the shape, layout and dtype of x
 * @param x the argument, any shape, f32 or f16
 * @returns dx, in the shape, layout and dtype of x
 * @throws UpsampleError as `silu` */
export const siluBackward: ElementwiseBackward = /*#__PURE__*/ backward('silu');
/** `dx = g * dy * s * (1 - s) * (2 + x * (1 - 2*s)), s = sigmoid(x)`: what a gradient g of `siluBackward(dy, x)` is in x. In dy it is `siluBackward(g, x)`.
 * @param g gradient of what `siluBackward` returned
 * @param dy as given to it
 * @param x as given to it, all in one shape, layout and dtype
 * @returns the gradient in x, in the shape, layout and dtype of x
 * @throws UpsampleError as `silu` */
export const siluDoubleBackward: ElementwiseDoubleBackward = /*#__PURE__*/ again('silu');

/** `y = x * (1 + erf(x / sqrt(2))) / 2`, element by element.
 * @param x any shape, f32 or f16
 * @returns y, in the shape, layout and dtype of x
 * @throws UpsampleError `invalid-argument`, `limit-exceeded`, `disposed`, `device-mismatch`, `device-lost`
 * Source: PyTorch GELU, approximate none. */
export const gelu: Elementwise = /*#__PURE__*/ forward('gelu');
/** `dx = dy * (Phi(x) + x * phi(x))`: the gradient of `gelu`.
 * @param dy gradient of the result, in the shape, layout and dtype of x
 * @param x the argument, any shape, f32 or f16
 * @returns dx, in the shape, layout and dtype of x
 * @throws UpsampleError as `gelu` */
export const geluBackward: ElementwiseBackward = /*#__PURE__*/ backward('gelu');
/** `dx = g * dy * (2 - x^2) * phi(x), phi the normal density`: what a gradient g of `geluBackward(dy, x)` is in x. In dy it is `geluBackward(g, x)`.
 * @param g gradient of what `geluBackward` returned
 * @param dy as given to it
 * @param x as given to it, all in one shape, layout and dtype
 * @returns the gradient in x, in the shape, layout and dtype of x
 * @throws UpsampleError as `gelu` */
export const geluDoubleBackward: ElementwiseDoubleBackward = /*#__PURE__*/ again('gelu');

/** `y = x^2`, element by element.
 * @param x any shape, f32 or f16
 * @returns y, in the shape, layout and dtype of x
 * @throws UpsampleError `invalid-argument`, `limit-exceeded`, `disposed`, `device-mismatch`, `device-lost`
 * Source: PyTorch square. */
export const square: Elementwise = /*#__PURE__*/ forward('square');
/** `dx = 2 * x * dy`: the gradient of `square`.
 * @param dy gradient of the result, in the shape, layout and dtype of x
 * @param x the argument, any shape, f32 or f16
 * @returns dx, in the shape, layout and dtype of x
 * @throws UpsampleError as `square` */
export const squareBackward: ElementwiseBackward = /*#__PURE__*/ backward('square');
/** `dx = 2 * g * dy`: what a gradient g of `squareBackward(dy, x)` is in x. In dy it is `squareBackward(g, x)`.
 * @param g gradient of what `squareBackward` returned
 * @param dy as given to it
 * @param x as given to it, all in one shape, layout and dtype
 * @returns the gradient in x, in the shape, layout and dtype of x
 * @throws UpsampleError as `square` */
export const squareDoubleBackward: ElementwiseDoubleBackward = /*#__PURE__*/ again('square');

/** `y = |x|`, element by element.
 * @param x any shape, f32 or f16
 * @returns y, in the shape, layout and dtype of x
 * @throws UpsampleError `invalid-argument`, `limit-exceeded`, `disposed`, `device-mismatch`, `device-lost`
 * Source: PyTorch abs. */
export const abs: Elementwise = /*#__PURE__*/ forward('abs');
/** `dx = sign(x) * dy`: the gradient of `abs`; 0 at 0.
 * @param dy gradient of the result, in the shape, layout and dtype of x
 * @param x the argument, any shape, f32 or f16
 * @returns dx, in the shape, layout and dtype of x
 * @throws UpsampleError as `abs` */
export const absBackward: ElementwiseBackward = /*#__PURE__*/ backward('abs');
/** `dx = 0, kinks included`: what a gradient g of `absBackward(dy, x)` is in x. In dy it is `absBackward(g, x)`.
 * @param g gradient of what `absBackward` returned
 * @param dy as given to it
 * @param x as given to it, all in one shape, layout and dtype
 * @returns the gradient in x, in the shape, layout and dtype of x
 * @throws UpsampleError as `abs` */
export const absDoubleBackward: ElementwiseDoubleBackward = /*#__PURE__*/ again('abs');

/** `y = exp(x)`, element by element.
 * @param x any shape, f32 or f16
 * @returns y, in the shape, layout and dtype of x
 * @throws UpsampleError `invalid-argument`, `limit-exceeded`, `disposed`, `device-mismatch`, `device-lost`
 * Source: PyTorch exp. */
export const exp: Elementwise = /*#__PURE__*/ forward('exp');
/** `dx = dy * exp(x)`: the gradient of `exp`.
 * @param dy gradient of the result, in the shape, layout and dtype of x
 * @param x the argument, any shape, f32 or f16
 * @returns dx, in the shape, layout and dtype of x
 * @throws UpsampleError as `exp` */
export const expBackward: ElementwiseBackward = /*#__PURE__*/ backward('exp');
/** `dx = g * dy * exp(x)`: what a gradient g of `expBackward(dy, x)` is in x. In dy it is `expBackward(g, x)`.
 * @param g gradient of what `expBackward` returned
 * @param dy as given to it
 * @param x as given to it, all in one shape, layout and dtype
 * @returns the gradient in x, in the shape, layout and dtype of x
 * @throws UpsampleError as `exp` */
export const expDoubleBackward: ElementwiseDoubleBackward = /*#__PURE__*/ again('exp');

/** `y = log(x)`, element by element.
 * @param x any shape, f32 or f16
 * @returns y, in the shape, layout and dtype of x
 * @throws UpsampleError `invalid-argument`, `limit-exceeded`, `disposed`, `device-mismatch`, `device-lost`
 * Source: PyTorch log. */
export const log: Elementwise = /*#__PURE__*/ forward('log');
/** `dx = dy / x`: the gradient of `log`.
 * @param dy gradient of the result, in the shape, layout and dtype of x
 * @param x the argument, any shape, f32 or f16
 * @returns dx, in the shape, layout and dtype of x
 * @throws UpsampleError as `log` */
export const logBackward: ElementwiseBackward = /*#__PURE__*/ backward('log');
/** `dx = -g * dy / x^2`: what a gradient g of `logBackward(dy, x)` is in x. In dy it is `logBackward(g, x)`.
 * @param g gradient of what `logBackward` returned
 * @param dy as given to it
 * @param x as given to it, all in one shape, layout and dtype
 * @returns the gradient in x, in the shape, layout and dtype of x
 * @throws UpsampleError as `log` */
export const logDoubleBackward: ElementwiseDoubleBackward = /*#__PURE__*/ again('log');

/** `y = sqrt(x)`, element by element.
 * @param x any shape, f32 or f16
 * @returns y, in the shape, layout and dtype of x
 * @throws UpsampleError `invalid-argument`, `limit-exceeded`, `disposed`, `device-mismatch`, `device-lost`
 * Source: PyTorch sqrt. */
export const sqrt: Elementwise = /*#__PURE__*/ forward('sqrt');
/** `dx = dy / (2 * sqrt(x))`: the gradient of `sqrt`.
 * @param dy gradient of the result, in the shape, layout and dtype of x
 * @param x the argument, any shape, f32 or f16
 * @returns dx, in the shape, layout and dtype of x
 * @throws UpsampleError as `sqrt` */
export const sqrtBackward: ElementwiseBackward = /*#__PURE__*/ backward('sqrt');
/** `dx = -g * dy / (4 * x^1.5)`: what a gradient g of `sqrtBackward(dy, x)` is in x. In dy it is `sqrtBackward(g, x)`.
 * @param g gradient of what `sqrtBackward` returned
 * @param dy as given to it
 * @param x as given to it, all in one shape, layout and dtype
 * @returns the gradient in x, in the shape, layout and dtype of x
 * @throws UpsampleError as `sqrt` */
export const sqrtDoubleBackward: ElementwiseDoubleBackward = /*#__PURE__*/ again('sqrt');
