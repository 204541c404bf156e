// What a transposed convolution covers, along one axis and along both.

export interface Setting {
  readonly dims: 1 | 2;
  /** Input cells along an axis. */
  readonly cells: number;
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
  readonly outputPadding: number;
  readonly dilation: number;
}

/** Cells that the stamps reach along an axis, before anything is cut off. */
export const reached = ({ cells, kernel, stride, dilation }: Setting): number => (cells - 1) * stride + dilation * (kernel - 1) + 1;

/** Cells of the result along an axis; below 1 the library refuses. */
export const resulting = (s: Setting): number => reached(s) - 2 * s.padding + s.outputPadding;

/** Cells drawn along an axis: what is reached, and what output padding adds beyond. */
export const covered = (s: Setting): number => Math.max(reached(s), s.padding + resulting(s));

/** Input cells, or stamps. */
export const stamps = ({ dims, cells }: Setting): number => cells ** dims;

/** Place along each axis of cell i among `length` a side: [row, column], row 0 in one dimension. */
export const placeOf = (dims: 1 | 2, length: number, i: number): readonly [row: number, column: number] =>
  dims === 1 ? [0, i] : [Math.floor(i / length), i % length];

/** Whether the stamp of input cell j touches the drawn cell c, along one axis. */
function touchesLine({ kernel, stride, dilation }: Setting, j: number, c: number): boolean {
  const t = (c - j * stride) / dilation;
  return Number.isInteger(t) && t >= 0 && t < kernel;
}

/** Whether the stamp of an input cell touches a drawn cell. */
export function touches(s: Setting, stamp: number, cell: number): boolean {
  const [i, j] = placeOf(s.dims, s.cells, stamp);
  const [r, c] = placeOf(s.dims, covered(s), cell);
  return touchesLine(s, j, c) && (s.dims === 1 || touchesLine(s, i, r));
}

/** Where a drawn cell is in the full, uncut result; undefined beyond it. */
export function inFull(s: Setting, cell: number): number | undefined {
  const length = reached(s);
  const [r, c] = placeOf(s.dims, covered(s), cell);
  return c < length && (s.dims === 1 || r < length) ? r * length + c : undefined;
}

/** Where a drawn cell is in the result; undefined where it is cut off. */
export function inResult(s: Setting, cell: number): number | undefined {
  const length = resulting(s);
  const [r, c] = placeOf(s.dims, covered(s), cell).map((at) => at - s.padding) as [number, number];
  const within = (at: number) => at >= 0 && at < length;
  if (s.dims === 1) return within(c) ? c : undefined;
  return within(r) && within(c) ? r * length + c : undefined;
}
