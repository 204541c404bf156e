// What the command line calls, in a page or in Node.
import { cases } from './cases/index.ts';
import { markdown } from './report.ts';
import { type BenchOptions, type Listener, openBench, QUICK, type Report, THOROUGH } from './run.ts';
import { type Selection, select } from './select.ts';

/** Names of the rows that a run would have on a GPU, or on a software adapter where those are asked for. */
export const list = (quick: boolean, { scale = 'full', ...wanted }: Selection): string[] =>
  select(cases, { quick, scale, ...wanted }, { software: scale === 'reduced', f16: true }).map(({ name }) => name);

export async function drive(
  quick: boolean,
  wanted: Partial<BenchOptions> & Pick<BenchOptions, 'peers'>,
  listener: Pick<Listener, 'progress' | 'row'>,
): Promise<{ report: Report; markdown: string }> {
  const bench = await openBench();
  const report = await bench.run({ ...(quick ? QUICK : THOROUGH), ...wanted }, listener);
  bench.close();
  return { report, markdown: markdown(report) };
}
