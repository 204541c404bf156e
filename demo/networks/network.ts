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

export const constant =
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

  dispose(): void {
    for (const tensor of Object.values(this.parameters)) tensor.dispose();
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

/** One update: what a loss says of an optimiser's parameters. All that is made on the way is freed with it.
 * @returns the loss */
export function learn(ctx: Context, optimizer: Optimizer, loss: () => Tensor): Tensor {
  return ctx.tidy(() => {
    const value = loss();
    value.backward({ of: optimizer.params });
    optimizer.step();
    optimizer.zeroGrad();
    return value;
  });
}

/** A network of layers that one optimiser teaches.
 * @param loss of a batch
 * @param infer result for a batch */
export function network<Batch extends readonly Tensor[] = [x: Tensor]>(
  layers: Layers,
  optimizer: Optimizer,
  { loss, infer }: { loss(...batch: Batch): Tensor; infer(x: Tensor): Tensor },
): Network<Batch> {
  const { ctx, parameters } = layers;
  return {
    ...{ parameters, optimizer },
    step: (...batch) => {
      layers.training = true;
      return learn(ctx, optimizer, () => loss(...batch));
    },
    infer: (x) => {
      layers.training = false;
      return ctx.tidy(() => noGrad(() => infer(x)));
    },
    dispose: () => {
      optimizer.dispose();
      layers.dispose();
    },
  };
}
