import type { Layout } from '../../src/index.ts';
import type { Case } from './cases/case.ts';

/** Arrays of a case by input name, each in one layout's memory order. */
export type Arrays = Readonly<Record<string, Float32Array<ArrayBuffer>>>;

/** One way to run a case, ready to be timed. */
export interface Entry {
  readonly library: string;
  /** `call` is what a user writes, all it costs included; `encode` records a prepared operation into a command buffer; `apart` is
   * a call of several operations in place of one, and `f32` our call of an f16 row in f32. */
  readonly kind: 'call' | 'encode' | 'apart' | 'f32';
  readonly layout: Layout;
  /** Which of the library's plans runs, where it says so. */
  readonly plan?: string;
  /** Floating-point operations of the row, where the library counts them. */
  readonly flops?: number;
  /** Work before the first call (loading a model, compiling); counted in the time of the first call. */
  open?(): Promise<void>;
  /** One run, output disposed. */
  call(): void | Promise<void>;
  /** Submits what runs have recorded. */
  flush(): void;
  /** The output of one more run, in `layout`. */
  result(): Promise<Float32Array>;
  close(): void | Promise<void>;
}

/** A library on the shared device. */
export interface Library {
  readonly name: string;
  readonly version: string;
  /** Layouts in which the library runs. */
  readonly layouts: readonly Layout[];
  /** The ways it runs a case, or in a few words why it cannot. */
  enter(one: Case, layout: Layout, inputs: Arrays): Promise<Entry[] | string>;
}

/** The device that all libraries share. */
export interface Shared {
  readonly device: GPUDevice;
  readonly info: GPUAdapterInfo;
}

/** What a visitor loads to compare. */
export interface Peer {
  readonly title: string;
  /** What loading it transfers, minified and uncompressed. */
  readonly megabytes: number;
  readonly load: (shared: Shared) => Promise<Library>;
}

export const PEERS: Readonly<Record<string, Peer>> = {
  tfjs: { title: 'TensorFlow.js WebGPU', megabytes: 0.6, load: async (shared) => (await import('./tfjs/index.ts')).open(shared) },
  ort: { title: 'ONNX Runtime Web', megabytes: 27, load: async (shared) => (await import('./ort/index.ts')).open(shared) },
};
