// Panel "Ways to fill the gaps".
import { describe, expect, test } from 'vitest';
import * as cpu from '../../src/reference.ts';
import { violations } from './axe.ts';
import { cells, compared, difference, expectNear, grid, numberOf, onePage, values, visitPanel } from './lesson.ts';
import { demo } from './open.ts';

demo();
const shared = onePage('fill', { permissions: ['clipboard-read', 'clipboard-write'] });

const X = [2, 8, 3, 5, 6, 1, 7, 2, 4, 9, 0, 6, 1, 5, 8, 3];
const input = (n: number) => Array.from({ length: n * n }, (_, i) => X[Math.floor(i / n) * 4 + (i % n)]!);

const ONNX = { half: 'half_pixel', corners: 'align_corners', asymmetric: 'asymmetric' } as const;
const MODE = { nearest: 'nearest', bilinear: 'linear', bicubic: 'cubic' } as const;
const NEAREST = { half: 'round_prefer_ceil', corners: 'round_prefer_floor', asymmetric: 'floor' } as const;
type Rule = keyof typeof ONNX;

/** The same in ONNX's words, whatever function the panel uses. */
function enlarged(way: string, rule: Rule, data: readonly number[], n: number, m: number): Float64Array {
  const x = { data, shape: [1, 1, n, n] };
  if (way === 'nails') return cpu.bedOfNails2d(x, { stride: m / n }).data;
  const mode = MODE[way as keyof typeof MODE];
  const options = { mode, sizes: [1, 1, m, m], coordinateTransformationMode: ONNX[rule], ...(mode === 'nearest' && { nearestMode: NEAREST[rule] }) };
  return cpu.resize(x, options).data;
}

/** Weight of each of the n * n inputs in output `at`. */
const weights = (way: string, rule: Rule, n: number, m: number, at: number) =>
  Array.from(
    { length: n * n },
    (_, s) =>
      enlarged(
        way,
        rule,
        Array.from({ length: n * n }, (_, i) => (i === s ? 1 : 0)),
        n,
        m,
      )[at]!,
  );

const CASES = [
  ['nearest', 'half', 2, 4],
  ['nearest', 'asymmetric', 3, 7],
  ['nearest', 'corners', 2, 5],
  ['nails', 'half', 2, 6],
  ['bilinear', 'half', 2, 4],
  ['bilinear', 'corners', 3, 5],
  ['bilinear', 'asymmetric', 4, 9],
  ['bicubic', 'half', 3, 8],
  ['bicubic', 'corners', 4, 7],
  ['bicubic', 'asymmetric', 2, 9],
] as const;

describe('numbers', () => {
  test.each(CASES)('%s, %s, %i to %i: result, weights and sample points are those of the reference', async (way, rule, n, m) => {
    const at = Math.floor((m * m) / 2) + 1;
    const { page } = shared;
    await shared.set(`way=${way}&rule=${rule}&from=${n}&to=${m}&at=${at}`);
    await compared(page, 'fill');
    expect(await page.getAttribute('#fill', 'data-by')).toBe('gpu');
    const want = enlarged(way, rule, input(n), n, m);
    expectNear(await values(grid(page, 'fill', 'y')), want, 'y');
    expect(await values(grid(page, 'fill', 'x'))).toEqual(input(n));
    expect(await difference(page, 'fill')).toBeLessThanOrEqual(1e-5);

    const w = weights(way, rule, n, m, at);
    for (const [i, cell] of (await cells(grid(page, 'fill', 'x'))).entries()) {
      expect(cell.classes.includes('source'), `source ${i}`).toBe(w[i] !== 0);
      if (w[i]) expect(Math.abs(numberOf(cell.note.replace('≈', '')) - w[i]!), `weight ${i}`).toBeLessThanOrEqual(5.1e-4);
    }
    expect(await page.locator('#fill .edges path').count()).toBe(w.filter((v) => v !== 0).length);
    const labels = await page.locator('#fill .edges text').allTextContents();
    expect(labels.map(numberOf)).toEqual(n === 2 ? w.filter((v) => v !== 0).map((v) => Number(v.toFixed(4))) : []);
    const sum = (await page.textContent('#fill .fill-sum'))!;
    if (w.some((v) => v !== 0)) expect(Math.abs(numberOf(sum.split(' = ').at(-1)!) - want[at]!), sum).toBeLessThanOrEqual(1e-4);

    if (way !== 'nails') {
      const step = n / m;
      const point = (o: number) => (rule === 'half' ? (o + 0.5) * step - 0.5 : rule === 'corners' ? (o * (n - 1)) / (m - 1) : o * step);
      const points = await page.locator('#fill .ruler-points g').evaluateAll((all) => all.map((g) => Number((g as SVGGElement).dataset['at'])));
      expectNear(
        points,
        Array.from({ length: m }, (_, o) => point(o)),
        'sample points',
      );
    }
  });

  test('the kernel’s dots lie on the curve, away from the border', async () => {
    const { page } = shared;
    await shared.set('way=bicubic&from=4&to=8&at=27');
    await compared(page, 'fill');
    const [curve, dots] = await page.evaluate(() => {
      const points = document
        .querySelector('#fill .curve')!
        .getAttribute('d')!
        .slice(1)
        .split('L')
        .map((p) => p.split(',').map(Number));
      return [points, [...document.querySelectorAll('#fill .tap circle')].map((c) => [Number(c.getAttribute('cx')), Number(c.getAttribute('cy'))])] as const;
    });
    expect(dots).toHaveLength(4);
    for (const [x, y] of dots) expect(Math.min(...curve.map((p) => Math.hypot(p[0]! - x!, p[1]! - y!))), `dot at ${x}, ${y}`).toBeLessThan(2.5);
  });

  test('a GPU that is wrong is caught', async () => {
    const lie = () => {
      const read = GPUBuffer.prototype.getMappedRange;
      GPUBuffer.prototype.getMappedRange = function (...args) {
        const range = read.apply(this, args);
        if (this.usage & GPUBufferUsage.MAP_READ) new Float32Array(range)[0]! += 0.001;
        return range;
      };
    };
    await using opened = await visitPanel('fill', '', { before: lie });
    const { page, log } = opened;
    await compared(page, 'fill');
    expect(await page.textContent('#fill .badge')).toBe('GPU ≠ CPU reference, largest difference 1.0e-3');
    expect(log).toEqual([]);
  });

  test('without WebGPU the reference computes, and the badge says so', async () => {
    await using opened = await visitPanel('fill', 'way=bicubic', { before: () => Object.defineProperty(Navigator.prototype, 'gpu', { get: () => undefined }) });
    const { page, log } = opened;
    await compared(page, 'fill');
    expect(log).toEqual([]);
    expect(await page.textContent('#fill .badge')).toBe('No WebGPU here: computed on the CPU, by the library’s reference.');
    expectNear(await values(grid(page, 'fill', 'y')), enlarged('bicubic', 'half', input(2), 2, 4), 'y');
    expect(await violations(page, '#fill')).toEqual([]);
  });
});

describe('pointer and keys', () => {
  test('pointing at an output shows its sources; leaving keeps them', async () => {
    const { page } = shared;
    await shared.set('from=3&to=6');
    await compared(page, 'fill');
    const y = grid(page, 'fill', 'y');
    await y.locator('[role="gridcell"]').nth(8).hover();
    const w = weights('bilinear', 'half', 3, 6, 8);
    const sources = async () => (await cells(grid(page, 'fill', 'x'))).map((c) => c.classes.includes('source'));
    await expect.poll(sources).toEqual(w.map((v) => v !== 0));
    await page.mouse.move(2, 2);
    expect(await sources()).toEqual(w.map((v) => v !== 0));
  });

  test('pointing at an input shows who hears it', async () => {
    const { page } = shared;
    await shared.set('way=bicubic&from=3&to=6');
    await grid(page, 'fill', 'x').locator('[role="gridcell"]').nth(2).hover();
    const footprint = Array.from({ length: 36 }, (_, o) => weights('bicubic', 'half', 3, 6, o)[2]!);
    await expect.poll(async () => (await cells(grid(page, 'fill', 'y'))).map((c) => c.classes.includes('source'))).toEqual(footprint.map((v) => v !== 0));
    for (const [o, cell] of (await cells(grid(page, 'fill', 'y'))).entries())
      if (footprint[o]) expect(Math.abs(numberOf(cell.note.replace('≈', '')) - footprint[o]), `output ${o}`).toBeLessThanOrEqual(5.1e-4);
    expect(await page.textContent('#fill .fill-sum')).toContain(`x[0, 2] = 3 is heard by ${footprint.filter((v) => v !== 0).length} cells`);
    await page.mouse.move(2, 2);
    await expect.poll(() => page.locator('#fill .edges path').count()).toBeGreaterThan(0);
  });

  test('arrow keys walk, one stop for the Tab key; Enter and digits edit, Escape leaves, nonsense is refused', async () => {
    const { page } = shared;
    await shared.set('');
    await compared(page, 'fill');
    const y = grid(page, 'fill', 'y');
    await y.locator('[tabindex="0"]').focus();
    const focus = () => page.evaluate(() => Number((document.activeElement as SVGElement).dataset['i']));
    for (const [key, want] of [
      ['ArrowRight', 1],
      ['ArrowDown', 5],
      ['End', 7],
      ['ArrowRight', 7],
      ['Control+End', 15],
      ['ArrowUp', 11],
      ['Home', 8],
      ['Control+Home', 0],
      ['ArrowLeft', 0],
    ] as const) {
      await page.keyboard.press(key);
      expect(await focus(), key).toBe(want);
      expect(await y.locator('[tabindex="0"]').count()).toBe(1);
    }
    await page.keyboard.press('Enter');
    expect(await page.locator('#fill .cell-input').count(), 'results are not edited').toBe(0);

    const x = grid(page, 'fill', 'x');
    await x.locator('[tabindex="0"]').focus();
    await page.keyboard.press('Enter');
    await page.keyboard.type('abc');
    await page.keyboard.press('Enter');
    expect(await page.locator('.cell-input').evaluate((i) => (i as HTMLInputElement).validationMessage)).toBe('This is not a number.');
    await page.keyboard.press('Escape');
    expect(await focus()).toBe(0);
    expect(await values(x)).toEqual(input(2));
    await page.keyboard.type('-4.5');
    await page.keyboard.press('Enter');
    await compared(page, 'fill');
    const edited = [-4.5, 8, 6, 1];
    expect(await values(x)).toEqual(edited);
    expectNear(await values(y), enlarged('bilinear', 'half', edited, 2, 4), 'y');
    expect((await cells(x))[0]!.text).toBe('−4.5');
    await page.waitForURL(/#fill\?.*x=-4\.5_8_3/);
  });

  test('a click edits an input', async () => {
    const { page } = shared;
    await shared.set('');
    await compared(page, 'fill');
    const x = grid(page, 'fill', 'x');
    await x.locator('[role="gridcell"]').nth(3).click();
    await page.locator('.cell-input').fill('10');
    await page.locator('#fill h2').click();
    await expect.poll(() => values(x)).toEqual([2, 8, 6, 10]);
    await compared(page, 'fill');
    expectNear(await values(grid(page, 'fill', 'y')), enlarged('bilinear', 'half', [2, 8, 6, 10], 2, 4), 'y');
  });

  test('tabs are radio buttons, sliders are sliders; the address remembers, and is not believed blindly', async () => {
    const { page } = shared;
    await shared.set('way=lanczos&rule=&from=9&to=4.5&at=-1&x=1_b/stamps?stride=3');
    await compared(page, 'fill');
    expectNear(await values(grid(page, 'fill', 'y')), enlarged('bilinear', 'half', input(2), 2, 4), 'y');
    await page.getByRole('radio', { name: 'Bilinear' }).focus();
    await page.keyboard.press('ArrowRight');
    await page.getByRole('slider', { name: 'Result' }).focus();
    await page.keyboard.press('ArrowRight');
    await compared(page, 'fill');
    expectNear(await values(grid(page, 'fill', 'y')), enlarged('bicubic', 'half', input(2), 2, 5), 'y');
    await page.waitForURL(/#fill\?way=bicubic&rule=half&from=2&to=5&.*\/stamps\?stride=3$/);
    await page.evaluate(() => {
      location.hash = '#fill?way=nearest&to=6';
    });
    await expect.poll(async () => (await values(grid(page, 'fill', 'y'))).length).toBe(36);
    expect(await page.getByRole('radio', { name: 'Nearest' }).isChecked()).toBe(true);
  });

  test('an address given while a change is about to be written there wins', async () => {
    const { page } = shared;
    await shared.set('way=bilinear&from=2&to=4');
    await compared(page, 'fill');
    await page
      .locator('#fill')
      .getByLabel('Result')
      .evaluate(async (slider) => {
        (slider as HTMLInputElement).value = '5';
        slider.dispatchEvent(new Event('input', { bubbles: true }));
        await Promise.resolve();
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => {
          location.hash = '#fill?way=nearest&to=6';
        };
        port2.postMessage('');
        for (const end = performance.now() + 300; performance.now() < end; ); // the time to write it comes before the address is given, its turn after
      });
    await expect.poll(async () => (await values(grid(page, 'fill', 'y'))).length).toBe(36);
    await page.waitForTimeout(300);
    expect(await page.evaluate(() => location.hash)).toBe('#fill?way=nearest&to=6');
    expect((await values(grid(page, 'fill', 'y'))).length).toBe(36);
  });
});

test('a stride that is no whole number is explained by the library, and the settings stay', async () => {
  const { page } = shared;
  await shared.set('way=nails&from=2&to=4');
  await compared(page, 'fill');
  await page.locator('#fill').getByLabel('Result').fill('5');
  await page.waitForSelector('#fill[data-invalid]');
  let sentence = '';
  try {
    cpu.bedOfNails2d({ data: input(2), shape: [1, 1, 2, 2] }, { stride: [2.5, 2.5] });
  } catch (error) {
    sentence = (error as Error).message;
  }
  expect(sentence).toContain('2.5');
  expect(await page.textContent('#fill .message')).toBe(sentence);
  expect(await page.locator('#fill').getByLabel('Result').inputValue()).toBe('5');
  expect(await page.textContent('#fill .badge')).toContain('refuses');
  expect(await violations(page, '#fill')).toEqual([]);
  await page.getByRole('radio', { name: 'Nearest' }).check();
  await compared(page, 'fill');
  expect(await page.textContent('#fill .message')).toBe('');
  expect((await values(grid(page, 'fill', 'y'))).length).toBe(25);
});

test('the code is the call that is made', async () => {
  const { page } = shared;
  await shared.set('way=bilinear&rule=corners&from=2&to=5');
  await compared(page, 'fill');
  await page.click('#fill .code summary');
  const code = await page.innerText('#fill .code code');
  expect(code).toContain("import { createContext, bilinear2d } from 'webgpu-upsample'");
  expect(code).toContain('const x = ctx.tensor([2, 8, 6, 1], [1, 1, 2, 2])');
  expect(code).toContain('const y = bilinear2d(x, { size: [5, 5], alignCorners: true }) // [1, 1, 5, 5]');
  await page.click('#fill .copy');
  await page.waitForSelector('#fill .copy:text("Copied")');
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(code);
  await page.getByRole('radio', { name: 'Asymmetric' }).check();
  await expect
    .poll(() => page.innerText('#fill .code code'))
    .toContain("resize(x, { mode: 'linear', sizes: [5, 5], axes: [2, 3], coordinateTransformationMode: 'asymmetric' })");
  expect(await page.innerText('#fill .copy')).toBe('Copy');
});

test('sample points slide, unless stillness is preferred', async () => {
  const { page } = shared;
  await shared.set('');
  const slides = async (reducedMotion: 'reduce' | 'no-preference') => {
    await page.emulateMedia({ reducedMotion });
    return page
      .locator('#fill .ruler-points g')
      .first()
      .evaluate((g) => Number.parseFloat(getComputedStyle(g).transitionDuration));
  };
  expect(await slides('no-preference')).toBeGreaterThan(0.2);
  expect(await slides('reduce')).toBe(0);
});

// The last one: it takes the page's device away.
test('a device that is lost on the way leaves the numbers, and the badge says so', async () => {
  const { page } = shared;
  await shared.set('');
  await compared(page, 'fill');
  await page.evaluate(() => (globalThis as unknown as { devices: GPUDevice[] }).devices[0]!.destroy());
  await page.locator('#fill').getByLabel('Result').fill('6');
  await page.waitForSelector('#fill .badge:text("The graphics device was lost")');
  expectNear(await values(grid(page, 'fill', 'y')), enlarged('bilinear', 'half', input(2), 2, 6), 'y');
});
