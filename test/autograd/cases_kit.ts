// How cases are written.
import type { Case, Operand } from './check.ts';

export const of = (...shape: number[]): Operand => ({ shape });
export const nhwc = (...shape: number[]): Operand => ({ shape, layout: 'nhwc' });
/** Elements away from 0, where there are kinks. */
export const away = (...shape: number[]): Operand => ({ shape, of: (u) => u + Math.sign(u) / 8 });
export const positive = (...shape: number[]): Operand => ({ shape, of: (u) => 1.5 + u });

export const one = (op: string, x: Operand, ...rest: unknown[]): Case => ({ op, inputs: { x }, args: ({ x }) => [x, ...rest] });
