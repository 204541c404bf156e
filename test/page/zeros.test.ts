// Panel "The same by zero insertion".
import { describe, expect, test } from 'vitest';
import * as cpu from '../../src/reference.ts';
import { violations } from './axe.ts';
import { cells, compared, difference, expectNear, grid, movedBy, onePage, values, visitPanel } from './lesson.ts';
import { demo } from './open.ts';

demo();
const shared = onePage('zeros');

const X = [2, 3, 1, 1, 5, 4, 3, 1, 2];
const W4 = [1, 2, 1, -1, 2, 4, 2, 1, 1, 3, -1, 0, 0, 1, 2, 1];
const weights = (k: number) => Array.from({ length: k * k }, (_, i) => W4[Math.floor(i / k) * 4 + (i % k)]!);

interface Setting {
  kernel: number;
  stride: number;
  padding: number;
  op: number;
}

const DEFAULT: Setting = { kernel: 3, stride: 2, padding: 1, op: 1 };
const hashOf = (setting: Setting, step = 4) =>
  `${Object.entries(setting)
    .map(([name, v]) => `${name}=${v}`)
    .join('&')}&step=${step}`;

const direct = ({ kernel, stride, padding, op }: Setting, x = X) =>
  cpu.convTranspose2d({ data: x, shape: [1, 1, 3, 3] }, { data: weights(kernel), shape: [1, 1, kernel, kernel] }, { stride, padding, outputPadding: op });

/** x among zeros, `begin` before and `end` behind. */
function spread(stride: number, begin: number, end: number): number[] {
  const side = begin + 2 * stride + 1 + end;
  const out = new Array<number>(side * side).fill(0);
  for (const [i, v] of X.entries()) out[(begin + Math.floor(i / 3) * stride) * side + begin + (i % 3) * stride] = v;
  return out;
}

/** Multiplications along one axis of n cells: of the convolution, and of those that meet a cell of x inside the result. */
function along({ kernel, stride, padding, op }: Setting, n: number): { all: number; useful: number } {
  const size = (n - 1) * stride - 2 * padding + kernel + op;
  let useful = 0;
  for (let j = 0; j < n; j++)
    for (let t = 0; t < kernel; t++) {
      const o = j * stride - padding + t;
      if (o >= 0 && o < size) useful++;
    }
  return { all: size * kernel, useful };
}

const percent = (share: number) => `${Number((100 * share).toFixed(1))} %`;
const zeroShare = (setting: Setting, n: number) => {
  const { all, useful } = along(setting, n);
  return 1 - (useful / all) ** 2;
};

async function expectCounts(page: typeof shared.page, setting: Setting): Promise<void> {
  const { all, useful } = along(setting, 3);
  const text = await page.locator('#zeros .zeros-text').allTextContents();
  expect(text).toEqual([`${all ** 2}: ${all ** 2 - useful ** 2} by zero (${percent(zeroShare(setting, 3))}), ${useful ** 2} of use`, `${useful ** 2}`]);
  expect(await page.textContent('#zeros .zeros-large')).toContain(`${percent(zeroShare(setting, 256))} are by zero`);
}

const SETTINGS: Setting[] = [
  DEFAULT,
  { kernel: 4, stride: 2, padding: 1, op: 0 },
  { kernel: 2, stride: 3, padding: 0, op: 2 },
  { kernel: 4, stride: 3, padding: 3, op: 1 },
  { kernel: 3, stride: 1, padding: 2, op: 0 },
  { kernel: 1, stride: 2, padding: 0, op: 0 },
];

describe('numbers', () => {
  test.each(SETTINGS)('kernel $kernel, stride $stride, padding $padding, output padding $op: both routes, and their multiplications', async (setting) => {
    const { page } = shared;
    await shared.set(hashOf(setting));
    const want = direct(setting);
    const around = setting.kernel - 1 - setting.padding;
    expect(await page.getAttribute('#zeros', 'data-by')).toBe('gpu');
    expect(await difference(page, 'zeros')).toBe(0);
    expectNear(await values(grid(page, 'zeros', 'convTranspose2d(')), want.data, 'the direct route');
    expectNear(await values(grid(page, 'zeros', 'conv2d(')), want.data, 'the route of zeros');
    expect(await values(grid(page, 'zeros', 'x'))).toEqual(spread(setting.stride, around, around + setting.op));
    expect(await values(grid(page, 'zeros', 'w'))).toEqual(weights(setting.kernel).reverse());
    await expectCounts(page, setting);
    expect(await page.textContent('#zeros .zeros-says')).toContain('Largest difference between the two routes: 0.');
  });

  test('three quarters at stride 2, eight ninths at stride 3', async () => {
    const share = async () => Number(/counts, ([\d.]+) %/.exec((await shared.page.textContent('#zeros .zeros-large'))!)![1]);
    await shared.set(hashOf(DEFAULT));
    expect(Math.abs((await share()) - 75)).toBeLessThanOrEqual(0.2);
    await shared.set(hashOf({ ...DEFAULT, stride: 3 }));
    expect(Math.abs((await share()) - 800 / 9)).toBeLessThanOrEqual(0.2);
  });

  test('without WebGPU the counts are the same', async () => {
    await using opened = await visitPanel('zeros', hashOf(DEFAULT), {
      before: () => Object.defineProperty(Navigator.prototype, 'gpu', { get: () => undefined }),
    });
    const { page, log } = opened;
    await compared(page, 'zeros');
    expect(await page.textContent('#zeros .badge')).toContain('No WebGPU here');
    await expectCounts(page, DEFAULT);
    expectNear(await values(grid(page, 'zeros', 'conv2d(')), direct(DEFAULT).data, 'y');
    expect(await violations(page, '#zeros')).toEqual([]);
    expect(log).toEqual([]);
  });
});

describe('stages', () => {
  test('the keys step from x to the result; nothing flies where stillness is preferred', async () => {
    const { page } = shared;
    await shared.set(hashOf(DEFAULT, 0));
    const slider = page.locator('#zeros').getByRole('slider', { name: 'Stages' });
    await slider.focus();
    const w = weights(3);
    const blank = new Array(36).fill(undefined);
    const stages = [
      ['x', X, w, blank],
      ['zeros between', spread(2, 0, 0), w, blank],
      ['zeros around', spread(2, 1, 2), w, blank],
      ['kernel turned', spread(2, 1, 2), [...w].reverse(), blank],
      ['convolved', spread(2, 1, 2), [...w].reverse(), Array.from(direct(DEFAULT).data)],
    ] as const;
    for (const [k, [name, map, kernel, y]] of stages.entries()) {
      if (k) await page.keyboard.press('ArrowRight');
      await expect.poll(() => slider.getAttribute('aria-valuetext')).toBe(name);
      expect(await values(grid(page, 'zeros', 'x'))).toEqual(map);
      expect(await values(grid(page, 'zeros', 'w'))).toEqual(kernel);
      expect(await values(grid(page, 'zeros', 'conv2d('))).toEqual(y);
      expect(await page.evaluate(() => document.querySelector('#zeros .zeros-grids')!.getAnimations({ subtree: true }).length)).toBe(0);
    }
    await page.waitForURL(/#zeros\?.*step=4/);
  });

  test('cells and kernel fly where motion is welcome', async () => {
    const { page } = shared;
    await shared.set(hashOf(DEFAULT, 0));
    await page.emulateMedia({ reducedMotion: 'no-preference' });
    const flying = () => page.evaluate(() => document.querySelector('#zeros .zeros-grids')!.getAnimations({ subtree: true }).length);
    const on = page.locator('#zeros').getByRole('button', { name: 'One step on' });
    expect(await movedBy(on, '#zeros .zeros-grids')).toBe(9);
    await expect.poll(flying, { timeout: 5000 }).toBe(0);
    await shared.set(hashOf(DEFAULT, 2));
    await expect.poll(flying, { timeout: 5000 }).toBe(0);
    expect(await movedBy(on, '#zeros .zeros-grids')).toBeGreaterThanOrEqual(9);
    await page.emulateMedia({ reducedMotion: 'reduce' });
  });

  test('an output shows what it multiplies: taps on cells, and taps on zeros', async () => {
    const { page } = shared;
    await shared.set(hashOf(DEFAULT));
    const [r, c] = [3, 2];
    // The last stage may be a moment away: an empty cell cannot be pointed at.
    await expect.poll(async () => (await cells(grid(page, 'zeros', 'conv2d(')))[r * 6 + c]!.classes, { timeout: 10_000 }).not.toContain('empty');
    await grid(page, 'zeros', 'conv2d(')
      .locator('[role="gridcell"]')
      .nth(r * 6 + c)
      .hover();
    const marked = async (name: string, kind: string) =>
      (await cells(grid(page, 'zeros', name))).flatMap((cell, i) => (cell.classes.includes(kind) ? [i] : []));
    await expect.poll(() => marked('conv2d(', 'target')).toEqual([r * 6 + c]);
    expect(await marked('convTranspose2d(', 'target')).toEqual([r * 6 + c]);
    const window = Array.from({ length: 9 }, (_, t) => (r + Math.floor(t / 3)) * 8 + c + (t % 3));
    expect(await marked('x', 'source')).toEqual(window);
    const map = spread(2, 1, 2);
    const own = window.map((at, t) => [map[at]!, weights(3)[8 - t]!, t] as const).filter(([v]) => v !== 0);
    expect(await marked('w', 'source')).toEqual(own.map(([, , t]) => t));
    // The taps of the output's colour, which is its phase, and no others.
    const colours = (name: string) =>
      grid(page, 'zeros', name)
        .locator('.cell .fill')
        .evaluateAll((all) => all.map((fill) => getComputedStyle(fill).fill));
    const [mine, taps] = [(await colours('convTranspose2d('))[r * 6 + c]!, await colours('w')];
    expect(new Set(taps).size).toBe(4);
    expect(taps.flatMap((colour, t) => (colour === mine ? [t] : []))).toEqual(own.map(([, , t]) => t));
    const text = (await page.textContent('#zeros .zeros-says'))!;
    const y = direct(DEFAULT).data[r * 6 + c]!;
    expect(text).toContain(`y[3, 2], phase (0, 1): ${own.length} of 9 taps meet a cell of x, ${9 - own.length} a zero.`);
    expect(text).toContain(`${own.map(([v, w]) => `${v}·${w < 0 ? `(−${-w})` : w}`).join(' + ')} = ${y}, and convTranspose2d says ${y}.`);
  });

  test('cells of x are edited at any stage, zeros are not', async () => {
    const { page } = shared;
    await shared.set(hashOf(DEFAULT));
    await grid(page, 'zeros', 'x').locator('[role="gridcell"]').nth(0).click();
    expect(await page.locator('#zeros .cell-input').count()).toBe(0);
    await grid(page, 'zeros', 'x')
      .locator('[role="gridcell"]')
      .nth(3 * 8 + 3)
      .click();
    await page.locator('#zeros .cell-input').fill('7');
    await page.keyboard.press('Enter');
    await compared(page, 'zeros');
    const x = X.with(4, 7);
    expectNear(await values(grid(page, 'zeros', 'conv2d(')), direct(DEFAULT, x).data, 'y');
    await grid(page, 'zeros', 'w').locator('[role="gridcell"]').nth(0).click(); // turned: the last tap
    await page.locator('#zeros .cell-input').fill('5');
    await page.keyboard.press('Enter');
    await compared(page, 'zeros');
    await page.waitForURL(/#zeros\?.*w=1_2_1_-1_2_4_2_1_1_3_5_/);
  });
});

const REFUSED: [Setting, string][] = [
  [{ kernel: 3, stride: 2, padding: 1, op: 2 }, 'convTranspose2d: outputPadding 2'],
  [{ kernel: 3, stride: 2, padding: 3, op: 1 }, 'zeroInsert2d: offset is -1'],
  [{ kernel: 1, stride: 1, padding: 3, op: 0 }, 'convTranspose2d: the result would have -3 elements'],
];

test.each(REFUSED)('refused in the library’s words: %o', async (setting, words) => {
  const { page } = shared;
  await shared.set(hashOf(setting));
  await page.waitForSelector('#zeros[data-invalid]');
  expect(await page.textContent('#zeros .message')).toContain(words);
  if (words.startsWith('zeroInsert')) expect(await page.textContent('#zeros .zeros-says')).toContain('k − 1 − p = −1');
  expect(await page.locator('#zeros').getByLabel('Padding p', { exact: true }).inputValue()).toBe(String(setting.padding));
});

test('the code is the calls that are made', async () => {
  const { page } = shared;
  await shared.set(hashOf(DEFAULT));
  await page.click('#zeros .code summary');
  const code = await page.innerText('#zeros .code code');
  for (const line of [
    'const direct = convTranspose2d(x, w, { stride: 2, padding: 1, outputPadding: 1 }) // [1, 1, 6, 6]',
    'const zeros = zeroInsert2d(x, { stride: 2, offset: 1, outputSize: 8 }) // [1, 1, 8, 8]',
  ])
    expect(code).toContain(line);
});
