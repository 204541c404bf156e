// What the adapter can do at best, in the same run as the rows: the denominators.
import type { Context, Tensor } from '../../../src/index.ts';
import { matmul } from '../../../src/nn/index.ts';
import { type Spread, spread } from '../statistics.ts';
import copy from './copy.wgsl?raw';
import fma from './fma.wgsl?raw';

export interface Roof {
  /** Bytes read and written by a vec4 copy, in GB/s. */
  readonly copy: Spread;
  /** Multiply-adds count two, in GFLOP/s. */
  readonly fma: Spread;
  /** Our product of two square f32 matrices, in GFLOP/s. */
  readonly gemm: Spread;
  /** Their size, and the plan that ran. */
  readonly gemmOf: { readonly size: number; readonly plan: string };
}

const MIB = 2 ** 20;
const ROUNDS = 5;
/** Milliseconds that a round lasts at least. */
const LEAST = 50;

/** Rates of what `record` puts into an encoder `repeats` times, in units of `work` a ms. */
async function ratesOf(device: GPUDevice, work: number, record: (encoder: GPUCommandEncoder, repeats: number) => void): Promise<Spread> {
  const time = async (repeats: number) => {
    const encoder = device.createCommandEncoder();
    record(encoder, repeats);
    const start = performance.now();
    device.queue.submit([encoder.finish()]);
    await device.queue.onSubmittedWorkDone();
    return (performance.now() - start) / repeats;
  };
  await time(1);
  const repeats = Math.ceil(LEAST / Math.max(await time(1), 0.05));
  const rates: number[] = [];
  for (let i = 0; i < ROUNDS; i++) rates.push(work / (await time(repeats)));
  return spread(rates);
}

/** Rates of one kernel. */
async function rate(device: GPUDevice, code: string, bytes: number, groups: number, work: number): Promise<Spread> {
  const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute: { module: device.createShaderModule({ code }), entryPoint: 'main' } });
  const buffers = [0, 1].map(() => device.createBuffer({ size: bytes, usage: GPUBufferUsage.STORAGE }));
  const bindGroup = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
  });
  const x = Math.min(groups, 32768);
  const rates = await ratesOf(device, work, (encoder, repeats) => {
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, bindGroup);
    for (let i = 0; i < repeats; i++) pass.dispatchWorkgroups(x, groups / x);
    pass.end();
  });
  for (const buffer of buffers) buffer.destroy();
  return rates;
}

/** The rate of our product of matrices. Equal numbers cost what others do. */
async function product(ctx: Context, size: number): Promise<Pick<Roof, 'gemm' | 'gemmOf'>> {
  const shape = [size, size];
  const [a, b, output] = [1, 2, 3].map((v) => ctx.tensor(new Float32Array(size * size).fill(v), shape)) as [Tensor, Tensor, Tensor];
  const prepared = await matmul.prepare(ctx, { a: { shape }, b: { shape } });
  const gemm = await ratesOf(ctx.device, (2 * size ** 3) / 1e6, (encoder, repeats) => {
    for (let i = 0; i < repeats; i++) prepared.encode(encoder, { a, b, output });
  });
  prepared.dispose();
  for (const tensor of [a, b, output]) tensor.dispose();
  return { gemm, gemmOf: { size, plan: prepared.explain().plan } };
}

/** Measures the denominators. The copy moves more than four times what a last-level cache holds. */
export async function roofOf(ctx: Context): Promise<Roof> {
  const { device, isSoftware: software } = ctx;
  const largest = Math.min(device.limits.maxStorageBufferBindingSize, device.limits.maxBufferSize);
  const bytes = Math.min(software ? 64 * MIB : 512 * MIB, 2 ** Math.floor(Math.log2(largest)));
  const invocations = software ? 2 ** 14 : 2 ** 20;
  return {
    copy: await rate(device, copy, bytes, bytes / 16 / 256, (2 * bytes) / 1e6),
    fma: await rate(device, fma, invocations * 16, invocations / 64, (invocations * 8 * 4 * 256 * 2) / 1e6),
    ...(await product(ctx, software ? 384 : 2048)),
  };
}
