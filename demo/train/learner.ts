import type { Context, Tensor } from '../../src/index.ts';
import { mse } from '../../src/nn/index.ts';
import type { Plain } from '../../src/reference.ts';
import { autoencoder, type Decoder } from '../networks/autoencoder.ts';

/** One autoencoder, and what is known of its learning. */
export class Learner {
  readonly decoder: Decoder;
  /** Of each batch, before the step that it led to. */
  readonly losses: number[] = [];
  /** Milliseconds of a step, as of late. */
  pace = 0;
  /** What it drew last of the unseen digits, and the mean square error of that. */
  drawn: { readonly pictures: Float32Array; readonly error: number } | undefined;
  readonly #network: ReturnType<typeof autoencoder>;
  #warm = false;

  constructor(ctx: Context, decoder: Decoder) {
    this.decoder = decoder;
    this.#network = autoencoder(ctx, { decoder });
  }

  /** A step for each batch.
   * @returns milliseconds until the GPU had done them */
  async learn(batches: readonly Tensor[], lr: number): Promise<number> {
    const begin = performance.now();
    this.#network.optimizer.lr = lr;
    const losses = batches.map((batch) => this.#network.step(batch));
    try {
      this.losses.push(...(await Promise.all(losses.map((loss) => loss.item()))));
    } finally {
      for (const loss of losses) loss.dispose();
    }
    const taken = performance.now() - begin;
    const pace = taken / batches.length;
    if (this.#warm) this.pace = this.pace ? this.pace + (pace - this.pace) / 8 : pace;
    this.#warm = true; // the first turn also compiles
    return taken;
  }

  /** Draws pictures again. */
  async draw(x: Tensor): Promise<void> {
    const y = this.#network.infer(x);
    const off = mse(y, x);
    try {
      const [pictures, error] = await Promise.all([y.data() as Promise<Float32Array>, off.item()]);
      this.drawn = { pictures, error };
    } finally {
      y.dispose();
      off.dispose();
    }
  }

  /** Its weights of this moment. */
  async weights(): Promise<Record<string, Plain>> {
    const all = Object.entries(this.#network.parameters).map(async ([name, tensor]) => [name, { data: await tensor.data(), shape: tensor.shape }] as const);
    return Object.fromEntries(await Promise.all(all));
  }

  dispose(): void {
    this.#network.dispose();
  }
}
