// What a visitor's click would wait for: no task of the page does the work of many, and none waits for the GPU.
import { describe, expect, test } from 'vitest';
import { wallTime } from '../../demo/hero/time.ts';
import { demo, settled, visit } from './open.ts';

demo();

test('what is timed on the page’s clock is computed once a task', async () => {
  let tasks = 0;
  const begun: number[] = [];
  await wallTime(async () => {
    begun.push(tasks);
    setTimeout(() => tasks++); // before any task that is asked for later
    const from = performance.now();
    while (performance.now() - from < 6); // long enough not to be repeated
  });
  expect(begun.length).toBeGreaterThan(3);
  expect(new Set(begun).size).toBe(begun.length);
});

interface Seen {
  /** Canvases that are read, from the CPU or from the GPU. */
  reads: { cpu: number; gpu: number };
  /** Pixels of the largest source that was drawn. */
  drawn: number;
}

/** Watches what waits: reading a canvas that lives on the GPU, and decoding and reducing what is large. */
function watch(): void {
  const seen: Seen = { reads: { cpu: 0, gpu: 0 }, drawn: 0 };
  Object.assign(globalThis, { seen });
  const read = (pen: { getContextAttributes?(): { willReadFrequently?: boolean } }) => {
    seen.reads[pen.getContextAttributes?.().willReadFrequently ? 'cpu' : 'gpu']++;
  };
  for (const type of [CanvasRenderingContext2D, OffscreenCanvasRenderingContext2D]) {
    const { getImageData, drawImage } = type.prototype;
    type.prototype.getImageData = function (...args: unknown[]) {
      read(this as CanvasRenderingContext2D);
      return Reflect.apply(getImageData, this, args);
    };
    type.prototype.drawImage = function (source: CanvasImageSource, ...args: unknown[]) {
      const { naturalWidth, width, naturalHeight, height } = source as HTMLImageElement;
      seen.drawn = Math.max(seen.drawn, (naturalWidth ?? width) * (naturalHeight ?? height));
      return Reflect.apply(drawImage, this, [source, ...args]);
    };
  }
  const copy = globalThis.GPUQueue?.prototype.copyExternalImageToTexture;
  if (copy)
    GPUQueue.prototype.copyExternalImageToTexture = function (from, ...rest) {
      const pen = from.source instanceof HTMLCanvasElement || from.source instanceof OffscreenCanvas ? from.source.getContext('2d') : null;
      if (pen) read(pen as CanvasRenderingContext2D); // where the adapter is a CPU it is read back
      return copy.call(this, from, ...rest);
    };
}

describe.each([
  ['a GPU', watch],
  ['no GPU', `(${watch})(); Object.defineProperty(Navigator.prototype, 'gpu', { get: () => undefined })`],
])('with %s', (_, before) => {
  test('nothing is read back from a canvas on the GPU, and a large photograph is reduced elsewhere', async () => {
    await using opened = await visit({ before });
    const { page, log } = opened;
    await settled(page);
    const photograph = await page.evaluate(async () => {
      const canvas = new OffscreenCanvas(3000, 2000);
      canvas.getContext('2d')!.fillRect(0, 0, 3000, 1000);
      return Array.from(new Uint8Array(await (await canvas.convertToBlob({ type: 'image/jpeg' })).arrayBuffer()));
    });
    await page.setInputFiles('.file', { name: 'photograph.jpg', mimeType: 'image/jpeg', buffer: Buffer.from(photograph) });
    await page.waitForSelector('.note:text("was first reduced to")');
    await settled(page);
    const { reads, drawn } = await page.evaluate(() => (globalThis as unknown as { seen: Seen }).seen);
    expect(reads.cpu).toBeGreaterThan(0);
    expect(reads.gpu).toBe(0);
    expect(drawn).toBeGreaterThanOrEqual(160 * 120);
    expect(drawn).toBeLessThanOrEqual(2 ** 20);
    expect(log).toEqual([]);
  });
});
