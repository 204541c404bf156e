// Panel "Max unpooling remembers".
import { describe, expect, test } from 'vitest';
import * as cpu from '../../src/reference.ts';
import { violations } from './axe.ts';
import { cells, compared, expectNear, grid, leastContrast, movedBy, onePage, values, visitPanel } from './lesson.ts';
import { demo } from './open.ts';

demo();
const shared = onePage('unpool');

const X = [2, 7, 3, 1, 1, 4, 5, 9, 4, 0, 8, 3, 6, 2, 1, 5];
const DY = Array.from({ length: 16 }, (_, i) => i + 1);

interface Setting {
  kernel: number;
  stride: number;
  padding: number;
  rule: 'last' | 'first' | 'sum';
}

const DEFAULT: Setting = { kernel: 2, stride: 2, padding: 0, rule: 'last' };
const hashOf = (setting: Partial<Setting>) =>
  Object.entries(setting)
    .map(([name, v]) => `${name}=${v}`)
    .join('&');

function expected({ kernel, stride, padding, rule }: Setting, x = X, dy = DY) {
  const windows = { kernelSize: kernel, stride, padding };
  const { output, indices } = cpu.maxPool2d({ data: x, shape: [1, 1, 4, 4] }, { ...windows, returnIndices: true });
  const back = { ...windows, outputSize: 4, duplicates: rule };
  const dpooled = cpu.maxUnpool2dBackward({ data: dy, shape: [1, 1, 4, 4] }, indices, back);
  const nails = cpu.bedOfNails2d(output, { stride });
  const nailed = nails.shape[2] === 4 ? cpu.bedOfNails2dBackward({ data: dy, shape: [1, 1, 4, 4] }, output.shape, { stride }).data : undefined;
  const dx = cpu.maxPool2dBackward(dpooled, indices, [1, 1, 4, 4], windows).data;
  return {
    pooled: output.data,
    at: Array.from(indices.data),
    y: cpu.maxUnpool2d(output, indices, back).data,
    nails: nails.data,
    dpooled: dpooled.data,
    dx,
    nailed,
  };
}

const of = (name: string) => grid(shared.page, 'unpool', name);
const cell = (name: string, i: number) => of(name).locator(`[data-i="${i}"]`);
const badge = () => shared.page.textContent('#unpool .badge');
const says = () => shared.page.textContent('#unpool .unpool-says');

async function expectShown(want: ReturnType<typeof expected>): Promise<void> {
  expectNear(await values(of('max pool')), want.pooled, 'pooled');
  expect((await cells(of('max pool'))).map((c) => c.note)).toEqual(want.at.map((i) => `at ${i}`));
  expectNear(await values(of('max unpool')), want.y, 'y');
  expectNear(await values(of('bed of nails')), want.nails, 'nails');
  expectNear(await values(grid(shared.page, 'unpool', 'dx')), want.dx, 'dx');
  const pooled = shared.page.locator('#unpool svg[role="grid"]');
  expectNear(await values(pooled.and(shared.page.locator('[aria-label="d pooled"]'))), want.dpooled, 'd pooled');
  const nailed = pooled.and(shared.page.locator('[aria-label="d by nails"]'));
  expect(await nailed.isVisible()).toBe(want.nailed !== undefined);
  if (want.nailed) expectNear(await values(nailed), want.nailed, 'd by nails');
}

describe('numbers', () => {
  test.each([
    DEFAULT,
    { kernel: 3, stride: 1, padding: 0, rule: 'last' },
    { kernel: 3, stride: 1, padding: 0, rule: 'first' },
    { kernel: 2, stride: 1, padding: 1, rule: 'sum' },
    { kernel: 1, stride: 3, padding: 0, rule: 'last' },
    { kernel: 4, stride: 4, padding: 2, rule: 'first' },
  ] satisfies Setting[])('kernel $kernel, stride $stride, padding $padding, $rule: values, indices, nails and gradients', async (setting) => {
    await shared.set(hashOf(setting));
    const want = expected(setting);
    expect(await shared.page.getAttribute('#unpool', 'data-by')).toBe('gpu');
    expect(await badge()).toBe(`GPU = CPU reference, largest difference 0${setting.rule === 'sum' ? '' : '; values and indices to the last bit'}`);
    await expectShown(want);
    // Pins: one where each value was, one where it goes; both in the cells that the indices name.
    expect(await shared.page.locator('#unpool .pin.picked').count()).toBe(want.at.length);
    const box = async (name: string, i: number) => (await cell(name, i).locator('.fill').boundingBox())!;
    for (const [kind, name] of [
      ['picked', 'x'],
      ['put', 'max unpool'],
    ] as const) {
      const { x, y, width } = await box(name, want.at[0]!);
      const pin = (await shared.page.locator(`#unpool .pin.${kind}`).first().boundingBox())!;
      expect(
        [pin.x + pin.width / 2 - x, pin.y + pin.height - y].every((d) => d > 0 && d < width),
        kind,
      ).toBe(true);
    }
  });

  test('the sentences say what the numbers are', async () => {
    await shared.set('');
    expect(await says()).toBe('12 of 16 cells have no pin and are 0. Bed of nails has as many zeros; 1 of its 4 values lies where the largest was.');
    expect(await shared.page.textContent('#unpool .unpool-gradient')).toContain('4 cells of dx get something');
    expect(await shared.page.textContent('#unpool .unpool-gradient')).toContain('Of 136 in dy, 34 arrive.');
    await cell('max pool', 1).hover();
    await expect.poll(says).toBe('Window 2 sees 3, 1, 5, 9. The largest is 9, at 7 = [1, 3]; unpooling puts it back there. Bed of nails puts it at 2.');
    const lit = async (name: string, kind: string) => (await cells(of(name))).flatMap((c, i) => (c.classes.includes(kind) ? [i] : []));
    expect(await lit('x', 'source')).toEqual([2, 3, 6]);
    expect(await lit('max unpool', 'target')).toEqual([7]);
    expect(await lit('bed of nails', 'target')).toEqual([2]);
    expect(await shared.page.locator('#unpool .edges path').count()).toBe(2);
    await shared.set('kernel=3&stride=1&x=2_7_3_1_1_4_5_6_4_0_8_3_6_2_1_5&rule=sum');
    await cell('max unpool', 10).hover();
    await expect.poll(says).toBe('Windows 1, 2, 3, 4 all point at cell 10 = [2, 2]: their values are added, 32.');
    await cell('max unpool', 0).hover();
    await expect.poll(says).toBe('Cell 0 = [0, 0] was the largest of no window: 0 after unpooling.');
  });

  test('a padding that the library refuses is explained by it', async () => {
    await shared.set('kernel=1&padding=1');
    const sentence = () => cpu.maxPool2d({ data: X, shape: [1, 1, 4, 4] }, { kernelSize: 1, stride: 2, padding: 1 });
    expect(sentence).toThrow();
    let message = '';
    try {
      sentence();
    } catch (error) {
      message = (error as Error).message;
    }
    expect(await shared.page.textContent('#unpool .message')).toBe(message);
    expect(await badge()).toContain('refuses');
    expect(await violations(shared.page, '#unpool')).toEqual([]);
  });
});

describe('pointer and keys', () => {
  test('dragging a number onto another moves the maximum', async () => {
    await shared.set('');
    const { page } = shared;
    const middle = async (i: number) => {
      const { x, y, width, height } = (await cell('x', i).locator('.fill').boundingBox())!;
      return [x + width / 2, y + height / 2] as const;
    };
    await page.mouse.move(...(await middle(1)));
    await page.mouse.down();
    await page.mouse.move(...(await middle(4)), { steps: 4 });
    await page.mouse.up();
    const x = [2, 1, 3, 1, 7, ...X.slice(5)];
    await expect.poll(() => values(of('x'))).toEqual(x);
    await compared(page, 'unpool');
    await expectShown(expected(DEFAULT, x));
    expect(await page.locator('#unpool .cell-input').count()).toBe(0);
  });

  test('numbers of x and dy are edited with the keyboard; the address remembers', async () => {
    await shared.set('');
    const { page } = shared;
    await cell('x', 0).focus();
    await page.keyboard.press('End');
    await page.keyboard.press('9');
    await page.keyboard.type('.5');
    await page.keyboard.press('Enter');
    await cell('dy', 0).focus();
    for (let i = 0; i < 3; i++) await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    await page.keyboard.type('-4');
    await page.keyboard.press('Enter');
    await compared(page, 'unpool');
    const x = X.with(3, 9.5);
    await expectShown(expected(DEFAULT, x, DY.with(3, -4)));
    await page.waitForURL(/#unpool\?.*x=2_7_3_9\.5_1/);
  });

  test('sliders, the rule and the shuffle', async () => {
    await shared.set('');
    const { page } = shared;
    const panel = page.locator('#unpool');
    await panel.getByRole('slider', { name: 'Stride' }).focus();
    await page.keyboard.press('ArrowLeft');
    await panel.getByRole('radio', { name: 'First' }).check();
    await compared(page, 'unpool');
    await expectShown(expected({ ...DEFAULT, stride: 1, rule: 'first' }));
    await panel.getByRole('button', { name: 'Shuffle' }).click();
    await compared(page, 'unpool');
    const x = (await values(of('x'))) as number[];
    expect(x.toSorted((a, b) => a - b)).toEqual(X.toSorted((a, b) => a - b));
    await expectShown(expected({ ...DEFAULT, stride: 1, rule: 'first' }, x));
  });

  test('the code is the call that is made', async () => {
    await shared.set('kernel=3&stride=1&rule=sum');
    const { page } = shared;
    await page.click('#unpool .code summary');
    const code = await page.innerText('#unpool .code code');
    expect(code).toContain('const windows = { kernelSize: 3, stride: 1 }');
    expect(code).toContain("const back = { ...windows, outputSize: 4, duplicates: 'sum' }");
    expect(code).toContain('const nails = bedOfNails2d(output, { stride: 1 }) // [1, 1, 2, 2]');
    await page.click('#unpool .code summary');
  });

  test('pins fly when a maximum moves, unless stillness is preferred', async () => {
    const { page } = shared;
    await shared.set('');
    const flying = page.locator('#unpool .pin.flying');
    const again = page.getByRole('button', { name: 'Fly again' });
    expect(await movedBy(again, '#unpool .unpool-room')).toBe(0);
    expect(await flying.count()).toBe(0);
    await page.emulateMedia({ reducedMotion: 'no-preference' });
    expect(await movedBy(again, '#unpool .unpool-room')).toBe(8); // four pins, and the four that wait for them
    await expect.poll(() => flying.count(), { timeout: 8000 }).toBe(0);
    await page.emulateMedia({ reducedMotion: 'reduce' });
  });
});

const SIZES = { phone: [360, 740], tablet: [800, 1100], desktop: [1440, 900], '4K': [3840, 2160] } as const;

test.each(['light', 'dark'] as const)('%s: nothing sticks out at any width, axe is content', async (colorScheme) => {
  await using opened = await visitPanel('unpool', 'kernel=2&stride=1&padding=1&x=-2_7_3_1_1_4_5_9_4_0_8_3_6_2_1_-12.25', { colorScheme });
  const { page, log } = opened;
  await page.click('#unpool .code summary');
  expect(await leastContrast(page, 'unpool')).toBeGreaterThanOrEqual(4.5);
  for (const [name, [width, height]] of Object.entries(SIZES)) {
    await page.setViewportSize({ width, height });
    await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth), { message: name }).toBe(width);
    if (name === (colorScheme === 'light' ? 'phone' : 'desktop')) expect(await violations(page, '#unpool'), name).toEqual([]);
  }
  expect(log).toEqual([]);
});
