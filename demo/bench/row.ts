// One row: every library enters, is checked, and races.
import type { Layout } from '../../src/index.ts';
import { bytesOf, type Case } from './cases/case.ts';
import { inputsOf, toLayout } from './inputs.ts';
import type { Entry, Library } from './library.ts';
import { firstCall, type RaceOptions, race, rivalOf } from './race.ts';
import { errorOf, expected } from './reference/index.ts';
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
  /** Peers, and ours apart: their time over our call's in the same layout, round by round; above 1 that call is faster. */
  readonly ratio?: Spread;
  /** Peers: their fastest round over our fastest. */
  readonly best?: number;
  /** Bytes of the row over our time, as a fraction of the copy rate. Small rows that stay in a cache exceed 1. */
  readonly ofCopy?: number;
}

export interface Row {
  readonly name: string;
  readonly group: string;
  /** Floating-point operations, where an operation counts them. */
  readonly flops?: number;
  readonly bytes: number;
  readonly timings: readonly Timing[];
  /** Peers that cannot run the row, and why. */
  readonly missing: Readonly<Record<string, string>>;
}

/** Rounding, and float32 coordinates, stay below this; another rule for coordinates does not. */
const WRONG = 1e-3;

const firstLine = (error: unknown) => (error instanceof Error ? error.message : String(error)).split('\n')[0]!.slice(0, 100);

async function enterAll(libraries: readonly Library[], one: Case, inputs: ReturnType<typeof inputsOf>) {
  const entries: Entry[] = [];
  const missing: Record<string, string> = {};
  for (const library of libraries)
    for (const layout of library.layouts) {
      const arrays = Object.entries(inputs).map(([name, data]) => [name, toLayout(data, one.inputs[name]!, layout, one.filters.includes(name))] as const);
      const entered = await library.enter(one, layout, Object.fromEntries(arrays));
      if (typeof entered === 'string') missing[library.name] = entered;
      else entries.push(...entered);
    }
  return { entries, missing };
}

/** @param copyRate in GB/s */
export async function rowOf(one: Case, libraries: readonly Library[], options: RaceOptions, copyRate: number, done: () => Promise<unknown>): Promise<Row> {
  const inputs = inputsOf(one);
  const exact = expected(one, inputs);
  const exactIn: Partial<Record<Layout, Float64Array>> = {};
  const { entries: entered, missing } = await enterAll(libraries, one, inputs);
  const entries: Entry[] = [];
  const checks: Pick<Timing, 'first' | 'error' | 'wrong'>[] = [];
  for (const entry of entered) {
    try {
      const first = await firstCall(entry, done);
      const error = errorOf(await entry.result(), (exactIn[entry.layout] ??= toLayout(exact, one.output, entry.layout, one.filters.includes('output'))));
      entries.push(entry);
      checks.push({ first, error, wrong: !(error < WRONG) });
    } catch (error) {
      if (entry.library === 'ours') throw error;
      missing[entry.library] = firstLine(error);
      await entry.close();
    }
  }
  const right = entries.filter((_, i) => !checks[i]!.wrong);
  const raced = await race(right, options, done);
  const bytes = bytesOf(one);
  const timings = entries.map((entry, i): Timing => {
    const { library, kind, layout, plan } = entry;
    const same = { library, kind, layout, ...(plan && { plan }), ...checks[i]! };
    const times = raced[right.indexOf(entry)];
    if (!times) return { ...same, times: [] };
    const ours = entry.kind === 'encode' ? undefined : raced[rivalOf(entry, right)];
    const s = spread(times);
    return {
      ...same,
      times,
      spread: s,
      ...(library === 'ours' && { ofCopy: bytes / 1e6 / s.median / copyRate }),
      ...(ours && ours !== times && { ratio: spread(ratios(times, ours)), best: best(times, ours) }),
    };
  });
  for (const entry of entries) await entry.close();
  const flops = entries.find((entry) => entry.flops !== undefined)?.flops;
  return { name: one.name, group: one.group, bytes, ...(flops !== undefined && { flops }), timings, missing };
}
