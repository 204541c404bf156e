// Panel "Train it here".
import type { Page } from 'playwright';
import { describe, expect, test } from 'vitest';
import * as cpu from '../../src/reference.ts';
import { violations } from './axe.ts';
import { difference, onePage, run, stopped, tensors, unseen, visitPanel } from './lesson.ts';
import { demo } from './open.ts';

demo();
/** Counts dispatches between one buffer that is read and the next. Reading resolves in a task of its own: no task has more dispatches than that. */
function count(): void {
  const runs = [0];
  Object.assign(globalThis, { runs });
  if (!globalThis.GPUBuffer) return;
  const { dispatchWorkgroups } = GPUComputePassEncoder.prototype;
  GPUComputePassEncoder.prototype.dispatchWorkgroups = function (...args) {
    runs[runs.length - 1]!++;
    return dispatchWorkgroups.apply(this, args);
  };
  const { mapAsync } = GPUBuffer.prototype;
  GPUBuffer.prototype.mapAsync = async function (...args) {
    await mapAsync.apply(this, args);
    runs.push(0);
  };
}

const shared = onePage('train', { before: count });

type Drawn = Record<string, number[]>;

const panel = (page: Page, name: string) => page.locator('#train').getByRole('button', { name, exact: true });
/** A row of the table: [steps, loss, error, steps a second]. */
const row = async (page: Page, decoder: string) => page.locator(`#train tr[data-decoder="${decoder}"] td`).allTextContents();
const steps = async (page: Page, decoder = 'resize') => Number((await row(page, decoder))[0]);
const drawn = (page: Page) =>
  page.evaluate(() => {
    const { drawn } = document.querySelector('#train') as HTMLElement & { drawn: Record<string, ArrayLike<number>> };
    return Object.fromEntries(Object.entries(drawn).map(([name, data]) => [name, Array.from(data)]));
  }) as Promise<Drawn>;
const compared = (page: Page) => page.waitForSelector('#train[data-by="gpu"]');

/** Sets everything as it was at the beginning. */
async function anew(values = ''): Promise<Page> {
  const { page } = shared;
  if (await panel(page, 'Pause').count()) await panel(page, 'Pause').click();
  await shared.set(values);
  await panel(page, 'Reset').click();
  await expect.poll(() => steps(page), { timeout: 20_000 }).toBe(0);
  await compared(page);
  return page;
}

/** Steps, one click each, until the table has counted them. */
async function step(page: Page, times: number, decoder = 'resize'): Promise<void> {
  const before = await steps(page, decoder);
  for (let i = 1; i <= times; i++) {
    await panel(page, 'One step').click();
    await expect.poll(() => steps(page, decoder), { timeout: 30_000 }).toBe(before + i);
  }
}

const DECODERS = ['transposed', 'resize', 'unpool'] as const;

describe('numbers', () => {
  test('the error of each decoder is the mean square of what is drawn less the originals', async () => {
    const page = await anew();
    await step(page, 2);
    const shape = [10, 1, 28, 28];
    const off = async (decoder: string): Promise<number> => {
      const pictures = await drawn(page);
      const want = cpu.mse({ data: pictures[decoder]!, shape }, { data: pictures['original']!, shape }).data[0]!;
      expect(want).toBeGreaterThan(0.01);
      return Math.abs(Number((await row(page, decoder))[2]) - want);
    };
    for (const decoder of DECODERS) await expect.poll(() => off(decoder), { message: decoder, timeout: 20_000 }).toBeLessThanOrEqual(5.1e-5);
    await compared(page);
    expect(await difference(page, 'train')).toBeLessThanOrEqual(4e-6);
  });

  test('what the canvases show is what was drawn', async () => {
    const { page } = shared;
    const pictures = await drawn(page);
    for (const [name, decoder] of [['Original', 'original'] as const, ['Max unpooling', 'unpool'] as const]) {
      const pixels = await page.locator(`#train canvas[aria-label^="${name}"]`).evaluate((node) => {
        const { width, height } = node as HTMLCanvasElement;
        const pen = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true })!;
        pen.drawImage(node as HTMLCanvasElement, 0, 0);
        return { width, height, data: Array.from(pen.getImageData(0, 0, width, height).data) };
      });
      expect([pixels.width, pixels.height]).toEqual([280, 28]);
      for (let n = 0; n < 10; n += 3)
        for (const [r, c] of [
          [9, 13],
          [14, 14],
          [20, 12],
        ] as const)
          expect(Math.abs(pixels.data[4 * (r * 280 + n * 28 + c)]! / 255 - pictures[decoder]![n * 784 + r * 28 + c]!), `${name} ${n}`).toBeLessThan(0.003);
    }
  });

  test('the same seed learns the same: after a reset the losses come again', async () => {
    const page = await anew();
    await step(page, 2);
    const first = await Promise.all(DECODERS.map(async (decoder) => (await row(page, decoder))[1]));
    await anew();
    await step(page, 2);
    expect(await Promise.all(DECODERS.map(async (decoder) => (await row(page, decoder))[1]))).toEqual(first);
    expect(new Set(first).size, 'decoders differ').toBe(3);
  });

  test('neither steps nor drawings nor resets leave tensors behind', async () => {
    const page = await anew();
    await step(page, 1);
    await compared(page);
    const before = await stopped(() => tensors(page)); // what follows a step
    expect(before).toBeGreaterThan(50);
    await step(page, 2);
    await anew();
    await step(page, 1);
    await expect.poll(() => tensors(page), { timeout: 10_000 }).toBe(before);
  });

  test('the learning rate acts from the next step on, and so does the batch', async () => {
    const page = await anew('lr=0.0005&transposed=0&unpool=0');
    await step(page, 3);
    const slow = Number((await row(page, 'resize'))[1]);
    await anew('lr=0.02&transposed=0&unpool=0');
    await step(page, 3);
    const quick = Number((await row(page, 'resize'))[1]);
    expect(quick).toBeLessThan(slow - 0.05);
    await anew('lr=0.02&batch=4&transposed=0&unpool=0');
    await step(page, 3);
    expect(Number((await row(page, 'resize'))[1])).not.toBe(quick);
  });
});

describe('learning', () => {
  test('started with the keyboard, every loss falls by half; the plot and the page keep up', async () => {
    const page = await anew();
    await step(page, 1);
    const first = await Promise.all(DECODERS.map(async (decoder) => Number((await row(page, decoder))[1])));
    await panel(page, 'Start').focus();
    await page.keyboard.press('Enter');
    await panel(page, 'Pause').waitFor();
    const now = () => Promise.all(DECODERS.map(async (decoder) => Number((await row(page, decoder))[1])));
    await expect.poll(async () => (await now()).every((loss, i) => loss < first[i]! / 2), { timeout: 20_000 }).toBe(true);
    const label = (await page.getAttribute('#train .train-plot canvas', 'aria-label'))!;
    expect(label).toMatch(/now Transposed convolution 0\.\d{4}, Nearest, then convolution 0\.\d{4}, Max unpooling 0\.\d{4}/);
    await page.keyboard.press('Enter');
    await panel(page, 'Start').waitFor();
  });

  test('pausing stops the steps, and so does leaving the view; coming back goes on', async () => {
    const page = await anew('transposed=0&unpool=0&batch=4');
    await panel(page, 'Start').click();
    await expect.poll(() => steps(page), { timeout: 20_000 }).toBeGreaterThan(2);
    await panel(page, 'Pause').click();
    const paused = await stopped(() => steps(page));
    await panel(page, 'Start').click();
    await expect.poll(() => steps(page), { timeout: 20_000 }).toBeGreaterThan(paused);
    await page.evaluate(() => scrollTo(0, 0));
    await unseen(page, 'train');
    const left = await stopped(() => steps(page));
    await page.locator('#train .train-table').scrollIntoViewIfNeeded();
    await expect.poll(() => steps(page), { timeout: 20_000 }).toBeGreaterThan(left);
    await panel(page, 'Pause').click();
  });

  test('the page stays free: decoders take turns, and each waits for the GPU before the next begins', async () => {
    const most = () => page.evaluate(() => Math.max(...(globalThis as unknown as { runs: number[] }).runs.splice(0, Number.POSITIVE_INFINITY, 0)));
    let page = await anew('batch=4&transposed=0&unpool=0');
    await step(page, 1); // what is computed once
    const alone: number[] = [];
    for (const decoder of DECODERS) {
      page = await anew(`batch=4&${DECODERS.map((d) => `${d}=${Number(d === decoder)}`).join('&')}`);
      await step(page, 1, decoder);
      await compared(page);
      await most();
      await step(page, 2, decoder);
      await compared(page);
      alone.push(await most());
    }
    expect(Math.min(...alone)).toBeGreaterThan(10);
    page = await anew('batch=4');
    await step(page, 1);
    await compared(page);
    await most();
    await step(page, 2);
    await compared(page);
    // Never two decoders' steps; a comparison, which is smaller than any step, may fall into the same task.
    const [least, next] = alone.toSorted((a, b) => a - b) as [number, number];
    expect(await most()).toBeLessThan(least + next);
  });
});

describe('controls', () => {
  test('the pictures are as large before the first is drawn as they will be', async () => {
    await using opened = await visitPanel('train', '', { ready: '#train .train-pictures canvas' });
    const { page, log } = opened;
    const heights = () => page.$$eval('#train .train-pictures canvas', (all) => all.map((canvas) => canvas.getBoundingClientRect().height));
    const before = await heights();
    expect(before.length).toBe(5); // the original, and each decoder's
    await compared(page);
    expect(await heights()).toEqual(before);
    expect(log).toEqual([]);
  });

  test('nothing starts by itself where stillness is preferred; elsewhere it does', async () => {
    const page = await anew();
    await page.waitForTimeout(800);
    expect(await steps(page)).toBe(0);
    await using opened = await visitPanel('train', 'transposed=0&unpool=0&batch=4', { reducedMotion: 'no-preference', ready: '#train h2' });
    await opened.page.locator('#train').scrollIntoViewIfNeeded();
    await expect.poll(() => steps(opened.page), { timeout: 30_000 }).toBeGreaterThan(0);
    expect(opened.log).toEqual([]);
  });

  test('a fourth decoder joins by its box; a row, a picture and the code follow, and the address remembers', async () => {
    const page = await anew('transposed=0&resize=0&unpool=0');
    expect(await page.locator('#train tbody tr:visible').count()).toBe(0);
    await page.locator('#train').getByRole('checkbox', { name: 'Pixel shuffle' }).check();
    await page.locator('#train canvas[aria-label^="Pixel shuffle"]').waitFor();
    await step(page, 1, 'shuffle');
    await page.waitForURL(/#train\?.*shuffle=1/);
    await page.locator('#train').getByRole('combobox', { name: 'Learning rate' }).selectOption('0.002');
    await page.locator('#train').getByRole('combobox', { name: 'Batch' }).selectOption('8');
    await page.click('#train .code summary');
    const code = await page.innerText('#train .code code');
    expect(code).toContain('{ lr: 0.002 }');
    expect(code).toContain('pixelShuffle(conv2d(half1, up2, { padding: 1 }), { upscaleFactor: 2 })');
    await page.click('#train .code summary');
    await page.waitForURL(/#train\?.*lr=0\.002&batch=8/);
  });

  test.each(['transposed', 'resize', 'unpool', 'shuffle'])('the code with decoder %s runs, and its loss falls', async (decoder) => {
    const { page } = shared;
    await shared.set(
      [...DECODERS, 'shuffle']
        .map((d) => `${d}=${Number(d === decoder)}`)
        .concat('batch=4&lr=0.02')
        .join('&'),
    );
    const losses = (await run(page, 'train')) as number[];
    expect(losses.length).toBe(10);
    expect(losses.at(-1)!).toBeLessThan(losses[0]!);
  });
});

test('without WebGPU it says so, and draws the digits all the same', async () => {
  await using opened = await visitPanel('train', '', {
    before: () => Object.defineProperty(Navigator.prototype, 'gpu', { get: () => undefined }),
  });
  const { page, log } = opened;
  expect(await page.textContent('#train .message')).toMatch(/^Training needs WebGPU.* This browser has no WebGPU/);
  for (const name of ['Start', 'One step', 'Reset']) expect(await panel(page, name).isDisabled(), name).toBe(true);
  expect(await page.locator('#train canvas[aria-label^="Original"]').isVisible()).toBe(true);
  expect(await violations(page, '#train')).toEqual([]);
  expect(log).toEqual([]);
});

const SIZES = { light: { phone: [360, 740], tablet: [800, 1100] }, dark: { desktop: [1440, 900], '4K': [3840, 2160] } } as const;

test.each(['light', 'dark'] as const)('%s: nothing sticks out at any width, axe is content, lines differ from the ground', async (colorScheme) => {
  await using opened = await visitPanel('train', 'shuffle=1&batch=4', { colorScheme });
  const { page, log } = opened;
  await page.click('#train .code summary');
  await step(page, 2);
  for (const [name, [width, height]] of Object.entries(SIZES[colorScheme])) {
    await page.setViewportSize({ width, height });
    await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth), { message: name }).toBe(width);
    await expect
      .poll(
        () => page.evaluate(() => Math.abs(document.querySelector('.train-plot')!.clientWidth - document.querySelector('.train-plot .uplot')!.clientWidth)),
        {
          message: name,
        },
      )
      .toBeLessThanOrEqual(1);
    if (name === 'phone' || name === 'desktop') expect(await violations(page, '#train'), name).toEqual([]);
  }
  const contrasts = await page.evaluate(() => {
    const pen = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true })!;
    const luminance = (colour: string) => {
      pen.fillStyle = colour;
      pen.fillRect(0, 0, 1, 1);
      const [r, g, b] = Array.from(pen.getImageData(0, 0, 1, 1).data, (v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
    };
    const style = getComputedStyle(document.documentElement);
    const paper = luminance(style.getPropertyValue('--paper'));
    return ['--transposed', '--resize', '--unpool', '--shuffle'].map((name) => {
      const line = luminance(style.getPropertyValue(name));
      return (Math.max(line, paper) + 0.05) / (Math.min(line, paper) + 0.05);
    });
  });
  for (const contrast of contrasts) expect(contrast).toBeGreaterThanOrEqual(4.5);
  expect(log).toEqual([]);
});
