// Values that redraw what reads them: one microtask after a change, each effect once.
interface Effect {
  run(): void;
  readonly sources: Set<Set<Effect>>;
}

let active: Effect | undefined;
const due = new Set<Effect>();

function flush(): void {
  for (const effect of due) {
    due.delete(effect); // an effect that it triggers comes again
    effect.run();
  }
}

/** A value that effects follow. */
export interface Signal<T> {
  value: T;
}

/** A value whose readers run again when it changes. */
export function signal<T>(initial: T): Signal<T> {
  const readers = new Set<Effect>();
  let value = initial;
  return {
    get value() {
      if (active) {
        readers.add(active);
        active.sources.add(readers);
      }
      return value;
    },
    set value(next) {
      if (Object.is(next, value)) return;
      value = next;
      if (!due.size && readers.size) queueMicrotask(flush);
      for (const effect of readers) due.add(effect);
    },
  };
}

/** Runs now, and after every change of a signal that its last run read. */
export function effect(body: () => void): void {
  const self: Effect = {
    sources: new Set(),
    run() {
      for (const source of self.sources) source.delete(self);
      self.sources.clear();
      const outer = active;
      active = self;
      try {
        body();
      } finally {
        active = outer;
      }
    },
  };
  self.run();
}
