// Panel "Proof": the bench in a worker. The peers' own rows are for test/bench; here the page around them.
import type { Page } from 'playwright';
import { describe, expect, test } from 'vitest';
import { violations } from './axe.ts';
import { demo, type Visit, visit } from './open.ts';

demo();
const OPTIONS: Visit = { hash: '#proof?', ready: '#proof[data-ready]', permissions: ['clipboard-read', 'clipboard-write'] };

/** A table's texts, row by row, its head first. */
const texts = (page: Page, which: 'errors' | 'times'): Promise<string[][]> =>
  page.locator(`#proof .proof-${which} tr`).evaluateAll((rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent!)));

describe('results', () => {
  test('half-pixel gradients: ours are right, those of TensorFlow.js are wrong by much; nothing is loaded before', async () => {
    await using opened = await visit(OPTIONS);
    const { page, log } = opened;
    const loaded: string[] = [];
    page.on('request', (request) => loaded.push(request.url()));
    expect(
      await page.evaluate(() => performance.getEntriesByType('resource').filter(({ name }) => /tensorflow|onnxruntime|tfjs\/|ort\//.test(name)).length),
    ).toBe(0);
    const panel = page.locator('#proof');
    await panel.getByRole('checkbox', { name: 'TensorFlow.js WebGPU (loads 0.6 MB)' }).check();
    await page.waitForURL(/#proof\?tfjs=1&ort=0/);
    expect(loaded.filter((url) => /tensorflow|onnxruntime/.test(url))).toEqual([]);
    await panel.getByRole('button', { name: 'Check the results' }).press('Enter');
    await page.waitForSelector('#proof[data-errors]', { timeout: 120_000 });
    expect(loaded.some((url) => url.includes('tensorflow'))).toBe(true);
    expect(loaded.filter((url) => url.includes('onnxruntime'))).toEqual([]);

    const [head, ...rows] = await texts(page, 'errors');
    expect(head).toEqual(['row', expect.stringMatching(/^webgpu-upsample \d/), 'TensorFlow.js 4.22.0']);
    expect(rows.length).toBe(10);
    for (const [name, ours] of rows) expect(Number(ours), name).toBeLessThan(1e-5);
    const half = rows.find(([name]) => name!.startsWith('bilinear backward 64ch'))!;
    expect(Number(/^wrong by ([\d.]+)$/.exec(half[2]!)![1])).toBeGreaterThan(0.1);
    // The other rules are right there too: it is the rule that is wrong, not the comparison.
    for (const [name, , theirs] of rows.filter(([name]) => /backward (align|asym)/.test(name!))) expect(Number(theirs), name).toBeLessThan(1e-4);
    expect(rows.find(([name]) => name!.includes('max unpool'))![2]).toBe('no unpooling');

    const verdict = (await page.textContent('#proof .proof-verdict'))!;
    expect(verdict).toContain('10 of 10 rows right.');
    expect(verdict).toContain(`1 wrong (${half[0]}, by `);
    expect(verdict).toContain('One call of installKernels');
    expect(await page.textContent('#proof .proof-badge')).toMatch(/^Ours = float64 reference in \d+ results, largest error \d/);
    await panel.getByRole('button', { name: 'Copy as Markdown' }).click();
    await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toContain('1 wrong (bilinear backward 64ch');
    expect(log).toEqual([]);
  }, 180_000);

  test('a race waits while it is out of view, and is stopped; its numbers are copied', async () => {
    await using opened = await visit(OPTIONS);
    const { page, log } = opened;
    const panel = page.locator('#proof');
    await panel.getByRole('button', { name: 'Race' }).click();
    const rows = () => page.locator('#proof .proof-times tbody tr').count();
    await expect.poll(rows, { timeout: 60_000 }).toBeGreaterThan(0);
    await page.evaluate(() => scrollTo({ top: 0, behavior: 'instant' }));
    const status = () => page.textContent('#proof .proof-status');
    await expect.poll(status, { timeout: 60_000 }).toMatch(/^Waits after \d+ rows?, until it is in view again\.$/);
    const waiting = await rows();
    await page.waitForTimeout(2000);
    expect(await rows()).toBe(waiting);
    await panel.scrollIntoViewIfNeeded();
    await expect.poll(rows, { timeout: 60_000 }).toBeGreaterThan(waiting);
    await panel.getByRole('button', { name: 'Stop' }).click();
    await page.waitForSelector('#proof[data-times]', { timeout: 120_000 });
    expect(await page.textContent('#proof .proof-status')).toMatch(/^Stopped: \d+ rows?\.$/);
    const [head, ...shown] = await texts(page, 'times');
    expect(head).toEqual(['row', 'ours nchw, ms', 'ours nhwc, ms', 'first call, ms', 'error']);
    for (const [name, nchw, nhwc, first] of shown) {
      expect(nchw, name).toMatch(/^[\d.]+ \([\d.]+–[\d.]+\)$/);
      expect(nhwc, name).toMatch(/^[\d.]+ \([\d.]+–[\d.]+\)$/);
      expect(first, name).toMatch(/^[\d.]+ \/ [\d.]+$/);
    }
    expect(await page.textContent('#proof .proof-adapter')).toContain('Copy');
    await panel.getByRole('button', { name: 'Copy as Markdown' }).click();
    await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toContain(`| ${shown[0]![0]} |`);
    expect(log).toEqual([]);
  }, 240_000);
});

test('without WebGPU it says so', async () => {
  await using opened = await visit({
    ...OPTIONS,
    before: () => {
      const { Worker: Real } = globalThis; // the worker has a navigator of its own
      globalThis.Worker = class extends Real {
        constructor(url: string | URL, options?: WorkerOptions) {
          const code = `GPU.prototype.requestAdapter = async () => null;
            const early = [];
            const keep = (event) => early.push(event.data);
            addEventListener('message', keep);
            await import(${JSON.stringify(String(url))});
            removeEventListener('message', keep);
            for (const data of early) dispatchEvent(new MessageEvent('message', { data }));`;
          super(URL.createObjectURL(new Blob([code], { type: 'text/javascript' })), options);
        }
      };
    },
  });
  const { page } = opened;
  await page.getByRole('button', { name: 'Check the results' }).click();
  await expect.poll(() => page.textContent('#proof .proof-status'), { timeout: 20_000 }).toBe('It could not run: no WebGPU adapter.');
  expect(await page.getByRole('button', { name: 'Check the results' }).isEnabled()).toBe(true);
});

const SIZES = { phone: [360, 740], tablet: [800, 1100], desktop: [1440, 900], '4K': [3840, 2160] } as const;

test.each(['light', 'dark'] as const)(
  '%s: nothing sticks out at any width, axe is content',
  async (colorScheme) => {
    await using opened = await visit({ ...OPTIONS, colorScheme });
    const { page, log } = opened;
    await page.getByRole('button', { name: 'Check the results' }).click();
    await page.waitForSelector('#proof[data-errors]', { timeout: 120_000 });
    for (const [name, [width, height]] of Object.entries(SIZES)) {
      await page.setViewportSize({ width, height });
      await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth), { message: name }).toBe(width);
      if (name === (colorScheme === 'light' ? 'phone' : 'desktop')) expect(await violations(page, '#proof'), name).toEqual([]);
    }
    expect(log).toEqual([]);
  },
  120_000,
);
