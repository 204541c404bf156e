// How a smaller tensor repeats to the shape of a larger one, and what a sum over its repetitions runs over.

import { refuse } from '../../check.ts';
import { type Layout, product, type TensorSpec } from '../../plan.ts';

/** Axes in the order of memory, outermost first. */
export function memoryOrder(rank: number, layout: Layout): number[] {
  const order = Array.from({ length: rank }, (_, i) => i);
  if (layout === 'nhwc' && rank > 2) order.push(...order.splice(1, 1));
  return order;
}

/** Elements between neighbours along each axis. */
export function stridesOf(shape: readonly number[], layout: Layout): number[] {
  const strides = new Array<number>(shape.length).fill(0);
  let stride = 1;
  for (const axis of memoryOrder(shape.length, layout).reverse()) {
    strides[axis] = stride;
    stride *= shape[axis]!;
  }
  return strides;
}

/** Refuses operands that lie differently in memory. */
export function checkLayout(op: string, name: string, t: TensorSpec, first: string, x: TensorSpec): void {
  if (t.shape.length > 2 && x.shape.length > 2 && t.layout !== x.layout)
    refuse(op, `${name} is ${t.layout} but ${first} is ${x.layout}`, 'expected one layout for all operands');
}

/** Refuses element types without arithmetic, and operands of different types. */
export function checkReal(op: string, name: string, t: TensorSpec, x: TensorSpec = t): void {
  if (t.dtype !== 'f32' && t.dtype !== 'f16') refuse(op, `${name} has dtype ${t.dtype}`, 'expected f32 or f16');
  if (t.dtype !== x.dtype) refuse(op, `${name} has dtype ${t.dtype}`, `expected ${x.dtype}, as the first operand`);
}

/** Refuses tensors of another shape. */
export function checkSame(op: string, name: string, t: TensorSpec, first: string, x: TensorSpec): void {
  if (t.shape.length !== x.shape.length || t.shape.some((n, i) => n !== x.shape[i]))
    refuse(op, `${name} has shape [${t.shape.join(', ')}]`, `expected [${x.shape.join(', ')}], as ${first}`);
  checkLayout(op, name, t, first, x);
}

/** Strides of b along the axes of a, 0 where it repeats. b has the shape of a, with ones in it or without; or [C], one element a channel; or one element. */
export function repeated(op: string, name: string, b: TensorSpec, a: TensorSpec): number[] {
  const rank = a.shape.length;
  if (product(b.shape) === 1) return new Array<number>(rank).fill(0);
  if (rank > 1 && b.shape.length === 1 && b.shape[0] === a.shape[1]) return a.shape.map((_, axis) => Number(axis === 1));
  const fits = b.shape.length === rank && b.shape.every((n, axis) => n === a.shape[axis] || n === 1);
  if (!fits) {
    const channels = rank > 1 ? `, [${a.shape[1]}] (one a channel)` : '';
    refuse(op, `${name} [${b.shape.join(', ')}] does not repeat to [${a.shape.join(', ')}]`, `expected that shape, or with ones in it${channels}, or [1]`);
  }
  checkLayout(op, name, b, 'the first operand', a);
  return stridesOf(b.shape, b.layout).map((stride, axis) => (b.shape[axis] === 1 ? 0 : stride));
}

/** Axes that lie together: element i of the whole is at `i / div % size * step` of the smaller tensor. */
export interface Term {
  readonly div: number;
  readonly size: number;
  readonly step: number;
}

/** Runs of axes that a smaller tensor keeps, innermost first. */
export function termsOf(shape: readonly number[], layout: Layout, strides: readonly number[]): Term[] {
  const terms: Term[] = [];
  let div = 1;
  for (const axis of memoryOrder(shape.length, layout).reverse()) {
    const size = shape[axis]!;
    const step = strides[axis]!;
    const last = terms.at(-1);
    if (size !== 1 && step) {
      if (last && last.div * last.size === div && last.step * last.size === step) terms[terms.length - 1] = { ...last, size: last.size * size };
      else terms.push({ div, size, step });
    }
    div *= size;
  }
  return terms;
}

/** Neighbouring axes that are all summed over, or all kept. */
export interface Group {
  readonly size: number;
  readonly summed: boolean;
}

/** The axes of a shape in memory order, outermost first, as groups of one kind each. */
export function groupsOf(shape: readonly number[], layout: Layout, summed: (axis: number) => boolean): Group[] {
  const groups: Group[] = [];
  for (const axis of memoryOrder(shape.length, layout)) {
    const size = shape[axis]!;
    if (size === 1) continue;
    const last = groups.at(-1);
    if (last && last.summed === summed(axis)) groups[groups.length - 1] = { ...last, size: last.size * size };
    else groups.push({ size, summed: summed(axis) });
  }
  return groups;
}
