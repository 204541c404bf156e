import type { Fault } from './fault.ts';
import type { Place } from './program.ts';

/** What plans filled from one tensor alone, packed weights say: kept with the tensor until it changes or goes. */
export interface Derivation {
  /** The tensor's version when it was read. */
  readonly version: number;
  readonly places: ReadonlyMap<string, Place>;
  /** What the GPU may still report about it. */
  readonly faults: readonly Fault[];
}

/** Plans of one tensor whose derivations are kept. */
const MOST = 8;

/** Derivations of a tensor by plan, the most recently used last. */
export class Derived {
  readonly #kept = new Map<string, Derivation>();
  readonly #free: (buffer: GPUBuffer) => void;

  constructor(free: (buffer: GPUBuffer) => void) {
    this.#free = free;
  }

  /** What is still valid under a key. */
  get(key: string, version: number): Derivation | undefined {
    const found = this.#kept.get(key);
    if (!found) return undefined;
    this.#kept.delete(key);
    if (found.version === version && !found.faults.some((f) => f.error)) {
      this.#kept.set(key, found);
      return found;
    }
    for (const { buffer } of found.places.values()) this.#free(buffer);
    return undefined;
  }

  set(key: string, derivation: Derivation): void {
    this.#kept.set(key, derivation);
    if (this.#kept.size > MOST) {
      const [oldest, { places }] = this.#kept.entries().next().value!;
      this.#kept.delete(oldest);
      for (const { buffer } of places.values()) this.#free(buffer);
    }
  }

  clear(): void {
    for (const { places } of this.#kept.values()) for (const { buffer } of places.values()) this.#free(buffer);
    this.#kept.clear();
  }
}
