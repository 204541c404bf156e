// The timing itself. Rules: warm up; rounds in which every entry runs in turn; wall clock until the GPU is done; as many calls a round as make
// it last; median and range; rows too close to call get more rounds; a run comes back to each row, with all made anew, so that the range has
// what differs from minute to minute and from one place in memory to another.
import type { Entry } from './library.ts';
import { ratios, spread } from './statistics.ts';

export interface RaceOptions {
  /** How often a run comes to each row. */
  readonly visits: number;
  /** Rounds of a visit, for every entry. */
  readonly rounds: number;
  /** Rounds of a visit at most, for rows that are too close to call. */
  readonly mostRounds: number;
  /** Least duration of one entry's part of a round, in ms. */
  readonly roundMs: number;
  /** Time after which a visit has no further rounds, if all visits together have six, in ms. */
  readonly mostMs: number;
  /** A peer's call that takes longer is not repeated, in ms. */
  readonly mostCallMs: number;
}

const MOST_CALLS = 1000;
const LEAST_ROUNDS = 6; // of all visits

/** Milliseconds a call, `calls` of them one after another, until the GPU has finished the last. */
async function time(entry: Entry, calls: number, done: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  for (let i = 0; i < calls; i++) {
    const pending = entry.call();
    if (pending) await pending; // a needless await would end our batch at every call
  }
  entry.flush();
  await done();
  return (performance.now() - start) / calls;
}

/** The first call, with everything it loads and compiles, in ms. */
export async function firstCall(entry: Entry, done: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await entry.open?.();
  return performance.now() - start + (await time(entry, 1, done));
}

/** The result of a call, and of a call that takes longer than `most`, in ms, what it took. */
export async function checkedCall(entry: Entry, most: number, done: () => Promise<unknown>): Promise<{ data: Float32Array; once?: number }> {
  const start = performance.now();
  const data = await entry.result();
  if (performance.now() - start <= most) return { data };
  const once = await time(entry, 1, done); // a result may be several calls, and reads
  return once > most ? { data, once } : { data };
}

/** Our call that another is compared with: the one in the same layout. */
export const rivalOf = (peer: Pick<Entry, 'layout'>, entries: readonly Pick<Entry, 'library' | 'kind' | 'layout'>[]): number =>
  entries.findIndex((e) => e.library === 'ours' && e.kind === 'call' && e.layout === peer.layout);

const close = (entries: readonly Entry[], times: readonly number[][]) =>
  entries.some((peer, i) => {
    const ours = times[rivalOf(peer, entries)];
    if (peer.library === 'ours' || !ours) return false;
    const { median, low, high } = spread(ratios(times[i]!, ours));
    return (low < 1 && high > 1) || Math.abs(median - 1) < 0.1;
  });

/** How many calls fill a round. Finding out is the warm-up. */
async function callsFor(entry: Entry, roundMs: number, done: () => Promise<unknown>): Promise<number> {
  for (let calls = 1; ; ) {
    const share = (calls * (await time(entry, calls, done))) / roundMs;
    if (share >= 1 || calls >= MOST_CALLS) return calls;
    calls = Math.min(Math.ceil(calls * Math.min(1.2 / share, 8)), MOST_CALLS);
  }
}

/** Times of every entry in one visit, in ms a call, one number a round. */
export async function race(
  entries: readonly Entry[],
  { visits, rounds, mostRounds, roundMs, mostMs }: Omit<RaceOptions, 'mostCallMs'>,
  done: () => Promise<unknown>,
): Promise<number[][]> {
  const calls: number[] = [];
  for (const entry of entries) calls.push(await callsFor(entry, roundMs, done));
  const times: number[][] = entries.map(() => []);
  const start = performance.now();
  const late = (round: number) => round * visits >= LEAST_ROUNDS && performance.now() - start > mostMs;
  for (let round = 0; (round < rounds || (round < mostRounds && close(entries, times))) && !late(round); round++)
    for (const [i, entry] of entries.entries()) times[i]!.push(await time(entry, calls[i]!, done));
  return times;
}
