// Networks learn on drawn scenes which pixels belong to a shape, and are judged on scenes that they have not seen.
import { shapes } from '../../demo/networks/data.ts';
import type { Network } from '../../demo/networks/network.ts';
import { highest, type Segmented, segmented } from '../../demo/networks/segmentation.ts';
import type { Context, Tensor } from '../../src/index.ts';
import { Random } from '../../src/nn/index.ts';
import { trained } from './steps.ts';

export const SIZE = 32;
const BATCH = 4;

/** Pictures and, of every pixel, whether it is part of a shape: forms themselves take longer to learn than a test may last. */
export function scenes(random: Random, count: number): { x: Float32Array; classes: Uint32Array } {
  const { x, classes } = shapes(random, count, SIZE);
  return { x, classes: classes.map((c) => Math.min(c, 1)) };
}

export const uploaded = (ctx: Context, { x, classes }: ReturnType<typeof scenes>): [x: Tensor, classes: Tensor] => {
  const n = x.length / SIZE ** 2;
  return [ctx.tensor(x, [n, 1, SIZE, SIZE]), ctx.tensor(classes, [n, SIZE, SIZE], { dtype: 'u32' })];
};

const SEEN = 1;
const UNSEEN = 2;
const judges = scenes(new Random(UNSEEN), 48);

/** Who says ground everywhere. */
export const guess: Segmented = segmented(new Uint32Array(judges.classes.length), judges.classes, 2, SIZE);

/** Teaches a network, and expects that no step leaves a tensor behind.
 * @returns the losses */
export async function taught(ctx: Context, { step, optimizer }: Network<[x: Tensor, classes: Tensor]>, steps: number): Promise<number[]> {
  const random = new Random(SEEN);
  const { lr } = optimizer;
  const { loss } = await trained(ctx, steps, (i) => {
    optimizer.lr = lr * Math.min(1, 2 - (2 * i) / steps); // steady for one half, then falling
    const given = uploaded(ctx, scenes(random, BATCH));
    const loss = step(...given);
    for (const tensor of given) tensor.dispose();
    return { loss };
  });
  return loss!;
}

/** How a network does on scenes that it has not seen. */
export async function judged(ctx: Context, { infer }: Pick<Network, 'infer'>): Promise<Segmented> {
  const given = uploaded(ctx, judges);
  const y = infer(given[0]);
  const found = highest(await y.data(), 2, SIZE ** 2);
  for (const tensor of [y, ...given]) tensor.dispose();
  return segmented(found, judges.classes, 2, SIZE);
}
