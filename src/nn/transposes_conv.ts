import type { Gradients, Pull, Transpose } from '../autograd/graph.ts';
import * as conv from '../ops/conv/index.ts';
import * as curves from '../ops/pointwise/index.ts';
import { add, mul, scale } from '../ops/pointwise/pair.ts';
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

const { square } = curves;
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

/** The gradient before an activation, from its result, where that tells the slope: then nothing is convolved again. */
function before(dy: Tensor, y: Tensor, { activation, negativeSlope = 0.01 }: Options): Tensor | undefined {
  if (activation === 'relu') return curves.reluBackward(dy, y);
  if (activation === 'leakyRelu' && negativeSlope >= 0) return curves.leakyReluBackward(dy, y, { negativeSlope });
  if (activation === 'tanh') return mul(dy, add(scale(square(y), -1), 1));
  if (activation === 'sigmoid') return mul(dy, mul(y, add(scale(y, -1), 1)));
  return undefined;
}

/** Of maps of x and w with a bias. To be differentiated in turn, a call with another activation counts as two: its fused gradient is not linear in x and w. */
export const bilinear =
  (forward: Forward, backward: Backward): Transpose =>
  ({ args: [x, w, options = {}], result, dy, wants, again, through }) => {
    const { bias, activation } = options as Options;
    const dz = activation && before(dy, result, options);
    if (activation && !dz && again) return through((x: Tensor, w: Tensor, o: Options) => curve(forward(x, w, { ...geometry(o), bias: o.bias }), o));
    const gradients = [wants(x) && 'dx', wants(w) && 'dw', wants(bias) && 'db'].filter((g) => g);
    const { dx, dw, db } = backward(dz ?? dy, x, w, dz ? { ...geometry(options), gradients } : { ...options, gradients });
    return [
      [x, dx],
      [w, dw],
      [bias, db],
    ];
  };

/** dx, dw and db are linear in dy, dx in w, and dw in x; so their gradients are convolutions and gradients of convolutions.
 * With u, v, c the gradients of dx, dw, db: `ddy = conv(u, w) + conv(x, v) + c`, `ddx = dx of (dy, v)`, `ddw = dw of (dy, u)`.
 * @param repeat makes c as large as dy */
export const bilinearTwice =
  (forward: Forward, backward: Backward, repeat = spread): Transpose =>
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
      if (c && !u && !v) terms.push([dy, repeat(c, dy)]);
    }
    if (v && wants(x)) terms.push([x, backward(dy, x, v, { ...rest, gradients: ['dx'] }).dx]);
    if (u && wants(w)) terms.push([w, backward(dy, u, w, { ...rest, gradients: ['dw'] }).dw]);
    return terms;
  };

export const convolutions: Readonly<Record<string, Transpose>> = {
  conv1d: bilinear(conv.conv1d, conv.conv1dBackward),
  conv2d: bilinear(conv.conv2d, conv.conv2dBackward),
  conv3d: bilinear(conv.conv3d, conv.conv3dBackward),
  convTranspose1d: bilinear(conv.convTranspose1d, conv.convTranspose1dBackward),
  convTranspose2d: bilinear(conv.convTranspose2d, conv.convTranspose2dBackward),
  convTranspose3d: bilinear(conv.convTranspose3d, conv.convTranspose3dBackward),
  resizeConv2d: bilinear(conv.resizeConv2d, conv.resizeConv2dBackward),
  conv1dBackward: bilinearTwice(conv.conv1d, conv.conv1dBackward),
  conv2dBackward: bilinearTwice(conv.conv2d, conv.conv2dBackward),
  conv3dBackward: bilinearTwice(conv.conv3d, conv.conv3dBackward),
  convTranspose1dBackward: bilinearTwice(conv.convTranspose1d, conv.convTranspose1dBackward),
  convTranspose2dBackward: bilinearTwice(conv.convTranspose2d, conv.convTranspose2dBackward),
  convTranspose3dBackward: bilinearTwice(conv.convTranspose3d, conv.convTranspose3dBackward),
  resizeConv2dBackward: bilinearTwice(conv.resizeConv2d, conv.resizeConv2dBackward),
};
