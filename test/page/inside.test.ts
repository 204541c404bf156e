// Panel "Inside four networks".
import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright';
import { describe, expect, test } from 'vitest';
import { unseen as scene } from '../../demo/inside/scenes.ts';
import { unseen as digits } from '../../demo/train/digits.ts';
import { parseSafetensors } from '../../src/io/safetensors.ts';
import * as cpu from '../../src/reference.ts';
import { violations } from './axe.ts';
import { difference, onePage, run, stopped, tensors, visitPanel } from './lesson.ts';
import { demo } from './open.ts';

demo();
const shared = onePage('inside');

/** The weights that the page ships, for the reference. */
async function weights(name: string): Promise<Record<string, cpu.Plain>> {
  const bytes = new Uint8Array(await readFile(new URL(`../../demo/networks/weights/${name}.safetensors`, import.meta.url)));
  const { tensors } = parseSafetensors(bytes);
  return Object.fromEntries(Object.entries(tensors).map(([key, { bytes, shape }]) => [key, { data: new Float32Array(bytes.slice().buffer), shape }]));
}

interface Shown {
  readonly rows: number;
  readonly columns: number;
  /** Red of each pixel, 0 to 255. */
  readonly red: number[];
  readonly label: string;
}

/** The canvas of a stage, by the beginning of its name. */
const shown = (page: Page, name: string): Promise<Shown> =>
  page
    .locator(`#inside .inside-view canvas[aria-label^="${name}"]:visible`)
    .first()
    .evaluate((node) => {
      const { width, height } = node as HTMLCanvasElement;
      const pen = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true })!;
      pen.drawImage(node as HTMLCanvasElement, 0, 0);
      const { data } = pen.getImageData(0, 0, width, height);
      return { rows: height, columns: width, red: Array.from({ length: width * height }, (_, i) => data[4 * i]!), label: node.getAttribute('aria-label')! };
    });
/** Least and most value of a stage, as its name tells them. */
const span = async (page: Page, name: string): Promise<[number, number]> => {
  const [, least, most] = /from (\S+) to (\S+)$/.exec((await shown(page, name)).label)!;
  return [Number(least), Number(most)];
};
const near = (got: number, want: number, what: string) =>
  expect(Math.abs(got - want), `${what}: ${got}, expected ${want}`).toBeLessThanOrEqual(5e-3 * Math.max(1, Math.abs(want)));
const says = async (page: Page) => (await page.textContent('#inside .inside-says'))!;
const press = (page: Page, name: string) => page.locator('#inside .inside-controls:visible').getByRole('button', { name, exact: true }).click();

const Z = [1, -1, 0.5, 0, 2, -2, 0.1, 0.3, -0.6, 1.2, -0.2, 0.9, -1.5, 0.7, 0.4, -0.8];

describe('DCGAN', () => {
  /** The generator by the reference alone. */
  async function generated(z: readonly number[]): Promise<{ stages: cpu.Plain[]; picture: cpu.Plain }> {
    const w = await weights('dcgan');
    const stages: cpu.Plain[] = [];
    let x: cpu.Plain = { data: z, shape: [1, 16, 1, 1] };
    for (const i of [1, 2, 3]) {
      const y = cpu.convTranspose2d(x, w[`up${i}.weight`]!, { bias: w[`up${i}.bias`]!, ...(i > 1 && { stride: 2, padding: 1 }) });
      const named = (name: string) => w[`norm${i}.${name}`]!;
      x = cpu.relu(
        cpu.batchNorm(y, {
          weight: named('weight'),
          bias: named('bias'),
          runningMean: named('running_mean'),
          runningVar: named('running_var'),
          training: false,
        }),
      );
      stages.push(x);
    }
    return { stages, picture: cpu.convTranspose2d(x, w['up4.weight']!, { bias: w['up4.bias']!, stride: 2, padding: 1, activation: 'tanh' }) };
  }

  test('the picture and every stage are those of the reference with the shipped weights', async () => {
    const { page } = shared;
    await shared.set(`net=dcgan&z=${Z.join('_')}`);
    expect(await difference(page, 'inside')).toBeLessThanOrEqual(1e-5);
    const { stages, picture } = await generated(Z);
    const { rows, columns, red } = await shown(page, 'The picture');
    expect([rows, columns]).toEqual([32, 32]);
    for (const [i, v] of red.entries()) expect(Math.abs(v - (255 * (picture.data[i]! + 1)) / 2), `pixel ${i}`).toBeLessThanOrEqual(1);
    expect(Math.max(...red) - Math.min(...red), 'there is something to see').toBeGreaterThan(200);
    for (const [i, name] of ['48 maps', '24 maps', '12 maps'].entries()) near((await span(page, name))[1], Math.max(...Array.from(stages[i]!.data)), name);
  });

  test('a slider, by its keys, changes the picture as the reference says; other numbers by a button', async () => {
    const { page } = shared;
    await shared.set(`net=dcgan&z=${Z.join('_')}`);
    await page.locator('#inside').getByRole('slider', { name: 'z1', exact: true }).focus();
    await page.keyboard.press('End');
    await page.waitForURL(/#inside\?.*z=3_-1_/);
    await page.waitForSelector('#inside[data-by="gpu"]');
    const { picture } = await generated([3, ...Z.slice(1)]);
    const { red } = await shown(page, 'The picture');
    for (const [i, v] of red.entries()) expect(Math.abs(v - (255 * (picture.data[i]! + 1)) / 2), `pixel ${i}`).toBeLessThanOrEqual(1);
    await press(page, 'Other numbers');
    await expect.poll(async () => (await shown(page, 'The picture')).red).not.toEqual(red);
  });

  test('a stage leads to the panel that explains it', async () => {
    const { page } = shared;
    await shared.set('net=dcgan');
    await page.locator('#inside .station:visible', { hasText: '24 maps' }).click();
    await expect.poll(() => page.evaluate(() => location.hash)).toMatch(/^#stamps/);
    await expect.poll(() => page.evaluate(() => Math.abs(document.querySelector('#stamps')!.getBoundingClientRect().top))).toBeLessThan(200);
    await page.locator('#inside').scrollIntoViewIfNeeded();
    const targets = await page
      .locator('#inside a.station')
      .evaluateAll((all) => all.map((a) => document.querySelector((a as HTMLAnchorElement).hash)?.localName));
    for (const target of targets) expect(target).toMatch(/-panel$/);
  });
});

describe('FCN', () => {
  test('before it learns all scores are 0; then its loss falls, and each setting of skips has a map a stage', async () => {
    const { page } = shared;
    await shared.set('net=fcn&skips=2');
    expect(await says(page)).toContain('It has learnt nothing yet');
    expect(await span(page, 'Scores at 32')).toEqual([0, 0]);
    const loss = async () => Number(/After (\d+) steps its loss is ([\d.]+)/.exec(await says(page))?.[2]);
    await press(page, 'One step');
    await expect.poll(loss, { timeout: 30_000 }).toBeCloseTo(Math.log(2), 3); // of two equal scores
    await press(page, 'Train');
    await expect.poll(loss, { timeout: 50_000 }).toBeLessThan(0.55);
    await press(page, 'Pause');
    for (const [skips, names] of Object.entries({ 2: ['4 × 4', '8 × 8', '16 × 16', '32 × 32'], 1: ['4 × 4', '8 × 8', '32 × 32'], 0: ['4 × 4', '32 × 32'] })) {
      await page.locator('#inside').getByLabel({ 0: 'None', 1: 'One', 2: 'Two' }[skips]!, { exact: true }).check();
      await page.waitForSelector('#inside[data-by="gpu"]');
      const all = await page
        .locator('#inside .inside-fcn canvas[aria-label^="Scores"]:visible')
        .evaluateAll((c) => c.map((one) => one.getAttribute('aria-label')!));
      expect(all.map((label) => /Scores at ([^,]+)/.exec(label)![1])).toEqual(names);
    }
    await shared.set('net=fcn&skips=2');
    const [least, most] = await span(page, 'Scores at 32');
    expect(most - least).toBeGreaterThan(0.01);
  });

  test('scene and answer are those of the number; another by a button; pausing stops the steps', async () => {
    const { page } = shared;
    await shared.set('net=fcn&scene=7');
    const of = scene(7);
    const { red } = await shown(page, 'Scene');
    for (const [i, v] of red.entries()) expect(Math.abs(v - 255 * of.x[i]!), `pixel ${i}`).toBeLessThanOrEqual(1);
    expect((await shown(page, 'What is shape')).red).toEqual(Array.from(of.classes, (c) => 255 * c));
    await press(page, 'Other scene');
    await page.waitForURL(/#inside\?.*scene=8/);
    const steps = async () => Number(/After (\d+) steps/.exec(await says(page))?.[1] ?? 0);
    const before = await steps();
    await press(page, 'Train');
    await expect.poll(steps, { timeout: 30_000 }).toBeGreaterThan(before);
    await press(page, 'Pause');
    await page.waitForSelector('#inside[data-by="gpu"]');
    await stopped(steps);
  });
});

test('U-Net: the skips are what carries the fine features; cut, the scores are others', async () => {
  const { page } = shared;
  await shared.set('net=unet');
  await press(page, 'One step');
  await expect.poll(() => says(page), { timeout: 30_000 }).toContain('After 1 steps');
  await page.waitForSelector('#inside[data-by="gpu"]');
  const [fine, whole] = [await shown(page, '8 maps'), await span(page, 'Shape')];
  expect([fine.rows, fine.columns]).toEqual([98, 98]);
  await page.locator('#inside').getByLabel('Cut what comes across').check();
  await page.waitForSelector('#inside[data-by="gpu"]');
  await expect.poll(() => says(page)).toContain('Nothing comes across.');
  expect(await page.locator('#inside .across').allTextContents()).toEqual(['cut: zeros', 'cut: zeros']);
  expect(await span(page, 'Shape')).not.toEqual(whole);
  expect(await page.locator('#inside canvas[aria-label^="8 maps"]').first().getAttribute('aria-label')).toBe(fine.label);
});

test.each([3, 11])('deconvnet: the activations of feature %i are those of the reference', async (feature) => {
  const { page } = shared;
  await shared.set(`net=deconvnet&feature=${feature}`);
  const w = await weights('autoencoder');
  const half = (x: cpu.Plain, name: string) =>
    cpu.maxPool2d(cpu.conv2d(x, w[`${name}.weight`]!, { bias: w[`${name}.bias`]!, padding: 1, activation: 'relu' }), { kernelSize: 2 });
  const { data } = half(half({ data: digits(), shape: [10, 1, 28, 28] }, 'down1'), 'down2');
  const text = await says(page);
  expect(text).toContain(`feature ${feature + 1}:`);
  for (let digit = 0; digit < 10; digit++) {
    const at = (digit * 16 + feature) * 49;
    const most = Math.max(...Array.from(data).slice(at, at + 49));
    const told = Number(new RegExp(`\\b${digit}: (\\d+(?:\\.\\d+)?)`).exec(text.replace(/^.*feature \d+:/, ''))![1]);
    expect(Math.abs(told - most), `digit ${digit}: ${told}, expected ${most}`).toBeLessThanOrEqual(0.00501);
  }
  expect(await page.locator('#inside .inside-seen').count()).toBe(10);
});

test('the code of each network runs, and computes what the panel shows', async () => {
  const { page } = shared;
  await shared.set(`net=dcgan&z=${Z.join('_')}`);
  const [picture] = (await run(page, 'inside')) as [number[]];
  const { red } = await shown(page, 'The picture');
  for (const [i, v] of picture.entries()) expect(Math.abs(red[i]! - (255 * (v + 1)) / 2), `pixel ${i}`).toBeLessThanOrEqual(1);
  for (const skips of [0, 1, 2]) {
    await shared.set(`net=fcn&skips=${skips}`);
    expect(((await run(page, 'inside')) as [number[]])[0].length, `${skips} skips`).toBe(2 * 32 * 32);
  }
  for (const cut of [0, 1]) {
    await shared.set(`net=unet&cut=${cut}`);
    expect(await run(page, 'inside')).toEqual([[1, 32, 16, 16]]);
  }
  await shared.set('net=deconvnet&feature=5');
  const [pixels] = (await run(page, 'inside')) as [number[]];
  expect(pixels.length).toBe(28 * 28);
  expect(pixels.some((v) => v !== 0)).toBe(true);
});

test('neither drawing nor learning leaves tensors behind', async () => {
  const { page } = shared;
  for (const net of ['dcgan', 'fcn', 'unet', 'deconvnet']) await shared.set(`net=${net}`); // each makes its network once
  const before = await tensors(page);
  expect(before).toBeGreaterThan(50);
  for (const net of ['unet', 'fcn']) {
    await shared.set(`net=${net}`);
    await press(page, 'One step');
    await page.waitForSelector('#inside[data-by="gpu"]');
  }
  for (const net of ['deconvnet', 'dcgan']) await shared.set(`net=${net}&feature=9&z=1_2`);
  await expect.poll(() => tensors(page)).toBe(before);
});

test('without WebGPU it says so', async () => {
  await using opened = await visitPanel('inside', 'net=fcn', {
    before: () => Object.defineProperty(Navigator.prototype, 'gpu', { get: () => undefined }),
  });
  expect(await opened.page.textContent('#inside .message')).toMatch(/^These networks run on WebGPU alone\. This browser has no WebGPU/);
  expect(await opened.page.locator('#inside .inside-controls:visible').getByRole('button', { name: 'Train' }).isDisabled()).toBe(true);
  expect(opened.log).toEqual([]);
});

const SIZES = { light: { phone: [360, 740], tablet: [800, 1100] }, dark: { desktop: [1440, 900], '4K': [3840, 2160] } } as const;

test.each(['light', 'dark'] as const)(
  '%s: nothing sticks out of any view at any width, axe is content',
  async (colorScheme) => {
    await using opened = await visitPanel('inside', 'net=dcgan', { colorScheme });
    const { page, log } = opened;
    await page.click('#inside .code summary');
    for (const name of ['DCGAN', 'FCN', 'U-Net', 'Deconvnet']) {
      await page.locator('#inside').getByLabel(name, { exact: true }).check();
      await page.waitForSelector('#inside[data-by="gpu"]');
      for (const [size, [width, height]] of Object.entries(SIZES[colorScheme])) {
        await page.setViewportSize({ width, height });
        await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth), { message: `${name}, ${size}` }).toBe(width);
        if (size === 'phone' || size === 'desktop') expect(await violations(page, '#inside'), `${name}, ${size}`).toEqual([]);
      }
    }
    expect(log).toEqual([]);
  },
  120_000,
);
