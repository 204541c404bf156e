import type { Program } from './program.ts';

/** Programs that are kept. */
const MOST = 256;

/** Programs of the calls made so far, by what names a call completely: an equal one compiles nothing. */
export class Programs {
  /** Bytes of their tables and parameters. */
  bytes = 0;
  readonly #kept = new Map<string, Program>();
  readonly #submit: () => void;

  /** @param submit submits what is recorded: unsubmitted work may use a program that goes */
  constructor(submit: () => void) {
    this.#submit = submit;
  }

  get size(): number {
    return this.#kept.size;
  }

  /** The program of a call; one that is made is compiled, and dropped again when it fails. */
  get(key: string, make: () => Program): Program {
    const known = this.#kept.get(key);
    if (known) {
      this.#kept.delete(key); // the most recently used stands last
      this.#kept.set(key, known);
      return known;
    }
    const program = make();
    program.compileNow();
    this.#kept.set(key, program);
    this.bytes += program.bytes;
    program.fault.done.then(() => {
      if (program.fault.error) this.#drop(key, program);
    });
    if (this.#kept.size > MOST) {
      const [oldest, old] = this.#kept.entries().next().value!;
      this.#drop(oldest, old);
    }
    return program;
  }

  #drop(key: string, program: Program): void {
    if (this.#kept.get(key) !== program) return;
    this.#submit();
    this.#kept.delete(key);
    this.bytes -= program.bytes;
    program.destroy();
  }

  clear(): void {
    for (const program of this.#kept.values()) program.destroy();
    this.#kept.clear();
    this.bytes = 0;
  }
}
