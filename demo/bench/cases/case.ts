import type { ResampleCase } from './resample.ts';

/** [N, C, ...spatial] */
export type Shape = readonly number[];

/** What every row says about itself, as plain data. Arrays are given to a library in the layout that is natural for it. */
export interface AnyCase {
  /** Unique; `--only` matches a part of it. */
  readonly name: string;
  readonly inputs: Readonly<Record<string, Shape>>;
  readonly output: Shape;
  /** Where the row is run: everywhere, or only on GPUs or software adapters (large shapes and their reduced forms). */
  readonly on?: 'gpu' | 'software';
}

/** A row of any family: one member a family, told apart by `family`. */
export type Case = ResampleCase;

export const count = (shape: Shape): number => shape.reduce((a, b) => a * b, 1);

/** Bytes of a case's inputs and output, f32, each touched once: what a row that is bound by memory cannot avoid. */
export const bytesOf = ({ inputs, output }: AnyCase): number => 4 * [...Object.values(inputs), output].reduce((sum, shape) => sum + count(shape), 0);
