import { readFileSync } from 'node:fs';
import { type Browser, chromium } from 'playwright';
import { createServer, type ViteDevServer } from 'vite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchOptions } from '../machine.mjs';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
const snippets = [...readme.matchAll(/```js\n\/\/ ([^\n]*)\n([\s\S]*?)```/g)].map(([, title, code]) => ({ title: title!, code: code! }));

let server: ViteDevServer;
let browser: Browser;
beforeAll(async () => {
  server = await (await createServer({ mode: 'test', logLevel: 'error', server: { port: 0, hmr: false, watch: null } })).listen();
  browser = await chromium.launch(launchOptions);
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
});

test('there are six snippets', () => {
  expect(snippets.map((s) => s.title)).toEqual([
    'Upscale an image on a canvas',
    'In your own frame loop: nothing allocated, nothing compiled',
    'A transposed-convolution layer, and its gradients',
    'Train',
    'A gradient, and the float64 reference beside it',
    "On somebody else's device: no copies",
  ]);
});

test.each(snippets)('runs as written: $title', async ({ code }) => {
  const url = server.resolvedUrls!.local[0]!;
  const page = await browser.newPage();
  const log: string[] = [];
  page.on('console', (m) => log.push(`${m.type()}: ${m.text()}`));
  page.on('pageerror', (e) => log.push(`error: ${e.message}`));
  await page.route(`${url}readme`, (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html><canvas></canvas>' }));
  await page.route('**/small.png', (route) => route.fulfill({ path: 'demo/hero.png', contentType: 'image/png' }));
  await page.goto(`${url}readme`);
  const own = code
    .replace("'webgpu-upsample/image'", "'/src/image/index.ts'")
    .replace("'webgpu-upsample/nn'", "'/src/nn/index.ts'")
    .replace("'webgpu-upsample/reference'", "'/src/reference.ts'")
    .replace("'webgpu-upsample'", "'/src/index.ts'");
  await page.addScriptTag({ type: 'module', content: `${own}\nawait ctx.device.queue.onSubmittedWorkDone();\nglobalThis.done = true;` });
  await page.waitForFunction(() => 'done' in globalThis);
  expect(log.filter((line) => !line.startsWith('log:'))).toEqual([]);
  if (code.includes('toCanvas')) expect(await page.evaluate(() => document.querySelector('canvas')!.width % 4)).toBe(0);
  if (code.includes('reference')) {
    const [a, b] = log[0]!.replace('log: ', '').split(' ').map(Number);
    expect(Math.abs(a! - b!)).toBeLessThan(1e-5);
  }
  await page.close();
});
