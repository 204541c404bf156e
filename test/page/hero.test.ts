import { describe, expect, test } from 'vitest';
import * as cpu from '../../src/reference.ts';
import { demo, type Pixels, settled, shownOn, sourceOf, visit } from './open.ts';

demo();

type Plain = { data: ArrayLike<number>; shape: readonly number[] };
const scale = { scaleFactor: 4 };
const REFERENCE: Record<string, (x: Plain) => Plain> = {
  nearest: (x) => cpu.nearest2d(x, scale),
  nails: (x) => cpu.bedOfNails2d(x, { stride: 4 }),
  bilinear: (x) => cpu.bilinear2d(x, scale),
  bicubic: (x) => cpu.bicubic2d(x, scale),
  lanczos3: (x) => cpu.interpolate(x, { mode: 'lanczos3', ...scale }),
};

/** Largest distance, in 1/255, of what is shown from the reference of what is enlarged. */
function distance(source: Pixels, shown: Pixels, mode: string): number {
  const { width, height, data } = source;
  const plane = width * height;
  const x = Array.from({ length: 3 * plane }, (_, i) => data[(i % plane) * 4 + Math.floor(i / plane)]! / 255);
  const want = REFERENCE[mode]!({ data: x, shape: [1, 3, height, width] }).data;
  expect([shown.width, shown.height]).toEqual([width * 4, height * 4]);
  let most = 0;
  for (let i = 0; i < shown.data.length; i++) {
    const value = i % 4 === 3 ? 255 : Math.min(255, Math.max(0, 255 * want[(i % 4) * 16 * plane + (i >> 2)]!));
    most = Math.max(most, Math.abs(shown.data[i]! - value));
  }
  return most;
}

/** Rounding to 8 bits, and a hair for f32 beside a tie. */
const ROUNDED = 0.5 + 1e-3;

describe('what is shown', () => {
  test('every mode equals the reference, on either side', async () => {
    await using opened = await visit();
    const { page, log } = opened;
    const source = await sourceOf(page);
    expect([source.width, source.height]).toEqual([160, 120]);
    for (const [i, mode] of Object.keys(REFERENCE).entries()) {
      const side = i % 2 ? 'right' : 'left';
      expect(distance(source, await shownOn(page, side, mode), mode), mode).toBeLessThanOrEqual(ROUNDED);
    }
    expect(log).toEqual([]);
  });

  test('the browser’s own is shown, and both sides may show the same', async () => {
    await using opened = await visit();
    const { page, log } = opened;
    const [left, right] = [await shownOn(page, 'left', 'browser'), await shownOn(page, 'right', 'browser')];
    expect(new Set(left.data).size).toBeGreaterThan(50);
    expect(Buffer.compare(left.data, right.data)).toBe(0);
    await page.waitForSelector('hero-panel[data-checked="browser browser"]');
    expect(await page.textContent('.left-check')).toContain('Nothing to compare with');
    expect(log).toEqual([]);
  });

  test('what the screen shows is the picture', async () => {
    await using opened = await visit({ hash: '#hero?left=nearest&right=nearest&split=100' });
    const { page } = opened;
    await page.waitForSelector('.stage.crisp');
    const { data } = await sourceOf(page);
    const shot = await page.locator('.stage').screenshot();
    const colours = await page.evaluate(async (base64) => {
      const bitmap = await createImageBitmap(await (await fetch(`data:image/png;base64,${base64}`)).blob());
      const pen = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d')!;
      pen.drawImage(bitmap, 0, 0);
      const at = (x: number, y: number) => Array.from(pen.getImageData((x + 0.5) * (bitmap.width / 160), (y + 0.5) * (bitmap.height / 120), 1, 1).data);
      return [at(32, 32), at(100, 10), at(127, 20), at(10, 110)];
    }, shot.toString('base64'));
    for (const [i, [x, y]] of (
      [
        [32, 32],
        [100, 10],
        [127, 20],
        [10, 110],
      ] as const
    ).entries())
      expect(colours[i]).toEqual(Array.from(data.slice((y * 160 + x) * 4, (y * 160 + x) * 4 + 4)));
  });

  test('the numbers beside it are there and say where they come from', async () => {
    await using opened = await visit();
    const { page, log } = opened;
    await settled(page);
    const rows = await page.locator('.times tbody tr').allInnerTexts();
    expect(rows).toHaveLength(6);
    for (const row of rows) expect(row).toMatch(/^\S.*\t[\d.]+ ms\t(GPU|wall)$/);
    expect(rows.at(-1)).toContain('wall');
    for (const side of ['left', 'right']) {
      const check = (await page.textContent(`.${side}-check`))!;
      expect(Number(/GPU = CPU reference, max diff ([\d.e-]+)/.exec(check)?.[1]), check).toBeLessThanOrEqual(4e-6);
    }
    expect(await page.textContent('.adapter')).toMatch(/GPU adapter: \S/);
    expect(await page.textContent('.moved')).toContain('Bytes moved to the CPU to show this: 0.');
    const software = /swiftshader|llvmpipe|lavapipe|basic render/i.test((await page.textContent('.adapter'))!);
    expect(await page.isVisible('.software')).toBe(software);
    expect(log).toEqual([]);
  });

  test('the code is the code of what is shown', async () => {
    await using opened = await visit({ hash: '#hero?left=lanczos3&right=browser', permissions: ['clipboard-read', 'clipboard-write'] });
    const { page, log } = opened;
    await page.click('.code summary');
    const code = await page.innerText('.code code');
    expect(code).toContain("import { createContext, interpolate } from 'webgpu-upsample'");
    expect(code).toContain("toCanvas(interpolate(x, { mode: 'lanczos3', scaleFactor: 4 }), left)");
    expect(code).toContain("right.getContext('2d').drawImage(picture, 0, 0, 640, 480)");
    await page.click('.copy');
    await page.waitForSelector('.copy:text("Copied")');
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(code);
    expect(log).toEqual([]);
  });
});

describe('the divider', () => {
  const value = (page: Awaited<ReturnType<typeof visit>>['page']) => page.getAttribute('.handle', 'aria-valuenow');

  test('moves with the pointer, and the address remembers it', async () => {
    await using opened = await visit();
    const { page, log } = opened;
    const box = (await page.locator('.stage').boundingBox())!;
    await page.mouse.move(box.x + box.width / 2, box.y + 30);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width / 4, box.y + 60, { steps: 5 });
    await page.mouse.up();
    await page.waitForSelector('.handle[aria-valuenow="25"]');
    expect(await page.getAttribute('.handle', 'aria-valuetext')).toBe('25 % Bicubic, 75 % Nearest');
    expect(await page.evaluate(() => getComputedStyle(document.querySelector('.right-layer')!).clipPath)).toBe('inset(0px 0px 0px 25%)');
    await page.mouse.move(box.x + 10, box.y + 60);
    expect(await value(page)).toBe('25');
    await page.waitForURL(/#hero\?left=bicubic&right=nearest&split=25\.0/);
    expect(log).toEqual([]);
  });

  test('moves with the keys', async () => {
    await using opened = await visit();
    const { page, log } = opened;
    await page.focus('.handle');
    for (const [key, want] of [
      ['ArrowLeft', '49'],
      ['ArrowUp', '50'],
      ['Shift+ArrowRight', '60'],
      ['PageDown', '50'],
      ['Home', '0'],
      ['ArrowLeft', '0'],
      ['End', '100'],
    ] as const) {
      await page.keyboard.press(key);
      await page.waitForSelector(`.handle[aria-valuenow="${want}"]`);
    }
    expect(log).toEqual([]);
  });

  test('glides in on arrival, unless stillness is preferred', async () => {
    const record = () => {
      const seen: string[] = [];
      Object.assign(globalThis, { seen });
      new MutationObserver(() => {
        const now = document.querySelector('.handle')?.getAttribute('aria-valuenow');
        if (now && seen.at(-1) !== now) seen.push(now);
      }).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ['aria-valuenow'] });
    };
    const seen = (page: Awaited<ReturnType<typeof visit>>['page']) => page.evaluate(() => (globalThis as unknown as { seen: string[] }).seen);
    await using moving = await visit({ reducedMotion: 'no-preference', before: record });
    await moving.page.waitForFunction(() => (globalThis as unknown as { seen: string[] }).seen.length > 2);
    await moving.page.waitForSelector('.handle[aria-valuenow="50"]');
    await using still = await visit({ before: record });
    await settled(still.page);
    expect(await seen(still.page)).toEqual(['50']);
    expect([...moving.log, ...still.log]).toEqual([]);
  });
});

test('swap, and a whole state in the address', async () => {
  await using opened = await visit({ hash: '#hero?left=nails&right=bilinear&split=30&zoom=4&x=0.25&y=0.75' });
  const { page, log } = opened;
  expect(await page.inputValue('.left-mode')).toBe('nails');
  expect(await page.getAttribute('.handle', 'aria-valuenow')).toBe('30');
  await page.click('.swap');
  await page.waitForSelector('.stage[data-left="bilinear"][data-right="nails"]');
  await page.waitForURL(/#hero\?left=bilinear&right=nails&split=30\.0&zoom=4\.00&x=0\.250&y=0\.750/);
  expect(log).toEqual([]);
});

test('nonsense in the address is not believed', async () => {
  await using opened = await visit({ hash: '#hero?left=%3Cb%3E&right=&split=abc&zoom=1e9&x=-5' });
  const { page, log } = opened;
  expect([await page.inputValue('.left-mode'), await page.inputValue('.right-mode')]).toEqual(['bicubic', 'nearest']);
  expect(await page.getAttribute('.handle', 'aria-valuenow')).toBe('50');
  await page.waitForSelector('.zoom-in[disabled]');
  expect(log).toEqual([]);
});

describe('zoom and loupe', () => {
  const pitch = async (page: Awaited<ReturnType<typeof visit>>['page']) => Number.parseFloat((await page.textContent('output.zoom'))!);

  test('buttons, wheel and keys zoom; the loupe tells the source pixel under the pointer', async () => {
    await using opened = await visit();
    const { page, log } = opened;
    const source = await sourceOf(page);
    const whole = await pitch(page);
    await page.click('.zoom-in');
    await page.waitForSelector('.stage.zoomed');
    expect(await pitch(page)).toBe(whole * 2);
    await page.click('.zoom-whole');
    await page.waitForSelector('.stage:not(.zoomed)');

    const box = (await page.locator('.stage').boundingBox())!;
    const [x, y] = [37, 81];
    await page.mouse.move(box.x + ((x + 0.5) * box.width) / 160, box.y + ((y + 0.5) * box.height) / 120);
    const read = () => page.evaluate(() => ['at', 'red', 'green', 'blue'].map((name) => document.querySelector(`.loupe .${name}`)!.textContent));
    const expected = (x: number, y: number) => [`${x}, ${y}`, ...Array.from(source.data.slice((y * 160 + x) * 4, (y * 160 + x) * 4 + 3), String)];
    await expect.poll(read).toEqual(expected(x, y));

    await page.mouse.wheel(0, -480);
    await page.waitForSelector('.stage.zoomed');
    expect(await pitch(page)).toBeGreaterThan(whole * 3);
    await expect.poll(read).toEqual(expected(x, y)); // the point under the pointer stays
    await page.waitForSelector('.cursor:not([hidden])');

    await page.focus('.stage');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Shift+ArrowUp');
    await expect.poll(read).toEqual(expected(x + 1, y - 10));
    await page.keyboard.press('0');
    await page.waitForSelector('.stage:not(.zoomed)');
    await page.keyboard.press('+');
    await page.waitForSelector('.stage.zoomed');
    expect(log).toEqual([]);
  });

  test('dragging moves what is seen', async () => {
    await using opened = await visit({ hash: '#hero?zoom=4' });
    const { page, log } = opened;
    const box = (await page.locator('.stage').boundingBox())!;
    await page.mouse.move(box.x + 100, box.y + 100);
    await page.mouse.down();
    await page.mouse.move(box.x + 200, box.y + 50, { steps: 4 });
    await page.mouse.up();
    await page.waitForURL(/x=0\.4\d\d&y=0\.5[1-9]/);
    expect(log).toEqual([]);
  });

  test('a wheel that cannot zoom further scrolls the page', async () => {
    await using opened = await visit();
    const { page } = opened;
    const box = (await page.locator('.stage').boundingBox())!;
    await page.mouse.move(box.x + 50, box.y + 50);
    await page.mouse.wheel(0, 200);
    await page.waitForFunction(() => scrollY > 0);
  });

  test('two fingers zoom', async () => {
    await using opened = await visit({ viewport: { width: 360, height: 740 }, hasTouch: true });
    const { page, log } = opened;
    await page.locator('.stage').scrollIntoViewIfNeeded();
    const box = (await page.locator('.stage').boundingBox())!;
    const client = await page.context().newCDPSession(page);
    const fingers = (apart: number) => [-1, 1].map((side, id) => ({ x: box.x + 60 + (side * apart) / 2, y: box.y + box.height / 2, id }));
    await client.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: fingers(30) });
    for (const apart of [50, 70, 90]) await client.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints: fingers(apart) });
    await client.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
    await page.waitForSelector('.stage.zoomed');
    expect(log).toEqual([]);
  });
});
