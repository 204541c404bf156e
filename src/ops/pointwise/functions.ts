// The functions of the kernels in float64, with the numbers they have in lib/unary.wgsl and lib/binary.wgsl.
import { ACT, activate, derivative } from '../conv/activation.ts';
import type { Activation } from '../conv/call.ts';
import type { Unary } from './call.ts';

export const UNARY: Readonly<Record<Unary, number>> = { ...ACT, square: 16, abs: 17, exp: 18, log: 19, sqrt: 20 };

/** In lib/binary.wgsl. */
export const FIRST = 0;
export const FALL = 5;
export const BINARY = { add: 1, sub: 2, mul: 3, prelu: 4, mse: 6, l1: 7, bceWithLogits: 8 } as const;

/** y = f(z). */
export function value(name: Unary, slope: number, z: number): number {
  if (name === 'square') return z * z;
  if (name === 'abs') return Math.abs(z);
  if (name === 'exp') return Math.exp(z);
  if (name === 'log') return Math.log(z);
  if (name === 'sqrt') return Math.sqrt(z);
  return activate(name, slope, z);
}

/** f'(z); at a kink the value from below for the activations, as PyTorch has it, and 0 for abs. */
export function first(name: Unary, slope: number, z: number): number {
  if (name === 'square') return 2 * z;
  if (name === 'abs') return z > 0 ? 1 : z < 0 ? -1 : 0;
  if (name === 'exp') return Math.exp(z);
  if (name === 'log') return 1 / z;
  if (name === 'sqrt') return 0.5 / Math.sqrt(z);
  return derivative(name, slope, z);
}

/** f''(z), 0 at kinks. */
export function second(name: Unary, z: number): number {
  const of = (n: Activation) => activate(n, 0, z);
  const s = of('sigmoid');
  const t = of('tanh');
  if (name === 'tanh') return -2 * t * (1 - t * t);
  if (name === 'sigmoid') return s * (1 - s) * (1 - 2 * s);
  if (name === 'silu') return s * (1 - s) * (2 + z * (1 - 2 * s));
  if (name === 'gelu') return ((2 - z * z) * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI);
  if (name === 'square') return 2;
  if (name === 'exp') return Math.exp(z);
  if (name === 'log') return -1 / (z * z);
  if (name === 'sqrt') return -0.25 / (z * Math.sqrt(z));
  return 0;
}
