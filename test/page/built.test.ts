// The page as `npm start` builds and serves it.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build, preview } from 'vite';
import { expect, test } from 'vitest';
import { demo, settled, visit } from './open.ts';

demo();

test('the built page works as the served sources do', async () => {
  const outDir = await mkdtemp(join(tmpdir(), 'demo-'));
  const options = { mode: 'demo', logLevel: 'error', build: { outDir, emptyOutDir: true } } as const;
  await build(options);
  const server = await preview({ ...options, preview: { port: 0 } });
  try {
    await using opened = await visit({ url: server.resolvedUrls!.local[0]! });
    const { page, log } = opened;
    await settled(page);
    expect(await page.textContent('.left-check')).toContain('GPU = CPU reference');
    // The whole page, before anybody asks for more; other libraries come with a click only.
    const loaded = await page.evaluate(() =>
      ['', ...performance.getEntriesByType('resource').map(({ name }) => name)].filter((name) => !name.startsWith('data:')),
    );
    const texts = await Promise.all(loaded.map(async (name) => (await page.request.get(name || page.url())).body()));
    expect(texts.reduce((sum, text) => sum + gzipSync(text, { level: 9 }).length, 0)).toBeLessThanOrEqual(250_000);
    expect(loaded.filter((name) => /tfjs|ort|wasm|worker|bundle/.test(name))).toEqual([]);
    await page.locator('#proof').scrollIntoViewIfNeeded();
    await page.getByRole('button', { name: 'Check the results' }).click();
    await page.waitForSelector('#proof[data-errors="10"]', { timeout: 120_000 });
    expect(await page.textContent('#proof .proof-verdict')).toContain('10 of 10 rows right.');
    await page.locator('#use').scrollIntoViewIfNeeded();
    await page.click('#use .use-run');
    await page.waitForSelector('#use[data-ran="ok"]');
    const link = await page.locator('nav a', { hasText: 'Benchmark' }).evaluate((a) => (a as HTMLAnchorElement).href);
    expect((await page.request.get(link)).status()).toBe(200);
    // A build writes colours shorter than the sources do; a map's least values are nearly the colour of a card, white.
    await page.goto(`${server.resolvedUrls!.local[0]!}#checker`);
    await page.waitForSelector('#checker[data-by="gpu"]');
    const palest = await page.locator('#checker canvas').evaluateAll((all) =>
      all.map((canvas) => {
        const { width, height } = canvas as HTMLCanvasElement;
        const { data } = (canvas as HTMLCanvasElement).getContext('2d')!.getImageData(0, 0, width, height);
        return Math.max(...Array.from({ length: width * height }, (_, i) => Math.min(data[4 * i]!, data[4 * i + 1]!, data[4 * i + 2]!)));
      }),
    );
    expect(palest.filter((least) => least > 200).length).toBeGreaterThan(palest.length / 2);
    expect(log).toEqual([]);
  } finally {
    await server.close();
    await rm(outDir, { recursive: true });
  }
}, 240_000);
