// The longest tasks of the page's own thread while a visitor tries every control: `node test/page/longest.mjs [--without-gpu]`.
// CPU time, which other work on the machine does not stretch, and the time spent waiting for the GPU's process, which it does.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright';
import { build, preview } from 'vite';
import { launchOptions } from '../machine.mjs';

/** @typedef {{ name: string, ph: string, cat: string, pid: number, tid: number, ts: number, dur?: number, tdur?: number, args: { name?: string } }} Event */

const PANELS = ['hero', 'fill', 'unpool', 'stamps', 'matrix', 'zeros', 'checker', 'train', 'inside', 'proof', 'use'];
/** Milliseconds after each act: what works for long gets time for it. */
const AFTER = /** @type {Record<string, number>} */ ({ hero: 1500, train: 3000, inside: 1500, proof: 6000, use: 2500 });
/** What tells whether the measurement sees what is long: a task of this many square roots. */
const CONTROL = 2e8;

process.chdir(join(import.meta.dirname, '../..')); // the Vite configuration counts from here
const outDir = await mkdtemp(join(tmpdir(), 'demo-'));
/** @type {import('vite').InlineConfig} */
const options = { mode: 'demo', logLevel: 'error', build: { outDir, emptyOutDir: true }, preview: { port: 0 } };
await build(options);
const server = await preview(options);
const browser = await chromium.launch(launchOptions);
const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, permissions: ['camera'] });
const page = await context.newPage();
if (process.argv.includes('--without-gpu')) await page.addInitScript(() => Object.defineProperty(Navigator.prototype, 'gpu', { get: () => undefined }));

/** Names what follows. @param {string} name */
const mark = (name) => page.evaluate((name) => void performance.mark(`@${name}`), name);

/** Tries every control of a panel. @param {string} id */
async function tryAll(id) {
  await mark(`${id}: comes into view`);
  await page.evaluate((id) => document.getElementById(id)?.scrollIntoView({ behavior: 'instant' }), id);
  await page.waitForTimeout(id === 'train' ? 12_000 : 2500); // training begins by itself
  const controls = await page.evaluate((id) => {
    const found = /** @type {HTMLInputElement[]} */ ([...document.querySelectorAll(`#${id} :is(select, input:not([type=file]), button)`)]);
    const all = found.filter((e) => e.offsetParent && !/copy|download/i.test(e.textContent ?? ''));
    Object.assign(globalThis, { all });
    const acts = /** @type {Record<string, (e: HTMLInputElement) => string[]>} */ ({
      'select-one': (e) => [.../** @type {HTMLSelectElement} */ (/** @type {unknown} */ (e)).options].map((o) => o.value),
      range: (e) => [e.min, e.max, e.value],
      checkbox: () => ['', ''],
    });
    return all.map((e) => ({ name: (e.ariaLabel || e.labels?.[0]?.textContent || e.textContent || e.className).trim(), acts: acts[e.type]?.(e) ?? [''] }));
  }, id);
  for (const [i, { name, acts }] of controls.entries())
    for (const act of acts) {
      await mark(`${id}: ${name.slice(0, 24)} ${act}`);
      const done = await page.evaluate(
        ([i, act]) =>
          new Promise((done) =>
            setTimeout(() => {
              const e = /** @type {{ all: HTMLInputElement[] }} */ (/** @type {unknown} */ (globalThis)).all[i];
              if (!e?.isConnected || e.disabled) return done(false);
              if (e.localName === 'select' || e.type === 'range') {
                e.value = act;
                for (const type of ['input', 'change']) e.dispatchEvent(new Event(type, { bubbles: true }));
              } else e.click();
              done(true);
            }),
          ),
        /** @type {const} */ ([i, act]),
      );
      if (done) await page.waitForTimeout(AFTER[id] ?? 500);
    }
  await mark(`${id}: pointed at`);
  for (let k = 0; k < 40; k++) await page.mouse.move(60 + ((k * 131) % 900), 100 + ((k * 67) % 600));
}

const other = await context.newPage();
const photograph = await other.evaluate(async () => {
  const canvas = new OffscreenCanvas(4000, 3000);
  canvas.getContext('2d')?.fillRect(0, 0, 4000, 1500);
  return Array.from(new Uint8Array(await (await canvas.convertToBlob({ type: 'image/jpeg' })).arrayBuffer()));
});
await other.close();

await browser.startTracing(page, { categories: ['toplevel', 'gpu', 'mojom', 'ipc', 'blink.user_timing', '__metadata'] });
await page.goto(server.resolvedUrls?.local[0] ?? '');
await mark('page: loads');
await page.waitForSelector('hero-panel[data-timed][data-checked]', { timeout: 60_000 });
await mark('page: is scrolled through');
const height = await page.evaluate(() => document.documentElement.scrollHeight);
for (let y = 0; y < height; y += 300) {
  await page.mouse.wheel(0, 300);
  await page.waitForTimeout(60);
}
for (const id of PANELS) await tryAll(id);
await page.evaluate(() => document.getElementById('hero')?.scrollIntoView({ behavior: 'instant' }));
await mark('hero: photograph of 12 megapixels');
await page.setInputFiles('.file', { name: 'photograph.jpg', mimeType: 'image/jpeg', buffer: Buffer.from(photograph) });
await page.waitForTimeout(4000);
await mark('control: square roots');
await page.evaluate(
  (n) =>
    new Promise((done) =>
      setTimeout(() => {
        let sum = 0;
        for (let i = 0; i < n; i++) sum += Math.sqrt(i);
        done(sum);
      }),
    ),
  CONTROL,
);
await mark('end');
/** @type {Event[]} */
const events = JSON.parse((await browser.stopTracing()).toString()).traceEvents;
await browser.close();
await server.close();
await rm(outDir, { recursive: true });

const marks = events.filter(({ cat, name }) => cat.includes('user_timing') && name.startsWith('@')).sort((a, b) => a.ts - b.ts);
const pid = marks[0]?.pid;
const tid = events.find((e) => e.name === 'thread_name' && e.pid === pid && e.args.name === 'CrRendererMain')?.tid;
const own = events.filter((e) => e.pid === pid && e.tid === tid && e.ph === 'X' && e.dur);
const waits = own.filter(({ name }) => /^GpuChannel::(WaitFor|Create)/.test(name));
/** @type {Map<string, Record<'cpu' | 'waits', { ms: number, at: string }>>} */
const longest = new Map();
for (const task of own.filter(({ name }) => name.endsWith('RunTask'))) {
  const at = marks.findLast(({ ts }) => ts <= task.ts)?.name.slice(1) ?? 'page: loads';
  const within = waits.filter(({ ts }) => ts >= task.ts && ts < task.ts + (task.dur ?? 0));
  const found = { cpu: task.tdur ?? 0, waits: within.reduce((sum, { dur = 0 }) => sum + dur, 0) };
  const [panel = ''] = at.split(':');
  const row = longest.get(panel) ?? { cpu: { ms: 0, at }, waits: { ms: 0, at: '' } };
  longest.set(panel, row);
  for (const kind of /** @type {const} */ (['cpu', 'waits'])) if (found[kind] / 1000 > row[kind].ms) row[kind] = { ms: found[kind] / 1000, at };
}
console.log('| panel | longest task, CPU ms | in | longest wait for the GPU, ms | in |\n| --- | ---: | --- | ---: | --- |');
for (const [panel, { cpu, waits }] of longest) console.log(`| ${panel} | ${cpu.ms.toFixed(0)} | ${cpu.at} | ${waits.ms.toFixed(0)} | ${waits.at} |`);
