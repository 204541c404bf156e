// The bench: one device, every library on it, one row after another. The page, the command line and Node call this.
import { cases } from './cases/index.ts';
import { type Library, PEERS, type Shared } from './library.ts';
import { open } from './ours/index.ts';
import type { RaceOptions } from './race.ts';
import { type Roof, roofOf } from './roof/index.ts';
import { placed, ratesOf } from './roof/roofline.ts';
import { type Measured, type Row, visit } from './row.ts';
import { type Selection, select } from './select.ts';

export interface BenchOptions extends RaceOptions, Selection {
  /** Names in PEERS. */
  readonly peers: readonly string[];
}

/** Rounds of a run that is to finish soon, and of one whose numbers are kept. */
export const QUICK: RaceOptions & { quick: true } = { quick: true, visits: 3, rounds: 3, mostRounds: 6, roundMs: 20, mostMs: 300, mostCallMs: 2000 };
export const THOROUGH: RaceOptions = { visits: 3, rounds: 5, mostRounds: 15, roundMs: 50, mostMs: 20_000, mostCallMs: 10_000 };

export interface Report {
  readonly adapter: string;
  readonly software: boolean;
  /** What the run used of the adapter's features. */
  readonly features: readonly string[];
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
  /** A row has been visited. `report` is what is known so far. The run goes on when what it returns is settled. */
  row?(row: Row, report: Report): void | Promise<void>;
}

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
async function shareDevice(): Promise<Shared> {
  const adapter = await navigator.gpu?.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) throw new Error('no WebGPU adapter');
  const device = await adapter.requestDevice({
    requiredFeatures: FEATURES.filter((feature) => adapter.features.has(feature)),
    requiredLimits: Object.fromEntries(LIMITS.map((name) => [name, adapter.limits[name]])),
  });
  return { device, info: adapter.info };
}

export interface Bench {
  /** Runs rows, as often as wanted. */
  run(options: BenchOptions, listener?: Listener): Promise<Report>;
  close(): void;
}

/** Opens a device. Peers are loaded once, when first asked for. */
export async function openBench(): Promise<Bench> {
  const shared = await shareDevice();
  const { device, info } = shared;
  device.addEventListener('uncapturederror', (event) => console.error((event as GPUUncapturedErrorEvent).error.message));
  const done = () => device.queue.onSubmittedWorkDone();
  const { library: ours, ctx } = open(shared);
  const software = ctx.isSoftware;
  const peers = new Map<string, Library>();
  let lost: GPUDeviceLostInfo | undefined;
  device.lost.then((reason) => {
    lost = reason;
  });

  async function run(options: BenchOptions, { signal, progress, row }: Listener = {}): Promise<Report> {
    const libraries = [ours];
    for (const name of options.peers) {
      progress?.(`loading ${name}`, 0, 0);
      const peer = peers.get(name) ?? (await PEERS[name]!.load(shared));
      peers.set(name, peer);
      libraries.push(peer);
    }
    const chosen = select(cases, options, { software, f16: device.features.has('shader-f16') });
    progress?.('measuring the denominators', 0, chosen.length * options.visits);
    const roofs = [await roofOf(ctx)];
    const rows: Measured[] = [];
    const report = (): Report => ({
      adapter: [info.vendor, info.architecture, info.description].filter(Boolean).join(' '),
      software,
      features: FEATURES.filter((feature) => device.features.has(feature)),
      agent: navigator.userAgent,
      cores: navigator.hardwareConcurrency,
      date: new Date().toISOString(),
      options,
      versions: Object.fromEntries(libraries.map(({ name, version }) => [name, version])),
      roofs: [...roofs],
      rows: rows.map((row) => placed(row, ratesOf(roofs))),
    });
    const all = chosen.length * options.visits;
    let visited = 0;
    for (let round = 0; round < options.visits; round++)
      for (const [i, one] of chosen.entries()) {
        if (signal?.aborted || lost) break;
        progress?.(one.name, visited++, all);
        rows[i] = await visit(one, libraries, options, done, rows[i]);
        await row?.(placed(rows[i], ratesOf(roofs)), report());
      }
    if (lost) throw new Error(`the device is lost (${lost.reason}) after ${visited} visits to rows: ${lost.message}`);
    progress?.('measuring the denominators again', visited, all);
    roofs.push(await roofOf(ctx));
    return report();
  }
  return { run, close: () => device.destroy() };
}
