// Networks and losses of the recorded trainings, in this library's operations.
import * as core from '../../src/index.ts';
import { type Activation, type Tensor, UpsampleError } from '../../src/index.ts';
import * as nn from '../../src/nn/index.ts';

export interface Layer {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly params?: Readonly<Record<string, string | null>>;
  readonly buffers?: Readonly<Record<string, string>>;
  // biome-ignore lint/suspicious/noExplicitAny: options in the words of torch.nn.functional, all spelled out
  readonly attrs: any;
}
export interface Net {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly params: readonly string[];
  readonly buffers: readonly string[];
  readonly layers: readonly Layer[];
}

// biome-ignore lint/suspicious/noExplicitAny: chosen by name
const byName = (from: object, name: string): any => (from as Record<string, unknown>)[name];
type Rule = (xs: readonly Tensor[], attrs: Layer['attrs'], own: Readonly<Record<string, Tensor | undefined>>) => Tensor | Tensor[];

const conv =
  (name: string): Rule =>
  ([x], { stride, padding, dilation, groups, activation, negativeSlope }, { weight, bias }) =>
    byName(core, name)(x, weight, { bias, stride, padding, dilation, groups, ...(activation && { activation }), ...(negativeSlope && { negativeSlope }) });
const convTranspose =
  (name: string): Rule =>
  ([x], { stride, padding, output_padding: outputPadding, dilation, groups, activation, negativeSlope }, { weight, bias }) => {
    const fused = { ...(activation && { activation }), ...(negativeSlope && { negativeSlope }) };
    return byName(core, name)(x, weight, { bias, stride, padding, outputPadding, dilation, groups, ...fused });
  };
const pool =
  (name: string): Rule =>
  ([x], { kernel_size: kernelSize, stride, padding, dilation, ceil_mode: ceilMode, return_indices: returnIndices }) => {
    const y = byName(core, name)(x, { kernelSize, stride, padding, dilation, ceilMode, returnIndices });
    return returnIndices ? [y.output, y.indices] : y;
  };
const unpool =
  (name: string): Rule =>
  ([x, indices], { kernel_size: kernelSize, stride, padding, output_size: outputSize }) =>
    byName(core, name)(x, indices, { kernelSize, stride, padding, outputSize });

const RULES: Readonly<Record<string, Rule>> = {
  ...Object.fromEntries(
    [1, 2, 3].flatMap((d) => [
      [`conv${d}d`, conv(`conv${d}d`)],
      [`conv_transpose${d}d`, convTranspose(`convTranspose${d}d`)],
      [`max_pool${d}d`, pool(`maxPool${d}d`)],
      [`max_unpool${d}d`, unpool(`maxUnpool${d}d`)],
    ]),
  ),
  interpolate: ([x], { size, scale_factor: scaleFactor, mode, align_corners: alignCorners, antialias }) =>
    core.interpolate(x!, {
      mode,
      ...(size ? { size } : { scaleFactor }),
      ...(alignCorners !== null && { alignCorners }),
      ...(antialias && { antialias }),
    }),
  pixel_shuffle: ([x], { upscale_factor: upscaleFactor }) => core.pixelShuffle(x!, { upscaleFactor }),
  batch_norm: ([x], { training, momentum, eps }, { weight, bias, running_mean: runningMean, running_var: runningVar }) =>
    nn.batchNorm(x!, { training, momentum, eps, weight, bias, runningMean, runningVar }),
  instance_norm: ([x], { eps }, { weight, bias }) => nn.instanceNorm(x!, { eps, weight, bias }),
  group_norm: ([x], { num_groups: groups, eps }, { weight, bias }) => nn.groupNorm(x!, { groups, eps, weight, bias }),
  relu: ([x]) => nn.relu(x!),
  leaky_relu: ([x], { negative_slope: negativeSlope }) => nn.leakyRelu(x!, { negativeSlope }),
  prelu: ([x], _, { weight }) => nn.prelu(x!, weight!),
  sigmoid: ([x]) => nn.sigmoid(x!),
  tanh: ([x]) => nn.tanh(x!),
  silu: ([x]) => nn.silu(x!),
  add: ([a, b]) => nn.add(a!, b!),
  cat: (xs, { dim: axis }) => nn.concat(xs, { axis }),
  crop: ([x], { start, size }) => nn.crop(x!, { start, size }),
};

/** Runs a network.
 * @param loose gains the results that no parameter leads to, and that no tape frees therefore */
export function run(net: Net, inputs: readonly Tensor[], state: Readonly<Record<string, Tensor>>, loose: Tensor[]): Tensor[] {
  const values: Record<string, Tensor> = Object.fromEntries(net.inputs.map((name, i) => [name, inputs[i]!]));
  for (const { op, inputs: from, outputs, params = {}, buffers = {}, attrs } of net.layers) {
    const rule = RULES[op];
    if (!rule) throw new Error(`no layer ${op}`);
    const own = Object.fromEntries(Object.entries({ ...params, ...buffers }).map(([role, name]) => [role, name === null ? undefined : state[name]!]));
    const made = rule(
      from.map((name) => values[name]!),
      attrs,
      own,
    );
    for (const [i, y] of [made].flat().entries()) {
      values[outputs[i]!] = y;
      if (!y.tape) loose.push(y);
    }
  }
  return net.outputs.map((name) => values[name]!);
}

const FUSED: Readonly<Record<string, Activation>> = { relu: 'relu', leaky_relu: 'leakyRelu', tanh: 'tanh', sigmoid: 'sigmoid', silu: 'silu' };

/** The same network with activations inside the convolutions before them. */
export function fused(net: Net): Net {
  const layers: Layer[] = [];
  for (const layer of net.layers) {
    const last = layers.at(-1);
    const activation = FUSED[layer.op];
    const uses = net.layers.filter(({ inputs }) => inputs.includes(last?.outputs[0] ?? '')).length;
    if (!activation || !last?.op.startsWith('conv') || layer.inputs[0] !== last.outputs[0] || uses !== 1) layers.push(layer);
    else {
      const slope = layer.attrs.negative_slope;
      layers[layers.length - 1] = { ...last, outputs: layer.outputs, attrs: { ...last.attrs, activation, ...(slope && { negativeSlope: slope }) } };
    }
  }
  return { ...net, layers };
}

export interface LossTerm {
  readonly op: string;
  readonly input: string;
  readonly target: string | number;
  readonly attrs: { readonly reduction: 'mean'; readonly weight?: readonly number[] | null; readonly ignore_index?: number };
}
const LOSSES = { mse_loss: nn.mse, l1_loss: nn.l1, binary_cross_entropy_with_logits: nn.bceWithLogits };

export function lossOf({ op, attrs }: LossTerm, x: Tensor, target: Tensor | number, weight: Tensor | undefined): Tensor {
  if (op === 'cross_entropy') {
    if (typeof target === 'number') throw new UpsampleError('invalid-argument', op, 'labels are numbers');
    return nn.crossEntropy(x, target, { reduction: attrs.reduction, ignoreIndex: attrs.ignore_index!, ...(weight && { weight }) });
  }
  return LOSSES[op as keyof typeof LOSSES](x, target, { reduction: attrs.reduction });
}

/** torch.optim's hyper-parameters in ours. */
// biome-ignore lint/suspicious/noExplicitAny: every kind has its own
export function optimizer(params: Tensor[], { type, lr, betas, eps, weight_decay: weightDecay, momentum, dampening, nesterov }: any): nn.Optimizer {
  if (type === 'SGD') return nn.sgd(params, { lr, weightDecay, nesterov, ...(momentum && { momentum, dampening }) });
  return (type === 'Adam' ? nn.adam : nn.adamw)(params, { lr, betas, eps, weightDecay });
}
