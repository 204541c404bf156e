import type { Fault } from './fault.ts';

const MIB = 2 ** 20;

/** A size that other tensors can share: multiples of 256 bytes, then of an eighth of a power of two. */
export function roundSize(bytes: number, most: number): number {
  const step = Math.max(256, 2 ** (Math.floor(Math.log2(Math.max(bytes, 1))) - 3));
  return Math.min(Math.max(Math.ceil(bytes / step) * step, 256), Math.max(most - (most % 4), Math.ceil(bytes / 4) * 4));
}

/** Buffers of one usage, kept for reuse up to max(64 MiB, the most that was ever in use). */
export class BufferPool {
  /** Bytes and buffers in use. */
  bytes = 0;
  count = 0;
  /** Bytes kept for reuse. */
  idle = 0;
  #peak = 0;
  readonly #free = new Map<number, GPUBuffer[]>();
  readonly #used = new Set<GPUBuffer>();
  readonly #make: (size: number, op: string) => { value: GPUBuffer; fault: Fault };
  /** Faults of allocations, until they are known to be none. */
  readonly #faults = new WeakMap<GPUBuffer, Fault>();

  constructor(make: (size: number, op: string) => { value: GPUBuffer; fault: Fault }) {
    this.#make = make;
  }

  /** A buffer of exactly this size; `fault` is what its allocation may still report. */
  acquire(size: number, op: string): { buffer: GPUBuffer; fault: Fault | undefined; fresh: boolean } {
    const kept = this.#free.get(size)?.pop();
    if (kept) this.idle -= size;
    const buffer = kept ?? this.#fresh(size, op);
    this.bytes += size;
    this.count++;
    this.#peak = Math.max(this.#peak, this.bytes);
    this.#used.add(buffer);
    return { buffer, fault: this.#faults.get(buffer), fresh: !kept };
  }

  #fresh(size: number, op: string): GPUBuffer {
    const { value, fault } = this.#make(size, op);
    this.#faults.set(value, fault);
    fault.done.then(() => {
      if (!fault.error) this.#faults.delete(value);
      else if (this.#free.get(size)?.includes(value)) this.#drop(value);
    });
    return value;
  }

  /** Takes an idle buffer that turned out invalid out of circulation. */
  #drop(buffer: GPUBuffer): void {
    const list = this.#free.get(buffer.size)!;
    list.splice(list.indexOf(buffer), 1);
    this.idle -= buffer.size;
    buffer.destroy();
  }

  release(buffer: GPUBuffer): void {
    this.#used.delete(buffer);
    this.bytes -= buffer.size;
    this.count--;
    if (this.#faults.get(buffer)?.error) {
      buffer.destroy();
      return;
    }
    this.idle += buffer.size;
    const list = this.#free.get(buffer.size);
    if (list) list.push(buffer);
    else this.#free.set(buffer.size, [buffer]);
  }

  /** Destroys all buffers, those in use too. */
  end(): void {
    for (const buffer of this.#used) this.release(buffer);
    this.trim(0);
  }

  /** Destroys what exceeds the cap. Only when no unsubmitted work refers to an idle buffer. */
  trim(cap = Math.max(64 * MIB, this.#peak)): void {
    for (const [size, list] of this.#free) {
      while (list.length && this.idle > cap) {
        list.pop()!.destroy();
        this.idle -= size;
      }
      if (!list.length) this.#free.delete(size);
    }
  }
}
