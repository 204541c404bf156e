// What the segmenting networks learn from: drawn scenes, and of every pixel whether it belongs to a shape.
import type { Context, Tensor } from '../../src/index.ts';
import { Random } from '../../src/nn/random.ts';
import { shapes } from '../networks/data.ts';

export const SIZE = 32;
/** Ground and shape. */
export const CLASSES = 2;

export interface Scenes {
  readonly x: Float32Array;
  readonly classes: Uint32Array;
}

/** Forms themselves would take longer to learn than anybody waits. */
export function scenes(random: Random, count: number): Scenes {
  const { x, classes } = shapes(random, count, SIZE);
  return { x, classes: classes.map((c) => Math.min(c, 1)) };
}

/** A scene that nobody learns from. */
export const unseen = (number: number): Scenes => scenes(new Random(1_000_000 + number), 1);

export const uploaded = (ctx: Context, { x, classes }: Scenes): [x: Tensor, classes: Tensor] => {
  const n = x.length / SIZE ** 2;
  return [ctx.tensor(x, [n, 1, SIZE, SIZE]), ctx.tensor(classes, [n, SIZE, SIZE], { dtype: 'u32' })];
};
