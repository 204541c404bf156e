import type { Activation } from './call.ts';

/** erf by its series in terms of one sign: 2/sqrt(pi) * exp(-x^2) * sum of 2^n x^(2n+1) / (2n+1)!!. */
function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > Math.abs(sum) * 1e-17; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));
const gauss = (z: number) => 0.5 * (1 + erf(z / Math.SQRT2));

/** An activation in float64: y = act(z). */
export function activate(name: Activation | null, slope: number, z: number): number {
  if (name === 'relu') return z < 0 ? 0 : z;
  if (name === 'leakyRelu') return z < 0 ? slope * z : z;
  if (name === 'tanh') return Math.tanh(z);
  if (name === 'sigmoid') return sigmoid(z);
  if (name === 'silu') return z * sigmoid(z);
  if (name === 'gelu') return z * gauss(z);
  return z;
}

/** Its derivative at z; at a kink the value from below, as PyTorch has it. */
export function derivative(name: Activation | null, slope: number, z: number): number {
  if (name === 'relu') return z > 0 ? 1 : 0;
  if (name === 'leakyRelu') return z > 0 ? 1 : slope;
  if (name === 'tanh') return 1 - Math.tanh(z) ** 2;
  if (name === 'sigmoid') return sigmoid(z) * (1 - sigmoid(z));
  if (name === 'silu') return sigmoid(z) * (1 + z * (1 - sigmoid(z)));
  if (name === 'gelu') return gauss(z) + (z * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI);
  return 1;
}

/** Numbers of the activations in lib/act.wgsl. */
export const ACT: Readonly<Record<Activation, number>> = { relu: 1, leakyRelu: 2, tanh: 3, sigmoid: 4, silu: 5, gelu: 6 };
