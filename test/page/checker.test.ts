// Panel "Checkerboards"; and the looks of this and the two panels before it.
import { describe, expect, test } from 'vitest';
import { inputsOf, pictures } from '../../demo/checker/generators.ts';
import { powerOf, repeating } from '../../demo/checker/spectrum.ts';
import * as cpu from '../../src/reference.ts';
import { violations } from './axe.ts';
import { compared, difference, expectNear, onePage, visitPanel } from './lesson.ts';
import { demo } from './open.ts';

demo();
const shared = onePage('checker');

/** Stamps at each place along an axis, counted one by one. */
function stamps(kernel: number, stride: number, cells: number): number[] {
  const out = new Array<number>((cells - 1) * stride + kernel).fill(0);
  for (let j = 0; j < cells; j++) for (let t = 0; t < kernel; t++) out[j * stride + t]!++;
  return out;
}

const says = async () => (await shared.page.textContent('#checker .checker-says'))!;
/** Numbers of a canvas in a row, read as somebody with a keyboard reads them. */
async function readRow(name: string, row: number, columns: number): Promise<number[]> {
  const { page } = shared;
  await page.locator(`#checker canvas[aria-label^="${name}"]`).focus();
  for (let r = 0; r < row; r++) await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Home');
  const read: number[] = [];
  for (let c = 0; c < columns; c++) {
    if (c) await page.keyboard.press('ArrowRight');
    await expect
      .poll(() => page.locator('#checker .unseen').allTextContents())
      .toContainEqual(expect.stringMatching(new RegExp(`^row ${row + 1}, column ${c + 1}: `)));
    const texts = await page.locator('#checker .unseen').allTextContents();
    read.push(Number(texts.find((text) => text.startsWith(`row ${row + 1}, column ${c + 1}: `))!.split(': ')[1]));
  }
  return read;
}

describe('overlap', () => {
  test.each([
    [3, 2],
    [4, 2],
    [7, 3],
    [2, 4],
    [1, 1],
  ])('one dimension, kernel %i, stride %i: every bar is a count, and the gradient has the same', async (kernel, stride) => {
    const { page } = shared;
    await shared.set(`dims=1&kernel=${kernel}&stride=${stride}`);
    const want = stamps(kernel, stride, 6);
    const bars = page.locator('#checker .checker-bars');
    expect(await bars.count()).toBe(2);
    for (let i = 0; i < 2; i++) {
      const values = await bars
        .nth(i)
        .locator('rect')
        .evaluateAll((all) => all.map((bar) => Number(bar.getAttribute('data-value'))));
      expectNear(values, want, `bars ${i}`);
      expect(await bars.nth(i).getAttribute('aria-label')).toBe(
        `${i ? 'dx of conv1d, for dy of ones' : 'convTranspose1d of ones by ones'}: ${want.join(', ')}`,
      );
    }
    const inner = want.slice(kernel - 1, want.length - kernel + 1);
    const [least, most] = [Math.min(...inner), Math.max(...inner)];
    const text = await says();
    if (least === most) expect(text).toContain(`Inside, every result gets ${most} stamp${most === 1 ? '' : 's'}: stride ${stride} divides kernel ${kernel}.`);
    else
      expect(text).toContain(
        `Inside, a result gets ${least} to ${most} stamp${most === 1 ? '' : 's'}: kernel ${kernel} over stride ${stride} leaves ${kernel % stride}.`,
      );
    expect(text).toContain('Largest difference between the stamps and the gradient: 0.');
  });

  test('two dimensions: the arrow keys read products of counts from both maps', async () => {
    const { page } = shared;
    await shared.set('dims=2&kernel=3&stride=2');
    expect(await page.getAttribute('#checker', 'data-by')).toBe('gpu');
    const line = stamps(3, 2, 10);
    const want = line.slice(0, 8).map((v) => v * line[4]!);
    expect(await readRow('convTranspose2d of ones', 4, 8)).toEqual(want);
    expect(await readRow('dx of conv2d', 4, 8)).toEqual(want);
    expect(await says()).toContain(`Inside, a result gets 1 to 4 stamps: kernel 3 over stride 2 leaves 1, along both axes.`);
    expect(await says()).toContain(`[4, 7]: ${want[7]} stamps.`);
  });

  test('two dimensions: the pointer reads too, and colours follow the counts', async () => {
    const { page } = shared;
    await shared.set('dims=2&kernel=5&stride=3');
    const canvas = page.locator('#checker canvas[aria-label^="convTranspose2d"]');
    const line = stamps(5, 3, 10);
    const side = line.length;
    await canvas.scrollIntoViewIfNeeded();
    const box = (await canvas.boundingBox())!;
    await page.mouse.move(box.x + (box.width * 9.5) / side, box.y + (box.height * 7.5) / side);
    await expect.poll(says).toContain(`[7, 9]: ${line[7]! * line[9]!} stamp`);
    const pixels = await canvas.evaluate((node) => {
      const c = node as HTMLCanvasElement;
      return Array.from(c.getContext('2d')!.getImageData(0, 0, c.width, c.height).data);
    });
    const light = (at: number) => pixels[4 * at]! + pixels[4 * at + 1]! + pixels[4 * at + 2]!;
    const counts = line.flatMap((a) => line.map((b) => a * b));
    const byCount = new Map<number, Set<number>>();
    for (const [i, n] of counts.entries()) byCount.set(n, (byCount.get(n) ?? new Set()).add(light(i)));
    expect(
      [...byCount.values()].every((colours) => colours.size === 1),
      'one colour a count',
    ).toBe(true);
    const order = [...byCount].sort(([a], [b]) => a - b).map(([, colours]) => [...colours][0]!);
    for (let i = 1; i < order.length; i++) expect(order[i]!, 'more stamps, more ink').toBeLessThan(order[i - 1]!);
  });
});

/** What the means of the four phases explain of a picture's variance. */
function phaseShare(data: ArrayLike<number>, n: number): number {
  const list = Array.from(data);
  const mean = (of: readonly number[]) => of.reduce((a, b) => a + b, 0) / of.length;
  const middle = mean(list);
  const phases = [0, 1, 2, 3].map((p) => mean(list.filter((_, i) => (Math.floor(i / n) % 2) * 2 + (i % 2) === p)));
  return mean(phases.map((v) => (v - middle) ** 2)) / mean(list.map((v) => (v - middle) ** 2));
}

describe('random generators', () => {
  test('the spectrum is a Fourier transform, and its share what phases differ by', () => {
    const n = 8;
    const x = Array.from({ length: n * n }, (_, i) => Math.sin(i * i) + (i % 2));
    const power = powerOf(x, n);
    for (let u = 0; u < n; u++)
      for (let v = 0; v < n; v++) {
        const angle = (i: number) => (-2 * Math.PI * (u * Math.floor(i / n) + v * (i % n))) / n;
        const [re, im] = [Math.cos, Math.sin].map((f) => x.reduce((sum, value, i) => sum + value * f(angle(i)), 0)) as [number, number];
        expect(Math.abs(power[u * n + v]! - re * re - im * im), `${u}, ${v}`).toBeLessThan(1e-9 * (1 + power[0]!));
      }
    expect(repeating(power, n, 2)).toBeCloseTo(phaseShare(x, n), 12);
  });

  test.each([1, 7])('seed %i: each share is that of the reference’s picture', async (seed) => {
    const { page } = shared;
    await shared.set(`seed=${seed}`);
    expect(await difference(page, 'checker')).toBeLessThanOrEqual(2e-5);
    const want = pictures<cpu.Plain>(cpu, inputsOf(seed, cpu.icnr)).map(({ data }) => phaseShare(data, 64));
    const shares = await page.locator('#checker .checker-card').evaluateAll((all) => all.map((card) => Number((card as HTMLElement).dataset['share'])));
    expectNear(shares, want, 'shares');
    const [k3, k4, resized, shuffled, alike, gradient] = want as [number, number, number, number, number, number];
    for (const share of [k3, k4, shuffled]) expect(share).toBeGreaterThan(0.05);
    for (const share of [resized, alike]) expect(share).toBeLessThan(0.01);
    expect(gradient).toBe(k3);
    const shown = await page.locator('#checker .checker-card strong').allTextContents();
    for (const [i, text] of shown.entries()) expect(Math.abs(Number(text.replace(' %', '')) - 100 * want[i]!), text).toBeLessThanOrEqual(0.0501);
    const verdict = (await page.textContent('#checker .checker-verdict'))!;
    for (const text of shown) expect(verdict).toContain(text);
    expect(verdict).toContain('The gradient differs from the first picture by 0:');
  });

  test('other weights by a button; the overlap is not computed anew for that', async () => {
    const { page } = shared;
    await shared.set('seed=1&dims=1&kernel=3&stride=2');
    const before = await page.locator('#checker .checker-card strong').allTextContents();
    const bar = await page.locator('#checker .checker-bars rect').first().elementHandle();
    await page.locator('#checker').getByRole('button', { name: 'Other weights' }).focus();
    await page.keyboard.press('Enter');
    await expect.poll(() => page.locator('#checker .checker-card strong').allTextContents()).not.toEqual(before);
    await compared(page, 'checker');
    expect(await bar!.evaluate((b) => b.isConnected)).toBe(true);
    await page.waitForURL(/#checker\?.*seed=2/);
  });

  test('the code is the calls that are made, and runs', async () => {
    const { page } = shared;
    await shared.set('dims=1&kernel=4&stride=3');
    await page.click('#checker .code summary');
    const code = await page.innerText('#checker .code code');
    expect(code).toContain('const stamps = convTranspose1d(ones, w, { stride: 3 }) // [1, 1, 19]');
    expect(code).toContain("const { dx } = conv1dBackward(ones, x, w, { stride: 3, gradients: ['dx'] }) // the same numbers");
    const [names, body] = [/^import \{ (.*) \} from 'webgpu-upsample'\n/.exec(code)![1], code.slice(code.indexOf('\n'))];
    const source = await page.evaluate(() => performance.getEntriesByType('resource').find(({ name }) => /\/src\/index\.ts(\?|$)/.test(name))!.name);
    // As text: the test's own imports are rewritten before they reach the page.
    const same = await page.evaluate(`(async () => {
      const { ${names} } = await import('${source}')
      ${body}
      return [[...(await stamps.data())], [...(await dx.data())], uneven.shape, pictureOfDx.shape]
    })()`);
    expect(same).toEqual([stamps(4, 3, 6), stamps(4, 3, 6), [1, 1, 64, 64], [1, 1, 64, 64]]);
  });
});

const SIZES = { phone: [360, 740], tablet: [800, 1100], desktop: [1440, 900], '4K': [3840, 2160] } as const;
const PANELS = ['matrix', 'zeros', 'checker'] as const;

const LARGEST = 'kernel=4&stride=3&padding=0&op=2/matrix?kernel=2&padding=1/checker?dims=1&kernel=7&stride=4';

test.each(['light', 'dark'] as const)(
  '%s: nothing sticks out of the three panels at any width, axe is content',
  async (colorScheme) => {
    await using opened = await visitPanel('zeros', LARGEST, { colorScheme });
    const { page, log } = opened;
    const all = async () => {
      for (const panel of PANELS) {
        await page.locator(`#${panel}`).scrollIntoViewIfNeeded();
        await compared(page, panel);
      }
    };
    await all();
    for (const panel of PANELS) await page.click(`#${panel} .code summary`);
    for (const [name, [width, height]] of Object.entries(SIZES)) {
      await page.setViewportSize({ width, height });
      await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth), { message: name }).toBe(width);
    }
    // Fewer cells for axe, which looks at each of them.
    const [width, height] = SIZES[colorScheme === 'light' ? 'phone' : 'desktop'];
    await page.setViewportSize({ width, height });
    await page.evaluate(() => {
      location.hash = '#zeros?kernel=2/matrix?input=3/checker?dims=2';
    });
    await page.waitForSelector('#checker .map canvas:visible');
    await all();
    for (const panel of PANELS) expect(await violations(page, `#${panel}`), panel).toEqual([]);
    expect(log).toEqual([]);
  },
  120_000,
);
