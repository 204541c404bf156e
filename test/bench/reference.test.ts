import { expect, test } from 'vitest';
import { count } from '../../demo/bench/cases/case.ts';
import { type ConvCase, convCases } from '../../demo/bench/cases/conv.ts';
import { inputsOf, toLayout } from '../../demo/bench/inputs.ts';
import { exactIn, exactOf, placeIn, places } from '../../demo/bench/reference/exact.ts';
import { errorOf, expected } from '../../demo/bench/reference/index.ts';
import { elementsOf } from '../../demo/bench/reference/sample.ts';

const range = (n: number) => Array.from({ length: n }, (_, i) => i);

const SHAPES = [
  { op: 'conv', x: [2, 4, 6, 5], w: [6, 2, 3, 2], y: [2, 6, 3, 5], stride: [2, 1], padding: [1, 1], outputPadding: [0, 0], dilation: [1, 2], groups: 2 },
  { op: 'conv', x: [1, 2, 9], w: [3, 2, 4], y: [1, 3, 2], stride: [3], padding: [0], outputPadding: [0], dilation: [1], groups: 1 },
  {
    op: 'convTranspose',
    x: [2, 4, 3, 2],
    w: [4, 3, 3, 4],
    y: [2, 6, 6, 6],
    stride: [2, 2],
    padding: [1, 0],
    outputPadding: [1, 0],
    dilation: [1, 1],
    groups: 2,
  },
  {
    op: 'convTranspose',
    x: [1, 2, 3, 2, 2],
    w: [2, 3, 2, 3, 1],
    y: [1, 3, 6, 5, 2],
    stride: [2, 2, 1],
    padding: [0, 0, 0],
    outputPadding: [0, 0, 0],
    dilation: [1, 1, 1],
    groups: 1,
  },
  {
    op: 'convTranspose',
    x: [1, 3, 5, 4],
    w: [3, 2, 3, 3],
    y: [1, 2, 11, 8],
    stride: [2, 1],
    padding: [1, 1],
    outputPadding: [0, 0],
    dilation: [2, 3],
    groups: 1,
  },
  { op: 'resizeConv', x: [1, 2, 3, 4], w: [3, 2, 3, 3], y: [1, 3, 6, 12], stride: [2, 3], padding: [1, 1], outputPadding: [0, 0], dilation: [1, 1], groups: 1 },
] as const;

const rows = SHAPES.flatMap((shapes) =>
  (shapes.op === 'resizeConv' ? (['y'] as const) : (['y', 'dx', 'dw'] as const)).map((of): ConvCase => {
    const { x, w, y } = shapes;
    const inputs = { y: { x, w }, dx: { dy: y, w }, dw: { dy: y, x } }[of];
    const output = { y, dx: x, dw: w }[of];
    const filters = of === 'dw' ? ['output'] : ['w'];
    return { ...shapes, family: 'conv', name: `${shapes.op} ${of} of ${x.join('×')}`, group: '', quick: false, of, inputs, output, filters };
  }),
);

test.each(rows.map((one) => [one.name, one] as const))('%s: single elements are those of the whole', (_, one) => {
  const inputs = inputsOf(one);
  const whole = expected(one, inputs);
  const sampled = elementsOf(one, inputs, range(count(one.output)));
  expect(whole.some((v) => v !== 0)).toBe(true);
  expect(errorOf(sampled, whole)).toBeLessThan(1e-14);
});

test('a small result is computed whole, a large one at its ends and in between', () => {
  const small = convCases.find(({ name }) => name.startsWith('convT tiny'))!;
  expect(exactOf(small, inputsOf(small)).at).toBeUndefined();
  const large = convCases.find(({ name }) => name.startsWith('convT pix2pix d7 256'))!;
  const { values, at } = exactOf(large, inputsOf(large));
  expect(values.length).toBe(at!.length);
  expect(at!.length).toBeGreaterThanOrEqual(32);
  expect(at).toContain(count(large.output) - 1);
  expect(new Set(at).size).toBe(at!.length);
});

test('places are within, and all where there are fewer', () => {
  expect(places(9, 4).toSorted()).toEqual([0, 1, 2, 3]);
  expect(places(100, 1e6)).toEqual(places(100, 1e6));
  for (const at of places(100, 1e6)) expect(at >= 0 && at < 1e6).toBe(true);
});

test.each([false, true])('a sample is found again where channels are last (filter: %s)', (filter) => {
  const shape = [2, 3, 4, 5];
  const laid = toLayout(Float64Array.from(range(count(shape))), shape, 'nhwc', filter);
  for (const i of range(count(shape))) expect(laid[placeIn(i, shape, 'nhwc', filter)]).toBe(i);
  expect(placeIn(7, shape, 'nchw', filter)).toBe(7);
});

test('a sample is compared with its own elements', () => {
  const one = rows.find(({ of }) => of === 'dw')!;
  const inputs = inputsOf(one);
  const whole = expected(one, inputs);
  const at = places(5, whole.length);
  const sample = { values: elementsOf(one, inputs, at), at };
  const laid = toLayout(whole, one.output, 'nhwc', true);
  const { values, at: there } = exactIn(sample, one, 'nhwc');
  expect(errorOf(laid, values, there, laid.length)).toBeLessThan(1e-14);
  laid[there![1]!]! += 1;
  expect(errorOf(laid, values, there, laid.length)).toBeGreaterThan(0.01);
  expect(errorOf(laid.subarray(1), values, there, laid.length)).toBe(Number.POSITIVE_INFINITY);
});

test('an error is relative, and a NaN or a missing element is infinite', () => {
  const exact = Float64Array.of(0, -4, 2);
  expect(errorOf([0, -4, 1], exact)).toBe(0.25);
  expect(errorOf([0, Number.NaN, 2], exact)).toBe(Number.POSITIVE_INFINITY);
  expect(errorOf([0, -4], exact)).toBe(Number.POSITIVE_INFINITY);
});
