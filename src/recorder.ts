import type { UpsampleError } from './check.ts';
import { Fault, guarded } from './fault.ts';
import type { Verdict, Verdicts } from './verdict.ts';

/** Calls that were made but not yet submitted: one encoder, one pass. */
export interface Batch {
  readonly pass: GPUComputePassEncoder;
  /** What its submission will report. */
  readonly fault: Fault;
  dispatches: number;
}

interface OpenBatch extends Batch {
  readonly encoder: GPUCommandEncoder;
  readonly settle: (outcome: Promise<UpsampleError | null>) => void;
  readonly ops: Set<string>;
}

/** Dispatches after which a batch goes without waiting for the end of the task. */
const MOST_DISPATCHES = 512;

/** Collects calls and submits them together: at the end of the task, or when somebody needs their results. */
export class Recorder {
  readonly #device: GPUDevice;
  readonly #submitted: () => void;
  #verdicts: Verdicts | undefined;
  #batch: OpenBatch | undefined;
  #scheduled = false;
  #ended: UpsampleError | undefined;

  /** @param submitted runs when nothing unsubmitted is left */
  constructor(device: GPUDevice, submitted: () => void) {
    this.#device = device;
    this.#submitted = submitted;
  }

  /** Whether nothing waits to be submitted. */
  get idle(): boolean {
    return !this.#batch;
  }

  /** The batch that a call is to be recorded in. */
  open(op: string): Batch {
    if (this.#batch && this.#batch.dispatches > MOST_DISPATCHES) this.submit();
    this.#batch ??= this.#begin();
    this.#batch.ops.add(op);
    if (!this.#scheduled) {
      this.#scheduled = true;
      queueMicrotask(() => {
        this.#scheduled = false;
        this.submit();
      });
    }
    return this.#batch;
  }

  /** Makes room for a verdict in the batch at hand; what that may still report. */
  room(op: string, { open }: Verdict): Fault {
    this.#verdicts ??= open(this.#device);
    if (this.#verdicts.full || (this.#batch?.dispatches ?? 0) > MOST_DISPATCHES) this.submit();
    return this.#verdicts.allocated(op);
  }

  /** Words that a call of the batch at hand may raise, and what they will say; there is room for them. */
  verdict(op: string, { judge }: Verdict) {
    return this.#verdicts!.ask(op, judge);
  }

  #begin(): OpenBatch {
    let settle!: OpenBatch['settle'];
    const fault = new Fault(
      new Promise((resolve) => {
        settle = resolve;
      }),
    );
    const encoder = this.#device.createCommandEncoder();
    return { encoder, pass: encoder.beginComputePass(), fault, settle, ops: new Set(), dispatches: 0 };
  }

  submit(): void {
    const batch = this.#batch;
    this.#batch = undefined;
    if (!batch) return;
    if (this.#ended) {
      batch.settle(Promise.resolve(this.#ended));
      return;
    }
    const { fault } = guarded(this.#device, [...batch.ops].join(', '), () => {
      batch.pass.end();
      const read = this.#verdicts?.collect(batch.encoder);
      this.#device.queue.submit([batch.encoder.finish()]);
      read?.();
    });
    batch.settle(fault.done.then(() => fault.error ?? null));
    this.#submitted();
  }

  /** Drops what was recorded: the device is gone. */
  end(error: UpsampleError): void {
    this.#ended = error;
    this.submit();
    this.#verdicts?.end();
  }
}
