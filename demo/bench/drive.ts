// What the command line calls, in a page or in Node.
import { markdown } from './report.ts';
import { type BenchOptions, FULL, type Listener, openBench, QUICK, type Report } from './run.ts';

export async function drive(
  quick: boolean,
  wanted: Partial<BenchOptions> & Pick<BenchOptions, 'peers'>,
  progress: NonNullable<Listener['progress']>,
): Promise<{ report: Report; markdown: string }> {
  const bench = await openBench();
  const report = await bench.run({ ...(quick ? QUICK : FULL), ...wanted }, { progress });
  bench.close();
  return { report, markdown: markdown(report) };
}
