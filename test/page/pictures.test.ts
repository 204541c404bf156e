// The visitor's own pictures: picked, dropped, pasted, filmed.
import type { Page } from 'playwright';
import { describe, expect, test } from 'vitest';
import { demo, settled, shownOn, sourceOf, visit } from './open.ts';

demo();

/** A PNG of stripes, made by the browser. */
const png = (page: Page, width: number, height: number) =>
  page.evaluate(
    async ([width, height]) => {
      const canvas = new OffscreenCanvas(width!, height!);
      const pen = canvas.getContext('2d')!;
      for (let x = 0; x < width!; x++) {
        pen.fillStyle = `rgb(${(x * 40) % 256} ${(x * 90) % 256} 60)`;
        pen.fillRect(x, 0, 1, height!);
      }
      return Array.from(new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer()));
    },
    [width, height] as const,
  );

/** Lets an event carry a file into the page. */
const carry = (page: Page, type: 'drop' | 'paste', bytes: number[], name: string, mime: string) =>
  page.evaluate(
    ({ type, bytes, name, mime }) => {
      const data = new DataTransfer();
      data.items.add(new File([Uint8Array.from(bytes)], name, { type: mime }));
      const init = { bubbles: true, cancelable: true };
      if (type === 'paste') document.body.dispatchEvent(new ClipboardEvent('paste', { ...init, clipboardData: data }));
      else for (const step of ['dragover', 'drop']) document.querySelector('.stage')!.dispatchEvent(new DragEvent(step, { ...init, dataTransfer: data }));
    },
    { type, bytes, name, mime },
  );

const says = (page: Page, text: string) => page.waitForFunction((text) => document.querySelector('.note')!.textContent!.includes(text), text);

/** The nearest mode repeats every pixel of the stripes four times. */
async function expectStripes(page: Page, width: number, height: number): Promise<void> {
  const source = await sourceOf(page);
  expect([source.width, source.height]).toEqual([width, height]);
  const shown = await shownOn(page, 'right', 'nearest');
  expect([shown.width, shown.height]).toEqual([4 * width, 4 * height]);
  for (let x = 0; x < 4 * width; x++)
    expect(Array.from(shown.data.slice(x * 4, x * 4 + 3)), `column ${x}`).toEqual([((x >> 2) * 40) % 256, ((x >> 2) * 90) % 256, 60]);
}

test.each(['pick', 'drop', 'paste'] as const)('%s a file', async (way) => {
  await using opened = await visit();
  const { page, log } = opened;
  const bytes = await png(page, 23, 17);
  if (way === 'pick') {
    const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.click('.open')]);
    await chooser.setFiles({ name: 'stripes.png', mimeType: 'image/png', buffer: Buffer.from(bytes) });
  } else await carry(page, way, bytes, 'stripes.png', 'image/png');
  await says(page, 'stripes.png, 23 × 17 pixels.');
  await expectStripes(page, 23, 17);
  await settled(page);
  expect(await page.textContent('.right-check')).toContain('max diff 0');
  await page.click('.test');
  await says(page, 'A test picture of 160 × 120 pixels');
  expect((await sourceOf(page)).width).toBe(160);
  expect(log).toEqual([]);
});

test('one pixel, and a very tall picture', async () => {
  await using opened = await visit();
  const { page, log } = opened;
  for (const [width, height] of [
    [1, 1],
    [3, 300],
  ] as const) {
    await carry(page, 'drop', await png(page, width, height), 'odd.png', 'image/png');
    await says(page, `odd.png, ${width} × ${height} pixels.`);
    await expectStripes(page, width, height);
    await settled(page);
  }
  expect(log).toEqual([]);
});

test('what is no picture gets a sentence, and the old picture stays', async () => {
  await using opened = await visit();
  const { page, log } = opened;
  await carry(page, 'drop', [104, 101, 108, 108, 111], 'notes.txt', 'text/plain');
  await says(page, 'notes.txt is not a picture that this browser can read.');
  await page.waitForSelector('.note.bad');
  await carry(page, 'paste', [137, 80, 78, 71, 0, 0], 'broken.png', 'image/png');
  await says(page, 'broken.png is not a picture');
  expect((await sourceOf(page)).width).toBe(160);
  expect(log).toEqual([]);
});

test('a big picture is reduced with a reason, not refused', async () => {
  await using opened = await visit();
  const { page, log } = opened;
  await carry(page, 'drop', await png(page, 3000, 2000), 'photo.png', 'image/png');
  await says(page, 'photo.png has 3000 × 2000 pixels and was first reduced to');
  const { width, height } = await sourceOf(page);
  expect(Math.abs(width / height - 1.5)).toBeLessThan(0.02);
  expect(await page.textContent('.note')).toContain(`${width} × ${height}: `);
  await settled(page);
  expect(await page.textContent('.left-check')).toContain('in the middle 160 × 120 pixels');
  expect(log).toEqual([]);
});

describe('the camera', () => {
  const frames = (page: Page, after: number) =>
    page.waitForFunction((after) => Number(document.querySelector<HTMLElement>('hero-panel')!.dataset['frames']) > after, after);

  test('is enlarged live until it is stopped', async () => {
    await using opened = await visit({ permissions: ['camera'] });
    const { page, log } = opened;
    await page.click('.camera');
    await says(page, 'The camera, reduced to 160 × ');
    await frames(page, 4);
    const shown = await shownOn(page, 'left', 'bicubic');
    expect(new Set(shown.data).size).toBeGreaterThan(10);
    await page.click('.camera');
    await says(page, 'A test picture');
    expect(await page.getAttribute('.camera', 'aria-pressed')).toBe('false');
    expect(log).toEqual([]);
  });

  test('that is refused or missing gets a sentence', async () => {
    await using refused = await visit({
      before: () => {
        navigator.mediaDevices.getUserMedia = async () => {
          throw new DOMException('no', 'NotAllowedError');
        };
      },
    });
    await refused.page.click('.camera');
    await says(refused.page, 'The camera was not allowed.');
    expect(await refused.page.getAttribute('.camera', 'aria-pressed')).toBe('false');
    await using missing = await visit({ before: () => Object.defineProperty(Navigator.prototype, 'mediaDevices', { get: () => undefined }) });
    await missing.page.click('.camera');
    await says(missing.page, 'This page may not use a camera');
    expect([...refused.log, ...missing.log]).toEqual([]);
  });
});
