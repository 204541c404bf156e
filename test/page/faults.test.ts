import { type Browser, chromium, type Page } from 'playwright';
import { createServer, type ViteDevServer } from 'vite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchOptions } from '../machine.mjs';

let server: ViteDevServer;
let browser: Browser;
let url: string;
beforeAll(async () => {
  server = await (await createServer({ mode: 'test', logLevel: 'error', server: { port: 0, hmr: false, watch: null } })).listen();
  url = server.resolvedUrls!.local[0]!;
});
afterAll(() => server?.close());

/** An empty page of the library's server, in a browser of its own: a crash of its GPU process must not reach other tests. */
async function page(): Promise<Page> {
  browser = await chromium.launch(launchOptions);
  const page = await browser.newPage();
  await page.route(`${url}empty`, (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html>' }));
  await page.goto(`${url}empty`);
  return page;
}

type Library = typeof import('../../src/index.ts');

/** Gives the page the library as `library`. */
async function load(p: Page): Promise<void> {
  await p.addScriptTag({ type: 'module', content: "import * as library from '/src/index.ts'; globalThis.library = library;" });
  await p.waitForFunction(() => 'library' in globalThis);
}

test('when the GPU process crashes, pending and later calls reject with device-lost within 2 s, and a new context works within 5 s', async () => {
  const p = await page();
  await load(p);
  await p.evaluate(async () => {
    const own = globalThis as unknown as Record<string, unknown>;
    const { createContext, interpolate } = own['library'] as Library;
    const ctx = await createContext();
    const x = ctx.tensor(new Float32Array(2 ** 20), [1, 64, 128, 128]);
    const stop = { at: 0 };
    const lost = ctx.lost.then(() => (stop.at = performance.now()));
    // Calls follow each other until one fails.
    own['failed'] = (async () => {
      for (;;) {
        try {
          const y = interpolate(x, { mode: 'bicubic', scaleFactor: 2 });
          await y.data();
          y.dispose();
        } catch (error) {
          return { code: (error as { code: string }).code, after: performance.now() - (await lost) };
        }
      }
    })();
    own['later'] = async () => {
      await lost;
      try {
        await interpolate(x, { size: 2 }).data();
      } catch (error) {
        return (error as { code: string }).code;
      }
      return 'no error';
    };
    own['recovered'] = async () => {
      const again = await createContext();
      const y = await interpolate(again.tensor([1, 2], [1, 1, 2]), { size: 4 }).data();
      return { data: [...y], after: performance.now() - stop.at };
    };
  });
  const cdp = await browser.newBrowserCDPSession();
  await cdp.send('Browser.crashGpuProcess').catch(() => {});
  const failed = await p.evaluate(() => (globalThis as unknown as { failed: Promise<{ code: string; after: number }> }).failed);
  expect(failed.code).toBe('device-lost');
  expect(failed.after).toBeLessThan(2000);
  expect(await p.evaluate(() => (globalThis as unknown as { later(): Promise<string> }).later())).toBe('device-lost');
  const recovered = await p.evaluate(() => (globalThis as unknown as { recovered(): Promise<{ data: number[]; after: number }> }).recovered());
  expect(recovered.data).toEqual([1, 1, 2, 2]);
  expect(recovered.after).toBeLessThan(5000);
  await browser.close();
});

test('an insecure page is told so', async () => {
  const p = await page();
  await p.route('http://insecure.test/**', async (route) => {
    const { pathname, search } = new URL(route.request().url());
    if (pathname === '/') return route.fulfill({ contentType: 'text/html', body: '<!doctype html>' });
    const response = await fetch(new URL(pathname + search, url));
    return route.fulfill({ status: response.status, contentType: response.headers.get('content-type') ?? '', body: await response.text() });
  });
  await p.goto('http://insecure.test/');
  await load(p);
  const error = await p.evaluate(async () => {
    const { createContext } = (globalThis as unknown as { library: Library }).library;
    return createContext().catch((e: { code: string; reason: string }) => [e.code, e.reason]);
  });
  expect(error).toEqual(['no-adapter', 'insecure-context']);
  await browser.close();
});

test('a worker computes the same bits as the window', async () => {
  const p = await page();
  const body = `import { createContext, interpolate } from '${url}src/index.ts';
    const ctx = await createContext();
    const x = ctx.tensor(Float32Array.from({ length: 192 }, (_, i) => Math.sin(i)), [1, 3, 8, 8]);
    const bits = [];
    for (const mode of ['nearest', 'bilinear', 'bicubic', 'lanczos3', 'area']) bits.push(...new Uint32Array((await interpolate(x, { mode, size: [13, 20] }).data()).buffer));
    `;
  await p.addScriptTag({ type: 'module', content: `${body} globalThis.bits = bits.join();` });
  const inWindow = await (await p.waitForFunction(() => (globalThis as { bits?: string }).bits)).jsonValue();
  const inWorker = await p.evaluate((code) => {
    const worker = new Worker(URL.createObjectURL(new Blob([code], { type: 'text/javascript' })), { type: 'module' });
    return new Promise<string>((done, fail) => {
      worker.onmessage = (e) => done(e.data);
      worker.onerror = (e) => fail(new Error(e.message));
    });
  }, `${body} postMessage(bits.join());`);
  const both = [inWindow, inWorker];
  expect(both[0]!.length).toBeGreaterThan(1000);
  expect(both[0]).toBe(both[1]);
  await browser.close();
});
