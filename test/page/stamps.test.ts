// Panel "Transposed convolution is stamping".
import { describe, expect, test } from 'vitest';
import * as cpu from '../../src/reference.ts';
import { violations } from './axe.ts';
import { type CellRead, cells, compared, difference, expectNear, grid, leastContrast, onePage, unseen, values, visitPanel } from './lesson.ts';
import { demo } from './open.ts';

demo();
const shared = onePage('stamps', { permissions: ['clipboard-read', 'clipboard-write'] });

const X1 = [2, 3, 1, 4];
const W1 = [2, 1, 2, 1];
const X2 = [2, 3, 1, 1, 2, 4, 3, 1, 2];
const W2 = [2, 1, 2, 1, 1, 3, 1, 0, 2, 1, 2, 1, 1, 0, 1, 2];

interface Setting {
  dims: 1 | 2;
  kernel: number;
  stride: number;
  padding: number;
  op: number;
  dilation: number;
}

const hashOf = (setting: Setting, more = '') =>
  `${Object.entries(setting)
    .map(([name, v]) => `${name}=${v}`)
    .join('&')}${more}`;

function result({ dims, kernel, stride, padding, op, dilation }: Setting, x = dims === 1 ? X1 : X2): cpu.PlainResult {
  const options = { stride, padding, outputPadding: op, dilation };
  const w2 = Array.from({ length: kernel * kernel }, (_, i) => W2[Math.floor(i / kernel) * 4 + (i % kernel)]!);
  return dims === 1
    ? cpu.convTranspose1d({ data: x, shape: [1, 1, 4] }, { data: W1.slice(0, kernel), shape: [1, 1, kernel] }, options)
    : cpu.convTranspose2d({ data: x, shape: [1, 1, 3, 3] }, { data: w2, shape: [1, 1, kernel, kernel] }, options);
}

function refusal(setting: Setting): string {
  try {
    result(setting);
  } catch (error) {
    return (error as Error).message;
  }
  return 'accepted';
}

const kept = (all: readonly CellRead[]) => all.filter((c) => !c.classes.includes('gone'));

const SETTINGS: Setting[] = [
  { dims: 1, kernel: 3, stride: 2, padding: 0, op: 0, dilation: 1 },
  { dims: 1, kernel: 4, stride: 2, padding: 1, op: 1, dilation: 2 },
  { dims: 1, kernel: 2, stride: 4, padding: 1, op: 3, dilation: 1 },
  { dims: 1, kernel: 1, stride: 1, padding: 0, op: 0, dilation: 1 },
  { dims: 2, kernel: 3, stride: 2, padding: 1, op: 0, dilation: 1 },
  { dims: 2, kernel: 4, stride: 3, padding: 2, op: 2, dilation: 2 },
  { dims: 2, kernel: 1, stride: 4, padding: 0, op: 2, dilation: 1 },
];

describe('numbers', () => {
  test.each(SETTINGS)('$dims-D, kernel $kernel, stride $stride, padding $padding, output padding $op, dilation $dilation', async (setting) => {
    const { page } = shared;
    await shared.set(hashOf(setting, '&step=9'));
    const want = result(setting);
    const all = await cells(grid(page, 'stamps', 'y'));
    expectNear(
      kept(all).map((c) => c.value),
      want.data,
      'y',
    );
    // What is cut off: the border of the uncut result, padding cells wide; output padding gives cells back at the end.
    const i = setting.dims === 1 ? 4 : 3;
    const reach = (i - 1) * setting.stride + setting.dilation * (setting.kernel - 1) + 1;
    expect(all.length).toBe(Math.max(reach, reach - setting.padding + setting.op) ** setting.dims);
    expect(all.filter((c) => c.classes.includes('gone')).every((c) => c.label.includes('cut off'))).toBe(true);
    expect(await page.textContent('#stamps .term:first-child > :last-child')).toBe(String(want.shape[2]));
    expect(await difference(page, 'stamps')).toBeLessThanOrEqual(1e-5);
    const terms = await page.locator('#stamps .term > :last-child').allTextContents();
    expect(terms.slice(2).map((t) => t.replaceAll(' ', ''))).toEqual([
      `(${i}−1)·${setting.stride}`,
      `−2·${setting.padding}`,
      `+${setting.dilation}·(${setting.kernel}−1)`,
      `+${setting.op}`,
      '+1',
    ]);
  });

  test('after each step the result is that of the inputs so far; where stamps overlap the cell says the sum', async () => {
    const { page } = shared;
    for (const dims of [1, 2] as const) {
      const setting: Setting = { dims, kernel: 3, stride: 2, padding: 0, op: 0, dilation: 1 };
      await shared.set(hashOf(setting, '&step=0'));
      const x = dims === 1 ? X1 : X2;
      let before = new Array<number>(dims === 1 ? 9 : 49).fill(0);
      for (let step = 0; step <= x.length; step++) {
        const all = await cells(grid(page, 'stamps', 'y'));
        const now = Array.from(
          result(
            setting,
            x.map((v, i) => (i < step ? v : 0)),
          ).data,
        );
        expectNear(
          all.map((c) => c.value),
          now,
          `${dims}-D, step ${step}`,
        );
        for (const [i, { before: sum, text }] of all.entries()) if (sum) expect(`${sum}${text}`).toBe(`${before[i]}+${now[i]! - before[i]!}=${now[i]}`);
        if (dims === 1) expect(all.filter((c) => c.before).length, `overlaps at step ${step}`).toBe(step > 1 ? 1 : 0);
        before = now;
        if (step < x.length) await page.getByRole('button', { name: 'One step on' }).click();
      }
    }
    await shared.set('step=2');
    const flash = (await cells(grid(page, 'stamps', 'y')))[2]!;
    expect([flash.before, flash.text, flash.classes.includes('flash')]).toEqual(['4+6=', '10', true]);
    expect(await page.textContent('#stamps .stamps-says')).toBe('Stamp 2 of 4: 3 times the kernel. It overlaps what is there in 1 cell: 4 + 6 = 10.');
  });

  test('each row is one stamp, where it belongs', async () => {
    const { page } = shared;
    await shared.set('kernel=3&stride=3&dilation=2&step=3');
    const rows = await values(grid(page, 'stamps', 'Stamps'));
    const length = 3 * 3 + 4 + 1;
    expect(rows.length).toBe(4 * length);
    for (let r = 0; r < 4; r++)
      for (let c = 0; c < length; c++) {
        const t = (c - 3 * r) / 2;
        const inside = r < 3 && Number.isInteger(t) && t >= 0 && t < 3;
        expect(rows[r * length + c], `row ${r}, cell ${c}`).toBe(inside ? X1[r]! * W1[t]! : undefined);
      }
  });

  test('pointing at a cell of the result lists what was added', async () => {
    const { page } = shared;
    await shared.set('step=4&padding=1');
    await grid(page, 'stamps', 'y').locator('[role="gridcell"]').nth(4).hover();
    await expect.poll(() => page.textContent('#stamps .stamps-says')).toBe('y[3] = 6 + 2 = 8.');
    const lit = (await cells(grid(page, 'stamps', 'x'))).map((c) => c.classes.includes('source'));
    expect(lit).toEqual([false, true, true, false]);
    await grid(page, 'stamps', 'y').locator('[role="gridcell"]').nth(0).hover();
    await expect.poll(() => page.textContent('#stamps .stamps-says')).toBe('This cell is cut off by padding: 4.');
    await page.mouse.move(2, 2);
  });
});

describe('settings that cannot be', () => {
  test.each([
    { dims: 1, kernel: 3, stride: 2, padding: 0, op: 3, dilation: 1 },
    { dims: 1, kernel: 1, stride: 1, padding: 4, op: 0, dilation: 1 },
    { dims: 2, kernel: 2, stride: 1, padding: 3, op: 0, dilation: 1 },
  ] satisfies Setting[])('$dims-D, stride $stride, padding $padding, output padding $op: the library’s sentence, and every slider stays', async (setting) => {
    const { page } = shared;
    await shared.set(hashOf(setting));
    expect(refusal(setting)).toContain('expected');
    expect(await page.textContent('#stamps .message')).toBe(refusal(setting));
    const sliders = page.locator('#stamps .controls').getByRole('slider');
    expect(await sliders.evaluateAll((all) => all.map((s) => (s as HTMLInputElement).valueAsNumber))).toEqual([
      setting.kernel,
      setting.stride,
      setting.padding,
      setting.op,
      setting.dilation,
    ]);
    expect(await page.textContent('#stamps .badge')).toContain('refuses');
    expect(await violations(page, '#stamps')).toEqual([]);
    await shared.set('');
    expect(await page.textContent('#stamps .message')).toBe('');
  });
});

describe('pointer and keys', () => {
  test('inputs and weights are edited, also in the larger kernel that is not shown whole', async () => {
    const { page } = shared;
    await shared.set('dims=2&kernel=2&step=9');
    await grid(page, 'stamps', 'w').locator('[role="gridcell"]').nth(3).click();
    await page.locator('#stamps .cell-input').fill('-2');
    await page.keyboard.press('Enter');
    await grid(page, 'stamps', 'x').locator('[role="gridcell"]').nth(0).click();
    await page.locator('#stamps .cell-input').fill('0.5');
    await page.keyboard.press('Enter');
    await compared(page, 'stamps');
    const want = cpu.convTranspose2d({ data: [0.5, ...X2.slice(1)], shape: [1, 1, 3, 3] }, { data: [2, 1, 1, -2], shape: [1, 1, 2, 2] }, { stride: 2 });
    expectNear(await values(grid(page, 'stamps', 'y')), want.data, 'y');
    await page.waitForURL(/#stamps\?.*w2=2_1_2_1_1_-2_1_0/);
  });

  test('sliders and the scrubber follow the arrow keys', async () => {
    const { page } = shared;
    await shared.set('step=0');
    await page.locator('#stamps').getByRole('slider', { name: 'Stride' }).focus();
    await page.keyboard.press('ArrowRight');
    await page.locator('#stamps').getByRole('slider', { name: 'Stamps' }).focus();
    await page.keyboard.press('End');
    await compared(page, 'stamps');
    const want = result({ dims: 1, kernel: 3, stride: 3, padding: 0, op: 0, dilation: 1 });
    expectNear(await values(grid(page, 'stamps', 'y')), want.data, 'y');
    expect(await page.locator('#stamps').getByRole('slider', { name: 'Stamps' }).getAttribute('aria-valuetext')).toBe('4 of 4');
  });

  test('play goes to the end and stops; it waits while the panel is out of view; nothing plays by itself', async () => {
    const { page } = shared;
    await shared.set('step=0');
    const at = () => page.locator('#stamps .scrubber output').textContent();
    await page.waitForTimeout(1400);
    expect(await at()).toBe('0 of 4');
    await page.getByRole('button', { name: 'Play' }).click();
    await expect.poll(at, { timeout: 4000 }).toMatch(/^[1-3] of 4$/);
    await page.setViewportSize({ width: 1280, height: 300 });
    await page.evaluate(() => scrollTo(0, 0));
    await unseen(page, 'stamps');
    const paused = await at();
    await page.waitForTimeout(1500);
    expect(await at()).toBe(paused);
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.locator('#stamps .scrubber').scrollIntoViewIfNeeded();
    await expect.poll(at, { timeout: 9000 }).toBe('4 of 4');
    await page.getByRole('button', { name: 'Play' }).waitFor();
  });

  test('the code is the call that is made', async () => {
    const { page } = shared;
    await shared.set('kernel=2&padding=1&op=1');
    await page.click('#stamps .code summary');
    const code = await page.innerText('#stamps .code code');
    expect(code).toContain('const x = ctx.tensor([2, 3, 1, 4], [1, 1, 4])');
    expect(code).toContain('const w = ctx.tensor([2, 1], [1, 1, 2])');
    expect(code).toContain('const y = convTranspose1d(x, w, { stride: 2, padding: 1, outputPadding: 1, dilation: 1 }) // [1, 1, 7]');
    await page.click('#stamps .code summary');
  });

  test('overlaps flash, unless stillness is preferred', async () => {
    const { page } = shared;
    await shared.set('step=2');
    const flashes = async (reducedMotion: 'reduce' | 'no-preference') => {
      await page.emulateMedia({ reducedMotion });
      return page.locator('#stamps .flash .ring').evaluate((ring) => getComputedStyle(ring).animationName);
    };
    expect(await flashes('no-preference')).toBe('flash');
    expect(await flashes('reduce')).toBe('none');
  });
});

const SIZES = { phone: [360, 740], tablet: [800, 1100], desktop: [1440, 900], '4K': [3840, 2160] } as const;

test.each(['light', 'dark'] as const)('%s: nothing sticks out of either panel at any width, axe is content', async (colorScheme) => {
  await using opened = await visitPanel('stamps', 'dims=2&kernel=4&padding=1&x2=9_-9_1_1_-2_4_-3_1_2/fill?way=bicubic&from=4&to=9&x=9_-9_9_-9', {
    colorScheme,
  });
  const { page, log } = opened;
  for (const panel of ['fill', 'stamps']) {
    await page.locator(`#${panel}`).scrollIntoViewIfNeeded();
    await compared(page, panel);
    await page.click(`#${panel} .code summary`);
    expect(await leastContrast(page, panel), panel).toBeGreaterThanOrEqual(4.5);
  }
  for (const [name, [width, height]] of Object.entries(SIZES)) {
    await page.setViewportSize({ width, height });
    await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth), { message: name }).toBe(width);
    if (name === (colorScheme === 'light' ? 'phone' : 'desktop')) expect(await violations(page, '.lesson'), name).toEqual([]);
  }
  expect(log).toEqual([]);
});
