import { beforeAll, describe, expect, it } from 'vitest';
import { type Context, convTranspose2d, type Tensor } from '../../src/index.ts';
import {
  bilinearFilter,
  dcganNormal,
  heNormal,
  heUniform,
  icnrNormal,
  normal,
  pad,
  Random,
  torchUniform,
  uniform,
  xavierNormal,
  xavierUniform,
} from '../../src/nn/index.ts';
import { next } from '../../src/nn/random.ts';
import { interpolate } from '../../src/reference.ts';
import { generate } from '../fixtures.ts';
import { context, thrown } from '../gpu.ts';

let ctx: Context;
beforeAll(async () => {
  ctx = await context();
});
const taken = async (x: Tensor) => {
  const data = Array.from(await x.data());
  x.dispose();
  return data;
};
const mean = (list: readonly number[]) => list.reduce((a, b) => a + b, 0) / list.length;
const deviation = (list: readonly number[]) => Math.sqrt(mean(list.map((v) => v * v)) - mean(list) ** 2);

describe('random numbers', () => {
  it('are those of xoshiro128++', () => {
    const state = Uint32Array.of(1, 2, 3, 4);
    const published = [641, 1573767, 3222811527, 3517856514, 836907274, 4247214768, 3867114732, 1355841295, 495546011, 621204420];
    expect(published.map(() => next(state))).toEqual(published);
  });
  it('of a seed stay what they are', () => {
    const of = (seed: number) => {
      const random = new Random(seed);
      return [random.bits(), random.bits(), random.uniform(), random.normal(), random.normal()];
    };
    expect(of(7)).toEqual(of(7));
    expect(of(7)).not.toEqual(of(8));
    expect(new Set(Array.from({ length: 1000 }, (_, seed) => new Random(seed).bits())).size).toBe(1000);
    expect(new Random().bits()).not.toBe(new Random().bits());
    const random = new Random(42);
    expect([random.bits(), random.bits(), random.bits()]).toEqual(GOLDEN);
  });
  it('are spread evenly, and as a bell', () => {
    const random = new Random(1);
    const flat = Array.from({ length: 40_000 }, () => random.uniform());
    expect(Math.min(...flat) >= 0 && Math.max(...flat) < 1).toBe(true);
    expect(Math.abs(mean(flat) - 0.5)).toBeLessThan(4 / Math.sqrt(12 * flat.length));
    const bins = new Array(16).fill(0);
    for (const v of flat) bins[Math.floor(v * 16)]++;
    expect(
      bins.reduce((sum, n) => sum + (n - 2500) ** 2 / 2500, 0),
      'chi squared, 15 degrees',
    ).toBeLessThan(45);
    const bell = Array.from({ length: 40_000 }, () => random.normal());
    expect(Math.abs(mean(bell))).toBeLessThan(4 / Math.sqrt(bell.length));
    expect(Math.abs(deviation(bell) - 1)).toBeLessThan(4 / Math.sqrt(2 * bell.length));
    expect(Math.abs(mean(bell.map((v) => v ** 4)) - 3)).toBeLessThan(4 * Math.sqrt(96 / bell.length));
    expect(Math.abs(bell.filter((v) => Math.abs(v) > 2).length / bell.length - 0.0455)).toBeLessThan(0.0045);
  });
  it('a seed is a whole number', async () => {
    for (const seed of [-1, 0.5, 2 ** 32, Number.NaN, '3'])
      expect((await thrown(() => new Random(seed as number))).message).toMatch(/^Random: seed is .*; expected a whole number from 0 to 4294967295$/);
    expect(new Random(0).bits()).toBe(new Random(0).bits());
  });
});

/** Of seed 42: recorded, so that seeds keep their meaning. */
const GOLDEN = [404561706, 4286840250, 1524087359];

const SHAPE = [48, 24, 3, 3]; // fans 216 and 432
const N = SHAPE.reduce((a, b) => a * b);
describe('standard deviations and bounds', () => {
  const bells: [string, (seed: number) => Tensor, number, number?][] = [
    ['heNormal', (random) => heNormal(ctx, SHAPE, { random }), Math.sqrt(2 / 216)],
    ['heNormal, out', (random) => heNormal(ctx, SHAPE, { random, fan: 'out' }), Math.sqrt(2 / 432)],
    ['heNormal, a number', (random) => heNormal(ctx, SHAPE, { random, fan: 50 }), Math.sqrt(2 / 50)],
    ['heNormal, leaky', (random) => heNormal(ctx, SHAPE, { random, negativeSlope: 0.5 }), Math.sqrt(2 / 1.25 / 216)],
    ['xavierNormal', (random) => xavierNormal(ctx, SHAPE, { random }), Math.sqrt(2 / 648)],
    ['xavierNormal, gain', (random) => xavierNormal(ctx, SHAPE, { random, gain: 5 / 3 }), (5 / 3) * Math.sqrt(2 / 648)],
    ['normal', (random) => normal(ctx, SHAPE, { random, mean: 3, std: 0.1 }), 0.1, 3],
    ['dcganNormal', (random) => dcganNormal(ctx, SHAPE, { random }), 0.02],
    ['dcganNormal, mean', (random) => dcganNormal(ctx, SHAPE, { random, mean: 1 }), 0.02, 1],
  ];
  for (const [name, make, std, middle = 0] of bells)
    it(name, async () => {
      const x = make(5);
      expect([x.shape, x.dtype, x.layout]).toEqual([SHAPE, 'f32', 'nchw']);
      const data = await taken(x);
      expect(Math.abs(mean(data) - middle) / std).toBeLessThan(4 / Math.sqrt(N));
      expect(Math.abs(deviation(data) / std - 1)).toBeLessThan(4 / Math.sqrt(2 * N));
      expect(await taken(make(5)), 'the same seed').toEqual(data);
      expect(await taken(make(6)), 'another').not.toEqual(data);
    });
  const flats: [string, (seed: number) => Tensor, number, number][] = [
    ['heUniform', (random) => heUniform(ctx, SHAPE, { random }), -Math.sqrt(6 / 216), Math.sqrt(6 / 216)],
    ['xavierUniform', (random) => xavierUniform(ctx, SHAPE, { random }), -Math.sqrt(6 / 648), Math.sqrt(6 / 648)],
    ['torchUniform', (random) => torchUniform(ctx, SHAPE, { random }), -1 / Math.sqrt(216), 1 / Math.sqrt(216)],
    ['torchUniform, a bias', (random) => torchUniform(ctx, [20_000], { random, of: SHAPE }), -1 / Math.sqrt(216), 1 / Math.sqrt(216)],
    ['uniform', (random) => uniform(ctx, SHAPE, { random }), 0, 1],
    ['uniform, from and to', (random) => uniform(ctx, SHAPE, { random, min: -3, max: 5 }), -3, 5],
  ];
  for (const [name, make, low, high] of flats)
    it(name, async () => {
      const data = await taken(make(5));
      const width = high - low;
      expect(Math.min(...data)).toBeGreaterThanOrEqual(Math.fround(low));
      expect(Math.max(...data)).toBeLessThanOrEqual(Math.fround(high));
      expect(Math.min(...data) - low).toBeLessThan((width * 10) / data.length);
      expect(high - Math.max(...data)).toBeLessThan((width * 10) / data.length);
      expect(Math.abs(mean(data) - (low + high) / 2)).toBeLessThan((4 * width) / Math.sqrt(12 * data.length));
    });
  it('one generator gives further numbers each time, in the layout asked for', async () => {
    const random = new Random(3);
    const both = [heNormal(ctx, [2, 2, 3, 3], { random }), heNormal(ctx, [2, 2, 3, 3], { random, layout: 'nhwc' })];
    expect(both[1]!.layout).toBe('nhwc');
    const [a, b] = [await taken(both[0]!), await taken(both[1]!)];
    expect(a).not.toEqual(b);
    const [c, d] = [heNormal(ctx, [2, 2]), heNormal(ctx, [2, 2])];
    expect(await taken(c)).not.toEqual(await taken(d));
  });
});

describe('filters', () => {
  for (const s of [1, 2, 3, 4])
    it(`bilinearFilter enlarges ${s} times`, async () => {
      const k = 2 * s - (s % 2);
      const data = generate(2 * 3 * 4, 1);
      const x = ctx.tensor(data, [1, 2, 3, 4]);
      const expected = interpolate({ data, shape: [1, 2, 3, 4] }, { mode: 'bilinear', scaleFactor: s });
      for (const groups of [1, 2]) {
        // beyond the edge pixels repeat, as interpolation has it
        const y = ctx.tidy(() => {
          const w = bilinearFilter(ctx, [2, 2 / groups, k, k]);
          return convTranspose2d(pad(x, { padding: 1, mode: 'replicate' }), w, { stride: s, padding: Math.floor((k - s) / 2) + s, groups });
        });
        expect(y.shape).toEqual(expected.shape);
        for (const [i, v] of (await taken(y)).entries()) expect(Math.abs(v - expected.data[i]!)).toBeLessThan(8 * 2 ** -24);
      }
      x.dispose();
    });
  it('bilinearFilter in one dimension and three', async () => {
    const line = [0.25, 0.75, 0.75, 0.25];
    expect(await taken(bilinearFilter(ctx, [1, 1, 4]))).toEqual(line);
    expect(await taken(bilinearFilter(ctx, [1, 1, 4, 4, 4]))).toEqual(line.flatMap((a) => line.flatMap((b) => line.map((c) => a * b * c))));
  });
  it('bilinearFilter lies as its layout says', async () => {
    for (const shape of [
      [2, 2, 4, 4],
      [4, 2, 3],
    ]) {
      const [channels, perGroup, ...kernel] = shape as [number, number, number];
      const taps = kernel.reduce((a, b) => a * b, 1);
      const data = await taken(bilinearFilter(ctx, shape));
      const last = await taken(bilinearFilter(ctx, shape, { layout: 'nhwc' }));
      const at = (c: number, t: number, g: number) => data[(c * perGroup + g) * taps + t];
      const all = Array.from({ length: channels }, (_, c) => Array.from({ length: taps }, (_, t) => Array.from({ length: perGroup }, (_, g) => at(c, t, g))));
      expect(last).toEqual(all.flat(2));
    }
  });
  it('icnrNormal begins alike in every cell', async () => {
    for (const order of ['CRD', 'DCR'] as const) {
      const data = await taken(icnrNormal(ctx, [48, 24, 3, 3], { upscaleFactor: 2, order, random: 5 }));
      const filter = (ch: number) => data.slice(ch * 216, (ch + 1) * 216);
      for (let ch = 0; ch < 48; ch++) expect(filter(ch)).toEqual(filter(order === 'CRD' ? ch - (ch % 4) : ch % 12));
      expect(filter(0)).not.toEqual(filter(order === 'CRD' ? 4 : 1));
      expect(Math.abs(deviation(data) / Math.sqrt(2 / 216) - 1)).toBeLessThan(4 / Math.sqrt(2 * 12 * 216));
    }
  });
});

describe('sentences', () => {
  const cases: [sentence: string, run: () => unknown][] = [
    ['heNormal: shape [3] has rank 1; expected weights: [outChannels, inChannels, ...kernel]', () => heNormal(ctx, [3])],
    ["heNormal: fan is 0; expected 'in', 'out' or a number above 0", () => heNormal(ctx, [3, 3], { fan: 0 })],
    ['heUniform: unknown option "gain"; options are random, dtype, layout, fan, negativeSlope', () => heUniform(ctx, [3, 3], { gain: 2 } as never)],
    ['uniform: max -1 is below min 0; expected min <= max', () => uniform(ctx, [3], { max: -1 })],
    ['normal: std is "1"; expected a finite number', () => normal(ctx, [3], { std: '1' as never })],
    ['xavierNormal: shape is 3; expected an array of sizes', () => xavierNormal(ctx, 3 as never)],
    ['dcganNormal: unknown option "std"; options are random, dtype, layout, mean', () => dcganNormal(ctx, [3], { std: 2 } as never)],
    ['torchUniform: shape [3] has rank 1; expected weights: [outChannels, inChannels, ...kernel]', () => torchUniform(ctx, [3])],
    ['bilinearFilter: shape [3, 2, 4, 4]; expected channels in whole groups: [channels, channels/groups, ...kernel]', () => bilinearFilter(ctx, [3, 2, 4, 4])],
    ['bilinearFilter: shape [3, 3] has no spatial axis; expected [channels, channels/groups, ...kernel]', () => bilinearFilter(ctx, [3, 3])],
    ['icnr: upscaleFactor is missing; expected a whole number of 1 or more, or one per spatial axis', () => icnrNormal(ctx, [4, 1, 3, 3], {} as never)],
  ];
  for (const [sentence, run] of cases)
    it(sentence, async () => {
      expect((await thrown(run)).message).toBe(sentence);
    });
});
