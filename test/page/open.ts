// The demo as a visitor gets it: Vite's server, a real browser, and a list of everything that should not have been said.
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright';
import { createServer, type ViteDevServer } from 'vite';
import { afterAll, beforeAll } from 'vitest';
import { launchOptions } from '../machine.mjs';

let server: ViteDevServer;
let browser: Browser;

/** Starts server and browser for the tests of a file. */
export function demo(): void {
  beforeAll(async () => {
    // Files that change meanwhile must not reload the page under test.
    const start = createServer({ mode: 'demo', logLevel: 'error', server: { port: 0, hmr: false, watch: null } }).then((s) => s.listen());
    [server, browser] = await Promise.all([start, chromium.launch(launchOptions)]);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });
}

export interface Opened {
  readonly page: Page;
  /** Errors and warnings of the console, thrown errors, uncaptured GPU errors. */
  readonly log: string[];
}

export interface Visit extends BrowserContextOptions {
  /** What follows the address. */
  hash?: string;
  /** Another server than the one of the sources. */
  url?: string;
  /** What tells that the page is as far as the test needs it; default the hero's first picture. */
  ready?: string;
  /** Runs before the page's own scripts. */
  before?: (() => void) | string;
}

/** Opens the page and waits until it is ready. The divider stands still unless `reducedMotion` says otherwise. */
export async function visit({
  hash = '',
  url = server.resolvedUrls!.local[0]!,
  ready = 'hero-panel[data-ready]',
  before,
  ...options
}: Visit = {}): Promise<Opened & AsyncDisposable> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, reducedMotion: 'reduce', ...options });
  const page = await context.newPage();
  const log: string[] = [];
  page.on('console', (m) => {
    if (m.type() === 'error' || m.type() === 'warning') log.push(m.text());
  });
  page.on('pageerror', (e) => log.push(e.message));
  await page.exposeFunction('uncaptured', (message: string) => log.push(message));
  await page.addInitScript(() => {
    const own = globalThis as typeof globalThis & { uncaptured(message: string): void; devices: GPUDevice[] };
    own.devices = [];
    const adapter = globalThis.GPUAdapter?.prototype;
    if (!adapter) return;
    const request = adapter.requestDevice;
    adapter.requestDevice = async function (...args) {
      const device = await request.apply(this, args);
      device.addEventListener('uncapturederror', (event) => own.uncaptured((event as GPUUncapturedErrorEvent).error.message));
      own.devices.push(device);
      return device;
    };
  });
  if (before) await page.addInitScript(before);
  await page.goto(`${url}${hash}`);
  await page.waitForSelector(ready);
  return { page, log, [Symbol.asyncDispose]: () => context.close() };
}

/** Waits until checks and times of the picture are there. */
export const settled = (page: Page) => page.waitForSelector('hero-panel[data-timed][data-checked]');

/** Bytes of a picture, four a pixel. */
export interface Pixels {
  width: number;
  height: number;
  data: Uint8Array;
}

interface Sent {
  width: number;
  height: number;
  text: string;
}

// A million numbers travel quicker as text.
const received = ({ width, height, text }: Sent): Pixels => ({ width, height, data: Uint8Array.from(Buffer.from(text, 'latin1')) });

/** What is enlarged. */
export const sourceOf = async (page: Page): Promise<Pixels> =>
  received(
    await page.evaluate(() => {
      const { picture } = document.querySelector('hero-panel') as HTMLElement & { picture: HTMLCanvasElement };
      const { width, height } = picture;
      const { data } = picture.getContext('2d')!.getImageData(0, 0, width, height);
      return { width, height, text: Array.from(data, (v) => String.fromCharCode(v)).join('') };
    }),
  );

/** Chooses a mode for one side, and reads the canvas in the task that draws it: a WebGPU canvas is blank to readers after its frame. */
export const shownOn = async (page: Page, side: 'left' | 'right', mode: string): Promise<Pixels> =>
  received(
    await page.evaluate(
      async ({ side, mode }) => {
        const select = document.querySelector<HTMLSelectElement>(`.${side}-mode`)!;
        for (const key of [mode === 'nearest' ? 'bilinear' : 'nearest', mode]) {
          select.value = key;
          select.dispatchEvent(new Event('change'));
          while (document.querySelector<HTMLElement>('.stage')!.dataset[side] !== key) await null; // microtasks: still the same task
        }
        const canvas = document.querySelector<HTMLCanvasElement>(`.${side}-layer canvas:not([hidden])`)!;
        const { width, height } = canvas;
        const pen = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true })!;
        pen.drawImage(canvas, 0, 0);
        const { data } = pen.getImageData(0, 0, width, height);
        return { width, height, text: Array.from(data, (v) => String.fromCharCode(v)).join('') };
      },
      { side, mode },
    ),
  );
