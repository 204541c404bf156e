// What kernels find wrong with data. WebGPU reports no such thing, so a plan may name a buffer of words that its kernels raise; they are read back after the
// batch was submitted, and what they say is one more fault of the outputs: the next awaited read rejects.
import type { UpsampleError } from './check.ts';
import { Fault, guarded } from './fault.ts';
import type { Place } from './program.ts';

/** The sentence of a verdict's words, all 0 before the plan runs; null when there is nothing to say. */
export type Judge = (words: Uint32Array<ArrayBuffer>) => UpsampleError | null;

/** Bytes of one verdict: WebGPU aligns bindings to 256. */
const SLOT = 256;
/** Verdicts of one batch. */
const SLOTS = 64;
/** Pages that are kept for reuse. */
const MOST_FREE = 4;

/** Words for the verdicts of one batch, all 0 when it begins, and where they are read. */
interface Page {
  readonly words: GPUBuffer;
  readonly staging: GPUBuffer;
  readonly fault: Fault;
}

interface Asked {
  readonly judge: Judge;
  readonly settle: (error: UpsampleError | null) => void;
}

/** What a plan says about data: it brings along what keeps the words, so that only plans with something to say load it. */
export interface Verdict {
  readonly judge: Judge;
  open(device: GPUDevice): Verdicts;
}

export const verdict = (judge: Judge): Verdict => ({ judge, open: (device) => new Verdicts(device) });

export class Verdicts {
  readonly #device: GPUDevice;
  readonly #free: Page[] = [];
  #page: Page | undefined;
  #asked: Asked[] = [];
  #ended = false;

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** Whether the batch at hand takes no more. */
  get full(): boolean {
    return this.#asked.length === SLOTS;
  }

  /** Makes sure that there are words; what their allocation may still report. */
  allocated(op: string): Fault {
    if (this.#page?.fault.error && !this.#asked.length) this.#page = undefined;
    this.#page ??= this.#free.pop() ?? this.#make(op);
    return this.#page.fault;
  }

  #make(op: string): Page {
    const size = SLOT * SLOTS;
    const make = () => ({
      words: this.#device.createBuffer({ label: 'verdicts', size, usage: 0x80 | 0x4 | 0x8 /* STORAGE | COPY_SRC | COPY_DST */ }),
      staging: this.#device.createBuffer({ label: 'verdicts read', size, usage: 0x1 | 0x8 /* MAP_READ | COPY_DST */ }),
    });
    const { value, fault } = guarded(this.#device, op, make, 'out-of-memory', true);
    return { ...value, fault };
  }

  /** Words for one call of the batch at hand, and what they will say. */
  ask(op: string, judge: Judge): { place: Place; faults: readonly Fault[] } {
    const allocated = this.allocated(op);
    const place = { buffer: this.#page!.words, offset: SLOT * this.#asked.length, size: SLOT };
    let settle!: Asked['settle'];
    const said = new Fault(
      new Promise((resolve) => {
        settle = resolve;
      }),
    );
    this.#asked.push({ judge, settle });
    return { place, faults: [allocated, said] };
  }

  /** Records the copy of the batch's words, and their clearing, behind its pass. What it returns reads them and is called after the submission. */
  collect(encoder: GPUCommandEncoder): () => void {
    const [page, asked] = [this.#page, this.#asked];
    if (!page || !asked.length) return () => {};
    this.#page = undefined;
    this.#asked = [];
    encoder.copyBufferToBuffer(page.words, 0, page.staging, 0, SLOT * asked.length);
    encoder.clearBuffer(page.words, 0, SLOT * asked.length);
    return () => this.#read(page, asked);
  }

  #read(page: Page, asked: readonly Asked[]): void {
    const mapped = page.staging.mapAsync(1 /* GPUMapMode.READ */, 0, SLOT * asked.length);
    Promise.all([mapped, page.fault.done])
      .then(() => {
        const words = new Uint32Array(page.staging.getMappedRange(0, SLOT * asked.length).slice(0));
        page.staging.unmap();
        if (this.#ended || page.fault.error || this.#free.length >= MOST_FREE) drop(page);
        else this.#free.push(page);
        for (const [i, { judge, settle }] of asked.entries()) settle(judge(words.slice((i * SLOT) / 4, ((i + 1) * SLOT) / 4)));
      })
      .catch(() => {
        // The allocation failed, the submission did, or the device is gone, be it after the mapping: each is reported by its own path.
        drop(page);
        for (const { settle } of asked) settle(null);
      });
  }

  /** Frees what is kept; what is under way is still read. */
  end(): void {
    this.#ended = true;
    for (const page of this.#free.splice(0)) drop(page);
    for (const { settle } of this.#asked.splice(0)) settle(null);
    if (this.#page) drop(this.#page);
    this.#page = undefined;
  }
}

function drop({ words, staging }: Page): void {
  words.destroy();
  staging.destroy();
}
