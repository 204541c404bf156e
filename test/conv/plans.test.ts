// Every plan of a table of geometries against the reference: forward, all gradients, and the adjoint identity.
// Cases aim at code paths: kernels 1 to 64, strides that do and do not divide them, dilation against stride, groups to depthwise,
// odd paddings, output padding, channels that fill up no block, batch 0 1 3, both layouts and dtypes, one activation each.
import { expect, test } from 'vitest';
import type { Context, Tensor } from '../../src/index.ts';
import type { Activation } from '../../src/ops/conv/call.ts';
import * as reference from '../../src/ops/conv/cpu.ts';
import type { Layout } from '../../src/plan.ts';
import { count, differs, generate } from '../fixtures.ts';
import { context } from '../gpu.ts';
import { HALF, units } from './bound.ts';
import { everyPlan } from './run.ts';

interface Geometry {
  op: string;
  x: readonly number[];
  w: readonly number[];
  options?: Record<string, unknown>;
  layout?: Layout;
  activation?: Activation;
}

const T1 = 'convTranspose1d';
const T2 = 'convTranspose2d';
const T3 = 'convTranspose3d';
const GEOMETRIES: Geometry[] = [
  { op: T2, x: [1, 5, 4, 7], w: [5, 8, 4, 4], options: { stride: 2, padding: 1 } },
  { op: T2, x: [3, 3, 5, 4], w: [3, 7, 3, 3], options: { stride: 2, padding: 1, outputPadding: 1 }, layout: 'nhwc', activation: 'relu' },
  {
    op: T2,
    x: [1, 8, 3, 5],
    w: [8, 3, 5, 2],
    options: {
      stride: [3, 4],
      padding: [
        [1, 0],
        [0, 1],
      ],
      outputPadding: [2, 3],
    },
  },
  { op: T2, x: [2, 6, 3, 4], w: [6, 4, 3, 3], options: { stride: 2, dilation: 2, groups: 3, padding: 1 }, layout: 'nhwc' },
  { op: T2, x: [1, 2, 5, 3], w: [2, 1, 3, 2], options: { stride: [2, 3], dilation: [3, 2], outputPadding: [2, 1] } },
  { op: T2, x: [2, 7, 3, 3], w: [7, 1, 9, 9], options: { stride: 4, padding: 4, outputPadding: 3 } },
  { op: T2, x: [1, 5, 4, 3], w: [5, 1, 4, 4], options: { stride: 2, padding: 1, groups: 5 }, layout: 'nhwc' },
  { op: T2, x: [1, 3, 2, 3], w: [3, 2, 64, 64], options: { stride: 32 } },
  { op: T2, x: [3, 21, 1, 1], w: [21, 8, 4, 4] },
  { op: T2, x: [1, 1, 4, 5], w: [1, 64, 2, 2], options: { stride: 2 } },
  { op: T2, x: [2, 4, 3, 3], w: [4, 2, 1, 1], options: { stride: 3, groups: 2, outputPadding: 2 } },
  { op: T1, x: [2, 5, 11], w: [5, 3, 16], options: { stride: 8, padding: 4 }, layout: 'nhwc' },
  { op: T1, x: [1, 8, 7], w: [8, 1, 128], options: { stride: 32 } },
  { op: T1, x: [3, 2, 1], w: [2, 2, 5], options: { stride: 3, padding: 2, outputPadding: 1 } },
  { op: T3, x: [1, 3, 2, 3, 2], w: [3, 8, 2, 2, 2], options: { stride: 2 }, activation: 'relu' },
  {
    op: T3,
    x: [2, 2, 2, 3, 2],
    w: [2, 3, 3, 2, 3],
    options: { stride: [1, 2, 3], dilation: [2, 1, 1], padding: [1, 0, 1], outputPadding: [1, 1, 2] },
    layout: 'nhwc',
  },
  { op: 'conv2d', x: [1, 3, 9, 8], w: [8, 3, 3, 3], options: { padding: 1 } },
  {
    op: 'conv2d',
    x: [3, 8, 7, 9],
    w: [21, 8, 3, 3],
    options: {
      stride: 2,
      padding: [
        [1, 0],
        [0, 2],
      ],
    },
    layout: 'nhwc',
    activation: 'relu',
  },
  { op: 'conv2d', x: [2, 4, 6, 5], w: [4, 1, 3, 3], options: { padding: 'same', groups: 4 }, activation: 'silu' },
  { op: 'conv2d', x: [1, 6, 9, 7], w: [4, 3, 2, 3], options: { stride: [3, 2], dilation: [2, 3], padding: 2, groups: 2 }, layout: 'nhwc' },
  { op: 'conv2d', x: [2, 5, 4, 3], w: [7, 5, 1, 1], activation: 'leakyRelu' },
  { op: 'conv2d', x: [2, 3, 5, 6], w: [9, 3, 2, 2] },
  { op: 'conv2d', x: [1, 2, 6, 13], w: [5, 2, 3, 7], options: { stride: 2, padding: [1, 3] } },
  { op: T2, x: [2, 4, 3, 7], w: [4, 3, 2, 5], options: { stride: 2, padding: [0, 2], outputPadding: 1 } },
  { op: 'conv2d', x: [1, 3, 7, 10], w: [9, 3, 2, 6], options: { padding: 2 }, layout: 'nhwc' },
  { op: 'conv2d', x: [1, 2, 20, 17], w: [3, 2, 7, 7], options: { stride: 4, padding: 3 }, activation: 'gelu' },
  { op: 'conv1d', x: [2, 3, 600], w: [5, 3, 5], options: { dilation: 3, padding: 'same' } },
  { op: 'conv1d', x: [1, 2, 40], w: [8, 1, 16], options: { stride: 8, groups: 2, autoPad: 'SAME_LOWER' }, layout: 'nhwc', activation: 'tanh' },
  { op: 'conv3d', x: [1, 3, 4, 5, 3], w: [5, 3, 3, 2, 3], options: { padding: 1 }, activation: 'sigmoid' },
  { op: 'conv3d', x: [2, 4, 3, 4, 5], w: [4, 2, 2, 2, 2], options: { stride: 2, groups: 2 }, layout: 'nhwc' },
  { op: 'resizeConv2d', x: [2, 3, 4, 3], w: [5, 3, 3, 3], options: { scaleFactor: 2, padding: 'same' }, activation: 'relu' },
  {
    op: 'resizeConv2d',
    x: [1, 4, 3, 3],
    w: [6, 2, 3, 2],
    options: {
      scaleFactor: [3, 2],
      padding: [
        [2, 0],
        [1, 0],
      ],
      groups: 2,
    },
    layout: 'nhwc',
  },
];
/** Groups of one channel, with channels in fours. */
const DEPTHWISE: Geometry[] = [
  { op: 'conv2d', x: [2, 8, 7, 9], w: [8, 1, 3, 3], options: { padding: 1, groups: 8 }, layout: 'nhwc', activation: 'gelu' },
  { op: 'conv2d', x: [1, 20, 6, 3], w: [20, 1, 2, 1], options: { groups: 20, padding: [2, 0] }, layout: 'nhwc' },
  {
    op: 'conv2d',
    x: [3, 4, 9, 10],
    w: [4, 1, 3, 4],
    options: {
      stride: [1, 2],
      dilation: [2, 1],
      padding: [
        [3, 1],
        [0, 2],
      ],
      groups: 4,
    },
    layout: 'nhwc',
  },
  { op: 'conv2d', x: [1, 4, 12, 11], w: [4, 1, 7, 6], options: { stride: [2, 1], dilation: [1, 2], padding: 5, groups: 4 }, layout: 'nhwc' },
  { op: T2, x: [2, 4, 5, 11], w: [4, 1, 4, 4], options: { stride: 2, padding: 1, groups: 4 }, layout: 'nhwc', activation: 'leakyRelu' },
  { op: T2, x: [1, 8, 3, 4], w: [8, 1, 5, 2], options: { stride: [2, 3], dilation: [1, 2], outputPadding: [1, 2], groups: 8 }, layout: 'nhwc' },
  { op: T2, x: [1, 4, 3, 2], w: [4, 1, 9, 13], options: { stride: [1, 2], groups: 4, padding: [4, 3] }, layout: 'nhwc' },
  { op: 'conv1d', x: [3, 4, 19], w: [4, 1, 5], options: { padding: 'same', groups: 4 }, layout: 'nhwc' },
  { op: T1, x: [1, 12, 5], w: [12, 1, 3], options: { stride: 5, outputPadding: 3, groups: 12 }, layout: 'nhwc' },
  { op: 'conv3d', x: [2, 4, 4, 5, 6], w: [4, 1, 3, 2, 3], options: { padding: 1, groups: 4 }, layout: 'nhwc', activation: 'tanh' },
  { op: T3, x: [1, 8, 2, 3, 3], w: [8, 1, 3, 3, 2], options: { stride: [2, 1, 2], padding: [1, 1, 0], groups: 8 }, layout: 'nhwc' },
];
GEOMETRIES.push(...DEPTHWISE);
const LAYOUTS = { conv: ['hwio', 'ohwi', 'ihwo'], convTranspose: ['hwoi', 'ohwi'] } as const;

const title = ({ op, x, w, options, layout, activation }: Geometry) =>
  `${op} [${x}] * [${w}] ${JSON.stringify(options ?? {})}${layout ? ` ${layout}` : ''}${activation ? ` ${activation}` : ''}`;

/** Values that f16 holds exactly where `half`: the reference then sees the same numbers. */
const values = (shape: readonly number[], seed: number, half: boolean) => {
  const all = generate(count(shape), seed);
  return half ? all.map((v) => Math.round(v * 256) / 256) : all;
};

async function check(ctx: Context, { op, x: xShape, w: wShape, options = {}, layout = 'nchw', activation }: Geometry, half: boolean, exact = false) {
  const dtype = half ? 'f16' : 'f32';
  const forward = (reference as unknown as Record<string, (...args: unknown[]) => { data: Float64Array; shape: number[] }>)[op]!;
  const backward = (reference as unknown as Record<string, (...args: unknown[]) => Record<string, { data: Float64Array }>>)[`${op}Backward`]!;
  const groups = (options['groups'] as number) ?? 1;
  const filterLayout = options['filterLayout'] as string | undefined;
  const spatial = xShape.length - 2;
  const transposed = op.startsWith('convT');
  const place = filterLayout ? filterLayout.indexOf('o') + (filterLayout.indexOf('o') > filterLayout.indexOf('h') ? spatial - 2 : 0) : transposed ? 1 : 0;
  const outChannels = wShape[place]! * (transposed ? groups : 1);
  const whole = (all: Float32Array) => (exact ? all.map((v) => Math.round(v * 3)) : all);
  const plain = (shape: readonly number[], seed: number, l: Layout = 'nchw') => ({
    data: whole(values(shape, seed, half)),
    shape: [...shape],
    layout: l,
    dtype,
  });
  const x = plain(xShape, 1, layout);
  const w = plain(wShape, 2);
  const bias = plain([outChannels], 3);
  const act = { ...options, ...(activation && { activation }) };
  const want = forward(x, w, { ...act, bias });
  const dy = plain(want.shape, 4, layout);
  const grads = backward(dy, x, w, { ...act, bias });
  const absolute = (t: typeof x) => ({ ...t, data: t.data.map(Math.abs) });
  const scaleY = Math.max(...forward(absolute(x), absolute(w), { ...options, bias: absolute(bias) }).data, 0);
  const scales = backward(absolute(dy), absolute(x), absolute(w), options);
  const put = (t: typeof x) => ctx.tensor(t.data, t.shape, { layout: t.layout, dtype });
  const tensors: Record<'x' | 'w' | 'bias' | 'dy', Tensor> = { x: put(x), w: put(w), bias: put(bias), dy: put(dy) };
  const found: string[] = [];
  const plans = new Set<string>();
  // An activation's derivative is below 1.13, and moves with the error of the value before it.
  const extra = activation ? 3 : 1;
  for (const back of [false, true]) {
    const { call, results } = await everyPlan(ctx, op, { ...tensors, dy: back ? tensors.dy : undefined }, act);
    for (const { plan, outputs } of results) {
      plans.add(plan);
      for (const [name, got] of Object.entries(outputs)) {
        const expected = name === 'y' ? want.data : grads[name]!.data;
        const scale = name === 'y' ? scaleY : Math.max(...scales[name]!.data, 0);
        const bound = exact
          ? { units: 0, scale: 1 }
          : { units: extra * units(call)[name as 'y'] + 2, scale: Math.max(scale, activation ? 1 : 0), relative: half ? HALF : 0 };
        const message = differs(got, expected, bound);
        if (message) found.push(`${plan}, ${name}: ${message}`);
      }
    }
  }
  for (const t of Object.values(tensors)) t.dispose();
  expect(found, title({ op, x: xShape, w: wShape, options: act })).toEqual([]);
  return plans;
}

test('conv plans: f32, every geometry under every plan, forward and gradients', { timeout: 300_000 }, async () => {
  const ctx = await context();
  const seen = new Set<string>();
  for (const g of GEOMETRIES) for (const name of await check(ctx, g, false)) seen.add(name);
  const parts = new Set([...seen].flatMap((name) => name.split(' + ')));
  const blocks = ['32x4', '16x4', '8x8', '8x4', '4x8', '1x8', '64x64', '128x64'].flatMap((name) => [name, `${name} stacked`]);
  for (const name of [...blocks, 'line', 'depthwise', 'plain']) expect([...parts]).toContain(name);
  for (const name of ['8x8', '8x4', '1x8', 'line', '32x4', '16x4', 'plain']) expect([...parts]).toContain(`dw ${name}`);
});

test('conv plans: f16 storage, f32 sums', { timeout: 300_000 }, async () => {
  const ctx = await context();
  if (!ctx.device.features.has('shader-f16')) {
    expect(() => ctx.tensor([1], [1], { dtype: 'f16' })).toThrow(/shader-f16/);
    return;
  }
  for (const g of GEOMETRIES) await check(ctx, g, true);
});

test('conv plans: filter layouts, and whole numbers bit for bit', { timeout: 300_000 }, async () => {
  const ctx = await context();
  for (const g of GEOMETRIES.filter((c) => c.op !== 'resizeConv2d' && !c.activation)) {
    await check(ctx, g, false, true);
    const transposed = g.op.startsWith('convT');
    const [a, b, ...kernel] = g.w;
    for (const filterLayout of LAYOUTS[transposed ? 'convTranspose' : 'conv']) {
      const parts: Record<string, readonly number[]> = transposed ? { i: [a!], o: [b!], h: kernel, w: [] } : { o: [a!], i: [b!], h: kernel, w: [] };
      await check(ctx, { ...g, w: [...filterLayout].flatMap((letter) => parts[letter]!), options: { ...g.options, filterLayout } }, false, true);
    }
  }
});
