// A network that learns to tell shapes from ground, as far as a view shows it.
import type { Context, Tensor } from '../../src/index.ts';
import { Random } from '../../src/nn/index.ts';
import type { Network } from '../networks/network.ts';
import { highest } from '../networks/segmentation.ts';
import { CLASSES, type Scenes, SIZE, scenes, uploaded } from './scenes.ts';
import type { Held } from './view.ts';

const BATCH = 8;

export class Learning<N extends Network<[x: Tensor, classes: Tensor]>> {
  readonly network: N;
  readonly losses: number[] = [];
  readonly #random = new Random(1);

  constructor(network: N) {
    this.network = network;
  }

  async step(ctx: Context): Promise<void> {
    const given = uploaded(ctx, scenes(this.#random, BATCH));
    const loss = this.network.step(...given);
    try {
      this.losses.push(await loss.item());
    } finally {
      for (const tensor of [loss, ...given]) tensor.dispose();
    }
  }

  /** How it fares, in words. */
  report({ classes }: Scenes, scores: Held): string {
    const found = highest(scores.data, CLASSES, SIZE ** 2);
    const right = found.reduce((n, c, i) => n + Number(c === classes[i]), 0) / found.length;
    const loss = this.losses.at(-1);
    const learnt = loss === undefined ? 'It has learnt nothing yet' : `After ${this.losses.length} steps its loss is ${loss.toFixed(4)}`;
    return `${learnt}; of this scene, which it never learns from, it has ${(100 * right).toFixed(1)} % of the pixels right.`;
  }
}
