// tfjs and the library on one device: tensors there and back, and tfjs's programs on our kernels.
import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { bilinear2d, type Context, fromDevice } from '../../src/index.ts';
import { fromTfjs, installKernels, maxUnpool, resizeBicubic, toTfjs } from '../../src/interop/tfjs/index.ts';
import { count, differs, generate, load } from '../fixtures.ts';
import { context, liveBuffers, thrown } from '../gpu.ts';
import type { Call } from '../resample/cases.ts';
import { boundOf, type Direction, directionsOf, refer } from '../resample/run.ts';

const NAME = 'shared with us';
let ctx: Context;
let restore = () => {};

beforeAll(async () => {
  const { device } = await context();
  ctx = fromDevice(device);
  tf.registerBackend(NAME, () => new WebGPUBackend(device, device.adapterInfo));
  tf.copyRegisteredKernels('webgpu', NAME);
  await tf.setBackend(NAME);
});
afterAll(() => {
  restore();
  ctx.destroy();
});

/** Our kernels from here on, or tfjs's own. */
function use(ours: boolean): void {
  restore();
  restore = ours ? installKernels(tf) : () => {};
}

const noise = (shape: readonly number[], seed: number) => tf.tensor(generate(count(shape), seed), [...shape]);
const gradientOf = <T extends tf.Tensor>(call: (x: T) => T, x: T, dy: tf.Tensor) => tf.grad(call as unknown as (x: tf.Tensor) => tf.Tensor)(x, dy);
const numbers = async (t: tf.Tensor) => (await t.data()) as Float32Array;
const swapped = ([n, h, w, c]: readonly number[]) => [n!, c!, h!, w!];

/** A resize of tfjs's images in the library's words, forwards and backwards. */
const mapsOf = (call: 'interpolate' | 'resize', shape: readonly number[], options: object) =>
  directionsOf({ call: [call, swapped(shape), options] as Call, layout: 'nhwc', dtype: 'f32' }) as [Direction, Direction];
/** What a result of ours has beyond the bound of its map; '' where there is nothing. */
async function beyond(result: tf.Tensor, map: Direction, of: tf.Tensor): Promise<string> {
  const data = await numbers(of);
  return differs(await numbers(result), refer(map, data), boundOf(map, data));
}

/** What tfjs's own tests allow to tfjs's results. */
const TFJS = { units: 1e-3 * 2 ** 24, scale: 1 };
/** The first difference beyond the bound of sums of so many terms, of tfjs's results from ours: both err. `sizes` has the same of absolute values. */
const differ = (ours: Float32Array, theirs: Float32Array, sizes: Float32Array, terms: number) =>
  differs(ours, theirs, { units: 2 * (4 + 2 * Math.sqrt(terms)), scale: sizes.reduce((m, v) => Math.max(m, v), 0) });

describe('tensors', () => {
  test('images of tfjs are channels-last tensors, and go back as such', async () => {
    const t = noise([2, 3, 4, 5], 1);
    const x = fromTfjs(ctx, tf, t);
    expect([x.shape, x.layout, x.dtype, x.wrapped]).toEqual([[2, 5, 3, 4], 'nhwc', 'f32', true]);
    expect(await x.data()).toEqual(await t.data());
    const y = toTfjs(tf, bilinear2d(x, { scaleFactor: 2 }));
    expect([y.shape, y.dtype]).toEqual([[2, 6, 8, 5], 'float32']);
    const [map] = mapsOf('interpolate', t.shape, { mode: 'bilinear', scaleFactor: 2 });
    expect(await beyond(y as tf.Tensor, map, t)).toBe('');
  });

  test.each([
    [[3], 'nhwc', [3]],
    [[2, 3], 'nhwc', [2, 3]],
    [[2, 5, 3], 'nhwc', [2, 3, 5]],
    [[2, 3, 4, 5, 2], 'nhwc', [2, 2, 3, 4, 5]],
    [[2, 3, 4, 5], 'nchw', [2, 3, 4, 5]],
    [[], 'nhwc', []],
    [[0, 3, 4, 5], 'nhwc', [0, 5, 3, 4]],
  ] as const)('of shape %j, %s, become %j', async (shape, layout, expected) => {
    const t = noise(shape, 2);
    const x = fromTfjs(ctx, tf, t, { layout });
    expect(x.shape).toEqual(expected);
    const back = toTfjs(tf, x);
    expect(back.shape).toEqual(shape);
    expect(await back.data()).toEqual(await t.data());
  });

  test('whole numbers and truth values keep their bits', async () => {
    const t = tf.tensor([1, -2, 3], [3], 'int32');
    const x = fromTfjs(ctx, tf, t);
    expect(x.dtype).toBe('i32');
    expect(Array.from(await x.data())).toEqual([1, -2, 3]);
    const b = fromTfjs(ctx, tf, tf.tensor([true, false], [2], 'bool'));
    expect([b.dtype, ...(await b.data())]).toEqual(['i32', 1, 0]);
    const u = toTfjs(tf, ctx.tensor([7, 8], [2], { dtype: 'u32' }));
    expect([u.dtype, ...(await u.data())]).toEqual(['int32', 7, 8]);
  });

  test('what tfjs has only recorded is there for us, and what we have only recorded is there for tfjs', async () => {
    let t: tf.Tensor = noise([1, 4, 4, 1], 3);
    const expected = (await numbers(t)).map((v) => v * 8);
    for (let i = 0; i < 3; i++) {
      const x = fromTfjs(ctx, tf, tf.add(t, t)); // nothing is awaited on the way
      t = toTfjs(tf, bilinear2d(x, { scaleFactor: 1 })) as tf.Tensor;
    }
    expect(await numbers(t)).toEqual(expected);
  });

  test('what tfjs gets outlives ours, and may begin anywhere in a buffer', async () => {
    const x = ctx.tensor([1, 2, 3, 4], [4]);
    const copied = toTfjs(tf, x);
    ctx.device.queue.writeBuffer(x.buffer, 0, Float32Array.of(5, 6, 7, 8));
    x.dispose();
    expect(Array.from(await copied.data())).toEqual([1, 2, 3, 4]);
    const buffer = ctx.device.createBuffer({ size: 1024, usage: 0x80 | 0x4 | 0x8 });
    ctx.device.queue.writeBuffer(buffer, 260, Float32Array.of(1, 2, 3));
    expect(Array.from(await toTfjs(tf, ctx.wrap(buffer, [3], { offset: 260 })).data())).toEqual([1, 2, 3]);
  });

  test('wrong arguments get their sentence', async () => {
    const other = fromDevice((await (await navigator.gpu.requestAdapter())!.requestDevice()) as GPUDevice);
    const t = noise([1, 2, 2, 1], 4);
    const cases: [() => unknown, string][] = [
      [() => fromTfjs(other, tf, t), "fromTfjs: the context has another device than tfjs's backend; expected fromDevice(tf.backend().device)"],
      [() => fromTfjs(ctx, tf, [1] as never), 'fromTfjs: t is [1]; expected a tensor of tfjs'],
      [() => fromTfjs(ctx, tf, t, { layout: 'hwcn' as never }), 'fromTfjs: layout is "hwcn"; expected one of nhwc, nchw'],
      [() => fromTfjs(ctx, tf, tf.tensor(['a'])), 'fromTfjs: the tensor has dtype "string"; expected float32, int32 or bool'],
      [
        () => fromTfjs(ctx, { backend: () => ({}) } as never, t),
        "fromTfjs: tfjs's backend is not WebGPU; import '@tensorflow/tfjs-backend-webgpu' and await tf.setBackend('webgpu') first",
      ],
      [() => toTfjs(tf, t as never), 'toTfjs: x is Tensor; expected a tensor of ctx.tensor, ctx.wrap or an operation'],
      [() => installKernels({} as never), "installKernels: tf is Object; expected the module '@tensorflow/tfjs'"],
      [
        () => installKernels({ ...tf, getBackend: () => 'cpu', backend: () => ({}) } as never),
        "installKernels: tfjs's backend is not WebGPU; import '@tensorflow/tfjs-backend-webgpu' and await tf.setBackend('webgpu') first",
      ],
      [
        () => installKernels(tf, { only: ['Conv2D' as never] }),
        'installKernels: unknown kernel "Conv2D"; kernels are ResizeBilinearGrad, ResizeNearestNeighborGrad, Conv2DBackpropInput, Conv2DBackpropFilter, ResizeBicubic, ResizeBicubicGrad, MaxUnpool, MaxUnpoolGrad',
      ],
      [() => resizeBicubic(tf, t, [0, 3]), 'resizeBicubic: size is [0, 3]; expected whole numbers of 1 or more'],
      [
        () => resizeBicubic(tf, t, [2, 3], { alignCorners: true, halfPixelCenters: true }),
        'resizeBicubic: alignCorners is given with halfPixelCenters; give at most one',
      ],
      [() => resizeBicubic(tf, tf.zeros([3]), [2, 3]), 'resizeBicubic: images is [3]; expected a tensor [N, H, W, C] or [H, W, C]'],
      [() => maxUnpool(tf, t, t, { kernelSize: 2, pad: -1, outputSize: [2, 2] }), "maxUnpool: pad is -1; expected 'valid', 'same' or a whole number"],
    ];
    for (const [body, sentence] of cases) {
      const { message } = await thrown(body);
      expect(message.startsWith(sentence), `${message}\n${sentence}`).toBe(true);
    }
    if (ctx.device.features.has('shader-f16'))
      expect((await thrown(() => toTfjs(tf, ctx.tensor([1], [1], { dtype: 'f16' })))).message).toBe(
        'toTfjs: x has dtype f16, which tfjs lacks; expected f32, i32 or u32',
      );
    other.device.destroy();
  });
});

describe("tfjs's kernels, replaced", () => {
  test("give what tfjs's own tests expect of its CPU backend", async () => {
    use(true);
    const cases = await load('tfjs', ['Conv2DBackpropInput', 'Conv2DBackpropFilter', 'ResizeBilinearGrad', 'ResizeNearestNeighborGrad']);
    expect(cases.length).toBe(41);
    for (const { name, op, attrs, inputs, outputs, tolAbs } of cases) {
      const given = Object.fromEntries(inputs.map((rec) => [rec!.name, tf.tensor(rec!.data as Float32Array, [...rec!.shape])]));
      const y = tf.engine().runKernel(op, given, attrs as tf.NamedAttrMap) as tf.Tensor;
      const [want] = outputs;
      expect(y.shape, name).toEqual(want!.shape);
      expect(differs(await numbers(y), want!.data, { units: tolAbs! * 2 ** 24, scale: 1 }), name).toBe('');
    }
  });

  const resize = { bilinear: tf.image.resizeBilinear, nearest: tf.image.resizeNearestNeighbor };
  const MODES = {
    'half pixels': { coordinateTransformationMode: 'half_pixel' },
    corners: { coordinateTransformationMode: 'align_corners' },
    neither: { coordinateTransformationMode: 'asymmetric' },
  } as const;
  const SIZES = [
    [
      [2, 3, 3, 2],
      [7, 5],
    ],
    [
      [1, 5, 4, 3],
      [10, 8],
    ],
    [
      [1, 7, 9, 1],
      [3, 4],
    ],
    [
      [1, 4, 3, 4],
      [1, 9],
    ],
  ] as const;
  for (const name of ['bilinear', 'nearest'] as const)
    test.each(Object.keys(MODES) as (keyof typeof MODES)[])(`gradients of ${name} resize, %s, are the transpose`, async (mode) => {
      use(true);
      for (const [shape, size] of SIZES) {
        const call = (x: tf.Tensor4D) => resize[name](x, [...size], mode === 'corners', mode === 'half pixels');
        const x = noise(shape, 5) as tf.Tensor4D;
        const dy = noise([shape[0], ...size, shape[3]], 6) as tf.Tensor4D;
        const dx = gradientOf(call, x, dy);
        const nearest = {
          mode: 'nearest' as const,
          nearestMode: mode === 'corners' ? ('round_prefer_ceil' as const) : ('floor' as const),
          coordinateTransformationMode: mode === 'half pixels' ? ('tf_half_pixel_for_nn' as const) : MODES[mode].coordinateTransformationMode,
        };
        const options = { axes: [2, 3], sizes: size, ...(name === 'nearest' ? nearest : { mode: 'linear' as const, ...MODES[mode] }) };
        const [forward, backward] = mapsOf('resize', shape, options);
        expect(await beyond(dx, backward, dy), `${shape} to ${size}`).toBe('');
        expect(differs(await numbers(call(x)), refer(forward, await numbers(x)), TFJS), `${shape} to ${size}`).toBe(''); // the transpose of tfjs's own map
      }
    });

  test('tfjs 4.22 itself errs at half pixels: what the replacement is for', async () => {
    use(false);
    const x = noise([1, 3, 3, 1], 7) as tf.Tensor4D;
    const dy = tf.ones([1, 6, 6, 1]) as tf.Tensor4D;
    const gradient = () => gradientOf((t) => tf.image.resizeBilinear(t, [6, 6], false, true), x, dy);
    const [, map] = mapsOf('resize', [1, 3, 3, 1], { mode: 'linear', axes: [2, 3], sizes: [6, 6] });
    const expected = refer(map, await numbers(dy));
    const off = async () => (await numbers(gradient())).reduce((m, v, i) => Math.max(m, Math.abs(v - expected[i]!)), 0);
    expect(await off()).toBeGreaterThan(0.5);
    use(true);
    expect(await beyond(gradient(), map, dy)).toBe('');
    use(false);
    expect(await off()).toBeGreaterThan(0.5); // put back
  });

  type Conv = readonly [
    x: readonly [number, number, number, number],
    filter: readonly [number, number, number, number],
    strides: number | [number, number],
    pad: unknown,
    format?: 'NHWC' | 'NCHW',
    rounding?: 'ceil' | 'floor',
  ];
  const CONVS: Conv[] = [
    [[1, 7, 8, 3], [3, 3, 3, 5], 1, 'same'],
    [[2, 7, 8, 3], [3, 3, 3, 5], 2, 'same'],
    [[2, 8, 9, 4], [4, 4, 4, 8], 2, 'valid'],
    [[1, 9, 7, 2], [2, 3, 2, 1], [3, 2], 'valid'],
    [[1, 9, 7, 2], [1, 2, 2, 3], [3, 3], 'same'],
    [[1, 6, 6, 7], [5, 5, 7, 2], 1, 2],
    [
      [1, 6, 5, 2],
      [3, 2, 2, 3],
      2,
      [
        [0, 0],
        [1, 2],
        [0, 1],
        [0, 0],
      ],
    ],
    [[1, 6, 6, 2], [3, 3, 2, 3], 2, 1, 'NHWC', 'floor'],
    [[1, 6, 6, 2], [3, 3, 2, 3], 2, 1, 'NHWC', 'ceil'],
    [[2, 3, 6, 8], [3, 3, 3, 4], 1, 'same', 'NCHW'],
    [[1, 3, 7, 6], [2, 2, 3, 4], 2, 'valid', 'NCHW'],
  ];
  for (const [x, filter, strides, pad, format, rounding] of CONVS)
    test(`gradients of a convolution of [${x}] with [${filter}], strides ${strides}, pad ${JSON.stringify(pad)}, ${format ?? ''} ${rounding ?? ''}: as tfjs's own`, async () => {
      const inputs = [noise(x, 8), noise(filter, 9)] as [tf.Tensor4D, tf.Tensor4D];
      const call = (a: tf.Tensor4D, w: tf.Tensor4D) => tf.conv2d(a, w, strides, pad as number, format ?? 'NHWC', 1, rounding);
      const { shape } = call(...inputs);
      const info = tf.backend_util.computeConv2DInfo(
        x as never,
        filter as never,
        strides,
        1,
        pad as number,
        rounding,
        false,
        format === 'NCHW' ? 'channelsFirst' : 'channelsLast',
      );
      const dy = noise(shape, 10);
      const attrs = { strides, pad, dataFormat: format ?? 'NHWC', dimRoundingMode: rounding, inputShape: x, filterShape: filter } as unknown as tf.NamedAttrMap;
      const both = async (a: tf.Tensor, w: tf.Tensor, g: tf.Tensor) => [
        await numbers(tf.engine().runKernel('Conv2DBackpropInput', { dy: g, filter: w }, attrs) as tf.Tensor),
        await numbers(tf.engine().runKernel('Conv2DBackpropFilter', { x: a, dy: g }, attrs) as tf.Tensor),
      ];
      expect(shape).toEqual(info.outShape);
      use(false);
      const theirs = await both(...inputs, dy);
      const sizes = await both(tf.abs(inputs[0]), tf.abs(inputs[1]), tf.abs(dy));
      use(true);
      const terms = [info.outChannels * filter[0] * filter[1], info.batchSize * info.outHeight * info.outWidth];
      for (const [i, ours] of (await both(...inputs, dy)).entries()) expect(differ(ours, theirs[i]!, sizes[i]!, terms[i]!)).toBe('');
    });

  test("a transposed convolution and its gradients, through tfjs's tape: as tfjs's own", async () => {
    const given = [noise([2, 5, 6, 4], 11), noise([4, 4, 3, 4], 12), noise([2, 10, 12, 3], 13)] as const;
    const call = (x: tf.Tensor, w: tf.Tensor) => tf.conv2dTranspose(x as tf.Tensor4D, w as tf.Tensor4D, [2, 10, 12, 3], 2, 'same');
    const all = async ([x, w, dy]: readonly [tf.Tensor, tf.Tensor, tf.Tensor]) =>
      Promise.all([call(x, w), ...tf.grads(call as (...t: tf.Tensor[]) => tf.Tensor)([x, w], dy)].map(numbers));
    use(false);
    const theirs = await all(given);
    const sizes = await all([tf.abs(given[0]), tf.abs(given[1]), tf.abs(given[2])]);
    use(true);
    const before = tf.memory().numTensors;
    const terms = [4 * 4 * 4, 3 * 4 * 4, 2 * 5 * 6];
    for (const [i, ours] of (await all(given)).entries()) expect(differ(ours, theirs[i]!, sizes[i]!, terms[i]!)).toBe('');
    expect(tf.memory().numTensors - before).toBe(3); // y, dx, dw, and nothing of the kernels
  });

  test('keep no buffers beyond those of one call', async () => {
    use(true);
    const [x, w] = [noise([1, 6, 6, 4], 20) as tf.Tensor4D, noise([3, 3, 4, 4], 21) as tf.Tensor4D];
    const step = () => tf.tidy(() => void tf.grads((a: tf.Tensor, b: tf.Tensor) => tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, 2, 'same'))([x, w]));
    for (let i = 0; i < 3; i++) step();
    const watch = liveBuffers(ctx.device);
    for (let i = 0; i < 20; i++) step();
    watch.end();
    await numbers(x);
    expect(watch.live.size).toBe(0);
  });

  test('only those that are asked for', async () => {
    use(false);
    const kernel = (name: string) => tf.getKernel(name, NAME)?.kernelFunc;
    const own = ['ResizeBilinearGrad', 'Conv2DBackpropInput', 'MaxUnpool'].map(kernel);
    const back = installKernels(tf, { backend: NAME, only: ['ResizeBilinearGrad'] });
    expect(['ResizeBilinearGrad', 'Conv2DBackpropInput', 'MaxUnpool'].map(kernel).map((k, i) => k === own[i])).toEqual([false, true, true]);
    back();
    expect(['ResizeBilinearGrad', 'Conv2DBackpropInput', 'MaxUnpool'].map(kernel)).toEqual(own);
    const replaced = ['ResizeBilinearGrad', 'ResizeNearestNeighborGrad', 'Conv2DBackpropInput', 'Conv2DBackpropFilter'];
    const theirs = replaced.map(kernel);
    use(true);
    expect(replaced.map(kernel).some((k, i) => !k || k === theirs[i])).toBe(false);
  });
});

describe('what tfjs lacks', () => {
  test.each([
    [[2, 4, 5, 3], [9, 7], {}, { cubicCoeffA: -0.5, excludeOutside: true }],
    [[1, 7, 6, 4], [3, 4], { halfPixelCenters: false }, { cubicCoeffA: -0.75, coordinateTransformationMode: 'asymmetric' }],
    [[1, 4, 5, 1], [8, 9], { alignCorners: true }, { cubicCoeffA: -0.75, coordinateTransformationMode: 'align_corners' }],
  ] as const)('bicubic resize of %j to %j, %j, and its gradient', async (shape, size, options, ours) => {
    use(true);
    const x = noise(shape, 13) as tf.Tensor4D;
    const y = resizeBicubic(tf, x, size, options);
    const resizing = { mode: 'cubic', axes: [2, 3], sizes: size, ...ours } as const;
    expect(y.shape).toEqual([shape[0], ...size, shape[3]]);
    const [forward, backward] = mapsOf('resize', shape, resizing);
    expect(await beyond(y, forward, x)).toBe('');
    const dy = noise(y.shape, 14) as tf.Tensor4D;
    expect(
      await beyond(
        gradientOf((t) => resizeBicubic(tf, t, size, options), x, dy),
        backward,
        dy,
      ),
    ).toBe('');
  });

  test('a fault of a kernel is written to the console', async () => {
    use(true);
    const said = vi.spyOn(console, 'error').mockImplementation(() => {});
    maxUnpool(tf, tf.ones([1, 1, 1, 1]), tf.tensor([99], [1, 1, 1, 1], 'int32'), { kernelSize: 2, outputSize: [2, 2] });
    await expect.poll(() => said.mock.calls.map(([error]) => error.code)).toEqual(['index-out-of-range']);
    said.mockRestore();
  });

  test('of an image without a batch', async () => {
    use(true);
    const x = noise([4, 5, 3], 15) as tf.Tensor3D;
    const [alone, batch] = [resizeBicubic(tf, x, [8, 8]), resizeBicubic(tf, tf.expandDims(x, 0) as tf.Tensor4D, [8, 8])];
    expect(alone.shape).toEqual([8, 8, 3]);
    const before = tf.memory().numTensors;
    resizeBicubic(tf, x, [8, 8]);
    expect(tf.memory().numTensors - before).toBe(1);
    expect(await numbers(alone)).toEqual(await numbers(batch));
    expect(gradientOf((t) => resizeBicubic(tf, t, [8, 8]), x, tf.ones([8, 8, 3])).shape).toEqual([4, 5, 3]);
  });

  test.each([
    [[2, 4, 6, 3], 2, 2, 'valid'],
    [[1, 5, 7, 2], 2, 2, 'valid'],
    [[1, 5, 7, 2], 3, 2, 'same'],
    [[1, 6, 6, 4], [2, 3], [2, 3], 'valid'],
  ] as const)('unpooling of %j pooled by %j, strides %j, pad %j, and its gradient', async (shape, kernel, strides, pad) => {
    use(true);
    const x = noise(shape, 16) as tf.Tensor4D;
    const pooling = tf.maxPoolWithArgmax(x, kernel as number, strides as number, pad, false);
    const [result, indexes] = [pooling['result'] as tf.Tensor4D, pooling['indexes'] as tf.Tensor4D];
    const options = { kernelSize: kernel, strides, pad, outputSize: [shape[1], shape[2]] } as const;
    const y = maxUnpool(tf, result, indexes, options);
    expect(y.shape).toEqual(shape);
    const [given, unpooled, at, pooled] = await Promise.all([numbers(x), numbers(y), indexes.data(), numbers(result)]);
    const plane = shape[1] * shape[2] * shape[3];
    const expected = new Float32Array(given.length);
    const image = pooled.length / shape[0];
    pooled.forEach((v, i) => {
      expected[Math.floor(i / image) * plane + at[i]!] = v;
    });
    expect(unpooled).toEqual(expected);
    const dy = noise(shape, 17) as tf.Tensor4D;
    const dx = gradientOf((t) => maxUnpool(tf, t, indexes, options), result, dy);
    const cotangent = await numbers(dy);
    // Of several windows with one index the last one's value stands, and it alone has a gradient.
    const last = new Map(Array.from(pooled, (_, i) => [Math.floor(i / image) * plane + at[i]!, i] as const));
    expect(await numbers(dx)).toEqual(
      Float32Array.from(pooled, (_, i) => {
        const cell = Math.floor(i / image) * plane + at[i]!;
        return last.get(cell) === i ? cotangent[cell]! : 0;
      }),
    );
  });
});
