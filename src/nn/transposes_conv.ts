import type { Gradients, Pull, Transpose } from '../autograd/graph.ts';
import * as conv from '../ops/conv/index.ts';
import * as curves from '../ops/pointwise/index.ts';
import type { Tensor } from '../tensor.ts';
import { spread } from './linear.ts';

interface Options {
  bias?: Tensor;
  activation?: conv.Activation;
  negativeSlope?: number;
  gradients?: readonly conv.Gradient[];
}
// biome-ignore lint/suspicious/noExplicitAny: the geometry among the options differs by operation, and goes back to where it came from
type Forward = (x: Tensor, w: Tensor, options: any) => Tensor;
// biome-ignore lint/suspicious/noExplicitAny: see above
type Backward = (dy: Tensor, x: Tensor, w: Tensor, options: any) => Partial<Record<conv.Gradient, Tensor>>;

/** The linear part: what of the options is geometry. */
const geometry = ({ bias, activation, negativeSlope, gradients, ...rest }: Options) => rest;

// biome-ignore lint/suspicious/noExplicitAny: of these, leakyRelu alone takes options
const CURVES: Record<conv.Activation, readonly [of: (z: Tensor, o?: any) => Tensor, slope: (dy: Tensor, z: Tensor, o?: any) => Tensor]> = {
  relu: [curves.relu, curves.reluBackward],
  leakyRelu: [curves.leakyRelu, curves.leakyReluBackward],
  tanh: [curves.tanh, curves.tanhBackward],
  sigmoid: [curves.sigmoid, curves.sigmoidBackward],
  silu: [curves.silu, curves.siluBackward],
  gelu: [curves.gelu, curves.geluBackward],
};
const steepness = ({ negativeSlope }: Options) => (negativeSlope === undefined ? {} : { negativeSlope });
/** An activation as an operation of its own, and its gradient. */
const curve = (z: Tensor, o: Options): Tensor => CURVES[o.activation!][0](z, steepness(o));
const slope = (dy: Tensor, z: Tensor, o: Options): Tensor => CURVES[o.activation!][1](dy, z, steepness(o));

/** To be differentiated in turn, a call with an activation counts as two: the fused gradient is not linear in x and w. */
const once =
  (forward: Forward, backward: Backward): Transpose =>
  ({ args: [x, w, options = {}], dy, wants, again, through }) => {
    const { bias, activation } = options as Options;
    if (activation && again) return through((x: Tensor, w: Tensor, o: Options) => curve(forward(x, w, { ...geometry(o), bias: o.bias }), o));
    const gradients = [wants(x) && 'dx', wants(w) && 'dw', wants(bias) && 'db'].filter((g) => g);
    const { dx, dw, db } = backward(dy, x, w, { ...options, gradients });
    return [
      [x, dx],
      [w, dw],
      [bias, db],
    ];
  };

/** dx, dw and db are linear in dy, dx in w, and dw in x; so their gradients are convolutions and gradients of convolutions.
 * With u, v, c the gradients of dx, dw, db: `ddy = conv(u, w) + conv(x, v) + c`, `ddx = dx of (dy, v)`, `ddw = dw of (dy, u)`. */
const twice =
  (forward: Forward, backward: Backward): Transpose =>
  ({ args: [dy, x, w, options = {}], dy: { dx: u, dw: v, db: c }, wants, through }: Pull): Gradients => {
    if (options.activation)
      return through((dy: Tensor, x: Tensor, w: Tensor, o: Options) => {
        const z = forward(x, w, { ...geometry(o), bias: o.bias });
        return backward(slope(dy, z, o), x, w, { ...geometry(o), gradients: o.gradients });
      });
    const rest = geometry(options);
    const terms: (readonly [Tensor, Tensor | undefined])[] = [];
    if (wants(dy)) {
      if (u) terms.push([dy, forward(u, w, { ...rest, bias: c })]);
      if (v) terms.push([dy, forward(x, v, { ...rest, bias: u ? undefined : c })]);
      if (c && !u && !v) terms.push([dy, spread(c, dy)]);
    }
    if (v && wants(x)) terms.push([x, backward(dy, x, v, { ...rest, gradients: ['dx'] }).dx]);
    if (u && wants(w)) terms.push([w, backward(dy, u, w, { ...rest, gradients: ['dw'] }).dw]);
    return terms;
  };

export const convolutions: Readonly<Record<string, Transpose>> = {
  conv1d: once(conv.conv1d, conv.conv1dBackward),
  conv2d: once(conv.conv2d, conv.conv2dBackward),
  conv3d: once(conv.conv3d, conv.conv3dBackward),
  convTranspose1d: once(conv.convTranspose1d, conv.convTranspose1dBackward),
  convTranspose2d: once(conv.convTranspose2d, conv.convTranspose2dBackward),
  convTranspose3d: once(conv.convTranspose3d, conv.convTranspose3dBackward),
  resizeConv2d: once(conv.resizeConv2d, conv.resizeConv2dBackward),
  conv1dBackward: twice(conv.conv1d, conv.conv1dBackward),
  conv2dBackward: twice(conv.conv2d, conv.conv2dBackward),
  conv3dBackward: twice(conv.conv3d, conv.conv3dBackward),
  convTranspose1dBackward: twice(conv.convTranspose1d, conv.convTranspose1dBackward),
  convTranspose2dBackward: twice(conv.convTranspose2d, conv.convTranspose2dBackward),
  convTranspose3dBackward: twice(conv.convTranspose3d, conv.convTranspose3dBackward),
  resizeConv2dBackward: twice(conv.resizeConv2d, conv.resizeConv2dBackward),
};
