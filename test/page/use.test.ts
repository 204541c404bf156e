// Panel "Use it": the examples run as they are shown, changed ones too, and as files.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright';
import { describe, expect, test } from 'vitest';
import { version } from '../../package.json';
import * as cpu from '../../src/reference.ts';
import { violations } from './axe.ts';
import { onePage } from './lesson.ts';
import { demo, visit } from './open.ts';

demo();
const OPTIONS = { hash: '#use?', ready: '#use[data-ready]', permissions: ['clipboard-read', 'clipboard-write'] };
const shared = onePage('use', OPTIONS);

const choose = (page: Page, tab: string) => page.locator('#use').getByRole('radio', { name: tab }).check();
const code = (page: Page) => page.locator('#use textarea');
const badge = (page: Page) => page.textContent('#use .use-badge');

/** What the example wrote. */
async function run(page: Page): Promise<string> {
  await page.click('#use .use-run');
  await page.waitForSelector('#use[data-ran]');
  return (await page.frameLocator('#use iframe').locator('pre').textContent())!;
}

const numbersIn = (text: string) => Array.from(text.matchAll(/-?\d+(?:\.\d+)?(?:e-?\d+)?/g), (m) => Number(m[0]));

/** What each example must say. */
const EXAMPLES: Record<string, (said: string) => void> = {
  Upscale: (said) => expect(said).toBe('from [1, 4, 120, 160] to [1, 4, 480, 640]\n'),
  'A layer': (said) => {
    expect(said).toContain('eagerly and prepared, the same bits: true\n');
    const worst = numbersIn(said.split('reference:')[1]!)[0]!;
    expect(worst).toBeLessThan(1e-5); // 64 * 4 products of at most 1/64
  },
  Train: (said) => {
    const losses = said
      .trimEnd()
      .split('\n')
      .map((line) => Number(/[\d.]+$/.exec(line)![0]));
    expect(losses.length).toBe(20);
    expect(losses.at(-1)!).toBeLessThan(0.7 * losses[0]!);
  },
  'Your device': (said) => {
    const ramp = { data: Array.from({ length: 64 * 64 }, (_, i) => i % 64), shape: [1, 1, 64, 64] };
    const want = cpu.interpolate(ramp, { mode: 'bilinear', size: [1080, 1920] }).data;
    const [, , , , ...got] = numbersIn(said);
    expect(got.length).toBe(6);
    for (const [i, v] of got.entries()) expect(Math.abs(v - want[i]!), `element ${i}`).toBeLessThan(1e-5);
  },
};

describe('in place', () => {
  test.each(Object.keys(EXAMPLES))('%s', async (tab) => {
    await shared.set('');
    const { page } = shared;
    await choose(page, tab);
    const said = await run(page);
    expect(await badge(page), said).toMatch(/^Ran in \d+ ms/);
    EXAMPLES[tab]!(said);
    if (tab === 'Upscale') expect(await page.frameLocator('#use iframe').locator('canvas').getAttribute('width')).toBe('640');
    // Tall enough for what is in it.
    const frame = page.frames().find((f) => f.parentFrame())!;
    expect(
      await page.locator('#use iframe').evaluate((f) => f.getBoundingClientRect().bottom > 0 && f.getBoundingClientRect().top < innerHeight),
      'the result is in view',
    ).toBe(true);
    await expect.poll(() => frame.evaluate(() => document.documentElement.scrollHeight - innerHeight), { timeout: 10_000 }).toBeLessThanOrEqual(1);
  });

  test('what is changed runs changed; undone it is as before; a wrong call says the library’s sentence', async () => {
    await using opened = await visit(OPTIONS); // the browser logs what is not caught
    const { page } = opened;
    const before = await code(page).inputValue();
    await code(page).fill(before.replace('scaleFactor: 4', 'scaleFactor: 0'));
    let sentence = '';
    try {
      cpu.bicubic2d({ data: new Float32Array(4 * 120 * 160), shape: [1, 4, 120, 160] }, { scaleFactor: 0 });
    } catch (error) {
      sentence = (error as Error).message;
    }
    expect(sentence).toContain('scaleFactor');
    expect(await run(page)).toContain(sentence);
    expect(await badge(page)).toContain(sentence);
    await choose(page, 'Train');
    await choose(page, 'Upscale');
    expect(await code(page).inputValue()).toContain('scaleFactor: 0');
    await page.locator('#use').getByRole('button', { name: 'Undo' }).click();
    expect(await code(page).inputValue()).toBe(before);
    await page.locator('#use').getByRole('button', { name: 'Copy' }).click();
    await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe(before);
    expect(await violations(page, '#use')).toEqual([]);
  });

  test('the address names the example, and the install line this version', async () => {
    await shared.set('example=train');
    const { page } = shared;
    expect(await code(page).inputValue()).toContain('// Train an autoencoder');
    expect(await page.textContent('#use .use-cdn pre')).toContain(`webgpu-upsample@${version}/dist/webgpu-upsample.min.js`);
  });

  test('a run that is left unfinished stops', async () => {
    await shared.set('example=shared');
    const { page } = shared;
    await code(page).fill(`${await code(page).inputValue()}\nawait new Promise(() => {});`);
    await page.click('#use .use-run');
    await page.waitForSelector('#use iframe');
    await page.evaluate(() => scrollTo({ top: 0, behavior: 'instant' }));
    await expect.poll(() => badge(page)).toBe('Stopped, since it was out of view.');
    expect(await page.locator('#use iframe').count()).toBe(0);
    await page.locator('#use').scrollIntoViewIfNeeded();
    await page.locator('#use').getByRole('button', { name: 'Undo' }).click();
  });
});

test.each(Object.keys(EXAMPLES))('%s as a file, opened from a disk without a network', async (tab) => {
  await shared.set('');
  const { page } = shared;
  await choose(page, tab);
  const [download] = await Promise.all([page.waitForEvent('download'), page.locator('#use').getByRole('button', { name: 'Download' }).click()]);
  expect(download.suggestedFilename()).toMatch(/^webgpu-upsample-\w+\.html$/);
  const folder = await mkdtemp(join(tmpdir(), 'use-'));
  const alone = await page.context().browser()!.newContext({ offline: true });
  try {
    const file = join(folder, download.suggestedFilename());
    await download.saveAs(file);
    const opened = await alone.newPage();
    const log: string[] = [];
    opened.on('console', (m) => (m.type() === 'log' ? undefined : log.push(m.text())));
    opened.on('pageerror', (error) => log.push(error.message));
    await opened.goto(pathToFileURL(file).href);
    const said = () => opened.locator('pre').textContent() as Promise<string>;
    await expect
      .poll(
        async () => {
          try {
            EXAMPLES[tab]!(await said());
            return 'ok';
          } catch (error) {
            return (error as Error).message;
          }
        },
        { timeout: 30_000 },
      )
      .toBe('ok');
    expect(log).toEqual([]);
    expect(await violations(opened)).toEqual([]);
  } finally {
    await alone.close();
    await rm(folder, { recursive: true });
  }
});

test('without WebGPU the frame says why', async () => {
  await using opened = await visit({
    ...OPTIONS,
    before: () => {
      if (globalThis.GPU) GPU.prototype.requestAdapter = async () => null;
    },
  });
  const { page } = opened;
  await choose(page, 'A layer');
  await run(page);
  expect(await badge(page)).toContain('createContext: ');
});

const SIZES = { phone: [360, 740], tablet: [800, 1100], desktop: [1440, 900], '4K': [3840, 2160] } as const;

test.each(['light', 'dark'] as const)('%s: nothing sticks out at any width, axe is content', async (colorScheme) => {
  await using opened = await visit({ ...OPTIONS, colorScheme });
  const { page, log } = opened;
  await run(page);
  for (const [name, [width, height]] of Object.entries(SIZES)) {
    await page.setViewportSize({ width, height });
    await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth), { message: name }).toBe(width);
    if (name === (colorScheme === 'light' ? 'phone' : 'desktop')) expect(await violations(page, '#use'), name).toEqual([]);
  }
  expect(log).toEqual([]);
});
