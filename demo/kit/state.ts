// A panel's values as signals that the address remembers.
//
//   readonly state = remembered(this, { mode: word('bilinear', MODES), stride: whole(2, 1, 4), x: numbers([1, 2, 3, 4]) });
//   this.state.stride.value   // read in an effect: follows; set: redraws, and the address says so
//
// What an address gives that is not a possible value is not believed.
import { onHash, readHash, writeHash } from '../hash.ts';
import { effect, type Signal, signal } from '../signal.ts';

/** How a value is written in the address; `read` returns undefined for nonsense. */
export interface Value<T> {
  readonly initial: T;
  read(text: string): T | undefined;
  write(value: T): string;
}

/** One of some words. */
export const word = <const W extends string>(initial: NoInfer<W>, words: readonly W[]): Value<W> => ({
  initial,
  read: (text) => words.find((w) => w === text),
  write: (value) => value,
});

/** A whole number from `low` to `high`. */
export const whole = (initial: number, low: number, high: number): Value<number> => ({
  initial,
  read: (text) => (/^\d+$/.test(text) && Number(text) >= low && Number(text) <= high ? Number(text) : undefined),
  write: String,
});

/** A finite number from `low` to `high`. */
export const real = (initial: number, low: number, high: number): Value<number> => ({
  initial,
  read: (text) => (text !== '' && Number(text) >= low && Number(text) <= high ? Number(text) : undefined),
  write: (value) => String(Number(value.toPrecision(6))),
});

export const yes = (initial: boolean): Value<boolean> => ({
  initial,
  read: (text) => (text === '1' ? true : text === '0' ? false : undefined),
  write: (value) => (value ? '1' : '0'),
});

/** Up to `most` finite numbers. */
export const numbers = (initial: readonly number[], most = 256): Value<readonly number[]> => ({
  initial,
  read(text) {
    const list = text.split('_').map((word) => (word === '' ? Number.NaN : Number(word)));
    return list.length <= most && list.every(Number.isFinite) ? list : undefined;
  },
  write: (list) => list.map((v) => Number(v.toPrecision(6))).join('_'),
});

/** Signals for the values, restored from the address and written there after the visitor's first change. */
export function remembered<T extends Record<string, unknown>>(
  panel: Element,
  values: { readonly [K in keyof T]: Value<T[K]> },
): { readonly [K in keyof T]: Signal<T[K]> } {
  const known = Object.entries(values as Record<string, Value<unknown>>).map(([name, value]) => ({ name, value, signal: signal(value.initial) }));
  const written = () => Object.fromEntries(known.map(({ name, value, signal }) => [name, value.write(signal.value)]));
  let before = '';
  const restore = () => {
    const given = readHash(panel.id);
    for (const { name, value, signal } of known) {
      const text = given.get(name);
      signal.value = (text === null ? undefined : value.read(text)) ?? value.initial;
    }
    before = JSON.stringify(written());
  };
  restore();
  onHash(restore);
  effect(() => {
    const words = written();
    const now = JSON.stringify(words);
    if (now !== before) writeHash(panel.id, words); // a visitor who changed nothing keeps a clean address
    before = now;
  });
  return Object.fromEntries(known.map(({ name, signal }) => [name, signal])) as { readonly [K in keyof T]: Signal<T[K]> };
}
