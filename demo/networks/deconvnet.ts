// Deconvnet: which pixels excited a feature. A picture goes through a trained classifier; of one feature map its strongest activation alone is kept, and the
// way back undoes stage after stage: unpooling by the switches of the way there, relu, and the same filters transposed.
// Source: Zeiler and Fergus, arXiv:1311.2901.
import { type Context, conv2d, convTranspose2d, maxPool2d, maxUnpool2d, type Tensor } from '../../src/index.ts';
import { noGrad, relu } from '../../src/nn/index.ts';

/** One stage of the classifier: a convolution that keeps the size, relu, and max pooling of 2x2. */
export interface Stage {
  /** [outChannels, inChannels, K, K] with an odd K. */
  weight: Tensor;
  bias: Tensor;
}

/** Rows and columns from the first to the last. */
export interface Field {
  rows: readonly [first: number, last: number];
  columns: readonly [first: number, last: number];
}

/** The strongest activation of a feature in one picture. */
export interface Activation {
  value: number;
  row: number;
  column: number;
  /** Pixels that it can see; they may lie beyond the picture. */
  field: Field;
}

/** The stages of a network with layers of these names: `stages(fcn.parameters, ['conv1', 'conv2', 'conv3'])`. */
export const stages = (parameters: Readonly<Record<string, Tensor>>, names: readonly string[]): Stage[] =>
  names.map((name) => ({ weight: parameters[`${name}.weight`]!, bias: parameters[`${name}.bias`]! }));

const padding = ({ weight }: Stage): number => (weight.shape[2]! - 1) / 2;

/** There: the features of the last stage, and the switches of every stage. */
function forward(x: Tensor, net: readonly Stage[]): [features: Tensor, ...switches: Tensor[]] {
  const switches: Tensor[] = [];
  let y = x;
  for (const stage of net) {
    const rectified = conv2d(y, stage.weight, { bias: stage.bias, padding: padding(stage), activation: 'relu' });
    const { output, indices } = maxPool2d(rectified, { kernelSize: 2, returnIndices: true });
    switches.push(indices);
    y = output;
  }
  return [y, ...switches];
}

/** And back: from features to pixels. */
function backward(features: Tensor, net: readonly Stage[], switches: readonly Tensor[]): Tensor {
  let y = features;
  for (let i = net.length - 1; i >= 0; i--) {
    const unpooled = maxUnpool2d(y, switches[i]!, { kernelSize: 2 });
    y = convTranspose2d(relu(unpooled), net[i]!.weight, { padding: padding(net[i]!) });
  }
  return y;
}

/** The pixels that rows (or columns) from `first` to `last` of the last stage can see. */
const seen = (net: readonly Stage[], at: number): readonly [number, number] =>
  net.reduceRight(([first, last], stage) => [2 * first - padding(stage), 2 * last + 1 + padding(stage)] as const, [at, at] as readonly [number, number]);

/** Finds where a feature is strongest in each picture, and what excited it there.
 * @param x pictures [N, channels, H, W], H and W in multiples of 2^stages
 * @param net stages of a trained classifier
 * @param feature channel of the last stage
 * @returns an activation for each picture, and the reconstructions, of the shape of x: the caller's to dispose */
export async function deconvnet(ctx: Context, x: Tensor, net: readonly Stage[], feature: number): Promise<{ activations: Activation[]; pixels: Tensor }> {
  const [features, ...switches] = ctx.tidy(() => noGrad(() => forward(x, net)));
  const { shape } = features;
  const [, channels, height, width] = shape as [number, number, number, number];
  const all = await features.data();
  const alone = new Float32Array(all.length);
  const activations = Array.from({ length: shape[0]! }, (_, n): Activation => {
    const from = (n * channels + feature) * height * width;
    let at = from;
    for (let i = from; i < from + height * width; i++) if (all[i]! > all[at]!) at = i;
    alone[at] = all[at]!;
    const [row, column] = [Math.floor((at - from) / width), (at - from) % width];
    return { value: all[at]!, row, column, field: { rows: seen(net, row), columns: seen(net, column) } };
  });
  const pixels = ctx.tidy(() => noGrad(() => backward(ctx.tensor(alone, shape), net, switches)));
  for (const tensor of [features, ...switches]) tensor.dispose();
  return { activations, pixels };
}
