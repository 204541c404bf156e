// Work that waits for the GPU: tasks one after another, and a round that repeats while it is wanted and seen.
//
//   const turns = new Turns(this, { round: () => this.#step(), rest: () => this.#check(), fail: (error) => this.explain(error.message) });
//   turns.running.value = true;            // begins, and goes on whenever the panel is in view
//   turns.queue(() => this.#reset());      // between two rounds
import type { Panel } from '../panel.ts';
import { effect, type Signal, signal } from '../signal.ts';

interface Work {
  /** One round: it should wait for the GPU, and keep the page for a few milliseconds only. */
  readonly round: () => Promise<void>;
  /** Runs when the rounds pause. */
  readonly rest?: () => Promise<void>;
  /** Is told why a task failed; rounds have ended then. */
  readonly fail: (error: unknown) => void;
}

export class Turns {
  /** Whether rounds are wanted. */
  readonly running: Signal<boolean> = signal(false);
  readonly #panel: Panel;
  readonly #work: Work;
  #last: Promise<void> = Promise.resolve();
  #looping = false;

  constructor(panel: Panel, work: Work) {
    this.#panel = panel;
    this.#work = work;
    effect(() => {
      if (this.running.value && panel.visible.value) void this.#loop();
    });
    document.addEventListener('visibilitychange', () => void this.#loop());
  }

  /** Runs a task after those before it. */
  queue(task: () => Promise<void>): Promise<void> {
    this.#last = this.#last.then(task).catch((error) => {
      this.running.value = false;
      this.#work.fail(error);
    });
    return this.#last;
  }

  get #going(): boolean {
    return this.running.value && this.#panel.visible.value && !document.hidden;
  }

  async #loop(): Promise<void> {
    if (this.#looping || !this.#going) return;
    this.#looping = true;
    while (this.#going) await this.queue(this.#work.round);
    this.#looping = false;
    if (this.#work.rest) await this.queue(this.#work.rest);
  }
}
