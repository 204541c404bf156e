import type { Decoder } from '../../networks/autoencoder.ts';
import type { AnyCase, Shape } from './case.ts';

/** A step of training of demo/networks/autoencoder.ts: forward, gradients, Adam. The output are the losses of its first steps. */
export interface TrainCase extends AnyCase {
  readonly family: 'train';
  readonly decoder: Extract<Decoder, 'transposed' | 'resize'>;
  readonly lr: number;
}

/** Steps whose losses must be right, each by the weights that the ones before have left. */
export const STEPS = 3;

/** The layers' weights. A transposed convolution has its input channels first. */
const weights = (decoder: TrainCase['decoder']): Record<string, Shape> => ({
  down1: [8, 1, 3, 3],
  down2: [16, 8, 3, 3],
  code: [4, 16, 3, 3],
  open: [16, 4, 3, 3],
  up1: decoder === 'transposed' ? [16, 8, 3, 3] : [8, 16, 3, 3],
  up2: decoder === 'transposed' ? [8, 1, 3, 3] : [1, 8, 3, 3],
});

/** What makes initial weights of the row's numbers, which lie between -1 and 1. */
export const factorOf = ({ inputs }: TrainCase, name: string): number => Math.sqrt(6 / (9 * inputs[name]![1]!));

const row = (decoder: TrainCase['decoder'], batch: number, quick: boolean): TrainCase => ({
  family: 'train',
  name: `train autoencoder, ${decoder === 'transposed' ? 'transposed' : 'resize-conv'} decoder, ${batch}×1×28×28`,
  group: 'training step',
  inputs: { x: [batch, 1, 28, 28], ...weights(decoder) },
  output: [STEPS],
  filters: Object.keys(weights(decoder)),
  quick,
  decoder,
  lr: 5e-3,
});

export const trainCases: readonly TrainCase[] = [row('transposed', 16, true), row('resize', 16, false)];
