// The bench away from the page's thread: its reference computes for hundreds of milliseconds.

import type { RaceOptions } from '../bench/race.ts';
import type { Row } from '../bench/row.ts';
import { type Bench, openBench, QUICK, type Report } from '../bench/run.ts';

/** What the page asks for. `timed`: rows race; otherwise each runs once, and is checked. */
export interface Wanted {
  readonly only: string;
  readonly peers: readonly string[];
  readonly timed: boolean;
}
export type Order = { readonly run: Wanted } | { readonly stop: true } | { readonly paused: boolean };
export type News =
  | { readonly text: string; readonly done: number; readonly total: number }
  | { readonly row: Row; readonly report: Report }
  | { readonly waiting: number }
  | { readonly finished: Report; readonly stopped: boolean }
  | { readonly failed: string };

/** One round, as short as it can be. */
const ONCE: RaceOptions = { visits: 1, rounds: 1, mostRounds: 1, roundMs: 0, mostMs: 0, mostCallMs: Number.POSITIVE_INFINITY };

const tell = (news: News) => postMessage(news);

let bench: Promise<Bench> | undefined;
let abort: AbortController | undefined;
/** Settled while the run may go on. */
let going: Promise<void> | undefined;
let go = () => {};

async function run({ timed, ...wanted }: Wanted): Promise<void> {
  abort = new AbortController();
  const { signal } = abort;
  try {
    bench ??= openBench();
    const opened = await bench;
    const options = { ...(timed ? { ...QUICK, visits: 1 } : ONCE), ...wanted, scale: 'reduced' } as const;
    const report = await opened.run(options, {
      signal,
      progress: (text, done, total) => tell({ text, done, total }),
      row: (row, report) => {
        tell({ row, report });
        if (going) tell({ waiting: report.rows.length });
        return going;
      },
    });
    tell({ finished: report, stopped: signal.aborted });
  } catch (error) {
    bench = undefined;
    tell({ failed: error instanceof Error ? error.message : String(error) });
  }
}

addEventListener('message', ({ data }: MessageEvent<Order>) => {
  if ('run' in data) void run(data.run);
  else if ('stop' in data) {
    abort?.abort();
    go();
  } else if (data.paused) {
    going ??= new Promise((resolve) => {
      go = resolve;
    });
  } else {
    go();
    going = undefined;
  }
});
