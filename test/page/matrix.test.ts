// Panel "The matrix C and its transpose".
import { describe, expect, test } from 'vitest';
import * as cpu from '../../src/reference.ts';
import { cells, compared, difference, expectNear, grid, movedBy, onePage, values } from './lesson.ts';
import { demo } from './open.ts';

demo();
const shared = onePage('matrix');

const X = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3];
const W = [1, 2, -1, 1, 3, 1, 2, -2, -1, 4, 1, 2, 2, -1, 1, 3];
const corner = (of: readonly number[], side: number) => Array.from({ length: side * side }, (_, i) => of[Math.floor(i / side) * 4 + (i % side)]!);

interface Setting {
  input: number;
  kernel: number;
  stride: number;
  padding: number;
}

const hashOf = (setting: Setting) =>
  Object.entries(setting)
    .map(([name, v]) => `${name}=${v}`)
    .join('&');

const DEFAULT: Setting = { input: 4, kernel: 3, stride: 1, padding: 0 };

/** What the panel must show, without any matrix of the library: column i of C is the convolution of the i-th unit vector. */
function expected({ input: n, kernel: k, stride, padding }: Setting, x = corner(X, n)) {
  const w = { data: corner(W, k), shape: [1, 1, k, k] };
  const conv = (data: ArrayLike<number>) => cpu.conv2d({ data, shape: [1, 1, n, n] }, w, { stride, padding });
  const y = conv(x);
  const columns = x.map((_, i) => conv(x.map((_, j) => (i === j ? 1 : 0))).data);
  const z = cpu.convTranspose2d(y, w, { stride, padding, outputSize: n });
  const c = Array.from(y.data, (_, o) => columns.map((column) => column[o]!));
  return { x, w: w.data, y, z, c };
}

const classesOf = async (name: string, kind: string) =>
  (await cells(grid(shared.page, 'matrix', name))).flatMap((cell, i) => (cell.classes.includes(kind) ? [i] : []));
const says = () => shared.page.textContent('#matrix .matrix-says');

const SETTINGS: Setting[] = [
  DEFAULT,
  { input: 4, kernel: 2, stride: 1, padding: 1 },
  { input: 4, kernel: 3, stride: 2, padding: 0 },
  { input: 4, kernel: 4, stride: 2, padding: 1 },
  { input: 3, kernel: 2, stride: 2, padding: 1 },
];

describe('numbers', () => {
  test.each(SETTINGS)('input $input, kernel $kernel, stride $stride, padding $padding: C, its transpose and both products', async (setting) => {
    const { page } = shared;
    await shared.set(hashOf(setting));
    const { x, w, y, z, c } = expected(setting);
    expect(await page.getAttribute('#matrix', 'data-by')).toBe('gpu');
    expect(await difference(page, 'matrix')).toBe(0);
    expect(await values(grid(page, 'matrix', 'x'))).toEqual(x);
    expect(await values(grid(page, 'matrix', 'w'))).toEqual(w);
    expectNear(await values(grid(page, 'matrix', `C, ${y.data.length} × ${x.length}`)), c.flat(), 'C');
    expectNear(
      await values(grid(page, 'matrix', `Cᵀ, ${x.length} × ${y.data.length}`)),
      x.flatMap((_, i) => c.map((row) => row[i]!)),
      'the transpose',
    );
    expectNear(await values(grid(page, 'matrix', 'y')), y.data, 'C x');
    expectNear(await values(grid(page, 'matrix', 'Cᵀ·y')), z.data, 'the way back');
    const proof = (await page.textContent('#matrix .matrix-proof'))!;
    const far = Math.max(...x.map((v, i) => Math.abs(v - z.data[i]!)));
    expect(proof).toContain(
      `x is ${setting.input} × ${setting.input}, C·x is ${y.shape[2]} × ${y.shape[3]}, Cᵀ·C·x is ${setting.input} × ${setting.input} again`,
    );
    expect(proof).toContain(`${x.filter((v, i) => v === z.data[i]).length} of ${x.length} are what they were, and the largest difference is ${far}.`);
  });

  test('entries with the same weight have the same colour, zeros have none', async () => {
    await shared.set(hashOf(DEFAULT));
    const hues = (name: string) =>
      grid(shared.page, 'matrix', name)
        .locator('.cell')
        .evaluateAll((all) => all.map((cell) => (cell.classList.contains('hued') ? getComputedStyle(cell.querySelector('.fill')!).fill : '')));
    const [w, c] = [await hues('w'), await hues('C,')];
    expect(new Set(w).size).toBe(9);
    const row = [0, 1, 2].flatMap((r) => [...w.slice(3 * r, 3 * r + 3), '']); // a row of the image is one longer than one of the kernel
    expect(c.slice(0, 16)).toEqual([...row, '', '', '', '']);
    expect(c.slice(3 * 16)).toEqual(['', '', '', '', '', ...row.slice(0, 11)]);
  });
});

describe('linked by pointer and keys', () => {
  test('an entry: its weight, input, output and its mirror image; a zero joins nothing', async () => {
    const { page } = shared;
    await shared.set(hashOf(DEFAULT));
    const entry = (i: number) => grid(page, 'matrix', 'C,').locator('[role="gridcell"]').nth(i);
    await entry(1 * 16 + 6).hover(); // y[0, 1] hears x[1, 2] with w[1, 1]
    await expect.poll(() => classesOf('w', 'source')).toEqual([4]);
    expect(await classesOf('x', 'source')).toEqual([6]);
    expect(await classesOf('y', 'source')).toEqual([1]);
    expect(await classesOf('C,', 'target')).toEqual([22]);
    expect(await classesOf('Cᵀ,', 'source')).toEqual([6 * 4 + 1]);
    expect(await classesOf('Cᵀ·y', 'source')).toEqual([6]);
    expect(await says()).toBe('C[1, 6] = Cᵀ[6, 1] = w[1, 1] = 1. In C, y[0, 1] hears x[1, 2] with it; in Cᵀ the same path leads back.');
    await entry(15).hover();
    await expect.poll(says).toBe('C[0, 15] = Cᵀ[15, 0] = 0: y[0, 0] does not hear x[3, 3], and there is no way back.');
    expect(await classesOf('w', 'source')).toEqual([]);
    await page.mouse.move(2, 2);
    await expect.poll(() => classesOf('C,', 'target')).toEqual([]);
  });

  test('a weight, an input, an output and a cell that came back', async () => {
    const { page } = shared;
    await shared.set(hashOf(DEFAULT));
    const { x, w, y, z, c } = expected(DEFAULT);
    const at = (name: string, i: number) => grid(page, 'matrix', name).locator('[role="gridcell"]').nth(i);
    const where = (of: (o: number, i: number) => boolean) => c.flatMap((row, o) => row.flatMap((v, i) => (v !== 0 && of(o, i) ? [o * 16 + i] : [])));
    await at('w', 4).hover();
    await expect.poll(() => classesOf('C,', 'source')).toEqual([0, 1, 2, 3].map((o) => o * 16 + 5 + (o % 2) + 4 * Math.floor(o / 2)));
    expect(await says()).toBe('w[1, 1] = 1 stands 4 times in C, and as often in Cᵀ.');
    await at('x', 5).hover();
    await expect.poll(() => classesOf('C,', 'source')).toEqual(where((_, i) => i === 5));
    expect(await classesOf('y', 'source')).toEqual([0, 1, 2, 3]);
    expect(await classesOf('w', 'source')).toEqual([0, 1, 3, 4]);
    await at('y', 2).hover();
    await expect.poll(() => classesOf('C,', 'source')).toEqual(where((o) => o === 2));
    expect(await classesOf('x', 'source')).toEqual([4, 5, 6, 8, 9, 10, 12, 13, 14]);
    const [sum, total] = /times x: (.*) = (\S+)\.$/.exec((await says())!)!.slice(1) as [string, string];
    const products = sum.split(' + ').map((p) => p.replaceAll(/[()]/g, '').replaceAll('−', '-').split('·').map(Number));
    expect(products).toEqual(w.map((v, t) => [v, x[(1 + Math.floor(t / 3)) * 4 + (t % 3)]]));
    expect(Number(total)).toBe(y.data[2]);
    await at('Cᵀ·y', 15).hover();
    await expect.poll(says).toBe(`Row 15 of Cᵀ times y: 1·69 = ${z.data[15]}. x[3, 3] was 3.`);
    expect(await classesOf('y', 'source')).toEqual([3]);
  });

  test('arrow keys walk through the matrix; inputs and weights are edited', async () => {
    const { page } = shared;
    await shared.set(hashOf(DEFAULT));
    await grid(page, 'matrix', 'C,').locator('[tabindex="0"]').focus();
    await page.keyboard.press('Control+Home');
    for (const key of ['ArrowDown', 'ArrowRight']) await page.keyboard.press(key);
    await expect.poll(() => classesOf('Cᵀ,', 'source')).toEqual([1 * 4 + 1]);
    expect(await says()).toContain('C[1, 1] = Cᵀ[1, 1] = w[0, 0] = 1');
    await grid(page, 'matrix', 'x').locator('[tabindex="0"]').focus();
    await page.keyboard.press('Control+Home');
    await page.keyboard.type('-0.5');
    await page.keyboard.press('Enter');
    await compared(page, 'matrix');
    const { y, z } = expected(DEFAULT, [-0.5, ...X.slice(1)]);
    expectNear(await values(grid(page, 'matrix', 'y')), y.data, 'C x');
    expectNear(await values(grid(page, 'matrix', 'Cᵀ·y')), z.data, 'the way back');
    await page.waitForURL(/#matrix\?.*x=-0\.5_1_4/);
  });
});

test('Transpose takes the transposed matrix away and brings it back, flying unless stillness is preferred', async () => {
  const { page } = shared;
  await shared.set(hashOf(DEFAULT));
  const button = page.locator('#matrix').getByRole('button', { name: 'Transpose' });
  const flying = () => page.evaluate(() => document.querySelector('#matrix .matrix-grids')!.getAnimations({ subtree: true }).length);
  expect(await button.getAttribute('aria-pressed')).toBe('true');
  await button.focus();
  await page.keyboard.press('Enter');
  await expect.poll(() => values(grid(page, 'matrix', 'Cᵀ,'))).toEqual(new Array(64).fill(undefined));
  expect(await values(grid(page, 'matrix', 'Cᵀ·y'))).toEqual(new Array(16).fill(undefined));
  expect(await button.getAttribute('aria-pressed')).toBe('false');
  expect(await flying()).toBe(0);
  await page.emulateMedia({ reducedMotion: 'no-preference' });
  expect(await movedBy(button, '#matrix .matrix-grids')).toBe(36); // every weight of every row
  expectNear(await values(grid(page, 'matrix', 'Cᵀ·y')), expected(DEFAULT).z.data, 'the way back');
  await expect.poll(flying, { timeout: 5000 }).toBe(0);
  await page.emulateMedia({ reducedMotion: 'reduce' });
});

test('a kernel that does not fit is explained by the library', async () => {
  const { page } = shared;
  const setting = { input: 3, kernel: 4, stride: 1, padding: 0 };
  await shared.set(hashOf({ ...setting, padding: 1 }));
  await page.locator('#matrix').getByLabel('Padding').focus();
  await page.keyboard.press('ArrowLeft');
  await page.waitForSelector('#matrix[data-invalid]');
  let sentence = '';
  try {
    cpu.convMatrix({ inputShape: [1, 3, 3], weight: W, weightShape: [1, 1, 4, 4] });
  } catch (error) {
    sentence = (error as Error).message;
  }
  expect(sentence).toContain('the kernel spans 4');
  expect(await page.textContent('#matrix .message')).toBe(sentence);
  expect(await page.locator('#matrix').getByLabel('Padding').inputValue()).toBe('0');
});

test('the code is the calls that are made', async () => {
  const { page } = shared;
  await shared.set(hashOf({ input: 4, kernel: 2, stride: 2, padding: 1 }));
  await page.click('#matrix .code summary');
  const code = await page.innerText('#matrix .code code');
  for (const line of [
    'const weight = [1, 2, 3, 1], weightShape = [1, 1, 2, 2]',
    'const y = conv2d(x, w, { stride: 2, padding: 1 }) // [1, 1, 3, 3]',
    'const z = convTranspose2d(y, w, { stride: 2, padding: 1, outputSize: 4 }) // [1, 1, 4, 4], the shape of x',
    'const C = convMatrix({ inputShape: [1, 4, 4], weight, weightShape, stride: 2, padding: 1 }) // 9 × 16, y = C x',
  ])
    expect(code).toContain(line);
});
