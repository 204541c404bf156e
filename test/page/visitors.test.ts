// The page for everybody: without WebGPU, with a lost device, in the dark, on a phone, with a screen reader.
import type { Page } from 'playwright';
import { describe, expect, test } from 'vitest';
import * as cpu from '../../src/reference.ts';
import { violations } from './axe.ts';
import { demo, settled, shownOn, sourceOf, visit } from './open.ts';

demo();

/** What WebGPU's absence looks like, one way for each reason. */
const ABSENT: Record<string, () => void> = {
  'no-navigator-gpu': () => Object.defineProperty(Navigator.prototype, 'gpu', { get: () => undefined }),
  'no-adapter': () => {
    GPU.prototype.requestAdapter = async () => null;
  },
};

async function expectReference(page: Page): Promise<void> {
  const { width, height, data } = await sourceOf(page);
  const plane = width * height;
  const x = Array.from({ length: 3 * plane }, (_, i) => data[(i % plane) * 4 + Math.floor(i / plane)]! / 255);
  const want = cpu.bicubic2d({ data: x, shape: [1, 3, height, width] }, { scaleFactor: 4 }).data;
  const shown = await shownOn(page, 'left', 'bicubic');
  let most = 0;
  for (let i = 0; i < 16 * plane; i++)
    for (let c = 0; c < 3; c++) most = Math.max(most, Math.abs(shown.data[i * 4 + c]! - Math.min(255, Math.max(0, 255 * want[c * 16 * plane + i]!))));
  expect(most).toBeLessThanOrEqual(0.501);
}

describe('without a GPU', () => {
  test.each(Object.keys(ABSENT))('%s: the reference computes, and the page says why', async (reason) => {
    await using opened = await visit({ before: ABSENT[reason]! });
    const { page, log } = opened;
    expect(await page.textContent('.hero-reason')).toContain(`Reason: ${reason}.`);
    await expectReference(page);
    await shownOn(page, 'right', 'lanczos3');
    await settled(page);
    expect(await page.textContent('.right-check')).toContain('This is the CPU reference itself.');
    expect(await page.locator('.times tbody td:last-child').allInnerTexts()).toEqual(new Array(6).fill('wall'));
    expect(await violations(page)).toEqual([]);
    expect(log).toEqual([]);
  });

  test('a device that is lost on the way is replaced by the reference', async () => {
    await using opened = await visit();
    const { page, log } = opened;
    await settled(page);
    await page.evaluate(() => (globalThis as unknown as { devices: GPUDevice[] }).devices[0]!.destroy());
    await page.waitForSelector('.hero-reason:not([hidden])');
    expect(await page.textContent('.hero-reason')).toContain('The graphics device was lost.');
    await expectReference(page);
    expect(log).toEqual([]);
  });
});

const looks = { light: { colorScheme: 'light' }, dark: { colorScheme: 'dark' } } as const;
const sizes = {
  phone: { width: 360, height: 740 },
  tablet: { width: 800, height: 1100 },
  desktop: { width: 1440, height: 900 },
  '4K': { width: 3840, height: 2160 },
};

test.each(Object.keys(looks) as (keyof typeof looks)[])('%s: nothing sticks out at any width, axe is content', async (look) => {
  await using opened = await visit(looks[look]);
  const { page, log } = opened;
  await page.click('.code summary');
  await settled(page);
  for (const [name, size] of Object.entries(sizes)) {
    await page.setViewportSize(size);
    await page.waitForFunction((width) => innerWidth === width, size.width);
    const measure = () =>
      page.evaluate(() => ({
        scroll: document.documentElement.scrollWidth,
        stage: document.querySelector('.stage')!.getBoundingClientRect().width / Math.min(innerWidth, 1400),
      }));
    await expect.poll(measure, { message: name }).toMatchObject({ scroll: size.width });
    expect((await measure()).stage, name).toBeGreaterThan(0.4);
    expect(await violations(page), name).toEqual([]);
  }
  const paper = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  expect(Number(/\d+/.exec(paper)![0]) > 128).toBe(look === 'light');
  expect(log).toEqual([]);
});

test('everything can be reached with the Tab key', async () => {
  await using opened = await visit();
  const { page } = opened;
  await settled(page);
  const reached = new Set<string>();
  for (let i = 0; i < 40; i++) {
    await page.keyboard.press('Tab');
    reached.add(await page.evaluate(() => document.activeElement!.className || document.activeElement!.localName));
  }
  for (const name of ['skip', 'left-mode', 'swap', 'right-mode', 'stage', 'handle', 'zoom-in', 'open', 'camera', 'test', 'summary'])
    expect(
      [...reached].some((r) => r.split(' ').includes(name)),
      `${name} among ${[...reached].join(', ')}`,
    ).toBe(true);
});
