// On somebody else's device: no copies
import { fromDevice, interpolate } from 'webgpu-upsample';

const adapter = await navigator.gpu.requestAdapter();
const device = await adapter.requestDevice(); // or that of your own engine
const buffer = device.createBuffer({ size: 4 * 64 * 64, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST });
device.queue.writeBuffer(
  buffer,
  0,
  Float32Array.from({ length: 64 * 64 }, (_, i) => i % 64),
);

const ctx = fromDevice(device); // never destroys it
const mask = ctx.wrap(buffer, [1, 1, 64, 64]); // not owned; its size comes from the shape
const up = interpolate(mask, { mode: 'bilinear', size: [1080, 1920] });
ctx.flush(); // submit before the owner frees the buffer
buffer.destroy();
console.log(up.shape, 'first row:', (await up.data()).slice(0, 6));
