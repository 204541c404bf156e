import type { TensorSpec } from '../../plan.ts';
import type { Activation } from '../conv/call.ts';

/** Functions of one number. */
export type Unary = Activation | 'square' | 'abs' | 'exp' | 'log' | 'sqrt';

/** A function of one number, or a derivative of it, applied to every element. */
export interface MapCall {
  readonly op: string;
  readonly name: Unary;
  /** Of leakyRelu below 0. */
  readonly slope: number;
  readonly x: TensorSpec;
  /** Gradient of the result, for the first derivative, */
  readonly dy?: TensorSpec;
  /** and that of `dy * f'(x)`, for the second. */
  readonly g?: TensorSpec;
}

/** Functions of two numbers. */
export type Binary = 'add' | 'sub' | 'mul' | 'prelu';

/** A function of two numbers applied to every element of a and what b has for it. */
export interface PairCall {
  readonly op: string;
  readonly name: Binary;
  /** Names of the operands in the call. */
  readonly names: readonly [a: string, b: string];
  readonly a: TensorSpec;
  readonly b: TensorSpec | number;
  /** Strides of b along the axes of a, 0 where it repeats; null where b has the shape of a or is a number. */
  readonly strides: readonly number[] | null;
  /** Gradient of the result, for a backward call, and what it computes. */
  readonly dy?: TensorSpec;
  readonly gradients?: readonly ('a' | 'b')[];
}

/** Elements zeroed by chance. */
export interface DropoutCall {
  readonly op: string;
  readonly x: TensorSpec;
  /** What a hash must reach for its element to stay. */
  readonly threshold: number;
  readonly scale: number;
}
