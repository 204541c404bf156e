// Golden vectors and identities of convolution: on the reference, and where other operations take part on the GPU as well.
import { expect, test } from 'vitest';
import * as gpu from '../../src/index.ts';
import * as reference from '../../src/ops/conv/cpu.ts';
import { convMatrix } from '../../src/ops/conv/matrix.ts';
import { fold, interpolate, pixelShuffle, unfold, zeroInsert2d } from '../../src/reference.ts';
import { count, differs, generate } from '../fixtures.ts';
import { context } from '../gpu.ts';

const { conv1d, conv2d, conv2dBackward, convTranspose1d, convTranspose1dBackward, convTranspose2d, resizeConv2d, resizeConv2dBackward } = reference;
const t = (data: number[], shape: number[]) => ({ data, shape });
const row = (data: number[]) => t(data, [1, 1, data.length]);
const list = (r: { data: ArrayLike<number> }) => Array.from(r.data);
const random = (shape: number[], seed: number) => ({
  data: Float64Array.from(
    generate(
      shape.reduce((a, b) => a * b, 1),
      seed,
    ),
  ),
  shape,
});
const close = (a: ArrayLike<number>, b: ArrayLike<number>, what = '') => {
  expect(a.length, what).toBe(b.length);
  for (let i = 0; i < a.length; i++) expect(Math.abs(a[i]! - b[i]!), `${what} element ${i}: ${a[i]} and ${b[i]}`).toBeLessThan(1e-11);
};
const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => Array.from(a).reduce((s, v, i) => s + v * b[i]!, 0);

test('conv: golden vectors', () => {
  const x = row([1, 2, 3]);
  const w = row([1, 10, 100]);
  expect(list(conv1d(row([1, 2, 3, 4, 5]), w))).toEqual([321, 432, 543]);
  const up = (options: object, from = x) => list(convTranspose1d(from, w, options));
  expect(up({})).toEqual([1, 12, 123, 230, 300]);
  expect(up({ stride: 2 })).toEqual([1, 10, 102, 20, 203, 30, 300]);
  expect(up({ stride: 2, padding: 1 })).toEqual([10, 102, 20, 203, 30]);
  expect(up({ stride: 2, padding: 1, outputPadding: 1 })).toEqual([10, 102, 20, 203, 30, 300]);
  expect(up({ stride: 2, padding: 1, outputSize: 6 })).toEqual([10, 102, 20, 203, 30, 300]);
  // ONNX's output_shape beside auto_pad VALID and output_padding (ONNX Runtime 1.30 CPU).
  expect(up({ stride: 2, autoPad: 'VALID', outputSize: 4 })).toEqual([102, 20, 203, 30]);
  expect(up({ stride: 2, autoPad: 'NOTSET', outputSize: 5, outputPadding: 1 })).toEqual([102, 20, 203, 30, 300]);
  expect(up({ stride: 2, autoPad: 'SAME_UPPER', outputSize: 5, outputPadding: 1 })).toEqual([10, 102, 20, 203, 30]);
  expect(up({ stride: 2, dilation: 2 })).toEqual([1, 0, 12, 0, 123, 0, 230, 0, 300]);
  expect(up({ stride: 3, dilation: 2 })).toEqual([1, 0, 10, 2, 100, 20, 3, 200, 30, 0, 300]);
  const g = convTranspose1dBackward(row([1, 2, 3, 4, 5]), x, w, { stride: 2, padding: 1 });
  expect([list(g.dx), list(g.dw), list(g.db)]).toEqual([[210, 432, 54], [16, 22, 10], [15]]);
  const ones = row([1, 1, 1, 1]);
  const box = row([1, 1, 1]);
  expect(list(convTranspose1d(ones, box, { stride: 2, padding: 1 }))).toEqual([1, 2, 1, 2, 1, 2, 1]);
  expect(list(convTranspose1d(ones, box, { stride: 2, padding: 1, outputPadding: 1 }))).toEqual([1, 2, 1, 2, 1, 2, 1, 1]);
  expect(list(convTranspose1d(ones, box, { stride: 2, dilation: 3, outputPadding: 2 }))).toEqual([1, 0, 1, 1, 1, 1, 2, 1, 1, 1, 1, 0, 1, 0, 0]);
  expect(list(convTranspose1d(box, box, { stride: 2, outputPadding: 1 })).at(-1)).toBe(0);
  const nine = t([1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 1, 3, 3]);
  const y = convTranspose2d(t([1, 2, 3, 4], [1, 1, 2, 2]), nine, { stride: 2, padding: 1, outputPadding: 1 });
  expect(list(y)).toEqual([5, 14, 10, 12, 14, 36, 24, 30, 15, 34, 20, 24, 24, 55, 32, 36]);
  const grouped = convTranspose1d(t([1, 2, 3, 4], [1, 2, 2]), t([1, 10, 2, 20, 3, 30, 4, 40], [2, 2, 2]), { stride: 2, groups: 2 });
  expect(list(grouped)).toEqual([1, 10, 2, 20, 2, 20, 4, 40, 9, 90, 12, 120, 12, 120, 16, 160]);
});

test('conv: overlap counts are uniform where the stride divides the kernel, checkerboards elsewhere', () => {
  const middle = (k: number, stride: number) => {
    const y = list(convTranspose1d(row(new Array(12).fill(1)), row(new Array(k).fill(1)), { stride }));
    const at = 4 * stride;
    return y.slice(at, at + stride);
  };
  expect(middle(4, 2)).toEqual([2, 2]);
  expect(middle(3, 2)).toEqual([2, 1]);
  expect(middle(5, 2)).toEqual([3, 2]);
  expect(middle(4, 3)).toEqual([2, 1, 1]);
  expect(middle(3, 4)).toEqual([1, 1, 1, 0]);
});

const GEOMETRIES = [
  {
    x: [2, 5, 6],
    w: [4, 2, 3, 2],
    options: {
      stride: [2, 1],
      padding: [
        [1, 0],
        [0, 2],
      ],
      dilation: [1, 2],
    },
  },
  { x: [4, 7, 5], w: [6, 2, 2, 3], options: { groups: 2, stride: [3, 2], padding: 1 } },
  { x: [3, 4, 4], w: [3, 1, 3, 3], options: { groups: 3, padding: 'same' } },
] as const;

test('conv: the matrix C and its transpose give convolution and transposed convolution', () => {
  for (const {
    x: [c, h, wd],
    w: wShape,
    options,
  } of GEOMETRIES) {
    const x = random([1, c, h, wd], 1);
    const w = random([...wShape], 2);
    const C = convMatrix({ inputShape: [c, h, wd], weight: w.data, weightShape: wShape, ...(options as object) });
    const y = conv2d(x, w, options as object);
    const times = (m: typeof C, v: ArrayLike<number>) => Array.from({ length: m.rows }, (_, r) => dot(m.data.subarray(r * m.columns, (r + 1) * m.columns), v));
    close(times(C, x.data), y.data, 'C x');
    const turned = Array.from({ length: C.columns }, (_, i) =>
      Array.from({ length: C.rows }, (_, o) => C.data[o * C.columns + i]! * y.data[o]!).reduce((a, b) => a + b, 0),
    );
    close(conv2dBackward(y, x, w, { ...(options as object), gradients: ['dx'] }).dx.data, turned, 'Ct y');
    const { padding, ...rest } = options as { padding: unknown };
    const same = padding === 'same' ? 1 : padding;
    const T = convMatrix({
      inputShape: [...y.shape.slice(1)],
      weight: w.data,
      weightShape: wShape,
      transposed: true,
      ...rest,
      padding: same as never,
      outputSize: [h, wd],
    });
    expect([T.rows, T.columns]).toEqual([C.columns, C.rows]);
    for (let o = 0; o < C.rows; o++)
      for (let i = 0; i < C.columns; i++) if (C.data[o * C.columns + i] !== T.data[i * T.columns + o]) throw new Error(`C[${o},${i}]`);
  }
});

test('conv: zero insertion, padding and a flipped filter make a transposed convolution', () => {
  const x = random([2, 3, 3, 4], 3);
  const w = random([3, 2, 3, 4], 4);
  const y = convTranspose2d(x, w, { stride: [2, 3], padding: [1, 2], outputPadding: [1, 0] });
  const flipped = new Float64Array(w.data.length);
  for (let ci = 0; ci < 3; ci++)
    for (let co = 0; co < 2; co++)
      for (let a = 0; a < 3; a++) for (let b = 0; b < 4; b++) flipped[((co * 3 + ci) * 3 + 2 - a) * 4 + 3 - b] = w.data[((ci * 2 + co) * 3 + a) * 4 + b]!;
  const inserted = zeroInsert2d(x, { stride: [2, 3] });
  close(
    conv2d(
      inserted,
      { data: flipped, shape: [2, 3, 3, 4] },
      {
        padding: [
          [1, 2],
          [1, 1],
        ],
      },
    ).data,
    y.data,
  );
});

test('conv: nearest is a depthwise transposed convolution with ones, linear one with a tent on padded input', () => {
  const x = random([2, 3, 5], 5);
  for (const s of [2, 3, 4]) {
    const ones = { data: new Float64Array(3 * s).fill(1), shape: [3, 1, s] };
    close(convTranspose1d(x, ones, { stride: s, groups: 3 }).data, interpolate(x, { mode: 'nearest', scaleFactor: s }).data, `nearest ${s}`);
    const k = 2 * s - (s % 2);
    const f = (k + 1) >> 1;
    const c = (2 * f - 1 - (f % 2)) / (2 * f);
    const tent = { data: Float64Array.from({ length: 3 * k }, (_, i) => 1 - Math.abs((i % k) / f - c)), shape: [3, 1, k] };
    const padded = {
      data: Float64Array.from({ length: 2 * 3 * 7 }, (_, i) => x.data[Math.floor(i / 7) * 5 + Math.min(Math.max((i % 7) - 1, 0), 4)]!),
      shape: [2, 3, 7],
    };
    const linear = convTranspose1d(padded, tent, { stride: s, groups: 3, padding: ((k - s) >> 1) + s, outputSize: 5 * s });
    close(linear.data, interpolate(x, { mode: 'linear', scaleFactor: s }).data, `linear ${s}`);
  }
});

test('conv: a folded resize convolution equals nearest and convolution, with its gradients', () => {
  for (const [s, k, padding, groups] of [
    [2, 3, 1, 1],
    [
      [2, 3],
      [3, 4],
      [
        [1, 2],
        [0, 3],
      ],
      1,
    ],
    [3, 1, 0, 1],
    [1, 3, 'same', 1],
    [2, 5, 2, 2],
    [
      4,
      3,
      [
        [2, 0],
        [1, 1],
      ],
      2,
    ],
  ] as const) {
    const [sh, sw] = typeof s === 'number' ? [s, s] : s;
    const [kh, kw] = typeof k === 'number' ? [k, k] : k;
    const x = random([2, 4, 3, 4], 6);
    const w = random([6, 4 / groups, kh, kw], 7);
    const bias = random([6], 8);
    const options = { padding: padding as never, groups, bias, activation: 'tanh' as const };
    const big = interpolate(x, { mode: 'nearest', scaleFactor: [sh, sw] });
    const want = conv2d(big, w, options);
    const y = resizeConv2d(x, w, { scaleFactor: [sh, sw], ...options });
    expect(y.shape).toEqual(want.shape);
    close(y.data, want.data);
    const dy = random([...y.shape], 9);
    const got = resizeConv2dBackward(dy, x, w, { scaleFactor: [sh, sw], ...options });
    const ref = conv2dBackward(dy, big, w, options);
    close(got.dw.data, ref.dw.data, 'dw');
    close(got.db.data, ref.db.data, 'db');
    const dx = new Float64Array(x.data.length);
    ref.dx.data.forEach((v, i) => {
      const [W, H] = [4 * sw, 3 * sh];
      dx[(Math.floor(i / (W * H)) * 3 + Math.floor((Math.floor(i / W) % H) / sh)) * 4 + Math.floor((i % W) / sw)]! += v;
    });
    close(got.dx.data, dx, 'dx');
  }
});

test('conv: activations and their derivatives, by finite differences', () => {
  const x = random([2, 2, 6], 10);
  const w = random([3, 2, 3], 11);
  const bias = random([3], 12);
  for (const activation of ['relu', 'leakyRelu', 'tanh', 'sigmoid', 'silu', 'gelu'] as const) {
    const options = { bias, activation, padding: 1, ...(activation === 'leakyRelu' && { negativeSlope: 0.2 }) };
    const y = conv1d(x, w, options);
    const dy = random([...y.shape], 13);
    const g = reference.conv1dBackward(dy, x, w, options);
    const eps = 1e-6;
    const slope = (moved: (sign: number) => ReturnType<typeof conv1d>) => (dot(moved(1).data, dy.data) - dot(moved(-1).data, dy.data)) / (2 * eps);
    const nudge = <T extends { data: Float64Array; shape: number[] }>(p: T, i: number, sign: number) => ({
      ...p,
      data: p.data.map((v, j) => (j === i ? v + sign * eps : v)),
    });
    for (let i = 0; i < x.data.length; i++)
      expect(g.dx.data[i]!).toBeCloseTo(
        slope((s) => conv1d(nudge(x, i, s), w, options)),
        5,
      );
    for (let i = 0; i < w.data.length; i++)
      expect(g.dw.data[i]!).toBeCloseTo(
        slope((s) => conv1d(x, nudge(w, i, s), options)),
        5,
      );
    for (let i = 0; i < 3; i++)
      expect(g.db.data[i]!).toBeCloseTo(
        slope((s) => conv1d(x, w, { ...options, bias: nudge(bias, i, s) })),
        5,
      );
  }
});

/** What composed sums of `terms` products may differ by; the size of the sums is that of absolute values. */
const sums = (terms: number, scale: { data: ArrayLike<number> }) => ({ units: 2 * (4 + 2 * Math.sqrt(terms)), scale: Math.max(...Array.from(scale.data)) });
const absolute = <T extends { data: Float64Array }>(x: T): T => ({ ...x, data: x.data.map(Math.abs) });

/** Transposed convolutions, without groups: x [N, C, ...], w [C, Cout, ...kernel]. */
const COLUMNS = [
  { x: [2, 3, 7], w: [3, 2, 4], stride: [2], padding: [1], outputPadding: [0], dilation: [1] },
  { x: [1, 2, 5], w: [2, 3, 3], stride: [3], padding: [0], outputPadding: [2], dilation: [2] },
  { x: [2, 3, 4, 5], w: [3, 4, 3, 3], stride: [2, 2], padding: [1, 1], outputPadding: [1, 1], dilation: [1, 1] },
  { x: [1, 4, 3, 4], w: [4, 2, 2, 5], stride: [1, 3], padding: [0, 2], outputPadding: [0, 1], dilation: [2, 1] },
  { x: [1, 2, 2, 3, 2], w: [2, 3, 2, 3, 2], stride: [2, 1, 2], padding: [0, 1, 0], outputPadding: [1, 0, 0], dilation: [1, 1, 2] },
] as const;

/** The matrix of a filter [A, B, ...kernel] as a convolution of columns: [A, B*taps, 1], or turned over. */
function matrixOf({ data, shape: [a = 0, ...rest] }: { data: Float64Array; shape: number[] }, turned: boolean) {
  const b = count(rest);
  return turned ? { data: data.map((_, i) => data[(i % a) * b + Math.floor(i / a)]!), shape: [b, a, 1] } : { data, shape: [a, b, 1] };
}

test.each(COLUMNS)('conv: columns: $x * $w: Y = fold(Wt X), and convolution is W unfold(X)', async ({ x: xShape, w: wShape, outputPadding, ...windows }) => {
  const ctx = await context();
  const [x, w] = [random([...xShape], 31), random([...wShape], 32)];
  const spatial = xShape.length - 2;
  const kernelSize = wShape.slice(2);
  const up = `convTranspose${spatial}d` as 'convTranspose2d';
  const down = `conv${spatial}d` as 'conv2d';
  const { [up]: transposed, [down]: convolution } = { ...reference };
  const want = transposed(x, w, { ...windows, outputPadding });
  const flat = (p: { data: Float64Array }, [n = 0, c = 0, ...rest]: readonly number[]) => ({ data: p.data, shape: [n, c, count(rest)] });
  const over = { ...windows, kernelSize, outputSize: want.shape.slice(2) };
  close(fold(conv1d(flat(x, xShape), matrixOf(w, true)), over).data, want.data, 'fold(Wt X)');
  // The same map backwards: y is what the transposed one made.
  const y = random([...want.shape], 33);
  const back = convolution(y, w, windows);
  const columns = conv1d(unfold(y, { ...windows, kernelSize }), matrixOf(w, false));
  close(columns.data, back.data, 'W unfold(Y)');

  for (const layout of ['nchw', 'nhwc'] as const) {
    const put = (p: { data: Float64Array; shape: readonly number[] }) => {
      const { data, shape } = p;
      if (layout === 'nchw') return ctx.tensor(Float32Array.from(data), shape);
      const [n = 0, c = 0, ...rest] = shape;
      const places = count(rest);
      const last = Float32Array.from(data, (_, i) => data[(Math.floor(i / (places * c)) * c + (i % c)) * places + (Math.floor(i / c) % places)]!);
      return ctx.tensor(last, [n, c, ...rest], { layout });
    };
    const matrix = (turned: boolean) => {
      const m = matrixOf(w, turned);
      return ctx.tensor(Float32Array.from(m.data), m.shape);
    };
    const filter = ctx.tensor(Float32Array.from(w.data), wShape);
    const terms = wShape[0] * count(kernelSize);
    const made = gpu.fold(gpu.conv1d(put(flat(x, xShape)), matrix(true)), over);
    const direct = { ...gpu }[up](put(x), filter, { ...windows, outputPadding });
    expect(made.shape).toEqual(direct.shape);
    const most = sums(terms, transposed(absolute(x), absolute(w), { ...windows, outputPadding }));
    expect(differs(await made.data(), await direct.data(), most), `fold ${layout}`).toBe('');
    const joined = gpu.conv1d(gpu.unfold(put(y), { ...windows, kernelSize }), matrix(false));
    const whole = { ...gpu }[down](put(y), filter, windows);
    const bound = sums(wShape[1] * count(kernelSize), convolution(absolute(y), absolute(w), windows));
    expect(differs(await joined.data(), await whole.data(), bound), `unfold ${layout}`).toBe('');
  }
});

/** Kernel, stride, padding and output padding along H and W. */
const PHASES = [
  { k: [4, 4], s: [2, 2], p: [1, 1], op: [0, 0] },
  { k: [3, 3], s: [2, 2], p: [1, 1], op: [1, 1] },
  { k: [5, 5], s: [3, 3], p: [2, 2], op: [0, 0] },
  { k: [2, 2], s: [3, 3], p: [0, 0], op: [0, 2] },
  { k: [5, 3], s: [2, 4], p: [0, 1], op: [1, 0] },
  { k: [4, 8], s: [4, 4], p: [0, 2], op: [0, 0] },
  { k: [3, 6], s: [1, 2], p: [1, 4], op: [0, 1] },
] as const;

/** Along one axis: for each phase the tap at each input offset from `first` on, -1 where there is none, and zeros before and after x. */
function phasesOf(size: number, outSize: number, k: number, s: number, p: number) {
  const offset = (r: number, t: number) => (r + p - t) / s;
  const all = Array.from({ length: s * k }, (_, i) => offset(i % s, Math.floor(i / s))).filter(Number.isInteger);
  const [first, last] = [Math.min(0, ...all), Math.max(0, ...all)];
  const taps = Array.from({ length: s }, (_, r) =>
    Array.from({ length: last - first + 1 }, (_, f) => {
      const t = r + p - (first + f) * s;
      return t >= 0 && t < k ? t : -1;
    }),
  );
  const positions = Math.ceil(outSize / s);
  return { taps, pads: [-first, Math.max(positions + last - size, 0)] as const };
}

test.each(PHASES)('conv: phases: k $k s $s p $p op $op: a pixel shuffle of the convolution with phase kernels, cropped', async ({ k, s, p, op }) => {
  const ctx = await context();
  const [n, ci, h, wd, co] = [2, 3, 4, 5, 2];
  const [x, w] = [random([n, ci, h, wd], 41), random([ci, co, ...k], 42)];
  const options = { stride: s, padding: p, outputPadding: op };
  const want = convTranspose2d(x, w, options);
  const [H, W] = want.shape.slice(2) as [number, number];
  const [rows, columns] = [phasesOf(h, H, k[0], s[0], p[0]), phasesOf(wd, W, k[1], s[1], p[1])];
  const kernel = [rows.taps[0]!.length, columns.taps[0]!.length] as const;
  // Channels of cells together: (co, row phase, column phase).
  const filter: number[] = [];
  for (let c = 0; c < co; c++)
    for (const down of rows.taps)
      for (const across of columns.taps)
        for (let i = 0; i < ci; i++)
          for (const a of down) for (const b of across) filter.push(a < 0 || b < 0 ? 0 : w.data[((i * co + c) * k[0] + a) * k[1] + b]!);
  const phases = { data: Float64Array.from(filter), shape: [co * s[0] * s[1], ci, ...kernel] };
  const padding = [rows.pads, columns.pads];
  const cropped = ({ data, shape }: { data: ArrayLike<number>; shape: readonly number[] }) => {
    expect(shape[2]! >= H && shape[3]! >= W).toBe(true);
    return want.data.map((_, i) => data[(Math.floor(i / (H * W)) * shape[2]! + (Math.floor(i / W) % H)) * shape[3]! + (i % W)]!);
  };
  close(cropped(pixelShuffle(conv2d(x, phases, { padding }), { upscaleFactor: s })), want.data);

  const put = ({ data, shape }: { data: Float64Array; shape: readonly number[] }) => ctx.tensor(Float32Array.from(data), shape);
  const y = gpu.pixelShuffle(gpu.conv2d(put(x), put(phases), { padding }), { upscaleFactor: s });
  const direct = gpu.convTranspose2d(put(x), put(w), options);
  const bound = sums(ci * count(k), convTranspose2d(absolute(x), absolute(w), options));
  expect(differs(cropped({ data: await y.data(), shape: y.shape }), await direct.data(), bound)).toBe('');
});
