// What belongs together: an entry of the matrix joins an input, an output and a weight.
import { type ConvTransposeOptions, convMatrix, type DenseMatrix } from '../../src/index.ts';

/** A convolution of one square channel, and the transposed one that leads back to its input's size. */
export interface Setting {
  readonly input: number;
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
}

/** One entry of C that is a weight and no zero, with the places of all three in row-major order. */
export interface Link {
  readonly output: number;
  readonly input: number;
  readonly weight: number;
}

/** What is looked at. `back` is a cell of the result of Cᵀ. */
export interface Look {
  readonly at: 'entry' | 'turned' | 'weight' | 'input' | 'output' | 'back';
  /** Its place in its grid. */
  readonly i: number;
}

/** The options that lead back: several input sizes have the same result, so the wanted one is named. */
export const backOptions = ({ input, stride, padding }: Setting) => ({ stride, padding, outputSize: input }) satisfies ConvTransposeOptions;

/** C, of a convolution with these weights. */
export const matrixOf = ({ input, kernel, stride, padding }: Setting, weight: ArrayLike<number>): DenseMatrix =>
  convMatrix({ inputShape: [1, input, input], weight, weightShape: [1, 1, kernel, kernel], stride, padding });

/** Cᵀ, of the transposed convolution from `size` a side. */
export const turnedOf = (setting: Setting, size: number, weight: ArrayLike<number>): DenseMatrix =>
  convMatrix({ inputShape: [1, size, size], weight, weightShape: [1, 1, setting.kernel, setting.kernel], transposed: true, ...backOptions(setting) });

/** All links: the matrix whose weights are numbered from 1 says which stands where. */
export function linksOf(setting: Setting): readonly Link[] {
  const { data, columns } = matrixOf(
    setting,
    Array.from({ length: setting.kernel ** 2 }, (_, t) => t + 1),
  );
  return Array.from(data).flatMap((number, i) => (number ? [{ output: Math.floor(i / columns), input: i % columns, weight: number - 1 }] : []));
}

/** The matrix times a vector. */
export const times = ({ rows, columns, data }: DenseMatrix, x: ArrayLike<number>): number[] =>
  Array.from({ length: rows }, (_, r) => Array.from({ length: columns }, (_, c) => data[r * columns + c]! * x[c]!).reduce((a, b) => a + b, 0));

/** Output and input of an entry. */
export const entryOf = (look: Look, outputs: number, inputs: number): readonly [output: number, input: number] =>
  look.at === 'turned' ? [look.i % outputs, Math.floor(look.i / outputs)] : [Math.floor(look.i / inputs), look.i % inputs];

/** The links that pass through what is looked at. */
export function through(look: Look, links: readonly Link[], outputs: number, inputs: number): readonly Link[] {
  const { at, i } = look;
  if (at === 'weight') return links.filter((l) => l.weight === i);
  if (at === 'output') return links.filter((l) => l.output === i);
  if (at === 'input' || at === 'back') return links.filter((l) => l.input === i);
  const [output, input] = entryOf(look, outputs, inputs);
  return links.filter((l) => l.output === output && l.input === input);
}
