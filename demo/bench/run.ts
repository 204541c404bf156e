// The bench: one device, every library on it, one row after another. The page, the command line and Node call this.
import type { Layout } from '../../src/index.ts';
import { bytesOf, type Case } from './cases/case.ts';
import { cases } from './cases/index.ts';
import { inputsOf, toLayout } from './inputs.ts';
import { type Entry, type Library, PEERS } from './library.ts';
import { open } from './ours/index.ts';
import { firstCall, type RaceOptions, race, rivalOf } from './race.ts';
import { errorOf, expected } from './reference.ts';
import { type Roof, roofOf } from './roof/index.ts';
import { best, ratios, type Spread, spread } from './statistics.ts';

export interface BenchOptions extends RaceOptions {
  /** Rows whose name contains this; default all. */
  readonly only?: string;
  /** Names in PEERS. */
  readonly peers: readonly string[];
}

/** Rounds of a run that is to finish soon, and of one whose numbers are kept. */
export const QUICK: RaceOptions = { rounds: 5, mostRounds: 15, roundMs: 20 };
export const FULL: RaceOptions = { rounds: 15, mostRounds: 45, roundMs: 50 };

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
  /** Peers: their time over ours in the same layout, round by round; above 1 we are faster. */
  readonly ratio?: Spread;
  /** Peers: their fastest round over our fastest. */
  readonly best?: number;
  /** Bytes of the row over our time, as a fraction of the copy rate. Small rows that stay in a cache exceed 1. */
  readonly ofCopy?: number;
}

export interface Row {
  readonly name: string;
  readonly bytes: number;
  readonly timings: readonly Timing[];
  /** Peers that cannot run the row, and why. */
  readonly missing: Readonly<Record<string, string>>;
}

export interface Report {
  readonly adapter: string;
  readonly software: boolean;
  readonly agent: string;
  readonly cores: number;
  readonly date: string;
  readonly options: BenchOptions;
  readonly versions: Readonly<Record<string, string>>;
  /** Before the first row and after the last. */
  readonly roofs: readonly Roof[];
  readonly rows: readonly Row[];
}

/** Called as the run goes on. */
export interface Listener {
  /** Ends the run after the row at hand. */
  signal?: AbortSignal;
  /** What happens now, and how much of the run is behind. */
  progress?(text: string, done: number, total: number): void;
  /** A row is finished. `report` is what is known so far. */
  row?(row: Row, report: Report): void;
}

/** Rounding, and float32 coordinates, stay below this; another rule for coordinates does not. */
const WRONG = 1e-3;

const FEATURES: GPUFeatureName[] = ['shader-f16', 'subgroups', 'timestamp-query'];
const LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupSizeY',
  'maxComputeWorkgroupSizeZ',
  'maxComputeWorkgroupsPerDimension',
] as const;

/** A device with all that any of the libraries would ask for. */
async function shareDevice() {
  const adapter = await navigator.gpu?.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) throw new Error('no WebGPU adapter');
  const device = await adapter.requestDevice({
    requiredFeatures: FEATURES.filter((feature) => adapter.features.has(feature)),
    requiredLimits: Object.fromEntries(LIMITS.map((name) => [name, adapter.limits[name]])),
  });
  return { device, info: adapter.info };
}

const firstLine = (error: unknown) => (error instanceof Error ? error.message : String(error)).split('\n')[0]!.slice(0, 100);

async function enterAll(libraries: readonly Library[], one: Case, inputs: ReturnType<typeof inputsOf>) {
  const entries: Entry[] = [];
  const missing: Record<string, string> = {};
  for (const library of libraries)
    for (const layout of library.layouts) {
      const arrays = Object.entries(inputs).map(([name, data]) => [name, toLayout(data, one.inputs[name]!, layout)] as const);
      const entered = await library.enter(one, layout, Object.fromEntries(arrays));
      if (typeof entered === 'string') missing[library.name] = entered;
      else entries.push(...entered);
    }
  return { entries, missing };
}

async function rowOf(one: Case, libraries: readonly Library[], options: BenchOptions, copyRate: number, done: () => Promise<unknown>): Promise<Row> {
  const inputs = inputsOf(one);
  const exact = expected(one, inputs);
  const exactIn: Partial<Record<Layout, Float64Array>> = {};
  const { entries: entered, missing } = await enterAll(libraries, one, inputs);
  const entries: Entry[] = [];
  const checks: Pick<Timing, 'first' | 'error' | 'wrong'>[] = [];
  for (const entry of entered) {
    try {
      const first = await firstCall(entry, done);
      const error = errorOf(await entry.result(), (exactIn[entry.layout] ??= toLayout(exact, one.output, entry.layout)));
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
    const ours = raced[rivalOf(entry, right)];
    const s = spread(times);
    return {
      ...same,
      times,
      spread: s,
      ...(library === 'ours' ? { ofCopy: bytes / 1e6 / s.median / copyRate } : ours && { ratio: spread(ratios(times, ours)), best: best(times, ours) }),
    };
  });
  for (const entry of entries) await entry.close();
  return { name: one.name, bytes, timings, missing };
}

/** Runs the bench on one new device. */
export async function bench(options: BenchOptions, { signal, progress, row }: Listener = {}): Promise<Report> {
  progress?.('opening the device', 0, 0);
  const { device, info } = await shareDevice();
  device.addEventListener('uncapturederror', (event) => console.error((event as GPUUncapturedErrorEvent).error.message));
  const done = () => device.queue.onSubmittedWorkDone();
  const { library, ctx } = open({ device, info });
  const libraries = [library];
  for (const name of options.peers) {
    progress?.(`loading ${name}`, 0, 0);
    libraries.push(await PEERS[name]!.load({ device, info }));
  }
  const chosen = cases.filter(({ name, on }) => (options.only ? name.includes(options.only) : true) && (!on || (on === 'software') === ctx.isSoftware));
  progress?.('measuring the copy rate', 0, chosen.length);
  const roofs = [await roofOf(device, ctx.isSoftware)];
  const rows: Row[] = [];
  const report = (): Report => ({
    adapter: [info.vendor, info.architecture, info.description].filter(Boolean).join(' '),
    software: ctx.isSoftware,
    agent: navigator.userAgent ?? '',
    cores: navigator.hardwareConcurrency,
    date: new Date().toISOString(),
    options,
    versions: Object.fromEntries(libraries.map(({ name, version }) => [name, version])),
    roofs: [...roofs],
    rows: [...rows],
  });
  for (const [i, one] of chosen.entries()) {
    if (signal?.aborted) break;
    progress?.(one.name, i, chosen.length);
    const finished = await rowOf(one, libraries, options, roofs[0]!.copy.median, done);
    rows.push(finished);
    row?.(finished, report());
  }
  progress?.('measuring the copy rate again', chosen.length, chosen.length);
  roofs.push(await roofOf(device, ctx.isSoftware));
  const last = report();
  ctx.destroy();
  return last;
}
