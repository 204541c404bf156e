// The public calls: prepared, explained, cached weights, limits, refusals.
import { expect, test } from 'vitest';
import { type Context, createContext, type Tensor, UpsampleError } from '../../src/index.ts';
import * as reference from '../../src/ops/conv/cpu.ts';
import * as gpu from '../../src/ops/conv/index.ts';
import { convPlans } from '../../src/ops/conv/plan.ts';
import { count, differs, generate } from '../fixtures.ts';
import { context, thrown } from '../gpu.ts';
import { callOf } from './run.ts';

const plain = (shape: number[], seed: number) => ({ data: generate(count(shape), seed), shape });
const put = (ctx: Context, { data, shape }: { data: ArrayLike<number>; shape: number[] }): Tensor => ctx.tensor(data, shape);
const close = { units: 200, scale: 1 };

test("conv: a prepared call holds its weights and encodes into the caller's encoder, forward and backward", async () => {
  const ctx = await context();
  const [x, w, bias] = [plain([2, 5, 6, 7], 1), plain([5, 8, 4, 4], 2), plain([8], 3)];
  const options = { stride: 2, padding: 1, activation: 'relu' } as const;
  const [weight, b] = [put(ctx, w), put(ctx, bias)];
  const up = await gpu.convTranspose2d.prepare(ctx, { shape: x.shape, weight, bias: b, ...options });
  expect(up.output).toEqual({ shape: [2, 8, 12, 14], dtype: 'f32', layout: 'nchw' });
  expect(up.explain()).toMatchObject({ admissible: expect.arrayContaining(['plain', up.explain().plan]), flops: expect.any(Number) });
  const input = put(ctx, x);
  const output = ctx.tensor(new Float32Array(count(up.output.shape as number[])), up.output.shape);
  const want = reference.convTranspose2d(x, w, { ...options, bias });
  for (let i = 0; i < 2; i++) {
    const encoder = ctx.device.createCommandEncoder();
    up.encode(encoder, { input, output });
    ctx.device.queue.submit([encoder.finish()]);
    expect(differs(await output.data(), want.data, close)).toBe('');
  }
  expect(() => up.encode(ctx.device.createCommandEncoder(), { input: output, output })).toThrow(/as prepared|overlap/);
  const back = await gpu.convTranspose2dBackward.prepare(ctx, { shape: x.shape, weight, bias: b, ...options, gradients: ['dx', 'dw'] });
  const dy = plain([...want.shape], 4);
  const grads = reference.convTranspose2dBackward(dy, x, w, { ...options, bias });
  const io = {
    dy: put(ctx, dy),
    x: input,
    dx: put(ctx, { data: new Float32Array(420), shape: x.shape }),
    dw: put(ctx, { data: new Float32Array(640), shape: w.shape }),
  };
  const encoder = ctx.device.createCommandEncoder();
  back.encode(encoder, io);
  ctx.device.queue.submit([encoder.finish()]);
  expect(differs(await io.dx.data(), grads.dx.data, close)).toBe('');
  expect(differs(await io.dw.data(), grads.dw.data, close)).toBe('');
  weight.dispose();
  expect(() => up.encode(ctx.device.createCommandEncoder(), { input, output })).toThrow(/w .*was disposed/);
  for (const p of [up, back]) p.dispose();
  for (const t of [...Object.values(io), output, b]) t.dispose();
});

test('conv: packed weights are kept with their tensor, made anew when it changes, and freed with it', async () => {
  const ctx = await context();
  const start = ctx.memory();
  const [x, w] = [put(ctx, plain([1, 8, 5, 5], 1)), put(ctx, plain([8, 8, 3, 3], 2))];
  const owned = ctx.memory().bytes;
  const y = gpu.conv2d(x, w);
  const first = await y.data();
  const packed = ctx.memory().bytes - owned - y.buffer.size;
  expect(packed).toBeGreaterThanOrEqual(8 * 8 * 9 * 4);
  expect(ctx.memory().tensors).toBe(start.tensors + 3);
  const again = gpu.conv2d(x, w);
  expect(await again.data()).toEqual(first);
  expect(ctx.memory().bytes).toBe(owned + packed + 2 * y.buffer.size);
  // Somebody writes new weights in place.
  const other = plain([8, 8, 3, 3], 5);
  ctx.device.queue.writeBuffer(w.buffer, 0, other.data);
  w.version++;
  const changed = gpu.conv2d(x, w);
  expect(differs(await changed.data(), reference.conv2d(plain([1, 8, 5, 5], 1), other).data, close)).toBe('');
  for (const t of [x, w, y, again, changed]) t.dispose();
  expect(ctx.memory()).toMatchObject({ tensors: start.tensors, bytes: start.bytes });
});

test('conv: small limits are met in windows of the batch and folded grids, with the same result', async () => {
  const ctx = await createContext({ limits: { maxStorageBufferBindingSize: 65536, maxBufferSize: 262144, maxComputeWorkgroupsPerDimension: 7 } });
  const [x, w, bias] = [plain([9, 4, 20, 21], 1), plain([4, 3, 3, 3], 2), plain([3], 3)];
  const options = { stride: 2, padding: 1, outputPadding: 1 } as const;
  const tensors = { x: put(ctx, x), w: put(ctx, w), bias: put(ctx, bias) };
  const want = reference.convTranspose2d(x, w, { ...options, bias });
  const call = callOf('convTranspose2d', { x: tensors.x.spec, w: tensors.w.spec, bias: tensors.bias.spec }, options);
  for (const plan of convPlans(call, ctx.adapter)) {
    expect(plan.steps.every((s) => s.grid.every((n) => n <= 7))).toBe(true);
    const out = ctx.run('convTranspose2d', plan.name, { input: tensors.x, w: tensors.w, bias: tensors.bias }, () => plan)['output']!;
    expect(differs(await out.data(), want.data, close), plan.name).toBe('');
    out.dispose();
  }
  const dy = plain([...want.shape], 4);
  const got = gpu.convTranspose2dBackward(put(ctx, dy), tensors.x, tensors.w, { ...options, bias: tensors.bias });
  const grads = reference.convTranspose2dBackward(dy, x, w, { ...options, bias });
  for (const name of ['dx', 'dw', 'db'] as const) expect(differs(await got[name].data(), grads[name].data, { units: 200, scale: 100 }), name).toBe('');
  const wide = ctx.tensor(new Float32Array(20000), [1, 1, 20000]);
  expect(() => gpu.conv1d(wide, put(ctx, plain([1, 1, 3], 1)))).toThrow(/limit|exceeds/);
  ctx.destroy();
});

test('conv: gradients of a bias are whole where there are more samples than partial sums fit a binding', async () => {
  for (const [dtype, binding] of [
    ['f32', 1024],
    ['f16', 2048],
  ] as const) {
    const ctx = await createContext({ limits: { maxStorageBufferBindingSize: binding } });
    if (dtype === 'f16' && !ctx.device.features.has('shader-f16')) {
      ctx.destroy();
      continue;
    }
    const whole = (shape: number[], seed: number) => ({ data: generate(count(shape), seed).map((v) => Math.round(v * 3)), shape, dtype });
    for (const [samples, length] of [
      [200, 1],
      [67, 3],
      [3, 30],
    ] as const) {
      const [x, w] = [whole([samples, 4, length], 1), whole([4, 4, 1], 2)];
      const dy = whole(x.shape, 3);
      const [dyOn, xOn, wOn] = [dy, x, w].map((t) => ctx.tensor(t.data, t.shape, { dtype })) as [Tensor, Tensor, Tensor];
      const options = { gradients: ['db'] } as const;
      const { db } = gpu.conv1dBackward(dyOn, xOn, wOn, options);
      expect(Array.from(await db.data()), `${dtype} ${samples}`).toEqual(Array.from(reference.conv1dBackward(dy, x, w, options).db.data));
    }
    ctx.destroy();
  }
});

test('conv: a folded filter that no binding holds is refused with both numbers, forward and backward', async () => {
  const ctx = await createContext({ limits: { maxStorageBufferBindingSize: 1024 } });
  const [x, w] = [put(ctx, plain([1, 4, 2, 2], 1)), put(ctx, plain([4, 4, 3, 3], 2))];
  const sentence = 'the filter folded with the scale needs 2304 bytes; the device allows bindings of 1024';
  const options = { scaleFactor: 4, padding: 1 };
  expect(() => gpu.resizeConv2d(x, w, options)).toThrow(new UpsampleError('limit-exceeded', 'resizeConv2d', sentence));
  const dy = put(ctx, plain([1, 4, 8, 8], 3));
  expect(() => gpu.resizeConv2dBackward(dy, x, w, options)).toThrow(new UpsampleError('limit-exceeded', 'resizeConv2dBackward', sentence));
  const small = await gpu.resizeConv2d(x, w, { scaleFactor: 2, padding: 1 }).data();
  expect(differs(small, reference.resizeConv2d(plain([1, 4, 2, 2], 1), plain([4, 4, 3, 3], 2), { scaleFactor: 2, padding: 1 }).data, close)).toBe('');
  ctx.destroy();
});

test('conv: a call, its explanation, its preparation and the reference refuse the same things', async () => {
  const ctx = await context();
  const [x, w, dy] = [plain([1, 2, 4, 4], 1), plain([3, 2, 3, 3], 2), plain([1, 3, 2, 2], 3)];
  const [xOn, wOn, dyOn] = [put(ctx, x), put(ctx, w), put(ctx, dy)];
  const message = async (body: () => unknown) => {
    const error = await thrown(body);
    expect(error, String(error.stack)).toBeInstanceOf(UpsampleError);
    return error.message;
  };
  for (const options of [null, 3, [], [1], 'same'] as never[]) {
    const [forward, backward] = [() => reference.conv2d(x, w, options), () => reference.conv2dBackward(dy, x, w, options)];
    expect(await message(forward)).toMatch(/^conv2d: (options is|unknown option)/);
    expect(await message(() => gpu.conv2d(xOn, wOn, options))).toBe(await message(forward));
    expect(await message(backward)).toMatch(/^conv2dBackward: (options is|unknown option)/);
    expect(await message(() => gpu.conv2dBackward(dyOn, xOn, wOn, options))).toBe(await message(backward));
  }
  for (const bias of [null, 3, {}, false] as never[]) {
    const now = await message(() => gpu.conv2d(xOn, wOn, { bias }));
    expect(now).toMatch(/^conv2d: bias is .*; expected a tensor/);
    const spec = { shape: x.shape, weight: wOn, bias };
    expect(await message(() => gpu.conv2d.explain(ctx, spec))).toBe(now);
    expect(await message(() => gpu.conv2d.prepare(ctx, spec))).toBe(now);
    expect(await message(() => gpu.conv2dBackward.explain(ctx, spec))).toMatch(/^conv2dBackward: bias is /);
    expect(await message(() => reference.conv2d(x, w, { bias }))).toMatch(/^conv2d: bias has no shape/);
  }
  for (const spec of [undefined, null, 3] as never[]) {
    const sentence = `: spec is ${spec}; expected an object with shape, dtype, layout, weight and the options`;
    expect(await message(() => gpu.conv2d.explain(ctx, spec))).toBe(`conv2d${sentence}`);
    expect(await message(() => gpu.conv2d.prepare(ctx, spec))).toBe(`conv2d${sentence}`);
    expect(await message(() => gpu.conv2dBackward.explain(ctx, spec))).toBe(`conv2dBackward${sentence}`);
  }
  for (const t of [xOn, wOn, dyOn]) t.dispose();
});

test('conv: typed arrays stand for lists', () => {
  const [x, w] = [plain([1, 2, 5, 6], 1), plain([3, 2, 3, 3], 2)];
  const want = reference.conv2d(x, w, { padding: [1, 0] });
  expect(reference.conv2d(x, w, { padding: Int32Array.of(1, 0) as never })).toEqual(want);
  expect(reference.conv2d(x, w, { padding: [Uint8Array.of(1, 1), 0] as never })).toEqual(want);
});

test('conv: an empty batch gives an empty result, and zeros as gradients of weights', async () => {
  const ctx = await context();
  const x = ctx.tensor([], [0, 2, 4, 4]);
  const w = put(ctx, plain([2, 3, 4, 4], 1));
  const y = gpu.convTranspose2d(x, w, { stride: 2 });
  expect(y.shape).toEqual([0, 3, 10, 10]);
  expect((await y.data()).length).toBe(0);
  const g = gpu.convTranspose2dBackward(y, x, w, { stride: 2 });
  expect(Array.from(await g.dw.data()).every((v) => v === 0)).toBe(true);
  expect(Array.from(await g.db.data())).toEqual([0, 0, 0]);
});

const NAN = Number.NaN;
test('conv: an output whose inputs are finite is the same beside NaN and infinity', async () => {
  const ctx = await context();
  const clean = plain([1, 2, 9, 9], 1);
  const dirty = { ...clean, data: clean.data.slice() };
  dirty.data[4 * 9 + 4] = NAN;
  dirty.data[81 + 4 * 9 + 5] = Number.POSITIVE_INFINITY;
  const w = put(ctx, plain([2, 8, 3, 3], 2));
  const [a, b] = [put(ctx, clean), put(ctx, dirty)];
  for (const [op, options, reach] of [
    ['convTranspose2d', { stride: 2, padding: 1 }, (o: number) => Math.abs(o - 9) <= 2],
    ['conv2d', { padding: 1, filterLayout: 'ihwo' }, (o: number) => Math.abs(o - 4) <= 2],
  ] as const) {
    const weight = op === 'conv2d' ? put(ctx, plain([2, 3, 3, 8], 2)) : w;
    const call = callOf(op, { x: a.spec, w: weight.spec, bias: null }, options);
    const size = call.y.shape[3]!;
    for (const plan of convPlans(call, ctx.adapter)) {
      const run = async (input: Tensor) => await ctx.run(op, `${op} ${plan.name}`, { input, w: weight }, () => plan)['output']!.data();
      const [p, q] = [await run(a), await run(b)];
      p.forEach((v, i) => {
        const [h, c] = [Math.floor(i / size) % size, i % size];
        if (!(reach(h) && reach(c)) && v !== q[i]) throw new Error(`${op} ${plan.name}: output ${h},${c} is ${q[i]}, expected ${v}`);
      });
    }
  }
});

const shaped = (...shape: number[]) => plain(shape, 1);
const refusals: [string, () => unknown, RegExp][] = [
  [
    'channels',
    () => reference.convTranspose2d(shaped(1, 32, 4, 4), shaped(64, 32, 4, 4)),
    /^convTranspose2d: weight \[64, 32, 4, 4\] has 64 input channels but x has 32; expected iohw \[32, outChannels\/groups, kH, kW\] \(a convolution weight/,
  ],
  ['tfjs filter', () => reference.convTranspose2d(shaped(1, 8, 4, 4), shaped(3, 3, 16, 8)), /filterLayout 'hwoi' \(tfjs\) would fit/],
  [
    'tfjs conv filter',
    () => reference.conv2d(shaped(1, 8, 4, 4), shaped(3, 3, 8, 16)),
    /expected oihw \[outChannels, 8, kH, kW\] \(filterLayout 'hwio' \(tfjs\) would fit/,
  ],
  ['transposed weight', () => reference.conv2d(shaped(1, 8, 4, 4), shaped(8, 16, 3, 3)), /a transposed convolution weight .* swapped/],
  ['groups', () => reference.conv2d(shaped(1, 8, 4, 4), shaped(8, 8, 3, 3), { groups: 2 }), /8 input channels per group but x has 8 in 2 groups/],
  ['rank', () => reference.conv3d(shaped(1, 8, 4, 4), shaped(8, 8, 3, 3, 3)), /x \[1, 8, 4, 4\] has rank 4; expected rank 5: \[N, C, D, H, W\]/],
  ['bias', () => reference.conv2d(shaped(1, 2, 4, 4), shaped(3, 2, 3, 3), { bias: shaped(2) }), /bias has shape \[2\]; expected \[3\]/],
  ['option', () => reference.conv2d(shaped(1, 2, 4, 4), shaped(3, 2, 3, 3), { strides: 2 } as never), /unknown option "strides"/],
  ['same', () => reference.conv2d(shaped(1, 2, 4, 4), shaped(3, 2, 3, 3), { padding: 'same', stride: 2 }), /padding 'same' with stride 2; expected stride 1/],
  ['two paddings', () => reference.conv2d(shaped(1, 2, 4, 4), shaped(3, 2, 3, 3), { padding: 1, autoPad: 'SAME_UPPER' }), /padding is given with autoPad/],
  [
    'output padding',
    () => reference.convTranspose1d(shaped(1, 2, 4), shaped(2, 2, 3), { stride: 2, outputPadding: 2 }),
    /outputPadding 2 is neither below stride 2 nor below dilation 1/,
  ],
  [
    'output size',
    () => reference.convTranspose1d(shaped(1, 2, 4), shaped(2, 2, 3), { stride: 2, outputSize: 12 }),
    /outputSize 12 cannot be reached with stride 2; expected 9 to 10/,
  ],
  [
    'output size of nothing',
    () => reference.convTranspose2d(shaped(1, 1, 4, 4), shaped(1, 1, 1, 1), { padding: 3, outputSize: 5 }),
    /padding 3 \+ 3 leaves nothing of 4 elements; expected at most 3 in all/,
  ],
  ['matrix of nothing', () => gpu.convMatrix(undefined as never), /^convMatrix: spec is undefined; expected an object with inputShape, weight, weightShape/],
  ['matrix without a shape', () => gpu.convMatrix({} as never), /^convMatrix: inputShape is undefined; expected an array of sizes/],
  ['matrix without a filter', () => gpu.convMatrix({ inputShape: [1, 4], weight: [1] } as never), /^convMatrix: weightShape is undefined; expected an array/],
  [
    'two sizes',
    () => reference.convTranspose1d(shaped(1, 2, 4), shaped(2, 2, 3), { stride: 2, outputSize: 9, outputPadding: 1 }),
    /both outputSize and outputPadding are given; give at most one/,
  ],
  ['slope', () => reference.conv1d(shaped(1, 2, 4), shaped(2, 2, 3), { activation: 'relu', negativeSlope: 0.2 }), /negativeSlope has no effect here/],
  ['dy', () => reference.conv1dBackward(shaped(1, 2, 3), shaped(1, 2, 4), shaped(2, 2, 3)), /dy has shape \[1, 2, 3\]; expected \[1, 2, 2\]/],
  [
    'gradients',
    () => reference.conv1dBackward(shaped(1, 2, 2), shaped(1, 2, 4), shaped(2, 2, 3), { gradients: ['dz' as never] }),
    /gradients is \["dz"\]; expected some of dx, dw, db/,
  ],
  ['scale', () => reference.resizeConv2d(shaped(1, 2, 4, 4), shaped(3, 2, 3, 3), { scaleFactor: 1.5 }), /scaleFactor is 1.5; expected whole numbers/],
  [
    'resize padding',
    () => reference.resizeConv2d(shaped(1, 2, 4, 4), shaped(3, 2, 3, 3), { scaleFactor: 2, padding: 3 }),
    /padding \[3, 3\] is not below the kernel size 3/,
  ],
];
for (const [what, call, sentence] of refusals) test(`conv refuses: ${what}`, () => expect(call).toThrow(sentence));

test('conv: every option changes the result', () => {
  const x = shaped(1, 4, 6, 6);
  const y = (op: 'conv2d' | 'convTranspose2d', options: object, w = shaped(4, 4, 3, 3)) =>
    JSON.stringify(Array.from((op === 'conv2d' ? reference.conv2d : reference.convTranspose2d)(x, w, options as never).data));
  for (const op of ['conv2d', 'convTranspose2d'] as const) {
    const seen = new Set([y(op, {})]);
    const variants: object[] = [
      { stride: 2 },
      { dilation: 2 },
      { padding: 1 },
      {
        padding: [
          [0, 1],
          [0, 0],
        ],
      },
      { bias: shaped(4) },
      { activation: 'relu' },
      { activation: 'gelu' },
    ];
    variants.push(
      { activation: 'leakyRelu' },
      { activation: 'leakyRelu', negativeSlope: 0.3 },
      { autoPad: 'SAME_UPPER', stride: 2 },
      { filterLayout: op === 'conv2d' ? 'ihwo' : 'ohwi' },
    );
    if (op === 'conv2d') variants.push({ padding: 'same', dilation: 2 }, { autoPad: 'SAME_LOWER', stride: 3 });
    else variants.push({ stride: 2, outputPadding: 1 }, { stride: 3, outputSize: 20 }, { padding: 'same', stride: 3 });
    for (const options of variants) seen.add(y(op, options, 'filterLayout' in options ? shaped(4, 3, 3, 4) : undefined));
    seen.add(y(op, { groups: 2 }, op === 'conv2d' ? shaped(4, 2, 3, 3) : shaped(4, 2, 3, 3)));
    expect(seen.size).toBe(variants.length + 2);
  }
});
