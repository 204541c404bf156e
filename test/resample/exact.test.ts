// What does not depend on a tolerance: bits, special values, large coordinates, repeats.
import { describe, expect, test } from 'vitest';
import { interpolate, interpolateBackward, type Tensor } from '../../src/index.ts';
import { rowsOfCall } from '../../src/ops/resample/call.ts';
import * as reference from '../../src/reference.ts';
import { count, differs, generate, hash32 } from '../fixtures.ts';
import { context } from '../gpu.ts';
import { type Call, EXAMPLES, type Example } from './cases.ts';
import { bitsOf, callOf, checkPlans, copies, type Direction, directionsOf, OFFSETS, plansOf, runPlan, wrapped } from './run.ts';

/** NaNs with payloads, quiet and signalling, infinities, zeros of both signs, denormals, the largest number. */
const BITS = [0x7fc00001, 0xffc12345, 0x7f800001, 0xff812345, 0x7f800000, 0xff800000, 0x80000000, 0, 1, 0x80000001, 0x007fffff, 0x7f7fffff, 0x3f800000];

describe('copies keep bits', () => {
  test('every plan, on NaN payloads, infinities, signed zeros and denormals', async () => {
    const ctx = await context();
    const faults: string[] = [];
    const maps = EXAMPLES.filter((e, i) => e.dtype === 'f32' && i % 5 === 0)
      .flatMap(directionsOf)
      .filter(copies);
    for (const [i, map] of maps.entries()) {
      const data = new Float32Array(Uint32Array.from({ length: count(map.from) }, (_, k) => BITS[hash32(k, i) % BITS.length]!).buffer);
      const upload = i % 2 ? (d: ArrayLike<number>) => wrapped(ctx, map, OFFSETS.f32[(i >> 1) % 4]!, d as typeof data) : undefined;
      faults.push(...(await checkPlans(ctx, map, { data, ...(upload && { upload }) })).faults);
    }
    expect(maps.length).toBeGreaterThan(80);
    expect(faults).toEqual([]);
  });
});

const SUMS: readonly Call[] = [
  ['interpolate', [1, 8, 6, 8], { mode: 'bilinear', scaleFactor: 2 }],
  ['interpolate', [1, 3, 9, 12], { mode: 'bilinear', size: [13, 16] }],
  ['interpolate', [1, 4, 9, 12], { mode: 'bicubic', scaleFactor: 2 }],
  ['interpolate', [1, 4, 24, 20], { mode: 'bilinear', antialias: true, size: [8, 8] }],
  ['interpolate', [1, 2, 9, 12], { mode: 'area', size: [4, 8] }],
  ['interpolate', [1, 4, 4, 5, 6], { mode: 'trilinear', scaleFactor: 2 }],
  [
    'resize',
    [1, 4, 5, 8],
    { mode: 'linear', axes: [2, 3], scales: [2, 2], coordinateTransformationMode: 'tf_crop_and_resize', roi: [-0.2, 0, 0.9, 1.1], extrapolationValue: 3 },
  ],
];

/** Which outputs one input has a part in: no, at weight 0 or one that underflows, or yes. */
function reach(map: Direction, at: number): Uint8Array {
  const { from, to } = map;
  const rows = rowsOfCall(callOf(map));
  const nhwc = map.example.layout === 'nhwc';
  const order = [...from.keys()];
  if (nhwc) order.push(...order.splice(1, 1));
  const where = (flat: number, shape: readonly number[]) => {
    const index = new Array<number>(shape.length);
    for (const axis of order.toReversed()) {
      index[axis] = flat % shape[axis]!;
      flat = Math.floor(flat / shape[axis]!);
    }
    return index;
  };
  const source = where(at, from);
  return Uint8Array.from({ length: count(to) }, (_, flat) => {
    let weight = 1;
    for (const [axis, o] of where(flat, to).entries()) {
      const { start, ptr, weight: w } = rows[axis]!;
      const t = source[axis]! - start[o]!;
      if (t < 0 || t >= ptr[o + 1]! - ptr[o]!) return 0;
      weight *= w[ptr[o]! + t]!;
    }
    return Math.abs(weight) < 2 ** -120 ? 1 : 2;
  });
}

describe('sums and numbers that are not finite', () => {
  test.each(['nchw', 'nhwc'] as const)(
    'every plan, %s: what an input has no part in keeps its bits, the rest is not finite',
    async (layout) => {
      const ctx = await context();
      const faults: string[] = [];
      for (const map of SUMS.flatMap((call) => directionsOf({ call, layout, dtype: 'f32' } satisfies Example))) {
        const clean = generate(count(map.from), 5);
        const at = Math.floor(clean.length * 0.4);
        const parts = reach(map, at);
        const input = (value: number) => ctx.tensor(clean.with(at, value), map.from, { layout });
        const x = [clean[at]!, Number.NaN, Number.POSITIVE_INFINITY].map(input);
        const { call, plans } = plansOf(ctx, map);
        for (const plan of plans) {
          const y = x.map((t) => runPlan(ctx, call, plan, t));
          const [base, nan, inf] = (await Promise.all(y.map((t) => t.data()))) as [Float32Array, Float32Array, Float32Array];
          const words = await Promise.all(y.map(bitsOf));
          const say = (what: string, o: number) =>
            faults.push(
              `${map.example.call[0]} ${JSON.stringify(map.example.call[2])}${map.backward ? ' backward' : ''} ${plan.name}: ${what} ${o}: ${base[o]}, ${nan[o]}, ${inf[o]}`,
            );
          for (const [o, part] of parts.entries()) {
            if (part === 0 && (words[0]![o] !== words[1]![o] || words[0]![o] !== words[2]![o])) say('not its part', o);
            if (part === 2 && !Number.isNaN(nan[o])) say('NaN lost', o);
            if (part === 2 && Number.isFinite(inf[o])) say('infinity lost', o);
          }
          for (const t of y) t.dispose();
        }
        for (const t of x) t.dispose();
      }
      expect(faults.slice(0, 10)).toEqual([]);
    },
    300_000,
  );
});

describe('coordinates at large sizes', () => {
  test.each([
    [[1, 1, 16000], { mode: 'linear', size: 44100 }, 8],
    [[1, 1, 4000], { mode: 'linear', size: 9001 }, 8],
    [[1, 1, 1000], { mode: 'linear', size: 2049 }, 8],
    [[1, 1, 65], { mode: 'linear', size: 500 }, 8],
    [[1, 1, 3, 4000], { mode: 'bilinear', size: [5, 9001] }, 8],
    [[1, 1, 2, 16000], { mode: 'bicubic', size: [3, 44100] }, 16],
    [[1, 1, 44100], { mode: 'linear', size: 16000 }, 8],
  ] as const)('[%s] %o: within %i u', async (shape, options, units) => {
    const ctx = await context();
    const data = generate(count(shape), 9);
    const x = ctx.tensor(data, shape);
    const y = interpolate(x, options);
    const expected = reference.interpolate({ data, shape: [...shape] }, options).data;
    expect(differs(await y.data(), expected, { units, scale: data.reduce((m, v) => Math.max(m, Math.abs(v)), 0) })).toBe('');
    for (const t of [x, y]) t.dispose();
  });

  test('a size and a factor that gives the same size differ', async () => {
    const ctx = await context();
    const x = ctx.tensor([0, 1, 2, 3, 4], [1, 1, 5]);
    const y = [{ size: 7 }, { scaleFactor: 1.5 }, { scaleFactor: 1.5, recomputeScaleFactor: true }].map((o) => interpolate(x, { mode: 'linear', ...o }));
    const [bySize, byFactor, recomputed] = await Promise.all(y.map((t) => t.data()));
    expect(byFactor!.length).toBe(7);
    expect(byFactor).not.toEqual(bySize);
    expect(recomputed).toEqual(bySize);
    for (const t of [x, ...y]) t.dispose();
  });
});

describe('100 repeats give the same bits', () => {
  const CALLS: readonly (readonly [name: string, shape: readonly number[], run: (x: Tensor) => Tensor])[] = [
    ['bilinear', [1, 4, 61, 64], (x) => interpolate(x, { mode: 'bilinear', scaleFactor: 2 })],
    ['bicubic, antialias', [1, 2, 64, 61], (x) => interpolate(x, { mode: 'bicubic', antialias: true, size: [23, 24] })],
    ['nearest, gradient', [1, 4, 90, 128], (x) => interpolateBackward(x, [1, 4, 41, 50], { size: [90, 128] })],
    ['bilinear, gradient', [1, 4, 122, 128], (x) => interpolateBackward(x, [1, 4, 61, 64], { mode: 'bilinear', scaleFactor: 2 })],
    ['area, gradient', [1, 3, 13, 17], (x) => interpolateBackward(x, [1, 3, 97, 101], { mode: 'area', size: [13, 17] })],
  ];
  test.each(CALLS)('%s', async (_, shape, run) => {
    const ctx = await context();
    const x = ctx.tensor(generate(count(shape), 3), shape);
    const first = run(x);
    const words = await bitsOf(first);
    for (let k = 1; k < 100; k += 11) {
      const more = Array.from({ length: 11 }, () => run(x));
      for (const again of await Promise.all(more.map(bitsOf))) expect(again.every((w, i) => w === words[i])).toBe(true);
      for (const t of more) t.dispose();
    }
    for (const t of [x, first]) t.dispose();
  });
});
