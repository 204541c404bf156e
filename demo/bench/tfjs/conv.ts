import type * as tfjs from '@tensorflow/tfjs-core';
import { lies } from '../cases/case.ts';
import type { ConvCase } from '../cases/conv.ts';
import type { TfjsRecipe } from './index.ts';

/** Kernels by what they compute, as maps between the small side and the large one of a convolution. */
const KERNELS = {
  flat: { shrink: 'Conv2D', enlarge: 'Conv2DBackpropInput', filter: 'Conv2DBackpropFilter' },
  deep: { shrink: 'Conv3D', enlarge: 'Conv3DBackpropInputV2', filter: 'Conv3DBackpropFilterV2' },
  depthwise: { shrink: 'DepthwiseConv2dNative', enlarge: 'DepthwiseConv2dNativeBackpropInput', filter: 'DepthwiseConv2dNativeBackpropFilter' },
} as const;

/** A shape with channels last; 1D as 2D with one row. */
const last = ([n, c, ...spatial]: readonly number[]) => [n!, ...(spatial.length === 1 ? [1, ...spatial] : spatial), c!];

/** Padding in tfjs's words, or null where it has none. */
function padOf({ padding, stride, w }: ConvCase) {
  if (padding.length < 3) return [[0, 0], ...(padding.length === 1 ? [0, ...padding] : padding).map((p) => [p, p]), [0, 0]];
  if (padding.every((p) => !p)) return 'valid';
  return padding.every((p, i) => 2 * p === w[i + 2]! - 1 && stride[i] === 1) ? 'same' : null;
}

/** A case as tfjs runs it, or why it cannot. */
export const conv: TfjsRecipe<ConvCase> = (one, tf, given) => {
  const { op, of, x, y, w, groups } = one;
  const spatial = x.length - 2;
  const depthwise = groups > 1 && groups === x[1] && groups === y[1] && spatial === 2;
  if (groups > 1 && !depthwise) return 'no groups';
  if (op === 'resizeConv') {
    const size = [x[2]! * one.stride[0]!, x[3]! * one.stride[1]!] as [number, number];
    const pad = padOf(one) as tfjs.backend_util.ExplicitPadding;
    return () => {
      const enlarged = tf.image.resizeNearestNeighbor(given['x'] as tfjs.Tensor4D, size);
      const result = tf.conv2d(enlarged, given['w'] as tfjs.Tensor4D, 1, pad);
      enlarged.dispose();
      return result;
    };
  }
  if (one.dilation.some((d) => d > 1) && op === 'convTranspose') return 'no dilation';
  const pad = padOf(one);
  if (pad === null) return 'no such padding in 3D';
  const transposed = op === 'convTranspose';
  const kernels = KERNELS[depthwise ? 'depthwise' : spatial === 3 ? 'deep' : 'flat'];
  const [wide, narrow] = transposed ? [y, x] : [x, y];
  const filterShape = spatial === 1 ? [1, w[2]!, w[1]!, w[0]!] : [...w.slice(2), w[1]!, w[0]!];
  if (depthwise) filterShape.push(filterShape.splice(2, 1)[0]!); // [h, w, channels, 1], the same memory
  const strides = spatial === 1 ? [1, ...one.stride] : [...one.stride];
  const dilations = spatial === 1 ? [1, ...one.dilation] : [...one.dilation];
  const attrs = { strides, pad, dataFormat: spatial === 3 ? 'NDHWC' : 'NHWC', dilations };
  const shaped = (name: string, shape: readonly number[]) => {
    const tensor = given[name];
    return tensor && tf.reshape(tensor, [...shape]);
  };
  const filter = shaped('w', filterShape);
  const [first, gradient] = [shaped('x', last(x)), shaped('dy', last(y))];
  const run = (kernel: string, inputs: object, more: object) => {
    const result = tf.engine().runKernel(kernel, inputs as tfjs.NamedTensorMap, { ...attrs, ...more } as never) as tfjs.Tensor;
    if (spatial > 1 && !depthwise) return result;
    const reshaped = tf.reshape(result, [...lies(one, 'output', 'nhwc')]);
    result.dispose();
    return reshaped;
  };
  if (of === 'dw') {
    const [large, small] = transposed ? [gradient, first] : [first, gradient];
    return () => run(kernels.filter, { x: large, dy: small }, { filterShape });
  }
  const source = of === 'y' ? first : gradient;
  const enlarges = transposed === (of === 'y');
  if (enlarges) return () => run(kernels.enlarge, { dy: source, filter }, { inputShape: last(wide) });
  return () => run(kernels.shrink, { x: source, filter }, { inputShape: last(narrow) });
};
