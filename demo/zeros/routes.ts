// Two routes to one result, and what they multiply.
import { type Context, type ConvTransposeOptions, conv2d, convMatrix, convTranspose2d, type DenseMatrix, type InsertOptions } from '../../src/index.ts';

export interface Setting {
  /** Cells of x a side. */
  readonly cells: number;
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
  readonly outputPadding: number;
}

/** The options of the transposed convolution. */
export const direct = ({ stride, padding, outputPadding }: Setting) => ({ stride, padding, outputPadding }) satisfies ConvTransposeOptions;

/** Zeros that go around: fewer where the result is cut. */
const around = ({ kernel, padding }: Setting) => kernel - 1 - padding;

/** Cells a side with the zeros between them. */
export const inserted = ({ cells, stride }: Setting): number => (cells - 1) * stride + 1;

/** The same with the zeros around them; output padding puts more behind. */
export const padded = (s: Setting): number => inserted(s) + 2 * around(s) + s.outputPadding;

/** Cells of the result a side. */
export const resulting = (s: Setting): number => padded(s) - s.kernel + 1;

/** The options that insert all zeros, those around included. */
export const insertion = (s: Setting) => ({ stride: s.stride, offset: around(s), outputSize: padded(s) }) satisfies InsertOptions;

/** Where cell i of x is among the zeros: `before` zeros first, `side` cells in a row. */
export function placeOf({ cells, stride }: Setting, i: number, before: number, side: number): number {
  const along = (at: number) => before + at * stride;
  return along(Math.floor(i / cells)) * side + along(i % cells);
}

/** Where they are once padded. */
export const placesOf = (s: Setting): readonly number[] => Array.from({ length: s.cells ** 2 }, (_, i) => placeOf(s, i, around(s), padded(s)));

/** Multiplications of one route: of all pairs, and of those without a zero that was put in. */
export interface Count {
  readonly all: number;
  readonly useful: number;
}

/** As the library counts them: two operations, a multiplication and an addition, a pair of an element and a weight. */
export function counted(ctx: Context, s: Setting): Count {
  const weight = { shape: [1, 1, s.kernel, s.kernel] };
  const side = padded(s);
  return {
    all: conv2d.explain(ctx, { shape: [1, 1, side, side], weight }).flops! / 2,
    useful: convTranspose2d.explain(ctx, { shape: [1, 1, s.cells, s.cells], weight, ...direct(s) }).flops! / 2,
  };
}

/** The same without a GPU: entries of the matrices that are not 0. Both axes are alike. */
export function countedByMatrix(s: Setting): Count {
  const weight = new Array<number>(s.kernel).fill(1);
  const weightShape = [1, 1, s.kernel];
  const entries = ({ data }: DenseMatrix) => data.reduce((n, v) => n + Number(v !== 0), 0) ** 2;
  return {
    all: entries(convMatrix({ inputShape: [1, padded(s)], weight, weightShape })),
    useful: entries(convMatrix({ inputShape: [1, s.cells], weight, weightShape, transposed: true, ...direct(s) })),
  };
}
