// Max unpooling: every plan gives the reference's bits for indices of a pooling, free ones, and duplicates; indices outside are reported, never written.
import { describe, expect, test } from 'vitest';
import { type Context, fromDevice, maxPool2d, maxUnpool2d, maxUnpool2dBackward, type Tensor, UpsampleError } from '../../src/index.ts';
import type { Duplicates, SpreadCall } from '../../src/ops/pool/call.ts';
import * as reference from '../../src/ops/pool/cpu.ts';
import { FORMATS } from '../../src/ops/pool/format.ts';
import { unpoolGradientPlans, unpoolPlans } from '../../src/ops/pool/spread.ts';
import { type MaxUnpoolOptions, maxUnpoolCall } from '../../src/ops/pool/unpool.ts';
import type { Layout } from '../../src/plan.ts';
import { count, differs, hash32 } from '../fixtures.ts';
import { context, thrown } from '../gpu.ts';
import { GEOMETRIES, HALVES, titleOf, unpoolable } from './cases.ts';
import { bitsOf, runPlan, unequal, valuesOf, wrapped } from './run.ts';

const POOL = { 1: reference.maxPool1d, 2: reference.maxPool2d, 3: reference.maxPool3d };
const UNPOOL = { 1: reference.maxUnpool1d, 2: reference.maxUnpool2d, 3: reference.maxUnpool3d };
const BACK = { 1: reference.maxUnpool1dBackward, 2: reference.maxUnpool2dBackward, 3: reference.maxUnpool3dBackward };
const RULES: readonly Duplicates[] = ['last', 'first', 'sum'];
const seen = new Set<string>();

interface Unpooling {
  readonly title: string;
  readonly shape: readonly number[];
  readonly indices: ArrayLike<number>;
  readonly options: MaxUnpoolOptions;
  readonly layout: Layout;
  readonly half?: boolean;
  readonly offset?: number;
}

/** What every plan makes wrong of an unpooling and of its gradient, as sentences. */
async function faults(ctx: Context, { title, shape, indices, options, layout, half = false, offset = 0 }: Unpooling): Promise<string[]> {
  const rank = (shape.length - 2) as 1 | 2 | 3;
  const dtype = half ? 'f16' : 'f32';
  const sum = options.duplicates === 'sum';
  const unchecked = { ...options, checkIndices: false };
  const found: string[] = [];
  const given = { data: indices, shape: [...shape], layout, dtype: 'u32' as const };
  const words = Uint32Array.from(indices);
  const index = offset ? wrapped(ctx, words, shape, { dtype: 'u32', layout }, offset) : ctx.tensor(words, shape, { dtype: 'u32', layout });
  for (const backward of [false, true]) {
    const op = `maxUnpool${rank}d${backward ? 'Backward' : ''}`;
    // Sums are of numbers that no order of summation can round; what is copied has any bits.
    const large = maxUnpoolCall(op, rank, { shape, dtype, layout, skew: 0 }, index.spec, unchecked).large.shape;
    const from = backward ? large : shape;
    const { bits, numbers } = valuesOf(sum && !backward ? 'ties' : 'special', count(from), shape.length, half);
    const x = wrapped(ctx, bits, from, { dtype, layout }, offset ? (half ? 6 : 12) : 0);
    const places = { data: numbers, shape: [...from], layout, dtype } as const;
    // Places in memory sent through the reference: which element's bits every output has.
    const numbered = { ...places, data: Float64Array.from({ length: bits.length }, (_, i) => i + 1) };
    const run = (input: typeof places) => (backward ? BACK[rank](input, given, unchecked) : UNPOOL[rank](input, given, unchecked)).data;
    const moved = Array.from(run(numbered as never), (i) => (i ? bits[i - 1]! : 0));
    for (const check of [true, false]) {
      const all = { ...options, checkIndices: check };
      const call: SpreadCall = backward
        ? maxUnpoolCall(op, rank, index.spec, index.spec, all, { dy: x.spec })
        : maxUnpoolCall(op, rank, x.spec, index.spec, all);
      for (const plan of (backward ? unpoolGradientPlans : unpoolPlans)(call, ctx.adapter)) {
        seen.add(`${backward ? 'backward ' : ''}${options.duplicates} ${plan.name}`);
        if (half && !backward) seen.add(`f16 ${plan.name}`);
        const y = Object.values(runPlan(ctx, op, plan, { [backward ? 'dy' : 'input']: x, indices: index }))[0]!;
        const message = sum && !backward ? differs(await y.data(), run(places), { units: 0, scale: 1 }) : unequal(await bitsOf(y), moved);
        if (message) found.push(`${title}, ${JSON.stringify(options)}, ${backward ? 'backward, ' : ''}${plan.name}, ${check}: ${message}`);
        y.dispose();
      }
    }
    x.dispose();
  }
  index.dispose();
  return found;
}

/** Indices of poolings, whole geometries with every rule and format in turn. */
function pooled(half = false): Unpooling[] {
  return (half ? HALVES : GEOMETRIES).filter(unpoolable).flatMap((g, i) => {
    const { x, options, layout = 'nchw' } = g;
    const rank = (x.length - 2) as 1 | 2 | 3;
    const indexFormat = FORMATS[i % FORMATS.length]!;
    const { numbers } = valuesOf('ties', count(x), i);
    const { indices } = POOL[rank]({ data: numbers, shape: x, layout }, { ...options, indexFormat, returnIndices: true });
    const { ceilMode: _, ...windows } = options;
    const size = x.slice(2).map((n, axis) => {
      const per = (v: number | readonly number[]) => (typeof v === 'number' ? v : v[axis]!);
      const [kernel, stride] = [per(windows.kernelSize), per(windows.stride ?? windows.kernelSize)];
      const pad = windows.padding ?? 0;
      const one = typeof pad === 'number' ? pad : pad[axis]!;
      const pads = typeof one === 'number' ? 2 * one : one[0] + one[1];
      const least = (indices.shape[axis + 2]! - 1) * stride - pads + kernel;
      return Math.abs(n - least) < stride ? n : undefined;
    });
    if (size.includes(undefined)) return [];
    // Every rule where windows stand side by side, in both layouts; else one in turn.
    const apart = x.length === 4 && options.kernelSize === 2 && options.stride === undefined && x[2]! % 2 === 0;
    const rules = apart && !half ? RULES : [RULES[i % 3]!];
    return rules.map((duplicates) => ({
      title: titleOf(g),
      shape: indices.shape,
      indices: indices.data,
      options: { ...windows, outputSize: size as number[], indexFormat, duplicates },
      layout,
      half,
      offset: i % 3 === 1 ? 8 : 0,
    }));
  });
}

/** Free indices with many duplicates, all inside their planes. */
const free = (shape: readonly number[], options: MaxUnpoolOptions, cells: number, layout: Layout = 'nchw', half = false): Unpooling[] =>
  RULES.map((duplicates, i) => ({
    title: `free [${shape}] ${layout}`,
    shape,
    indices: Array.from({ length: count(shape) }, (_, q) => hash32(q, i + cells) % cells),
    options: { ...options, duplicates },
    layout,
    half,
  }));

const FREE = (half = false) => [
  ...free([2, 3, 4, 8], { kernelSize: 2 }, 128, 'nchw', half),
  ...free([1, 4, 7, 9], { kernelSize: 3, stride: 2, padding: 1 }, 13 * 17, 'nhwc', half),
  ...free([2, 2, 40], { kernelSize: 2 }, 11, 'nchw', half),
  ...free([1, 3, 2, 3, 2], { kernelSize: 2, stride: 1 }, 36, 'nhwc', half),
];

describe('every plan gives what the reference gives, forward and backward', () => {
  const all = async (list: readonly Unpooling[]) => {
    const ctx = await context();
    const found: string[] = [];
    for (const one of list) found.push(...(await faults(ctx, one)));
    expect(found.slice(0, 10)).toEqual([]);
    expect(list.length).toBeGreaterThan(8);
  };
  test('indices of a pooling', () => all(pooled()), 120_000);
  test('free indices, with duplicates', () => all(FREE()));
  test('f16', async () => {
    const ctx = await context();
    if (ctx.device.features.has('shader-f16')) await all([...pooled(true), ...FREE(true).slice(0, 6)]);
    else expect(() => ctx.tensor([1], [1], { dtype: 'f16' })).toThrow(/shader-f16/);
  }, 120_000);
  test('all plans were met under every rule', async () => {
    if ((await context()).device.features.has('shader-f16'))
      for (const name of ['spread', 'place vec4', 'place', 'plain']) expect([...seen]).toContain(`f16 ${name}`);
    for (const rule of RULES) for (const name of ['spread', 'place vec4', 'place', 'pixel', 'plain', 'planes']) expect([...seen]).toContain(`${rule} ${name}`);
    for (const rule of ['last', 'first'])
      for (const name of ['owner', 'backward pick', 'backward owner', 'backward planes'])
        expect([...seen]).toContain(name.startsWith('backward') ? `backward ${rule} ${name.slice(9)}` : `${rule} ${name}`);
    expect([...seen]).toContain('backward sum pick');
  });
  test('small limits are met in windows and folded grids', async () => {
    const { device } = await context();
    const ctx = fromDevice(device, { limits: { maxStorageBufferBindingSize: 2 ** 14, maxBufferSize: 2 ** 18, maxComputeWorkgroupsPerDimension: 7 } });
    const found: string[] = [];
    for (const one of [...free([3, 7, 12, 16], { kernelSize: 2 }, 24 * 32), ...free([9, 4, 9, 10], { kernelSize: 3, stride: 2, padding: 1 }, 17 * 19, 'nhwc')])
      found.push(...(await faults(ctx, one)));
    expect(found.slice(0, 10)).toEqual([]);
    ctx.destroy();
  });
});

test('one stray index among those of a pooling is still put where it points', async () => {
  const ctx = await context();
  const x = ctx.tensor(
    Array.from({ length: 2 * 4 * 8 }, (_, i) => i + 1),
    [1, 2, 4, 8],
  );
  const window = (q: number) => Math.floor(q / 8) * 32 + (q % 8) * 2;
  const data = Array.from({ length: 64 }, (_, q) => window(q % 32));
  data[37] = 127; // its own window begins at 10
  const indices = ctx.tensor(data, [1, 2, 4, 8], { dtype: 'u32' });
  const y = maxUnpool2d(x, indices, { kernelSize: 2 });
  const values = await y.data();
  expect(values[128 + 127]).toBe(38);
  expect(values[128 + 10]).toBe(0);
  expect(values[128 + 12]).toBe(39);
  for (const t of [x, indices, y]) t.dispose();
});

describe('indices outside their plane', () => {
  const options = { kernelSize: 2 };
  const [n, c, h, w] = [2, 3, 4, 8];
  const [windows, cells] = [h * w, 4 * h * w];
  const inside = (q: number) => Math.floor((q % windows) / w) * 2 * 2 * w + (q % w) * 2;
  const BAD = [-1, cells, cells + 1, 2 ** 31, 2 ** 32 - 1];

  test.each(BAD)('%i in one plane: the others are whole, dropped or rejected under every plan, forward and backward', async (bad) => {
    const ctx = await context();
    const shape = [n, c, h, w];
    const large = [n, c, 2 * h, 2 * w];
    const data = Array.from({ length: count(shape) }, (_, q) => inside(q));
    const place = 2 * windows + 13; // sample 0, channel 2
    data[place] = bad;
    data[place + 40] = bad;
    const words = Uint32Array.from(data, (v) => v >>> 0);
    for (const dtype of ['u32', 'i32'] as const) {
      if (dtype === 'i32' && bad > 2 ** 31 - 1) continue;
      const indices = ctx.tensor(dtype === 'i32' ? Int32Array.from(data) : words, shape, { dtype });
      const sentence = `indices[0, 2, 1, 5] is ${dtype === 'i32' ? bad : bad >>> 0}, outside its plane of ${cells} cells; expected 0 to ${cells - 1}`;
      for (const duplicates of RULES)
        for (const backward of [false, true]) {
          const from = backward ? large : shape;
          const numbers = Float32Array.from({ length: count(from) }, (_, i) => (i % 97) + 1);
          const x = ctx.tensor(numbers, from);
          const op = `maxUnpool2d${backward ? 'Backward' : ''}`;
          const all = { ...options, duplicates };
          const want = (
            backward
              ? reference.maxUnpool2dBackward({ data: numbers, shape: from }, { data: words, shape, dtype: 'u32' }, { ...all, checkIndices: false })
              : reference.maxUnpool2d({ data: numbers, shape: from }, { data: words, shape, dtype: 'u32' }, { ...all, checkIndices: false })
          ).data;
          for (const checkIndices of [false, true]) {
            const call = backward
              ? maxUnpoolCall(op, 2, indices.spec, indices.spec, { ...all, checkIndices }, { dy: x.spec })
              : maxUnpoolCall(op, 2, x.spec, indices.spec, { ...all, checkIndices });
            for (const plan of (backward ? unpoolGradientPlans : unpoolPlans)(call, ctx.adapter)) {
              const y = Object.values(runPlan(ctx, op, plan, { [backward ? 'dy' : 'input']: x, indices }))[0]!;
              // Read around the check: no plane, its own or a neighbour's, has anything but what belongs there.
              expect(await bitsOf(unfaulted(ctx, y)), plan.name).toEqual(new Uint32Array(Float32Array.from(want).buffer));
              if (checkIndices) expect(await thrown(() => y.data()), plan.name).toMatchObject({ code: 'index-out-of-range', message: `${op}: ${sentence}` });
              else expect(await y.data(), plan.name).toEqual(Float32Array.from(want));
              y.dispose();
            }
          }
          x.dispose();
        }
      expect(() => reference.maxUnpool2d({ data: new Float32Array(count(shape)), shape }, { data, shape, dtype }, options)).toThrow(sentence);
      indices.dispose();
    }
  });

  /** The memory of a tensor without what is known of it. */
  const unfaulted = (ctx: Context, { buffer, shape }: Tensor): Tensor => ctx.wrap(buffer, shape);

  test('what depends on the result rejects too, other calls of the same task do not', async () => {
    const ctx = await context();
    const x = ctx.tensor([1, 2, 3, 4], [1, 1, 2, 2]);
    const good = ctx.tensor([0, 3, 9, 14], [1, 1, 2, 2], { dtype: 'u32' });
    const bad = ctx.tensor([0, 3, 16, 99], [1, 1, 2, 2], { dtype: 'u32' });
    const many = Array.from({ length: 150 }, (_, i) => maxUnpool2d(x, i === 77 ? bad : good, options));
    const after = maxPool2d(many[77]!, { kernelSize: 2 });
    const results = await Promise.allSettled([...many, after].map((t) => t.data()));
    const rejected = results.flatMap((r, i) => (r.status === 'rejected' ? [[i, (r.reason as UpsampleError).message]] : []));
    const sentence = 'maxUnpool2d: indices[0, 0, 1, 0] is 16, outside its plane of 16 cells; expected 0 to 15';
    expect(rejected).toEqual([
      [77, sentence],
      [150, sentence],
    ]);
    expect(results[3]).toMatchObject({ value: Float32Array.of(1, 0, 0, 2, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 4, 0) });
    // Words are 0 again for the calls that use them next.
    for (let i = 0; i < 5; i++) expect((await maxUnpool2d(x, good, options).data())[14]).toBe(4);
    for (const t of [x, good, bad, after, ...many]) t.dispose();
  });

  test('the first offender is the first in memory, in other formats and layouts too', async () => {
    const ctx = await context();
    const shape = [1, 2, 2, 2];
    const x = ctx.tensor([1, 2, 3, 4, 5, 6, 7, 8], shape, { layout: 'nhwc' });
    const indices = ctx.tensor([0, 1, 4, 5, 16, 18, 33, 3], shape, { dtype: 'u32', layout: 'nhwc' });
    const y = maxUnpool2d(x, indices, { ...options, indexFormat: 'tf' });
    const error = await thrown(() => y.data());
    expect(error.message).toBe('maxUnpool2d: indices[0, 1, 1, 0] is 18, outside its plane of 16 cells; expected a cell of plane [0, 1] as "tf" counts');
    expect(error).toBeInstanceOf(UpsampleError);
    for (const t of [x, indices, y]) t.dispose();
  });

  test('prepared operations drop, and encode from clean words every time', async () => {
    const ctx = await context();
    const spec = { shape: [1, 1, 2, 4], ...options };
    const prepared = await maxUnpool2d.prepare(ctx, spec);
    const x = ctx.tensor([1, 2, 3, 4, 5, 6, 7, 8], spec.shape);
    const y = ctx.tensor(new Float32Array(32), [1, 1, 4, 8]);
    for (const data of [
      [0, 2, 4, 6, 16, 18, 20, 22],
      [0, 2, 32, 6, 16, 99, 20, 1],
      [1, 3, 5, 7, 17, 19, 21, 23],
    ]) {
      const indices = ctx.tensor(data, spec.shape, { dtype: 'u32' });
      const encoder = ctx.device.createCommandEncoder();
      prepared.encode(encoder, { input: x, indices, output: y });
      ctx.device.queue.submit([encoder.finish()]);
      const want = reference.maxUnpool2d(
        { data: [1, 2, 3, 4, 5, 6, 7, 8], shape: spec.shape },
        { data, shape: spec.shape, dtype: 'u32' },
        { ...options, checkIndices: false },
      );
      expect(await y.data()).toEqual(Float32Array.from(want.data));
      indices.dispose();
    }
    await expect(maxUnpool2d.prepare(ctx, { ...spec, checkIndices: true })).rejects.toThrow(
      'maxUnpool2d: checkIndices cannot act in a prepared operation; leave it out: indices outside their plane are dropped there',
    );
    const back = await maxUnpool2d.explain(ctx, spec);
    expect(back).toMatchObject({ plan: 'spread', admissible: ['spread', 'place', 'plain', 'owner', 'planes'] });
    const gradient = await maxUnpool2dBackward.prepare(ctx, { shape: [1, 1, 4, 8], inputShape: spec.shape, ...options });
    expect(gradient.output).toEqual({ shape: [1, 1, 2, 4], dtype: 'f32', layout: 'nchw' });
    for (const p of [prepared, gradient]) p.dispose();
    for (const t of [x, y]) t.dispose();
  });
});

test('duplicates give the same bits in 100 runs, forward and backward', async () => {
  const ctx = await context();
  for (const duplicates of RULES) {
    const options = { kernelSize: 2, duplicates };
    const shape = [1, 2, 16, 16];
    const x = ctx.tensor(
      Float32Array.from({ length: 512 }, (_, i) => Math.sin(i)),
      shape,
    );
    const indices = ctx.tensor(
      Array.from({ length: 512 }, (_, i) => hash32(i, 3) % 37),
      shape,
      { dtype: 'u32' },
    );
    const bits = new Set<string>();
    for (let i = 0; i < 20; i++) {
      const five = Array.from({ length: 5 }, () => maxUnpool2d(x, indices, options));
      const back = five.map((y) => maxUnpool2dBackward(y, indices, options));
      for (const [k, y] of five.entries()) bits.add(`${await bitsOf(y)} ${await bitsOf(back[k]!)}`);
      for (const t of [...five, ...back]) t.dispose();
    }
    expect(bits.size).toBe(1);
    for (const t of [x, indices]) t.dispose();
  }
});
