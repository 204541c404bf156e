// What the networks here share: layers that keep their weights by name, and a training step.
import {
  type Context,
  type ConvOptions,
  type ConvTransposeOptions,
  conv2d,
  convTranspose2d,
  type ResizeConvOptions,
  resizeConv2d,
  type Tensor,
} from '../../src/index.ts';
import { batchNorm, heNormal, noGrad, type Optimizer, parameter, Random } from '../../src/nn/index.ts';

/** A network with its way of learning. `Batch` is what it learns from. */
export interface Network<Batch extends readonly Tensor[] = [x: Tensor]> {
  /** All that a file of weights holds, by PyTorch's names: `saveSafetensors(network.parameters)`. */
  readonly parameters: Readonly<Record<string, Tensor>>;
  /** Its `lr` may change between steps. */
  readonly optimizer: Optimizer;
  /** Learns from a batch, which stays the caller's.
   * @returns the loss before the update, the caller's to dispose: nothing else is left behind */
  step(...batch: Batch): Tensor;
  /** The result for a batch, the caller's to dispose. */
  infer(x: Tensor): Tensor;
  dispose(): void;
}

export interface NetworkOptions {
  /** Where initial weights come from; default 1. */
  seed?: number;
  /** Weights in place of initial ones, as `loadSafetensors` gives them: the network's from then on. */
  weights?: Readonly<Record<string, Tensor>>;
  /** Learning rate. */
  lr?: number;
}

export type Layer = (x: Tensor) => Tensor;
/** Draws initial weights. */
export type Init = (ctx: Context, shape: readonly number[], options: { random: Random }) => Tensor;

const constant =
  (value: number): Init =>
  (ctx, shape) =>
    ctx.tensor(new Float32Array(shape.reduce((a, b) => a * b)).fill(value), shape);

/** Makes layers and gathers their weights: `up1.weight`, `up1.bias`, `norm1.running_mean`. */
export class Layers {
  readonly ctx: Context;
  readonly parameters: Record<string, Tensor> = {};
  /** Whether norms take their statistics from the batch, and remember them. */
  training = false;
  readonly #random: Random;
  readonly #given: NetworkOptions['weights'];

  constructor(ctx: Context, { seed = 1, weights }: NetworkOptions) {
    this.ctx = ctx;
    this.#random = new Random(seed);
    this.#given = weights;
  }

  /** The weights that learn. */
  get learning(): Tensor[] {
    return Object.entries(this.parameters).flatMap(([name, tensor]) => (name.includes('.running_') ? [] : [tensor]));
  }

  /** Convolution; initial weights are He's, unless `init` draws others. */
  conv(name: string, from: number, to: number, kernel: number, { init = heNormal, ...options }: ConvOptions & { init?: Init } = {}): Layer {
    const { weight, bias } = this.#weighted(name, [to, from, kernel, kernel], to, init);
    return (x) => conv2d(x, weight, { bias, ...options });
  }

  /** Transposed convolution. An output meets one tap in stride^2: that is its fan. */
  convTranspose(name: string, from: number, to: number, kernel: number, { init, ...options }: ConvTransposeOptions & { init?: Init } = {}): Layer {
    const fan = (from * kernel ** 2) / Number(options.stride ?? 1) ** 2;
    const { weight, bias } = this.#weighted(name, [from, to, kernel, kernel], to, init ?? ((ctx, shape, how) => heNormal(ctx, shape, { fan, ...how })));
    return (x) => convTranspose2d(x, weight, { bias, ...options });
  }

  /** Nearest enlargement and convolution in one. */
  resizeConv(name: string, from: number, to: number, kernel: number, options: ResizeConvOptions): Layer {
    const { weight, bias } = this.#weighted(name, [to, from, kernel, kernel], to, heNormal);
    return (x) => resizeConv2d(x, weight, { bias, ...options });
  }

  /** Batch normalisation. */
  norm(name: string, channels: number, init: Init = constant(1)): Layer {
    const affine = this.#weighted(name, [channels], channels, init);
    const runningMean = this.#tensor(`${name}.running_mean`, [channels], constant(0));
    const runningVar = this.#tensor(`${name}.running_var`, [channels], constant(1));
    return (x) => batchNorm(x, { ...affine, runningMean, runningVar, training: this.training });
  }

  #weighted(name: string, shape: readonly number[], to: number, init: Init) {
    const weight = parameter(this.#tensor(`${name}.weight`, shape, init));
    const bias = parameter(this.#tensor(`${name}.bias`, [to], constant(0)));
    return { weight, bias };
  }

  #tensor(name: string, shape: readonly number[], init: Init): Tensor {
    const tensor = this.#given ? this.#given[name] : init(this.ctx, shape, { random: this.#random });
    if (tensor?.shape.join() !== shape.join()) throw new Error(`the weights have ${name} [${tensor?.shape ?? 'nowhere'}]; expected [${shape}]`);
    this.parameters[name] = tensor!;
    return tensor!;
  }
}

/** What is left of a network when its layers are made: the loss of a batch, and the result. */
export interface Rules<Batch extends readonly Tensor[]> {
  loss(...batch: Batch): Tensor;
  infer(x: Tensor): Tensor;
}

/** A step of learning: forward, back, update. All that was made on the way is freed with it. */
export function learn(layers: Layers, optimizer: Optimizer, loss: () => Tensor): Tensor {
  return layers.ctx.tidy(() => {
    layers.training = true;
    const value = loss();
    value.backward({ of: optimizer.params });
    optimizer.step();
    optimizer.zeroGrad();
    layers.training = false;
    return value;
  });
}

/** A network of layers that one optimiser teaches. */
export function network<Batch extends readonly Tensor[]>(layers: Layers, optimizer: Optimizer, { loss, infer }: Rules<Batch>): Network<Batch> {
  const { ctx, parameters } = layers;
  return {
    ...{ parameters, optimizer },
    step: (...batch) => learn(layers, optimizer, () => loss(...batch)),
    infer: (x) => ctx.tidy(() => noGrad(() => infer(x))),
    dispose: () => {
      optimizer.dispose();
      for (const tensor of Object.values(parameters)) tensor.dispose();
    },
  };
}
