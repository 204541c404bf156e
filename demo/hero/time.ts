import type { Context } from '../../src/index.ts';
import { nextTask } from '../task.ts';

/** Milliseconds of one run, and which clock said so. */
export interface Timing {
  readonly ms: number;
  readonly clock: 'GPU' | 'wall';
}

/** Browsers round timestamps to 0.1 ms: runs are repeated until they take this long together. */
const ENOUGH = 5;
const MOST = 4096;
/** A clock that stands still must not repeat for ever. */
const PATIENCE = 2000;

/** Repeats until the total is long enough, after one run that warms up; then the quickest of three. */
async function repeated(total: (times: number) => Promise<number>): Promise<number> {
  await total(1);
  const begin = performance.now();
  for (let times = 1; ; ) {
    const ms = await total(times);
    if (ms >= ENOUGH || times >= MOST || performance.now() - begin > PATIENCE) return Math.min(ms, await total(times), await total(times)) / times;
    times = Math.min(MOST, Math.ceil(times * Math.max(2, Math.min(64, (1.2 * ENOUGH) / Math.max(ms, 0.05)))));
  }
}

/** Time on the page's clock. Each repetition has a task of its own: some compute without waiting for anything. */
export async function wallTime(run: (times: number) => Promise<void>): Promise<Timing> {
  const ms = await repeated(async (times) => {
    await nextTask();
    const begin = performance.now();
    await run(times);
    return performance.now() - begin;
  });
  return { ms, clock: 'wall' };
}

/** Time of one recorded run: by the GPU's own clock where the device has one, else until the work is reported done. */
export async function gpuTime(ctx: Context, record: (encoder: GPUCommandEncoder) => void): Promise<Timing> {
  const { device } = ctx;
  if (!device.features.has('timestamp-query'))
    return wallTime(async (times) => {
      const encoder = device.createCommandEncoder();
      for (let i = 0; i < times; i++) record(encoder);
      device.queue.submit([encoder.finish()]);
      await device.queue.onSubmittedWorkDone();
    });
  const querySet = device.createQuerySet({ type: 'timestamp', count: 2 });
  const resolved = device.createBuffer({ size: 16, usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC });
  const readable = device.createBuffer({ size: 16, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  try {
    const ms = await repeated(async (times) => {
      const encoder = device.createCommandEncoder();
      encoder.beginComputePass({ timestampWrites: { querySet, beginningOfPassWriteIndex: 0 } }).end();
      for (let i = 0; i < times; i++) record(encoder);
      encoder.beginComputePass({ timestampWrites: { querySet, endOfPassWriteIndex: 1 } }).end();
      encoder.resolveQuerySet(querySet, 0, 2, resolved, 0);
      encoder.copyBufferToBuffer(resolved, 0, readable, 0, 16);
      device.queue.submit([encoder.finish()]);
      await readable.mapAsync(GPUMapMode.READ);
      const [begin, end] = new BigInt64Array(readable.getMappedRange()) as unknown as [bigint, bigint];
      readable.unmap();
      return Number(end - begin) / 1e6;
    });
    return { ms, clock: 'GPU' };
  } finally {
    querySet.destroy();
    resolved.destroy();
    readable.destroy();
  }
}
