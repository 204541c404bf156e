// What runs without a browser: the two image kernels, in every element type and layout that the device has.
import { describe, expect, test } from 'vitest';
import type { ScreenCall } from '../src/image/screen.ts';
import { draw } from '../src/image/screen.ts';
import { unpackPlan } from '../src/image/unpack.ts';
import type { DType, Layout } from '../src/plan.ts';
import type { Tensor } from '../src/tensor.ts';
import { context } from './gpu.ts';

const ctx = await context();
const dtypes: DType[] = ctx.device.features.has('shader-f16') ? ['f32', 'f16'] : ['f32'];

/** Bytes that are all different from their neighbours. */
const byte = (i: number) => (i * 37 + 11) % 256;

/** Element [0, c, i, j] of data in a layout. */
const at = (layout: Layout, [, C, H, W]: readonly number[], c: number, i: number, j: number) =>
  layout === 'nchw' ? (c * H! + i) * W! + j : (i * W! + j) * C! + c;

describe.each(dtypes.flatMap((dtype) => (['nchw', 'nhwc'] as const).map((layout) => ({ dtype, layout }))))('unpack $dtype $layout', ({ dtype, layout }) => {
  test.each([
    [1, 1, 4],
    [3, 5, 4],
    [65, 2, 3],
    [130, 7, 3],
  ])('%ix%i, %i channels, rows folded under a limit of 3 workgroups', async (width, height, channels) => {
    const mean = [0.485, 0.456, 0.406, 0];
    const std = [0.229, 0.224, 0.225, 1];
    const row = Math.ceil(width / 64) * 64;
    const words = new Uint32Array(row * height);
    new Uint8Array(words.buffer).forEach((_, i, bytes) => {
      bytes[i] = byte(i);
    });
    const shape = [1, channels, height, width];
    using x = ctx.tensor(words, [height, row], { dtype: 'u32' });
    const call = { output: { shape, dtype, layout, skew: 0 }, row, mean, std };
    const limits = { ...ctx.adapter.limits, groups: 3 };
    using y = ctx.run('unpack', `test ${JSON.stringify(call)}`, { x }, () => unpackPlan(call, limits))['output'] as Tensor;
    const data = await y.data();
    for (let c = 0; c < channels; c++)
      for (let i = 0; i < height; i++)
        for (let j = 0; j < width; j++) {
          const want = (byte((i * row + j) * 4 + c) / 255 - mean[c]!) / std[c]!;
          const got = data[at(layout, shape, c, i, j)]!;
          expect(Math.abs(got - want), `${c},${i},${j}`).toBeLessThan(dtype === 'f16' ? 2e-3 : 2e-6);
        }
  });
});

/** The bytes of a texture that x was drawn on. */
async function drawn(x: Tensor, call: Partial<ScreenCall> = {}): Promise<Uint8Array> {
  const [, , height, width] = x.shape as [number, number, number, number];
  const { device } = ctx;
  const size = [width, height];
  const texture = device.createTexture({ size, format: 'rgba8unorm', usage: GPUTextureUsage.RENDER_ATTACHMENT | GPUTextureUsage.COPY_SRC });
  draw(x, texture, { mean: [0, 0, 0, 0], std: [1, 1, 1, 1], alpha: x.shape[1] === 4 ? 'premultiplied' : 'opaque', ...call });
  const bytesPerRow = Math.ceil(width / 64) * 256;
  const staging = device.createBuffer({ size: bytesPerRow * height, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  const encoder = device.createCommandEncoder();
  encoder.copyTextureToBuffer({ texture }, { buffer: staging, bytesPerRow }, size);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const all = new Uint8Array(staging.getMappedRange());
  const out = new Uint8Array(width * height * 4);
  for (let i = 0; i < height; i++) out.set(all.subarray(i * bytesPerRow, i * bytesPerRow + width * 4), i * width * 4);
  staging.destroy();
  texture.destroy();
  return out;
}

describe.each(dtypes.flatMap((dtype) => (['nchw', 'nhwc'] as const).map((layout) => ({ dtype, layout }))))('screen $dtype $layout', ({ dtype, layout }) => {
  test.each([1, 3, 4])('%i channels give back the bytes they came from', async (channels) => {
    const shape = [1, channels, 5, 7];
    const data = new Float32Array(channels * 35);
    const bytes = new Uint8Array(35 * 4).fill(255);
    for (let i = 0; i < 5; i++)
      for (let j = 0; j < 7; j++) {
        for (let c = 0; c < channels; c++) {
          const colour = c === 3 ? 255 : byte((i * 7 + j) * 3 + c);
          data[at(layout, shape, c, i, j)] = colour / 255;
          bytes[(i * 7 + j) * 4 + c] = colour;
        }
        if (channels === 1) bytes.fill(bytes[(i * 7 + j) * 4]!, (i * 7 + j) * 4, (i * 7 + j) * 4 + 3);
      }
    using x = ctx.tensor(data, shape, { dtype, layout });
    expect(await drawn(x)).toEqual(bytes);
  });

  test('a wrapped buffer is read from its offset', async () => {
    using whole = ctx.tensor([9, 9, 9, 9, 9, 9, 0, 0.2, 0.4, 0.6, 0.8, 1], [12], { dtype });
    using x = ctx.wrap(whole.buffer, [1, 3, 1, 2], { offset: whole.byteLength / 2, dtype, layout });
    const v = layout === 'nchw' ? [0, 102, 204, 255, 51, 153, 255, 255] : [0, 51, 102, 255, 153, 204, 255, 255];
    expect([...(await drawn(x))]).toEqual(v);
  });
});

describe('screen', () => {
  const pixel = (...rgba: number[]) => ctx.tensor(rgba, [1, rgba.length, 1, 1]);
  test.each([
    ['premultiplied', [0.2, 0.4, 0.2, 0.4], {}, [51, 102, 51, 102]],
    ['premultiplied, colour brighter than its alpha', [0.2, 0.4, 1.3, 0.4], {}, [51, 102, 102, 102]],
    ['straight', [1, 0.5, 0, 0.4], { alpha: 'straight' }, [102, 51, 0, 102]],
    ['opaque', [1, 0.6, 0, 0.4], { alpha: 'opaque' }, [255, 153, 0, 255]],
    ['clamped', [-0.5, 1.5, 0.6], {}, [0, 255, 153, 255]],
    ['mean and std undone', [1, -1, 0], { mean: [0.4, 0.5, 0.6, 0], std: [0.2, 0.1, 0.3, 1] }, [153, 102, 153, 255]],
  ] as const)('%s', async (_, rgba, call, want) => {
    using x = pixel(...rgba);
    expect([...(await drawn(x, call))]).toEqual(want);
  });
});
