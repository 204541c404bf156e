// One row: every library enters, is checked, and races.
import type { Layout } from '../../src/index.ts';
import { bytesOf, type Case, count } from './cases/case.ts';
import { inputsOf, toLayout } from './inputs.ts';
import type { Entry, Library } from './library.ts';
import { checkedCall, firstCall, type RaceOptions, race, rivalOf } from './race.ts';
import { type Exact, exactIn, exactOf } from './reference/exact.ts';
import { errorOf } from './reference/index.ts';
import type { Floor } from './roof/roofline.ts';
import { best, ratios, type Spread, spread } from './statistics.ts';

/** What one library did with one row in one layout. Times in ms a call. */
export interface Timing extends Pick<Entry, 'library' | 'kind' | 'layout' | 'plan'> {
  /** First call, with what it loads and compiles. Pipelines that an earlier row compiled are warm. */
  readonly first: number;
  /** Largest difference from the reference, relative to its largest value. */
  readonly error: number;
  /** Whether the error is beyond rounding: then there are no times. */
  readonly wrong: boolean;
  readonly times: readonly number[];
  readonly spread?: Spread;
  /** Where one call takes too long to be repeated: what it took, in ms. Then there are no times. */
  readonly once?: number;
  /** Peers, ours apart and in f32: their time over our call's in the same layout, round by round; above 1 that call is faster. */
  readonly ratio?: Spread;
  /** Peers: their fastest round over our fastest. */
  readonly best?: number;
  /** The row's floor over our time. Small rows that stay in a cache exceed 1. */
  readonly ofRoof?: number;
  /** Convolutions: our rate of operations, as a fraction of our product of matrices. */
  readonly ofGemm?: number;
}

/** A row as it was timed. */
export interface Measured {
  readonly name: string;
  readonly group: string;
  readonly family: Case['family'];
  /** Floating-point operations, where an operation counts them. */
  readonly flops?: number;
  readonly bytes: number;
  readonly timings: readonly Timing[];
  /** Libraries that cannot run the row, and why. */
  readonly missing: Readonly<Record<string, string>>;
}

/** The same beside what the adapter can do at best. */
export interface Row extends Measured {
  readonly floor: Floor;
}

/** Rounding, and float32 coordinates, stay below this; another rule for coordinates does not. Peers may sum in f16. */
const WRONG = { f32: 1e-3, f16: 3e-2 };

const firstLine = (error: unknown) => (error instanceof Error ? error.message : String(error)).split('\n')[0]!.slice(0, 100);

/** What a library says of a row: its entries, or why there are none. */
async function enter(library: Library, one: Case, layout: Layout, inputs: ReturnType<typeof inputsOf>): Promise<Entry[] | string> {
  const arrays = Object.entries(inputs).map(([name, data]) => [name, toLayout(data, one.inputs[name]!, layout, one.filters.includes(name))] as const);
  try {
    return await library.enter(one, layout, Object.fromEntries(arrays));
  } catch (error) {
    return firstLine(error);
  }
}

type Check = Pick<Timing, 'first' | 'error' | 'wrong' | 'once'>;

/** The first visit: every library's entries, each checked; or why there are none. */
async function admit(one: Case, libraries: readonly Library[], { mostCallMs }: RaceOptions, done: () => Promise<unknown>) {
  const inputs = inputsOf(one);
  const exact = exactOf(one, inputs);
  const placed: Partial<Record<Layout, Exact>> = {};
  const entries: Entry[] = [];
  const checks: Check[] = [];
  const missing: Record<string, string> = {};
  for (const library of libraries)
    for (const layout of library.layouts) {
      const entered = await enter(library, one, layout, inputs);
      if (typeof entered === 'string') missing[library.name] = entered;
      for (const entry of typeof entered === 'string' ? [] : entered) {
        try {
          const first = await firstCall(entry, done);
          const { data, once } = await checkedCall(entry, library.name === 'ours' ? Number.POSITIVE_INFINITY : mostCallMs, done);
          const { values, at } = (placed[layout] ??= exactIn(exact, one, layout));
          const error = errorOf(data, values, at, count(one.output));
          entries.push(entry);
          checks.push({ first, error, wrong: !(error < WRONG[one.dtype ?? 'f32']), ...(once && { once }) });
        } catch (error) {
          missing[library.name] ??= firstLine(error); // what fails after it may only lack what this one closes
          await entry.close();
        }
      }
    }
  return { entries, checks, missing };
}

const alike = (a: Pick<Timing, 'library' | 'kind' | 'layout'>, b: Pick<Timing, 'library' | 'kind' | 'layout'>) =>
  a.library === b.library && a.kind === b.kind && a.layout === b.layout;

/** A later visit: those that raced before, made anew. */
async function readmit(one: Case, libraries: readonly Library[], raced: readonly Timing[], done: () => Promise<unknown>): Promise<Entry[]> {
  const inputs = inputsOf(one);
  const entries: Entry[] = [];
  for (const library of libraries)
    for (const layout of library.layouts.filter((layout) => raced.some((t) => t.library === library.name && t.layout === layout))) {
      const entered = await enter(library, one, layout, inputs);
      if (typeof entered === 'string') throw new Error(`${library.name} ran ${one.name} before and now says: ${entered}`);
      for (const entry of entered) {
        if (raced.some((t) => alike(t, entry))) {
          await firstCall(entry, done);
          entries.push(entry);
        } else await entry.close();
      }
    }
  return entries;
}

/** Times of all visits, and the ratios that follow from them. */
function judged(timings: readonly Timing[]): Timing[] {
  const racing = timings.filter((t) => t.times.length);
  return timings.map((t) => {
    if (!t.times.length) return t;
    const rival = t.kind === 'encode' ? undefined : racing[rivalOf(t, racing)];
    const against = rival && rival !== t && { ratio: spread(ratios(t.times, rival.times)), best: best(t.times, rival.times) };
    return { ...t, spread: spread(t.times), ...against };
  });
}

/** One visit to a row.
 * @param before what earlier visits found */
export async function visit(
  one: Case,
  libraries: readonly Library[],
  options: RaceOptions,
  done: () => Promise<unknown>,
  before?: Measured,
): Promise<Measured> {
  if (before) {
    const racing = before.timings.filter((t) => t.times.length);
    const entries = racing.length ? await readmit(one, libraries, racing, done) : [];
    const times = await race(entries, options, done);
    for (const entry of entries) await entry.close();
    const after = before.timings.map((t) => ({ ...t, times: [...t.times, ...(times[entries.findIndex((e) => alike(t, e))] ?? [])] }));
    return { ...before, timings: judged(after) };
  }
  const { entries, checks, missing } = await admit(one, libraries, options, done);
  const right = entries.filter((_, i) => !checks[i]!.wrong && !checks[i]!.once);
  const times = await race(right, options, done);
  for (const entry of entries) await entry.close();
  const timings = entries.map((entry, i): Timing => {
    const { library, kind, layout, plan } = entry;
    return { library, kind, layout, ...(plan && { plan }), ...checks[i]!, times: times[right.indexOf(entry)] ?? [] };
  });
  const flops = entries.find((entry) => entry.flops !== undefined)?.flops;
  const { name, group, family } = one;
  return { name, group, family, bytes: bytesOf(one), ...(flops !== undefined && { flops }), timings: judged(timings), missing };
}
