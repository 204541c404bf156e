// Pixels in and out of tensors, on the GPU: nothing is read back.
import { refuse, show, UpsampleError } from '../check.ts';
import type { Context } from '../context.ts';
import { checkContext, checkTensor } from '../op.ts';
import { BYTES } from '../plan.ts';
import type { Tensor } from '../tensor.ts';
import { checkFrom, checkTo, type FromImageOptions, type ToCanvasOptions } from './arguments.ts';
import { draw } from './screen.ts';
import { checkLimits, checkSource, type ImageSource } from './source.ts';
import { type UnpackCall, unpackPlan } from './unpack.ts';

export type { FromImageOptions, PerChannel, ToCanvasOptions } from './arguments.ts';
export type { ImageSource } from './source.ts';

/** `y[0,c,i,j] = (pixel[i,j][c] / 255 - mean[c]) / std[c]`
 * What fails silently, if it is not what you want:
 * - values are 0..1 in gamma-encoded sRGB, as stored; they are not linear light, and filters mix them as they are. Wider colour spaces
 *   are converted to sRGB and clipped, more than 8 bits are rounded to 8. A bitmap made with `colorSpaceConversion: 'none'` stays raw;
 * - `alpha: 'premultiplied'` is the default because filtering straight alpha bleeds the hidden colour of transparent pixels into
 *   their neighbours. With `channels: 3` premultiplied means laid over black, straight means hidden colours become visible;
 * - a video or canvas is read as it is at the call; a VideoFrame may be closed right after it.
 * @param ctx where the tensor lives
 * @param source ImageBitmap, ImageData, HTMLCanvasElement, OffscreenCanvas, HTMLImageElement, HTMLVideoElement or VideoFrame; of an
 *   image its natural size is read, of a frame its display size
 * @param options `layout` `'nchw'`, `dtype` `'f32'`, `channels` 4, `mean` 0 and `std` 1 in units of 0..1 (one number or one per colour;
 *   never of alpha), `alpha` `'premultiplied'` or `'straight'`
 * @returns [1, channels, height, width]
 * @throws UpsampleError `invalid-argument` (also for pictures of other origins, without CORS), `limit-exceeded`, `device-lost`
 * Source: WebGPU copyExternalImageToTexture; torchvision ToTensor and Normalize. */
export function fromImage(ctx: Context, source: ImageSource, options: FromImageOptions = {}): Tensor {
  const op = 'fromImage';
  checkContext(op, ctx);
  const { layout, dtype, channels, alpha, mean, std } = checkFrom(op, options);
  const [width, height] = checkSource(op, source);
  const output = { ...ctx.checkSpec(op, [1, channels, height, width], { layout, dtype }), skew: 0 };
  const bytesPerRow = Math.ceil(width / 64) * 256; // what copies from textures ask for
  const call: UnpackCall = { output, row: bytesPerRow / 4, mean, std };
  checkLimits(op, ctx, width, height, Math.max(bytesPerRow * height, channels * height * width * BYTES[dtype]));

  const { device } = ctx;
  try {
    const pixels = ctx.filled(op, { shape: [height, bytesPerRow / 4], dtype: 'u32', layout: 'nchw' }, (buffer) => {
      const size = [width, height];
      // RENDER_ATTACHMENT | COPY_DST are demanded by copyExternalImageToTexture, COPY_SRC by the copy to the buffer.
      const texture = device.createTexture({ label: op, size, format: 'rgba8unorm', usage: 0x10 | 0x2 | 0x1 });
      try {
        device.queue.copyExternalImageToTexture({ source }, { texture, premultipliedAlpha: alpha === 'premultiplied' }, size);
        const encoder = device.createCommandEncoder();
        encoder.copyTextureToBuffer({ texture }, { buffer, bytesPerRow }, size);
        device.queue.submit([encoder.finish()]);
      } finally {
        texture.destroy();
      }
    });
    try {
      return ctx.run(op, op + JSON.stringify(call), { x: pixels }, () => unpackPlan(call, ctx.adapter.limits))['output']!;
    } finally {
      pixels.dispose();
    }
  } catch (error) {
    if (error instanceof UpsampleError) throw error;
    const { name, message } = error as DOMException;
    return refuse(op, `the browser refuses the source (${name}: ${message})`, 'expected one of this origin or loaded with CORS');
  }
}

/** `pixel[i,j][c] = x[0,c,i,j] * std[c] + mean[c]`, clamped to 0..1 and rounded to 8 bits.
 * What fails silently, if it is not what you want:
 * - values are taken as gamma-encoded sRGB and shown as they are; what a filter overshoots is clamped;
 * - with 4 channels x is expected premultiplied, as `fromImage` gives it by default; say `alpha: 'straight'` if it is not. The canvas is
 *   configured with alphaMode `'premultiplied'`, or `'opaque'` for 1 and 3 channels and for `alpha: 'opaque'`, and the page shines
 *   through where alpha is below 1;
 * - the canvas keeps the picture until the next call, but its texture lives for this task only: the draw is submitted before the call
 *   returns. Read the canvas (`drawImage`, `toBlob`, `new VideoFrame`) in the same task;
 * - a GPU error while drawing has no tensor to travel with and goes to the device's `uncapturederror`.
 * @param x [1, 1 | 3 | 4, height, width], f32 or f16: grey, RGB or RGBA
 * @param canvas of exactly width x height, without another kind of context
 * @param options `mean` 0 and `std` 1 as given to `fromImage`, `alpha` `'premultiplied'` with 4 channels (or `'straight'`: colours of x not multiplied by
 *   their alpha; `'opaque'`: alpha ignored), `'opaque'` with 1 and 3
 * @throws UpsampleError `invalid-argument`, `limit-exceeded`, `disposed`, `device-lost` */
export function toCanvas(x: Tensor, canvas: HTMLCanvasElement | OffscreenCanvas, options: ToCanvasOptions = {}): void {
  const op = 'toCanvas';
  checkTensor(op, 'x', x);
  const { ctx, shape, dtype } = x;
  ctx.alive(op);
  const [n, channels, height, width] = shape as [number, number, number, number];
  if (shape.length !== 4 || n !== 1 || ![1, 3, 4].includes(channels) || !height || !width)
    refuse(op, `x is [${shape.join(', ')}]`, 'expected [1, 1 | 3 | 4, height, width]');
  if (dtype !== 'f32' && dtype !== 'f16') refuse(op, `x has dtype ${dtype}`, 'expected f32 or f16');
  const call = checkTo(op, options, channels);
  if (typeof canvas?.getContext !== 'function') refuse(op, `canvas is ${show(canvas)}`, 'expected an HTMLCanvasElement or OffscreenCanvas');
  if (canvas.width !== width || canvas.height !== height)
    refuse(op, `canvas is ${canvas.width}x${canvas.height} but x is ${width}x${height}`, `set canvas.width = ${width} and canvas.height = ${height}`);
  checkLimits(op, ctx, width, height, x.byteLength);
  const target = canvas.getContext('webgpu') as GPUCanvasContext | null;
  if (!target) refuse(op, 'the canvas already has another kind of context', 'expected none, or "webgpu"');
  const format = (ctx.gpu ?? navigator.gpu).getPreferredCanvasFormat();
  const alphaMode = call.alpha === 'opaque' ? 'opaque' : 'premultiplied';
  const now = target.getConfiguration?.(); // where it is missing, configuring again costs little
  if (!(now?.device === ctx.device && now.format === format && now.alphaMode === alphaMode)) target.configure({ device: ctx.device, format, alphaMode });
  draw(x, target.getCurrentTexture(), call);
}
