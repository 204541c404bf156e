// Teaching panels as a visitor drives them, and their numbers as they are read from the page.
import type { Locator, Page } from 'playwright';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { type Opened, type Visit, visit } from './open.ts';

/** Opens the page at a panel with these values, and waits until its numbers are compared, or refused. */
export const visitPanel = (panel: string, values = '', options: Visit = {}): Promise<Opened & AsyncDisposable> =>
  visit({ hash: `#${panel}?${values}`, ready: `#${panel}:is([data-by], [data-invalid], [data-ready])`, ...options });

/** Waits until what is shown has been compared. */
export const compared = (page: Page, panel: string): Promise<unknown> => page.waitForSelector(`#${panel}[data-by]`);

/** One page for the tests of a file, since loading it takes seconds: each test begins with `set`. Nothing may be logged.
 * @returns the page, once the tests run; `set` gives the panel other values and waits until they are shown */
export function onePage(panel: string, options: Visit = {}): { readonly page: Page; set(values: string): Promise<void> } {
  let opened: Opened & AsyncDisposable;
  let turn = 0;
  beforeAll(async () => {
    opened = await visitPanel(panel, '', options);
  });
  afterEach(() => {
    expect(opened.log).toEqual([]);
  });
  afterAll(() => opened?.[Symbol.asyncDispose]());
  return {
    get page() {
      return opened.page;
    },
    async set(values) {
      await opened.page.mouse.move(2, 2); // points at nothing
      await opened.page.evaluate(async (hash) => {
        const changed = new Promise((done) => addEventListener('hashchange', done, { once: true }));
        location.hash = hash;
        await changed;
      }, `#${panel}?turn=${turn++}&${values}`);
      await opened.page.waitForSelector(`#${panel}:is([data-by], [data-invalid], [data-ready])`);
    },
  };
}

/** A grid of a panel, by the beginning of its name. */
export const grid = (page: Page, panel: string, name: string): Locator => page.locator(`#${panel} svg[role="grid"][aria-label^="${name}"]`);

export interface CellRead {
  /** undefined where it is empty. */
  readonly value: number | undefined;
  readonly text: string;
  readonly before: string;
  readonly note: string;
  readonly classes: readonly string[];
  readonly label: string;
}

/** The cells of a grid, row by row. */
export const cells = async (of: Locator): Promise<CellRead[]> =>
  (
    await of.locator('[role="gridcell"]').evaluateAll((all) =>
      all.map((cell) => ({
        value: cell.getAttribute('data-value'),
        text: cell.querySelector('.value')!.textContent!,
        before: cell.querySelector('.before')!.textContent!.trim(),
        note: cell.querySelector('.note')!.textContent!.trim(),
        classes: [...cell.classList],
        label: cell.getAttribute('aria-label')!,
      })),
    )
  ).map((cell) => ({ ...cell, value: cell.value === null ? undefined : Number(cell.value) }));

/** The numbers of a grid. */
export const values = async (of: Locator): Promise<(number | undefined)[]> => (await cells(of)).map((cell) => cell.value);

/** Numbers equal within what float32 sums of this size allow. */
export function expectNear(got: readonly (number | undefined)[], want: ArrayLike<number>, what: string): void {
  expect(got.length, what).toBe(want.length);
  for (const [i, v] of got.entries()) expect(Math.abs(v! - want[i]!), `${what}, element ${i}: ${v}, expected ${want[i]}`).toBeLessThanOrEqual(2e-5);
}

/** What the badge says: the largest difference. */
export async function difference(page: Page, panel: string): Promise<number> {
  const text = (await page.textContent(`#${panel} .badge`))!;
  expect(text).toMatch(/^GPU = CPU reference, largest difference [\d.e-]+$/);
  return Number(/[\d.e-]+$/.exec(text)![0]);
}

/** Numbers as the page writes them. */
export const numberOf = (text: string): number => Number(text.replace('−', '-'));

/** The least contrast of any text in the cells of a panel with what it stands on, as WCAG counts it: axe does not look into drawings. */
export const leastContrast = (page: Page, panel: string): Promise<number> =>
  page.evaluate((panel) => {
    const pen = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true })!;
    const over = (layers: readonly (readonly [colour: string, opacity: number])[]) => {
      pen.globalAlpha = 1;
      pen.clearRect(0, 0, 1, 1);
      for (const [colour, opacity] of layers) {
        pen.globalAlpha = opacity;
        pen.fillStyle = colour;
        pen.fillRect(0, 0, 1, 1);
      }
      return Array.from(pen.getImageData(0, 0, 1, 1).data.slice(0, 3), (v) => v / 255);
    };
    const luminance = (rgb: readonly number[]) => {
      const [r, g, b] = rgb.map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)) as [number, number, number];
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const paper = getComputedStyle(document.body).backgroundColor;
    let least = 21;
    for (const cell of document.querySelectorAll(`#${panel} .cell:not(.empty)`)) {
      const fill = getComputedStyle(cell.querySelector('.fill')!);
      const under = [
        [paper, 1],
        [fill.fill, Number(fill.opacity)],
      ] as const;
      for (const text of cell.querySelectorAll('text')) {
        if (!text.textContent) continue;
        const [a, b] = [luminance(over(under)), luminance(over([...under, [getComputedStyle(text).fill, 1]]))];
        least = Math.min(least, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05));
      }
    }
    return least;
  }, panel);

/** A count when it has stopped: asked again later, it is the same. */
export async function stopped(count: () => Promise<number>): Promise<number> {
  let before = -1;
  const same = async () => {
    const now = await count();
    const same = now === before;
    before = now;
    return same;
  };
  await expect.poll(same, { interval: 1500, timeout: 20_000 }).toBe(true);
  await new Promise((done) => setTimeout(done, 1500));
  expect(await count()).toBe(before);
  return before;
}

/** Waits until a panel knows that it is out of view. */
export const unseen = (page: Page, panel: string): Promise<unknown> =>
  page.waitForFunction((panel) => !(document.getElementById(panel) as unknown as { visible: { value: boolean } }).visible.value, panel);

/** Clicks, and counts what moves within an element in the next frame. It is counted in the page: where that is slow, the movement may have ended when it is asked. */
export const movedBy = (button: Locator, within: string): Promise<number> =>
  button.evaluate(async (node, within) => {
    (node as HTMLElement).click();
    await new Promise(requestAnimationFrame);
    return document.querySelector(within)!.getAnimations({ subtree: true }).length;
  }, within);

/** Tensors that the page's context holds. */
export const tensors = (page: Page): Promise<number> =>
  page.evaluate(`import('/gpu.ts').then(({ openGpu }) => openGpu()).then(({ ctx }) => ctx.memory().tensors)`) as Promise<number>;

/** Runs a panel's code in the page, with its own copy of the library.
 * @returns what the code logs: numbers, or lists of them */
export async function run(page: Page, panel: string): Promise<(number | number[])[]> {
  const code = (await page.textContent(`#${panel} .code code`))!;
  const loaded = await page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name));
  const find = (path: RegExp) => loaded.find((name) => path.test(name))!;
  const source = { '': find(/\/src\/index\.ts(\?|$)/), '/nn': find(/\/src\/nn\/index\.ts(\?|$)/), '/io': find(/\/src\/io\/index\.ts(\?|$)/) };
  // As text: the test's own imports are rewritten before they reach the page.
  const body = code
    .replace(
      /^import (\{[^}]*\}) from 'webgpu-upsample(\/nn|\/io|)'$/gm,
      (_, names, entry: keyof typeof source) => `const ${names} = await import('${source[entry]}')`,
    )
    .replace(/'(\w+\.safetensors)'/, "'networks/weights/$1'")
    .replaceAll('console.log(', 'logged.push(');
  return page.evaluate(`(async () => {
    const logged = []
    ${body}
    ctx.destroy()
    return logged.map((value) => (typeof value === 'number' ? value : Array.from(value)))
  })()`);
}
