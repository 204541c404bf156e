import { isCount, refuse, show } from '../check.ts';

const rotate = (x: number, k: number) => (x << k) | (x >>> (32 - k));

/** One step of xoshiro128++. */
export function next(state: Uint32Array): number {
  const s = state as unknown as [number, number, number, number];
  const result = (rotate(s[0] + s[3], 7) + s[0]) >>> 0;
  const t = s[1] << 9;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= t;
  s[3] = rotate(s[3], 11);
  return result;
}

/** Pseudo-random numbers, the same on every machine: xoshiro128++ (Blackman and Vigna, 2019), its state filled from the seed by splitmix32. Not for secrets. */
export class Random {
  readonly #state = new Uint32Array(4);
  #spare: number | undefined;

  /** @param seed a whole number below 2^32; default another each time */
  constructor(seed: number = Math.floor(Math.random() * 2 ** 32)) {
    if (seed !== 0 && !(isCount(seed) && seed < 2 ** 32)) refuse('Random', `seed is ${show(seed)}`, 'expected a whole number from 0 to 4294967295');
    for (let i = 0; i < 4; i++) {
      let z = (seed + Math.imul(i + 1, 0x9e3779b9)) | 0;
      z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
      z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
      this.#state[i] = z ^ (z >>> 16);
    }
  }

  /** The next 32 bits, as a number from 0 to 2^32 - 1. */
  bits(): number {
    return next(this.#state);
  }

  /** A number from 0 up to 1, without 1: 24 bits, so that f32 holds it. */
  uniform(): number {
    return (this.bits() >>> 8) * 2 ** -24;
  }

  /** A number of the normal distribution with mean 0 and standard deviation 1 (Box and Muller). */
  normal(): number {
    const spare = this.#spare;
    this.#spare = undefined;
    if (spare !== undefined) return spare;
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    const angle = 2 * Math.PI * this.uniform();
    this.#spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }
}
