// What the adapter can do at best, in the same run as the rows: the denominators.
import { type Spread, spread } from '../statistics.ts';
import copy from './copy.wgsl?raw';
import fma from './fma.wgsl?raw';

export interface Roof {
  /** Bytes read and written by a vec4 copy, in GB/s. */
  readonly copy: Spread;
  /** Multiply-adds count two, in GFLOP/s. */
  readonly fma: Spread;
}

const MIB = 2 ** 20;
const ROUNDS = 5;

/** Rates of one kernel, in units of `work` a ms. */
async function rate(device: GPUDevice, code: string, bytes: number, groups: number, work: number): Promise<Spread> {
  const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute: { module: device.createShaderModule({ code }), entryPoint: 'main' } });
  const buffers = [0, 1].map(() => device.createBuffer({ size: bytes, usage: GPUBufferUsage.STORAGE }));
  const bindGroup = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
  });
  const x = Math.min(groups, 32768);
  const time = async (repeats: number) => {
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, bindGroup);
    for (let i = 0; i < repeats; i++) pass.dispatchWorkgroups(x, groups / x);
    pass.end();
    const start = performance.now();
    device.queue.submit([encoder.finish()]);
    await device.queue.onSubmittedWorkDone();
    return (performance.now() - start) / repeats;
  };
  await time(1);
  const repeats = Math.ceil(50 / Math.max(await time(1), 0.05));
  const rates: number[] = [];
  for (let i = 0; i < ROUNDS; i++) rates.push(work / (await time(repeats)));
  for (const buffer of buffers) buffer.destroy();
  return spread(rates);
}

/** Measures the denominators. The copy moves more than four times what a last-level cache holds. */
export async function roofOf(device: GPUDevice, software: boolean): Promise<Roof> {
  const largest = Math.min(device.limits.maxStorageBufferBindingSize, device.limits.maxBufferSize);
  const bytes = Math.min(software ? 64 * MIB : 512 * MIB, 2 ** Math.floor(Math.log2(largest)));
  const invocations = software ? 2 ** 14 : 2 ** 20;
  return {
    copy: await rate(device, copy, bytes, bytes / 16 / 256, (2 * bytes) / 1e6),
    fma: await rate(device, fma, invocations * 16, invocations / 64, (invocations * 8 * 4 * 256 * 2) / 1e6),
  };
}
