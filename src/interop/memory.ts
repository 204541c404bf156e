// Shapes in the order of memory, in which other libraries write them.
import type { Layout } from '../plan.ts';

/** [N, C, ...spatial] of a shape in the order of memory, of three axes and more. */
export function fromMemory(shape: readonly number[], layout: Layout): number[] {
  const [n, ...rest] = shape;
  return layout === 'nhwc' && shape.length > 2 ? [n!, rest.at(-1)!, ...rest.slice(0, -1)] : [...shape];
}

/** The way back. */
export function inMemory(shape: readonly number[], layout: Layout): number[] {
  const [n, c, ...spatial] = shape;
  return layout === 'nhwc' && shape.length > 2 ? [n!, ...spatial, c!] : [...shape];
}

/** The layout of a tensor of that many axes: of one or two there is only one. */
export const layoutOf = (rank: number, asked: Layout): Layout => (rank > 2 ? asked : 'nchw');
