// Pictures of every kind to tensors and back, in a browser.
import { describe, expect, test } from 'vitest';
import { fromImage, type ImageSource, toCanvas } from '../../src/image/index.ts';
import { bilinear2d, createContext, nearest2d } from '../../src/index.ts';
import { context } from '../gpu.ts';

const ctx = await context();

const W = 7;
const H = 5;
/** Opaque bytes, all different. */
const opaque = Uint8ClampedArray.from({ length: W * H * 4 }, (_, i) => (i % 4 === 3 ? 255 : (i * 37 + 11) % 256));
/** Half transparent, with hidden colours. */
const sheer = Uint8ClampedArray.from({ length: 4 * 4 }, (_, i) => [255, 128, 0, 0, 255, 128, 0, 51, 10, 200, 60, 102, 1, 2, 3, 255][i]!);
const picture = (bytes = opaque, width = W) => new ImageData(bytes, width);

function canvasOf(data: ImageData, kind: 'html' | 'offscreen' = 'html') {
  const canvas = kind === 'html' ? document.createElement('canvas') : new OffscreenCanvas(1, 1);
  canvas.width = data.width;
  canvas.height = data.height;
  (canvas.getContext('2d') as CanvasRenderingContext2D).putImageData(data, 0, 0);
  return canvas;
}

async function imageOf(data: ImageData) {
  const img = new Image();
  img.src = (canvasOf(data) as HTMLCanvasElement).toDataURL('image/png');
  await img.decode();
  return img;
}

/** A playing video that shows one frame, drawn on a canvas. */
async function videoOf(data: ImageData) {
  const canvas = document.createElement('canvas');
  canvas.width = data.width * 16; // streams round small sizes
  canvas.height = data.height * 16;
  const pen = canvas.getContext('2d')!;
  pen.imageSmoothingEnabled = false;
  const stream = canvas.captureStream();
  const video = document.createElement('video');
  video.muted = true;
  video.srcObject = stream;
  const loaded = new Promise((resolve) => video.addEventListener('loadeddata', resolve, { once: true }));
  pen.drawImage(await createImageBitmap(data), 0, 0, canvas.width, canvas.height);
  await video.play();
  await loaded;
  return video;
}

const sources: Record<string, () => ImageSource | Promise<ImageSource>> = {
  ImageData: () => picture(),
  ImageBitmap: () => createImageBitmap(picture()),
  HTMLCanvasElement: () => canvasOf(picture()),
  OffscreenCanvas: () => canvasOf(picture(), 'offscreen'),
  HTMLImageElement: () => imageOf(picture()),
  VideoFrame: async () => new VideoFrame(await createImageBitmap(picture()), { timestamp: 0 }),
};

/** Elements of [1, C, H, W] in pixel order. */
function pixels(data: ArrayLike<number>, channels: number, layout: string): number[] {
  const n = data.length / channels;
  return layout === 'nhwc' ? Array.from(data) : Array.from(data, (_, i) => data[(i % channels) * n + Math.floor(i / channels)]!);
}

describe.each(Object.keys(sources))('%s', (kind) => {
  test.each(['nchw', 'nhwc'] as const)('fromImage %s, pixel for pixel', async (layout) => {
    const source = await sources[kind]!();
    using x = fromImage(ctx, source, { layout });
    if (source instanceof VideoFrame) source.close();
    expect([x.shape, x.dtype, x.layout]).toEqual([[1, 4, H, W], 'f32', layout]);
    // WGSL divides to within 2.5 ulp.
    for (const [i, v] of pixels(await x.data(), 4, layout).entries())
      expect(Math.abs(v - opaque[i]! / 255), `byte ${i}`).toBeLessThanOrEqual((2.5 * 2 ** -23 * opaque[i]!) / 255);
  });

  test('fromImage and toCanvas give the picture back', async () => {
    using x = fromImage(ctx, await sources[kind]!());
    expect(shown(x)).toEqual(opaque);
  });
});

/** What a canvas shows of x. */
function shown(x: Parameters<typeof toCanvas>[0], options = {}, canvas: HTMLCanvasElement | OffscreenCanvas = document.createElement('canvas')) {
  canvas.width = x.shape[3]!;
  canvas.height = x.shape[2]!;
  toCanvas(x, canvas, options);
  const pen = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d')!;
  pen.drawImage(canvas, 0, 0);
  return pen.getImageData(0, 0, canvas.width, canvas.height).data;
}

test('a playing video', async () => {
  const video = await videoOf(picture());
  using x = fromImage(ctx, video, { channels: 3 });
  expect(x.shape).toEqual([1, 3, video.videoHeight, video.videoWidth]);
  const data = await x.data();
  const [height, width] = [video.videoHeight, video.videoWidth];
  for (let i = 0; i < H; i++)
    for (let j = 0; j < W; j++) {
      const at = (Math.floor(((i + 0.5) * height) / H) * width + Math.floor(((j + 0.5) * width) / W)) | 0;
      const got = [0, 1, 2].map((c) => data[c * width * height + at]! * 255);
      // The stream may be coded with less colour detail, never with another picture.
      got.forEach((v, c) => {
        expect(Math.abs(v - opaque[(i * W + j) * 4 + c]!), `${i},${j},${c}`).toBeLessThan(24);
      });
    }
});

describe('options of fromImage', () => {
  test('alpha: premultiplied by default, straight on demand', async () => {
    using premultiplied = fromImage(ctx, picture(sheer, 4), { layout: 'nhwc' });
    using straight = fromImage(ctx, picture(sheer, 4), { layout: 'nhwc', alpha: 'straight' });
    const want = Array.from(sheer, (v, i) => (i % 4 === 3 ? v : Math.round((v * sheer[i | 3]!) / 255)));
    const bytes = Array.from(await premultiplied.data(), (v) => v * 255);
    for (const [i, v] of bytes.entries()) expect(Math.abs(v - want[i]!), `${i}`).toBeLessThanOrEqual(1.001);
    expect(Array.from(await straight.data(), (v) => Math.round(v * 255))).toEqual([...sheer]);
  });

  test('channels: 3 leaves alpha out, over black or with the hidden colour', async () => {
    using black = fromImage(ctx, picture(sheer, 4), { layout: 'nhwc', channels: 3 });
    using hidden = fromImage(ctx, picture(sheer, 4), { layout: 'nhwc', channels: 3, alpha: 'straight' });
    expect(black.shape).toEqual([1, 3, 1, 4]);
    expect(Array.from((await black.data()).slice(0, 3))).toEqual([0, 0, 0]);
    expect(Array.from((await hidden.data()).slice(0, 3), (v) => Math.round(v * 255))).toEqual([255, 128, 0]);
  });

  test('mean and std act on colours, not on alpha; toCanvas undoes them', async () => {
    const options = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
    using x = fromImage(ctx, picture(), { ...options, layout: 'nhwc' });
    (await x.data()).forEach((v, i) => {
      const c = i % 4;
      const want = c === 3 ? 1 : (opaque[i]! / 255 - options.mean[c]!) / options.std[c]!;
      expect(Math.abs(v - want)).toBeLessThan(2e-6);
    });
    expect(shown(x, options)).toEqual(opaque);
    using half = fromImage(ctx, picture(), { mean: 0.5, std: 0.5, channels: 3 });
    expect(shown(half, { mean: 0.5, std: 0.5 })).toEqual(opaque);
    const values = Array.from(await half.data());
    expect(Math.min(...values)).toBeLessThan(-0.9);
  });

  test('dtype f16 has half the bytes, or says what is missing', async () => {
    const make = () => fromImage(ctx, picture(), { dtype: 'f16' });
    if (!ctx.device.features.has('shader-f16')) return expect(make).toThrow('fromImage: dtype is "f16" but the device lacks the feature shader-f16; use f32');
    using x = make();
    expect(x.byteLength).toBe(W * H * 8);
    expect(shown(x)).toEqual(opaque);
  });
});

describe('toCanvas', () => {
  test('draws what operations left, before it returns', async () => {
    using x = fromImage(ctx, picture());
    using y = nearest2d(x, { scaleFactor: 3 });
    const got = shown(y);
    for (let i = 0; i < H * 3; i++)
      for (let j = 0; j < W * 3; j++)
        for (let c = 0; c < 4; c++) expect(got[(i * W * 3 + j) * 4 + c]).toBe(opaque[(Math.floor(i / 3) * W + Math.floor(j / 3)) * 4 + c]);
  });

  test('an OffscreenCanvas, grey, twice on one canvas with other options', () => {
    const canvas = new OffscreenCanvas(2, 1);
    using grey = ctx.tensor([0.2, 1], [1, 1, 1, 2]);
    expect([...shown(grey, {}, canvas)]).toEqual([51, 51, 51, 255, 255, 255, 255, 255]);
    using rgba = ctx.tensor([0.2, 0, 0.4, 0, 0, 0, 0.4, 0], [1, 4, 1, 2]);
    expect([...shown(rgba, {}, canvas)]).toEqual([128, 255, 0, 102, 0, 0, 0, 0]);
    expect([...shown(rgba, { alpha: 'straight' }, canvas)].map((v) => v & ~1)).toEqual([50, 102, 0, 102, 0, 0, 0, 0]);
    expect([...shown(rgba, { alpha: 'opaque' }, canvas)]).toEqual([51, 102, 0, 255, 0, 0, 0, 255]);
  });

  test('premultiplied filtering shows no hidden colour, straight filtering does', () => {
    const edge = new ImageData(Uint8ClampedArray.of(255, 255, 255, 255, 255, 0, 0, 0), 2);
    const middle = (alpha: 'straight' | 'premultiplied') => {
      using x = fromImage(ctx, edge, { alpha });
      using y = bilinear2d(x, { size: [1, 3] });
      return [...shown(y, { alpha })].slice(4, 8);
    };
    expect(middle('premultiplied')).toEqual([255, 255, 255, 128]);
    expect(middle('straight')[1]).toBeLessThan(140);
  });
});

test('the staging memory goes back to the pool', () => {
  const before = ctx.memory();
  for (let i = 0; i < 5; i++) fromImage(ctx, picture()).dispose();
  const after = ctx.memory();
  expect([after.tensors, after.bytes]).toEqual([before.tensors, before.bytes]);
});

describe('what is wrong gets its sentence', () => {
  const closed = async () => {
    const bitmap = await createImageBitmap(picture());
    bitmap.close();
    return bitmap;
  };
  const wrong: [string, () => unknown, string][] = [
    ['ctx', () => null, 'fromImage: ctx is null; expected a Context'],
    ['kind', () => ({}), 'fromImage: source is Object; expected one of ImageBitmap, ImageData, HTMLCanvasElement'],
    ['closed bitmap', closed, 'fromImage: source is ImageBitmap of 0x0; it is closed'],
    ['empty canvas', () => new OffscreenCanvas(0, 4), 'fromImage: source is OffscreenCanvas of 0x4; it is empty'],
    ['image', () => new Image(), 'fromImage: source is HTMLImageElement of 0x0; it is not loaded'],
    ['video', () => document.createElement('video'), 'fromImage: source is HTMLVideoElement of 0x0; it is not loaded'],
  ];
  test.each(wrong)('fromImage: %s', async (name, make, sentence) => {
    const source = (await make()) as ImageSource;
    expect(() => fromImage(name === 'ctx' ? (source as never) : ctx, name === 'ctx' ? picture() : source)).toThrow(sentence);
  });

  test.each([
    [{ size: 3 }, 'unknown option "size"; options are layout, dtype, channels, mean, std, alpha'],
    [{ layout: 'chw' }, 'layout is "chw"; expected one of nchw, nhwc'],
    [{ dtype: 'u32' }, 'dtype is "u32"; expected one of f32, f16'],
    [{ channels: 2 }, 'channels is 2; expected 3 or 4'],
    [{ alpha: 'drop' }, 'alpha is "drop"; expected one of premultiplied, straight'],
    [{ mean: [0, 0] }, 'mean [0, 0] has 2 values; expected one number or 3, one per colour'],
    [{ mean: Number.NaN }, 'mean is NaN; expected finite numbers'],
    [{ std: 0 }, 'std is 0; expected finite numbers, not 0'],
  ])('fromImage %j', (options, sentence) => {
    expect(() => fromImage(ctx, picture(), options as never)).toThrow(`fromImage: ${sentence}`);
  });

  test('a closed VideoFrame, a picture beyond the limits, a destroyed context', async () => {
    const frame = new VideoFrame(await createImageBitmap(picture()), { timestamp: 0 });
    frame.close();
    expect(() => fromImage(ctx, frame)).toThrow('fromImage: source is VideoFrame of 0x0; it is closed');
    const most = ctx.device.limits.maxTextureDimension2D;
    expect(() => fromImage(ctx, new OffscreenCanvas(most + 1, 1))).toThrow(
      `the picture is ${most + 1}x1 and needs a texture side of ${most + 1}; the device allows ${most}`,
    );
    const small = await createContext({ limits: { maxStorageBufferBindingSize: 1024 } });
    expect(() => fromImage(small, picture())).toThrow('the picture is 7x5 and needs a binding of 1280; the device allows 1024');
    small.destroy();
    expect(() => fromImage(small, picture())).toThrow('the context was destroyed');
  });

  test('a canvas whose control was transferred is refused, and costs nothing', () => {
    const before = ctx.memory();
    const canvas = document.createElement('canvas');
    canvas.transferControlToOffscreen();
    expect(() => fromImage(ctx, canvas)).toThrow(/^fromImage: the browser refuses the source/);
    expect(ctx.memory().tensors).toBe(before.tensors);
  });

  const canvas = (width: number, height: number) => new OffscreenCanvas(width, height);
  test.each([
    [[1, 4, 2], {}, canvas(2, 2), 'x is [1, 4, 2]; expected [1, 1 | 3 | 4, height, width]'],
    [[2, 4, 1, 1], {}, canvas(1, 1), 'x is [2, 4, 1, 1]; expected'],
    [[1, 2, 2, 2], {}, canvas(2, 2), 'x is [1, 2, 2, 2]; expected'],
    [[1, 3, 2, 4], {}, canvas(300, 150), 'canvas is 300x150 but x is 4x2; set canvas.width = 4 and canvas.height = 2'],
    [[1, 3, 2, 4], { mode: 'render' }, canvas(4, 2), 'unknown option "mode"; options are mean, std, alpha'],
    [[1, 3, 2, 4], { alpha: 'straight' }, canvas(4, 2), 'alpha is "straight" but x has 3 channels; expected "opaque"'],
    [[1, 1, 2, 4], { mean: [0, 0, 0] }, canvas(4, 2), 'mean [0, 0, 0] has 3 values; expected one number or 1, one per colour'],
    [[1, 3, 2, 4], {}, {}, 'canvas is Object; expected an HTMLCanvasElement or OffscreenCanvas'],
  ])('toCanvas %j %j', (shape, options, target, sentence) => {
    using x = ctx.tensor(new Float32Array(shape.reduce((a, b) => a * b)), shape);
    expect(() => toCanvas(x, target as OffscreenCanvas, options as never)).toThrow(`toCanvas: ${sentence}`);
  });

  test('toCanvas: no tensor, a disposed one, whole numbers, a canvas in use', () => {
    expect(() => toCanvas(3 as never, canvas(1, 1))).toThrow('toCanvas: x is 3; expected a tensor');
    const x = ctx.tensor([1, 1, 1], [1, 3, 1, 1]);
    const taken = canvas(1, 1);
    taken.getContext('2d');
    expect(() => toCanvas(x, taken)).toThrow('toCanvas: the canvas already has another kind of context; expected');
    x.dispose();
    expect(() => toCanvas(x, canvas(1, 1))).toThrow('toCanvas: x [1, 3, 1, 1] was disposed');
    using whole = ctx.tensor([1], [1, 1, 1, 1], { dtype: 'i32' });
    expect(() => toCanvas(whole, canvas(1, 1))).toThrow('toCanvas: x has dtype i32; expected f32 or f16');
  });
});
