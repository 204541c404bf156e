import type { Layout } from '../../../src/index.ts';
import type { ConvCase } from './conv.ts';
import type { PoolCase } from './pool.ts';
import type { ResampleCase } from './resample.ts';
import type { ShuffleCase } from './shuffle.ts';
import type { TrainCase } from './train.ts';

/** [N, C, ...spatial]; of a filter [A, B, ...kernel]. */
export type Shape = readonly number[];

export type Scale = 'full' | 'reduced';

/** What every row says about itself, as plain data. Arrays are given to a library in the layout that is natural for it. */
export interface AnyCase {
  /** Unique; `--only` matches a part of it. */
  readonly name: string;
  /** Rows with one geometric mean. */
  readonly group: string;
  readonly inputs: Readonly<Record<string, Shape>>;
  readonly output: Shape;
  /** Bytes that the row cannot avoid to move in f32, where they are not those of inputs and output. */
  readonly bytes?: number;
  /** 32-bit words among them, whatever the element type: indices. */
  readonly words?: number;
  /** Element type of all tensors, default f32. Numbers given to an f16 row are halves, and our own f32 races along. */
  readonly dtype?: 'f16';
  /** Which inputs, and whether the `output`, are filters: where channels are last, both their channel axes are, and A stands behind B. */
  readonly filters: readonly string[];
  /** The form of a layer that is large: its own shape, which GPUs run, or one that a software adapter runs in a fraction of a second. */
  readonly scale?: Scale;
  /** Whether a quick run has the row. */
  readonly quick: boolean;
  /** Whether the row is looked at after every change of a kernel. */
  readonly trend?: boolean;
}

/** A row of any family: one member a family, told apart by `family`. */
export type Case = ConvCase | PoolCase | ResampleCase | ShuffleCase | TrainCase;

/** What a library or the reference has for each family: a recipe a family. */
export type Recipes<Rest extends unknown[], Result> = {
  readonly [F in Case['family']]: (one: Extract<Case, { family: F }>, ...rest: Rest) => Result;
};

/** Follows the recipe of the case's family. */
export const follow = <Rest extends unknown[], Result>(recipes: Recipes<Rest, Result>, one: Case, ...rest: Rest): Result =>
  (recipes[one.family] as (one: Case, ...rest: Rest) => Result)(one, ...rest);

export const count = (shape: Shape): number => shape.reduce((a, b) => a * b, 1);

/** The shape of an input or of the `output` as it lies in memory. */
export function lies({ inputs, output, filters }: AnyCase, name: string, layout: Layout): Shape {
  const shape = name === 'output' ? output : inputs[name]!;
  const [a, b, ...rest] = shape as [number, number, ...number[]];
  if (layout === 'nchw') return shape;
  return filters.includes(name) ? [...rest, b, a] : [a, ...rest, b];
}

/** Bytes of a case's inputs and output, each touched once: what a row that is bound by memory cannot avoid. */
export function bytesOf({ inputs, output, bytes, words = 0, dtype }: AnyCase): number {
  const single = bytes ?? 4 * [...Object.values(inputs), output].reduce((sum, shape) => sum + count(shape), 0);
  return dtype ? single / 2 + 2 * words : single;
}
