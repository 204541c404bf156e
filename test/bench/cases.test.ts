import { expect, test } from 'vitest';
import { bytesOf, type Case, count, lies } from '../../demo/bench/cases/case.ts';
import { type ConvCase, convCases } from '../../demo/bench/cases/conv.ts';
import { inHalf } from '../../demo/bench/cases/half.ts';
import { cases } from '../../demo/bench/cases/index.ts';
import { inputsOf } from '../../demo/bench/inputs.ts';
import { optionsOf } from '../../demo/bench/ours/conv.ts';
import { select } from '../../demo/bench/select.ts';
import { convCall, convTransposeCall, resizeConvCall } from '../../src/ops/conv/arguments.ts';
import { multiplyAdds } from '../../src/ops/conv/geometry.ts';

const GPU = { software: false, f16: true };
const SOFTWARE = { software: true, f16: false };
const names = (rows: readonly Case[]) => rows.map(({ name }) => name);

/** The call of a row as the library checks it. */
function callOf(one: ConvCase) {
  const spec = (shape: readonly number[]) => ({ shape, dtype: 'f32', layout: 'nchw', skew: 0 }) as const;
  const check = { conv: convCall, convTranspose: convTransposeCall, resizeConv: resizeConvCall }[one.op] as typeof convCall;
  return check(one.op, one.x.length - 2, { x: spec(one.x), w: spec(one.w), bias: null }, optionsOf(one) as object);
}

test('row names are unique', () => {
  expect(new Set(names(cases)).size).toBe(cases.length);
});

test.each(convCases.map((one) => [one.name, one] as const))('%s: shapes are those of the operation, and reduced ones suit a software adapter', (_, one) => {
  const call = callOf(one);
  expect(call.y.shape).toEqual(one.y);
  const flops = 2 * multiplyAdds(call.geometry);
  if (one.scale !== 'full') expect(flops).toBeLessThan(0.31e9);
});

/** Layers of published networks: operations that are not zero, in GFLOP, and MB of input, weights and output. Resize-convolutions count the folded map. */
const LAYERS: readonly (readonly [name: string, gflop: number, megabytes: number])[] = [
  ['convT DCGAN G1 N64', 0.105, 5.4],
  ['convT DCGAN G2 N64', 3.29, 14.7],
  ['convT DCGAN G3 N64', 3.77, 14.7],
  ['convT DCGAN G4 N64', 4.03, 25.7],
  ['convT DCGAN G5 N64', 0.39, 19.9],
  ['convT FCN-32s 21', 0.925, 32.1],
  ['convT FCN-16s', 1.04, 28.2],
  ['convT FCN-8s 21', 1.11, 28],
  ['convT FCN-8s upscore2', 0.00361, 0.147],
  ['convT FCN-32s depthwise', 0.044, 25.2],
  ['convT U-Net up1', 3.29, 18],
  ['convT U-Net up2', 2.84, 18.7],
  ['convT U-Net up3', 2.62, 31.2],
  ['convT U-Net up4', 2.52, 59.1],
  ['convT pix2pix d3', 0.206, 33.8],
  ['convT pix2pix d5', 2.02, 18.9],
  ['convT pix2pix d6', 2.08, 8.39],
  ['convT pix2pix d7', 2.11, 9.44],
  ['convT pix2pix d8', 0.2, 9.2],
  ['convT CycleGAN', 2.4, 25.5],
  ['convT FSRCNN', 1.17, 37.3],
  ['convT HiFi-GAN u1', 1.07, 11],
  ['convT HiFi-GAN u2', 2.15, 12.6],
  ['convT HiFi-GAN u3', 1.07, 16.9],
  ['convT HiFi-GAN u4', 0.537, 16.8],
  ['convT iSTFT N8', 117, 139],
  ['convT nnU-Net 320', 0.839, 9.18],
  ['convT nnU-Net 128', 4.29, 84.1],
  ['convT nnU-Net 64', 8.59, 336],
  ['convT depthwise', 0.033, 21],
  ['resizeConv SD-VAE up0', 33.8, 51.4],
  ['resizeConv SD-VAE up1 5', 136, 177],
  ['resizeConv SD-VAE up2', 137, 338],
  ['resizeConv ESRGAN', 10, 98.5],
  ['conv EDSR tail', 272, 304],
  ['conv ESPCN tail', 3.58, 41.5],
];

const RESAMPLERS: readonly (readonly [name: string, megabytes: number])[] = [
  ['R1 nearest 256ch', 8.19],
  ['R2 nearest 512ch', 168],
  ['R3 bilinear 1ch', 9.34],
  ['R4 bilinear 21ch', 22.5],
  ['R5 bilinear 150ch', 167],
  ['R6 bilinear 19ch', 162],
  ['R7 bilinear 256ch', 21],
  ['R8 bicubic 3ch', 124],
  ['R9 bicubic antialias 3ch', 124],
  ['R10 pixel shuffle DCR', 472],
  ['R11 pixel shuffle DCR', 49.8],
  ['R12 bed of nails 64ch', 21],
  ['R13 max unpool k2s2', 66.4],
  ['R14 max unpool k2s2', 8.36],
  ['R15 max pool + indices', 66.4],
  ['R16 trilinear 32ch', 302],
];

const named = (text: string): Case => {
  const found = select(cases, {}, GPU).filter(({ name }) => name.startsWith(text));
  expect(names(found)).toHaveLength(1);
  return found[0]!;
};
/** Rounded as a table has it: three digits. */
const near = (value: number, said: number) => expect(Math.abs(value / said - 1)).toBeLessThan(0.03);

test.each(LAYERS)('%s is the published layer: %d GFLOP, %d MB', (text, gflop, megabytes) => {
  const one = named(text) as ConvCase;
  near((2 * multiplyAdds(callOf(one).geometry)) / 1e9, gflop);
  near(bytesOf(one) / 1e6, megabytes);
});

test.each(RESAMPLERS)('%s is the published layer: %d MB', (text, megabytes) => {
  near(bytesOf(named(text)) / 1e6, megabytes);
});

test('a gradient moves the bytes of its forward map, or those of both operands and the filter', () => {
  const [dx, dw] = [named('convT dx CycleGAN'), named('convT dw CycleGAN')];
  expect(bytesOf(dx)).toBe(bytesOf(named('convT CycleGAN')));
  expect(bytesOf(dw)).toBe(bytesOf(named('convT CycleGAN')));
});

test('a quick run has rows of every family, forward and gradient, at each scale', () => {
  for (const adapter of [GPU, SOFTWARE]) {
    const all = select(cases, {}, adapter);
    const quick = select(cases, { quick: true }, adapter);
    expect(quick.length).toBeLessThan(all.length / 3);
    for (const family of new Set(cases.map((one) => one.family))) expect(quick.some((one) => one.family === family)).toBe(true);
    for (const group of ['resample', 'resample backward', 'convT', 'convT dx', 'convT dw', 'conv', 'conv dx', 'conv dw', 'resizeConv', 'pool', 'pool backward'])
      expect([...new Set(quick.map((one) => one.group))]).toContain(group);
  }
});

test('a layer runs at its own size on a GPU and reduced on a software adapter, or as one asks', () => {
  const scales = (rows: readonly Case[]) => [...new Set(rows.map(({ scale }) => scale))];
  expect(scales(select(cases, {}, GPU))).not.toContain('reduced');
  expect(scales(select(cases, {}, SOFTWARE))).not.toContain('full');
  expect(names(select(cases, { scale: 'reduced' }, GPU))).toEqual(names(select(cases, {}, { ...SOFTWARE, f16: true })));
  expect(names(select(cases, { scale: 'full' }, SOFTWARE))).toEqual(names(select(cases, {}, { ...GPU, f16: false })));
});

test('the trend of a GPU has the ten layers that stand for the others, the trend of a software adapter small ones', () => {
  expect(names(select(cases, { trend: true }, GPU).filter(({ scale }) => scale))).toHaveLength(10);
  const small = select(cases, { trend: true }, SOFTWARE);
  expect(small.length).toBeGreaterThan(5);
  expect(new Set(small.map(({ family }) => family))).toEqual(new Set(['resample', 'conv', 'pool']));
});

test('names choose rows, with a quick run those that are not quick too', () => {
  const rows = select(cases, { only: 'R13,R14 ', quick: true }, { ...SOFTWARE, f16: true });
  expect(names(rows).filter((name) => !name.includes('R13'))).toEqual(['R14 max unpool k2s2 512ch 45×60']);
  expect(rows.length).toBe(4);
});

test.each([1, 2, 3, 7])('%i parts are all rows, each once, in order', (n) => {
  const parts = Array.from({ length: n }, (_, i) => select(cases, { part: [i + 1, n] }, GPU));
  expect(names(parts.flat())).toEqual(names(select(cases, {}, GPU)));
});

test('f16 rows need the feature, are twins of f32 rows, and move half the bytes but all of the indices', () => {
  expect(select(cases, {}, SOFTWARE).some(({ dtype }) => dtype)).toBe(false);
  const halves = cases.filter(({ dtype }) => dtype);
  expect(new Set(halves.map(({ family }) => family))).toEqual(new Set(['resample', 'conv', 'shuffle', 'pool']));
  for (const half of halves) {
    const twin = cases.find(({ name }) => `f16 ${name}` === half.name)!;
    expect(half.inputs).toBe(twin.inputs);
    expect(bytesOf(half)).toBe(half.name.includes('max') ? bytesOf(twin) / 2 + 2 * half.words! : bytesOf(twin) / 2);
  }
  const unpool = halves.find(({ name }) => name.includes('R13 max unpool'))!;
  expect(bytesOf(unpool)).toBe(2 * (64 * 180 * 240 + 64 * 360 * 480) + 4 * 64 * 180 * 240);
  expect(inHalf(cases.filter(({ family }) => family === 'train'))).toEqual([]);
});

test('inputs repeat, have the shape of the case, and are halves where the row is f16', () => {
  for (const one of cases.filter(({ name }) => name.includes('tiny'))) {
    const { x } = inputsOf(one);
    expect(x!.length).toBe(count(one.inputs['x']!));
    expect(inputsOf(one)['x']).toEqual(x);
  }
  const { x } = inputsOf({ ...convCases[0]!, dtype: 'f16' });
  for (const v of x!.filter((v) => Math.abs(v) >= 0.5)) expect(Number.isInteger(v * 2048)).toBe(true);
  expect(x!.some((v) => v !== 0)).toBe(true);
});

test('a filter lies with both channel axes last where channels are', () => {
  expect(lies({ ...convCases[0]!, inputs: { w: [5, 6, 7, 8] }, filters: ['w'] }, 'w', 'nhwc')).toEqual([7, 8, 6, 5]);
});
