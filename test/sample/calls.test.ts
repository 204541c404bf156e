// The public calls: prepared, explained, at odd offsets, under small limits, empty, refused.
import { describe, expect, test } from 'vitest';
import { type Context, createContext, gridSample, gridSampleBackward, type Tensor, UpsampleError } from '../../src/index.ts';
import { sampleBackwardCall, sampleCall } from '../../src/ops/sample/arguments.ts';
import * as reference from '../../src/ops/sample/cpu.ts';
import { sampleGradientPlans } from '../../src/ops/sample/gradient.ts';
import type { DType, Layout, Plan } from '../../src/plan.ts';
import { count, hash32 } from '../fixtures.ts';
import { context, objectsMade, thrown } from '../gpu.ts';
import { allowed, beyond } from './bound.ts';
import { clearGrid, everyPlan, noise, type Operand, operand, put } from './run.ts';

const zeros = (ctx: Context, shape: readonly number[], layout: Layout = 'nchw') => ctx.tensor(new Float32Array(count(shape)), shape, { layout });

test("a prepared call encodes into the caller's encoder, forward and backward", async () => {
  const ctx = await context();
  const options = { mode: 'bicubic', paddingMode: 'border' } as const;
  const x = noise([2, 8, 6, 7], 1, 'f32', 'nhwc');
  const grid = clearGrid(x.shape, [5, 4], false, 2);
  const spec = { x: { shape: x.shape, layout: 'nhwc' }, grid: { shape: grid.shape }, ...options } as const;
  const backSpec = { ...spec, dy: { shape: [2, 8, 5, 4], layout: 'nhwc' } } as const;
  const y = reference.gridSample(x, grid, options);
  const dy = noise(y.shape, 3, 'f32', 'nhwc');
  const want = reference.gridSampleBackward(dy, x, grid, options);
  const room = allowed(x, grid, dy, options);
  const sampled = await gridSample.prepare(ctx, spec);
  const back = await gridSampleBackward.prepare(ctx, backSpec);
  const onlyGrid = await gridSampleBackward.prepare(ctx, { ...backSpec, gradients: ['dgrid'] });
  expect(sampled.output).toEqual({ shape: [2, 8, 5, 4], dtype: 'f32', layout: 'nhwc' });
  expect(Object.keys(onlyGrid.outputs)).toEqual(['dgrid']);
  expect(sampled.explain()).toEqual(gridSample.explain(ctx, spec));
  expect(gridSampleBackward.explain(ctx, backSpec).admissible).toEqual(back.explain().admissible);
  const io = { x: put(ctx, x), grid: put(ctx, grid), output: zeros(ctx, y.shape, 'nhwc') };
  const gradients = { dy: put(ctx, dy), x: io.x, grid: io.grid, dx: zeros(ctx, x.shape, 'nhwc'), dgrid: zeros(ctx, grid.shape) };
  const again = { ...gradients, dgrid: zeros(ctx, grid.shape) };
  const encoder = ctx.device.createCommandEncoder();
  sampled.encode(encoder, io);
  back.encode(encoder, gradients);
  onlyGrid.encode(encoder, again);
  ctx.device.queue.submit([encoder.finish()]);
  expect(beyond(await io.output.data(), y.data, room.y)).toBe('');
  expect(beyond(await gradients.dx.data(), want.dx.data, room.dx)).toBe('');
  expect(beyond(await gradients.dgrid.data(), want.dgrid.data, room.dgrid)).toBe('');
  expect(await again.dgrid.data()).toEqual(await gradients.dgrid.data());
  for (const p of [sampled, back, onlyGrid]) p.dispose();
  for (const t of [...Object.values(io), ...Object.values(gradients), again.dgrid]) t.dispose();
});

test('tensors at odd offsets of buffers, and small limits: windows of the batch and folded grids give the same result', async () => {
  const small = await createContext({ limits: { maxStorageBufferBindingSize: 65536, maxBufferSize: 262144, maxComputeWorkgroupsPerDimension: 3 } });
  const x = noise([7, 3, 30, 31], 1);
  const grid = clearGrid(x.shape, [25, 26], true, 2);
  const options = { paddingMode: 'reflection', alignCorners: true } as const;
  const y = reference.gridSample(x, grid, options);
  const dy = noise(y.shape, 3);
  const want = { y, ...reference.gridSampleBackward(dy, x, grid, options) };
  const room = allowed(x, grid, dy, options);
  const wrapped = (ctx: Context, { data, shape }: Operand, offset: number): Tensor => {
    const buffer = ctx.device.createBuffer({ size: offset + data.byteLength, usage: 0x80 | 0x8 });
    ctx.device.queue.writeBuffer(buffer, offset, data);
    return ctx.wrap(buffer, shape, { offset });
  };
  for (const ctx of [await context(), small]) {
    const tensors = { x: wrapped(ctx, x, 12), grid: wrapped(ctx, grid, 260), dy: wrapped(ctx, dy, 4) };
    const all = [...(await everyPlan(ctx, { x: tensors.x, grid: tensors.grid }, options)), ...(await everyPlan(ctx, tensors, options))];
    for (const { plan, outputs } of all)
      for (const [name, got] of Object.entries(outputs)) expect(beyond(got, want[name as 'y'].data, room[name as 'y']), `${plan} ${name}`).toBe('');
    expect(new Set(all.map(({ plan }) => plan))).toEqual(new Set(['planes', 'plain', 'sorted', 'search']));
  }
  const spec = { x: { shape: x.shape }, grid: { shape: grid.shape }, ...options };
  for (const { kernels } of [gridSample.explain(small, spec), gridSampleBackward.explain(small, { ...spec, dy: { shape: y.shape } })])
    expect(Math.max(...kernels.flatMap((k) => k.grid))).toBeLessThanOrEqual(3);
  expect(gridSample.explain(small, spec).kernels.length).toBeGreaterThan(gridSample.explain(await context(), spec).kernels.length);
  small.destroy();
});

test('what cannot be bound is refused with both numbers before any GPU object is made', async () => {
  const ctx = await createContext({ limits: { maxStorageBufferBindingSize: 65536, maxBufferSize: 262144 } });
  const x = zeros(ctx, [1, 1, 8, 8]);
  const wide = zeros(ctx, [1, 5, 60, 60]);
  const grid = zeros(ctx, [1, 4, 4, 2]);
  const large = zeros(ctx, [1, 100, 84, 2]);
  const many = zeros(ctx, [1, 40, 1, 1]);
  const dy = zeros(ctx, [1, 1, 100, 84]);
  for (const [call, message] of [
    [() => gridSample(wide, grid), 'gridSample: one sample of 72000 bytes exceeds a storage binding; the device allows 65536 bytes'],
    [() => gridSample(many, large), 'gridSample: the result [1, 40, 100, 84] needs 1344000 bytes; the device allows buffers of 262144'],
    [
      () => gridSampleBackward(dy, x, large, { gradients: ['dx'] }),
      'gridSampleBackward: one sample of 67200 bytes exceeds a storage binding; the device allows 65536 bytes',
    ],
  ] as const) {
    let error: UpsampleError | undefined;
    const made = await objectsMade(ctx.device, async () => {
      error = (await thrown(call)) as UpsampleError;
    });
    expect([made, error!.code, error!.message]).toEqual([0, 'limit-exceeded', message]);
  }
  ctx.destroy();
});

describe('long sums', () => {
  test('where one pixel may hold all samples, a dispatch has at most about 1e9 multiply-adds', async () => {
    const { adapter } = await context();
    for (const [layout, channels, unit] of [
      ['nchw', 62, 4],
      ['nhwc', 64, 4],
      ['nhwc', 62, 1],
    ] as const) {
      const spec = (shape: readonly number[], l: Layout) => ({ shape, dtype: 'f32', layout: l, skew: 0 }) as const;
      const x = spec([1, channels, 300, 300], layout);
      const forward = sampleCall('gridSampleBackward', x, spec([1, 2000, 2000, 2], 'nchw'), {});
      const [plan] = sampleGradientPlans(sampleBackwardCall({ ...forward.y }, forward, ['dx']), {
        ...adapter,
        limits: { ...adapter.limits, binding: 2 ** 31, buffer: 2 ** 31 },
      });
      const blocks = Math.ceil(channels / unit);
      const parts = plan!.steps.filter((s) => s.kernel.name.startsWith('sample/collect') && !s.params['base']).map((s) => s.params);
      expect(parts.length).toBe(unit === 4 ? Math.ceil(blocks / 15) : 1);
      let next = 0;
      for (const p of parts) {
        expect(p['channel'] ?? p['block']).toBe(next);
        const of = (p['blocks'] ?? p['channels']) as number;
        expect(of * unit * 4e6 * 4).toBeLessThanOrEqual(1e9);
        next += of;
      }
      expect(next).toBe(blocks);
    }
  });

  test('sums cut into parts of the channels are the same', async () => {
    const ctx = await context();
    for (const [layout, channels] of [
      ['nchw', 11],
      ['nhwc', 12],
      ['nhwc', 7],
    ] as const) {
      const x = noise([2, channels, 6, 7], 1, 'f32', layout);
      const grid = clearGrid(x.shape, [9, 8], false, 2);
      const dy = noise([2, channels, 9, 8], 3, 'f32', layout);
      const tensors = { dy: put(ctx, dy), x: put(ctx, x), grid: put(ctx, grid) };
      const forward = sampleCall('gridSampleBackward', tensors.x.spec, tensors.grid.spec, {});
      const call = sampleBackwardCall(tensors.dy.spec, forward, ['dx']);
      for (const plan of sampleGradientPlans(call, ctx.adapter).filter((p) => p.name !== 'search')) {
        const steps = plan.steps.flatMap((step) => {
          const [of, first] = step.kernel.name === 'sample/collect' ? ['channels', 'channel'] : ['blocks', 'block'];
          if (!step.kernel.name.startsWith('sample/collect')) return [step];
          const all = step.params[of!] as number;
          const each = (step.params['count'] as number) / all;
          const part = (from: number, to: number) => ({ ...step, params: { ...step.params, [of!]: to - from, [first!]: from, count: each * (to - from) } });
          return [part(0, 1), part(1, all)];
        });
        const [whole, parts] = [plan, { ...plan, steps }].map((p, i) => ctx.run('parts', `parts ${JSON.stringify(call)} ${plan.name} ${i}`, tensors, () => p));
        expect(await parts!['dx']!.data(), plan.name).toEqual(await whole!['dx']!.data());
      }
    }
  });
});

test('an empty batch gives empty results and no dispatch', async () => {
  const ctx = await context();
  const [x, grid] = [ctx.tensor([], [0, 3, 4, 4]), ctx.tensor([], [0, 5, 6, 2])];
  const y = gridSample(x, grid);
  expect(y.shape).toEqual([0, 3, 5, 6]);
  const { dx, dgrid } = gridSampleBackward(y, x, grid);
  expect([dx.shape, dgrid.shape]).toEqual([x.shape, grid.shape]);
  for (const t of [y, dx, dgrid]) expect((await t.data()).length).toBe(0);
  const spec = { x: { shape: x.shape }, grid: { shape: grid.shape } };
  expect([gridSample.explain(ctx, spec).kernels, gridSampleBackward.explain(ctx, { ...spec, dy: { shape: y.shape } }).kernels]).toEqual([[], []]);
});

test('only the gradient that is wanted is computed', async () => {
  const ctx = await context();
  const shape = [1, 4, 9, 9];
  const spec = { dy: { shape }, x: { shape }, grid: { shape: [1, 9, 9, 2] } };
  const kernels = (gradients?: ('dx' | 'dgrid')[]) => gridSampleBackward.explain(ctx, { ...spec, gradients }).kernels.map((k) => k.kernel);
  expect(kernels(['dgrid'])).toEqual(['sample/slope']);
  expect(kernels(['dx'])).not.toContain('sample/slope');
  expect(kernels()).toEqual([...kernels(['dx']), 'sample/slope']);
});

test('every option acts', () => {
  const x = noise([1, 2, 4, 5], 1);
  const grid = clearGrid(x.shape, [6, 6], false, 2);
  const seen = new Set<string>();
  const all = (['bilinear', 'nearest', 'bicubic'] as const).flatMap((mode) =>
    (['zeros', 'border', 'reflection'] as const).flatMap((paddingMode) => [false, true].map((alignCorners) => ({ mode, paddingMode, alignCorners }))),
  );
  for (const options of all) seen.add(reference.gridSample(x, grid, options).data.join());
  expect(seen.size).toBe(18);
  expect(reference.gridSample(x, grid).data.join()).toBe([...seen][0]);
});

const X = [1, 2, 4, 5];
const GRID = [1, 3, 3, 2];
/** One wrong argument each: x, grid, options, sentence, dtypes of x and grid, layout of the grid. */
type Wrong = [x: readonly number[], grid: readonly number[], options: unknown, sentence: string, dtypes?: readonly [DType, DType], layout?: Layout];
const WRONG: Wrong[] = [
  [[2, 4, 5], GRID, {}, 'x [2, 4, 5] has rank 3; expected rank 4, [N, C, H, W], or rank 5, [N, C, D, H, W]'],
  [X, GRID, {}, 'x has dtype i32; expected f32 or f16', ['i32', 'f32']],
  [X, GRID, {}, 'grid has dtype u32; expected f32', ['f32', 'u32']],
  [X, GRID, {}, 'grid has layout nhwc; expected nchw, the order of its shape', ['f32', 'f32'], 'nhwc'],
  [[1, 2, 0, 5], GRID, {}, 'x has shape [1, 2, 0, 5]; expected at least one channel and one pixel along every axis'],
  [[1, 0, 4, 5], GRID, {}, 'x has shape [1, 0, 4, 5]; expected at least one channel and one pixel along every axis'],
  [X, [1, 3, 3, 3], {}, 'grid has shape [1, 3, 3, 3]; expected [1, outH, outW, 2] for x [1, 2, 4, 5]'],
  [X, [2, 3, 3, 2], {}, 'grid has shape [2, 3, 3, 2]; expected [1, outH, outW, 2] for x [1, 2, 4, 5]'],
  [X, [1, 9, 2], {}, 'grid has shape [1, 9, 2]; expected [1, outH, outW, 2] for x [1, 2, 4, 5]'],
  [[1, 2, 3, 4, 5], GRID, {}, 'grid has shape [1, 3, 3, 2]; expected [1, outD, outH, outW, 3] for x [1, 2, 3, 4, 5]'],
  [X, [1, 3, 0, 2], {}, 'grid has shape [1, 3, 0, 2]; expected at least one sample along every axis'],
  [X, GRID, { mode: 'linear' }, 'mode is "linear"; expected one of bilinear, nearest, bicubic'],
  [X, GRID, { paddingMode: 'reflect' }, 'paddingMode is "reflect"; expected one of zeros, border, reflection'],
  [X, GRID, { alignCorners: 1 }, 'alignCorners is 1; expected true or false'],
  [X, GRID, { padding: 'zeros' }, 'unknown option "padding"; options are mode, paddingMode, alignCorners'],
  [X, GRID, null, 'options is null; expected an object with mode, paddingMode, alignCorners'],
  [X, GRID, 3, 'options is 3; expected an object with mode, paddingMode, alignCorners'],
];

/** Result shapes, or the refusal. */
function said(body: () => { readonly shape: readonly number[] } | Record<string, { readonly shape: readonly number[] }>): string {
  try {
    const result = body();
    return 'shape' in result ? `[${result.shape}]` : JSON.stringify(Object.entries(result).map(([name, { shape }]) => [name, shape]));
  } catch (error) {
    if (error instanceof UpsampleError) return `${error.code} ${error.message}`;
    throw error;
  }
}

/** The same of a call on the GPU, which is stopped where it would begin to make GPU objects. */
async function saidByGpu(ctx: Context, body: Parameters<typeof said>[0]): Promise<string> {
  const { run } = ctx;
  ctx.run = ((_op: string, _key: string, _inputs: unknown, plan: () => Plan) => plan().outputs) as never;
  try {
    let verdict = '';
    const made = await objectsMade(ctx.device, () => {
      verdict = said(body);
    });
    expect(made, verdict).toBe(0);
    return verdict;
  } finally {
    ctx.run = run;
  }
}

describe('refused', () => {
  test.each<Wrong>(WRONG)('x %o, grid %o, %o: %s', async (x, grid, options, sentence, dtypes = ['f32', 'f32'], layout = 'nchw') => {
    const [xType, gridType] = dtypes;
    const ctx = await context();
    const [a, b] = [operand(new Float32Array(count(x)), x, xType), operand(new Float32Array(count(grid)), grid, gridType, layout)];
    const [p, q] = [put(ctx, a), put(ctx, b)];
    const y = put(ctx, operand([], [0]));
    for (const [op, plain, gpu] of [
      ['gridSample', () => reference.gridSample(a, b, options as object), () => gridSample(p, q, options as object)],
      [
        'gridSampleBackward',
        () => reference.gridSampleBackward({ data: [], shape: [0] }, a, b, options as object),
        () => gridSampleBackward(y, p, q, options as object),
      ],
    ] as const) {
      expect(said(plain)).toBe(`invalid-argument ${op}: ${sentence}`);
      expect(await saidByGpu(ctx, gpu)).toBe(`invalid-argument ${op}: ${sentence}`);
    }
    for (const t of [p, q, y]) t.dispose();
  });

  test('dy and gradients', async () => {
    const ctx = await context();
    const [x, grid] = [put(ctx, noise(X, 1)), put(ctx, noise(GRID, 2))];
    const dy = zeros(ctx, [1, 2, 3, 3]);
    const call = (d: unknown, options: unknown) => () => gridSampleBackward(d as Tensor, x, grid, options as object);
    expect(await saidByGpu(ctx, call(dy, { gradients: [] }))).toMatch(/gradients is \[\]; expected some of dx, dgrid/);
    expect(await saidByGpu(ctx, call(dy, { gradients: ['dy'] }))).toMatch(/gradients is \["dy"\]; expected some of dx, dgrid/);
    expect(await saidByGpu(ctx, call(x, {}))).toMatch(/dy has shape \[1, 2, 4, 5\]; expected \[1, 2, 3, 3\], the result's/);
    const whole = ctx.tensor(new Uint32Array(18), [1, 2, 3, 3], { dtype: 'u32' });
    expect(await saidByGpu(ctx, call(whole, {}))).toMatch(/dy has dtype u32 but x has f32; expected the dtype of x/);
    expect(await saidByGpu(ctx, call([1], {}))).toMatch(/dy is \[1\]; expected a tensor/);
    expect(await saidByGpu(ctx, () => gridSample(x, undefined as never))).toMatch(/grid is undefined; expected a tensor/);
    grid.dispose();
    expect(await saidByGpu(ctx, () => gridSample(x, grid))).toMatch(/^disposed gridSample: grid \[1, 3, 3, 2\] was disposed/);
  });

  test('random arguments: the reference and the GPU say the same', { timeout: 60_000 }, async () => {
    const ctx = await context();
    const half = ctx.device.features.has('shader-f16');
    let accepted = 0;
    for (let seed = 0; seed < 1500; seed++) {
      let i = 0;
      const pick = <T>(list: readonly T[]): T => list[hash32(i++, seed + 1) % list.length]!;
      const n = pick([0, 1, 2]);
      const axes = pick([2, 2, 2, 3, 3, 1]);
      const x = [n, pick([1, 3, 4, 5, 8, 0]), ...Array.from({ length: axes }, () => pick([1, 2, 3, 4, 5, 6, 7, 8, 9, 0]))];
      const grid = [
        pick([n, n, n, 1]),
        ...Array.from({ length: pick([axes, axes, axes, 2]) }, () => pick([1, 2, 3, 4, 5, 6, 7, 8, 9, 0])),
        pick([axes, axes, axes, 2, 3]),
      ];
      const dtypes: DType[] = half ? ['f32', 'f32', 'f32', 'f16', 'f16', 'u32'] : ['f32', 'f32', 'f32', 'f32', 'u32'];
      const [xType, gridType] = [pick(dtypes), pick(dtypes)];
      const options = {
        mode: pick(['bilinear', 'nearest', 'bicubic', undefined, 'nearest', 'bilinear', 'cubic']),
        paddingMode: pick(['zeros', 'border', 'reflection', undefined, 'border', 'zeros', 'zero']),
        alignCorners: pick([true, false, undefined, true, false, 'yes']),
      } as object;
      const a = operand(new Float32Array(count(x)), x, xType, pick(['nchw', 'nhwc']));
      const b = operand(new Float32Array(count(grid)), grid, gridType, pick(['nchw', 'nchw', 'nchw', 'nchw', 'nchw', 'nhwc']));
      const shape = [x[0]!, x[1]!, ...grid.slice(1, -1)];
      const d = operand(new Float32Array(count(shape)), shape, xType, pick(['nchw', 'nhwc']));
      const tensors = [a, b, d].map((o) => put(ctx, o)) as [Tensor, Tensor, Tensor];
      const what = JSON.stringify([x, grid, xType, gridType, options]);
      const forward = said(() => reference.gridSample(a, b, options));
      expect(await saidByGpu(ctx, () => gridSample(tensors[0], tensors[1], options)), what).toBe(forward);
      const backward = said(() => reference.gridSampleBackward(d, a, b, options));
      expect(await saidByGpu(ctx, () => gridSampleBackward(tensors[2], tensors[0], tensors[1], options)), what).toBe(backward);
      if (forward.startsWith('[')) accepted++;
      for (const t of tensors) t.dispose();
    }
    expect(accepted).toBeGreaterThan(50);
  });
});
