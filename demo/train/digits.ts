// What the autoencoders learn from, and what they are shown that they never learn from.
import { Random } from '../../src/nn/random.ts';
import { digits } from '../networks/data.ts';

export const SIDE = 28;
const AREA = SIDE ** 2;

/** Digits at the beginning, digits more with each batch, and digits in the end: drawing one takes milliseconds, and nothing may wait long for them. */
const [FIRST, MORE, MOST] = [32, 2, 512];

/** Batches of digits, the same ones in every run. */
export class Batches {
  readonly #pen = new Random(1);
  readonly #choice = new Random(3);
  readonly #drawn: Float32Array[] = [];

  /** Draws one digit of those at the beginning.
   * @returns whether there are more to draw */
  begin(): boolean {
    if (this.#drawn.length < FIRST) this.#draw();
    return this.#drawn.length < FIRST;
  }

  /** Pictures [count, 1, 28, 28], chosen from what is drawn by now. */
  next(count: number): Float32Array {
    for (let i = 0; i < MORE && this.#drawn.length < MOST; i++) this.#draw();
    const batch = new Float32Array(count * AREA);
    for (let n = 0; n < count; n++) batch.set(this.#drawn[this.#choice.bits() % this.#drawn.length]!, n * AREA);
    return batch;
  }

  #draw(): void {
    this.#drawn.push(digits(this.#pen, 1).x);
  }
}

/** One of each digit, 0 to 9, by another hand. */
export function unseen(): Float32Array {
  const random = new Random(2);
  const found = new Map<number, Float32Array>();
  while (found.size < 10) {
    const { x, labels } = digits(random, 1);
    if (!found.has(labels[0]!)) found.set(labels[0]!, x);
  }
  const all = new Float32Array(10 * AREA);
  for (const [digit, x] of found) all.set(x, digit * AREA);
  return all;
}

/** Pictures [count, 1, 28, 28] side by side. */
export function strip(pictures: ArrayLike<number>): { rows: number; columns: number; values: Float32Array } {
  const columns = pictures.length / SIDE;
  const values = Float32Array.from({ length: pictures.length }, (_, i) => {
    const [row, column] = [Math.floor(i / columns), i % columns];
    return pictures[Math.floor(column / SIDE) * AREA + row * SIDE + (column % SIDE)]!;
  });
  return { rows: SIDE, columns, values };
}

/** The middle of the first picture, 12 × 12: enough to tell whether two computations agree. */
export const middle = (pictures: ArrayLike<number>): Float32Array =>
  Float32Array.from({ length: 144 }, (_, i) => pictures[(8 + Math.floor(i / 12)) * SIDE + 8 + (i % 12)]!);
