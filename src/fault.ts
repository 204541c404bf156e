import { type ErrorCode, UpsampleError } from './check.ts';

/** What the GPU will report about a group of calls: nothing, or an error. Tensors carry the faults of the work they come from. */
export class Fault {
  /** undefined until known, null when all went well. */
  error: UpsampleError | null | undefined;
  /** Settles, never rejects. */
  readonly done: Promise<void>;
  /** Whether the fault would leave an invalid object behind, which spoils whatever is submitted together with it. */
  readonly spoils: boolean;

  constructor(outcome: Promise<UpsampleError | null>, spoils = false) {
    this.spoils = spoils;
    this.done = outcome.then((error) => {
      this.error = error;
    });
  }
}

/** Faults of one kind from which on they are joined. */
const MANY = 8;

/** As few faults that say the same, without those known to be none: without it a result would carry one for every call that it stems from, as long as nothing is awaited. */
export function joined(faults: ReadonlySet<Fault>): readonly Fault[] {
  const list = [...faults];
  const few = (spoils: boolean): readonly Fault[] => {
    const open = list.filter((f) => f.error === undefined && f.spoils === spoils);
    if (open.length < MANY) return open;
    return [
      new Fault(
        Promise.all(open.map((f) => f.done)).then(() => open.find((f) => f.error)?.error ?? null),
        spoils,
      ),
    ];
  };
  return [...list.filter((f) => f.error), ...few(true), ...few(false)];
}

/** Runs synchronous GPU calls under error scopes that belong to them alone: pushed, used and popped in one block. */
export function guarded<T>(
  device: GPUDevice,
  op: string,
  calls: () => T,
  validation: ErrorCode = 'invalid-argument',
  spoils = false,
): { value: T; fault: Fault } {
  device.pushErrorScope('validation');
  device.pushErrorScope('internal');
  device.pushErrorScope('out-of-memory');
  let value: T;
  let memory: Promise<GPUError | null>;
  let internal: Promise<GPUError | null>;
  let invalid: Promise<GPUError | null>;
  try {
    value = calls();
  } finally {
    memory = device.popErrorScope();
    internal = device.popErrorScope();
    invalid = device.popErrorScope();
  }
  // A scope that is popped on a lost device may reject; loss is reported by its own path.
  const quiet = (scope: Promise<GPUError | null>) => scope.catch(() => null);
  const outcome = Promise.all([quiet(memory), quiet(internal), quiet(invalid)]).then(([m, i, v]) => {
    if (m) return new UpsampleError('out-of-memory', op, `the device could not allocate: ${m.message}`);
    const other = v ?? i;
    return other ? new UpsampleError(validation, op, other.message) : null;
  });
  return { value, fault: new Fault(outcome, spoils) };
}
