// Max pooling: values and indices of every plan are those of the reference, bit for bit; the gradient is its transpose.
import { describe, expect, test } from 'vitest';
import { type Context, fromDevice, maxPool2d } from '../../src/index.ts';
import { maxPoolBackwardCall, maxPoolCall } from '../../src/ops/pool/arguments.ts';
import * as reference from '../../src/ops/pool/cpu.ts';
import { FORMATS } from '../../src/ops/pool/format.ts';
import { maxPoolPlans } from '../../src/ops/pool/max.ts';
import { poolGradientPlans } from '../../src/ops/pool/spread.ts';
import { count, differs, generate } from '../fixtures.ts';
import { context } from '../gpu.ts';
import { GEOMETRIES, type Geometry, HALVES, titleOf } from './cases.ts';
import { bitsOf, type Kind, runPlan, unequal, valuesOf, wrapped } from './run.ts';

const POOL = { 1: reference.maxPool1d, 2: reference.maxPool2d, 3: reference.maxPool3d };
const BACK = { 1: reference.maxPool1dBackward, 2: reference.maxPool2dBackward, 3: reference.maxPool3dBackward };
const rankOf = ({ x }: Geometry) => (x.length - 2) as 1 | 2 | 3;
const KINDS: readonly Kind[] = ['random', 'ties', 'special', 'equal', 'lowest', 'negative'];

interface Run {
  kind: Kind;
  seed: number;
  half?: boolean;
  offset?: number;
}

/** Every geometry with indices, and some with each other option: a pipeline each, which software adapters compile for long. */
const variants = (i: number) => [
  { nan: 'propagate', returnIndices: true } as const,
  ...(i % 4 === 0 ? [{ nan: 'ignore', returnIndices: true } as const] : []),
  ...(i % 4 === 0 || i % 4 === 3 ? [{ nan: 'propagate', returnIndices: false } as const] : []),
];

const seen = new Set<string>();

/** Values and indices under every plan, as sentences of what differs. */
async function faults(ctx: Context, g: Geometry, { kind, seed, half = false, offset = 0 }: Run): Promise<string[]> {
  const { layout = 'nchw', x: shape, options } = g;
  const dtype = half ? 'f16' : 'f32';
  const { bits, numbers } = valuesOf(kind, count(shape), seed, half);
  const x = offset
    ? wrapped(ctx, bits, shape, { dtype, layout }, offset)
    : half
      ? ctx.tensor(bits, shape, { dtype, layout })
      : wrapped(ctx, bits, shape, { dtype, layout }, 0); // as bits: a NaN's payload need not survive a Float32Array
  const found: string[] = [];
  const rank = rankOf(g);
  const op = `maxPool${rank}d`;
  for (const { nan, returnIndices } of variants(seed)) {
    const indexFormat = returnIndices ? FORMATS[seed % FORMATS.length]! : undefined;
    const all = { ...options, nan, returnIndices, ...(indexFormat && { indexFormat }) };
    const want = POOL[rank]({ data: numbers, shape, layout, dtype }, { ...options, nan, returnIndices: true, ...(indexFormat && { indexFormat }) });
    // The value has the bits of the element that the plane-local index names.
    const local = POOL[rank]({ data: numbers, shape, layout, dtype }, { ...options, nan, returnIndices: true });
    const places = placesOf(local.indices.data, local.indices.shape, shape, layout);
    const values = Array.from(places, (p) => bits[p]!);
    const call = maxPoolCall(op, rank, x.spec, all);
    for (const plan of maxPoolPlans(call, ctx.adapter)) {
      seen.add(`${dtype} ${plan.name} ${returnIndices}`);
      const out = runPlan(ctx, op, plan, { input: x });
      const say = (what: string, message: string) => message && found.push(`${titleOf(g)}, ${kind}, ${nan}, ${plan.name}, ${what}: ${message}`);
      say('values', unequal(await bitsOf(out['output']!), values));
      if (returnIndices) say(`indices ${indexFormat}`, unequal(await out['indices']!.data(), want.indices.data));
      for (const t of Object.values(out)) t.dispose();
    }
  }
  x.dispose();
  return found;
}

/** Places in memory of a tensor of `shape` that plane-local indices of `small` name. */
function placesOf(indices: ArrayLike<number>, small: readonly number[], shape: readonly number[], layout: 'nchw' | 'nhwc'): number[] {
  const channels = shape[1]!;
  const [windows, cells] = [count(small.slice(2)), count(shape.slice(2))];
  return Array.from(indices, (index, i) => {
    if (layout === 'nchw') return Math.floor(i / windows) * cells + index;
    return Math.floor(i / (windows * channels)) * cells * channels + index * channels + (i % channels);
  });
}

describe('every plan gives the values and indices of the reference, bit for bit', () => {
  test.each(KINDS)('%s', async (kind) => {
    const ctx = await context();
    const found: string[] = [];
    for (const [i, g] of GEOMETRIES.entries()) found.push(...(await faults(ctx, g, { kind, seed: i })));
    expect(found.slice(0, 10)).toEqual([]);
  });
  test('f16', async () => {
    const ctx = await context();
    if (!ctx.device.features.has('shader-f16')) return expect(() => ctx.tensor([1], [1], { dtype: 'f16' })).toThrow(/shader-f16/);
    const found: string[] = [];
    for (const [i, g] of HALVES.entries())
      for (const [kind, offset] of [
        ['ties', 0],
        ['special', 16],
        ['special', [2, 4, 6, 258][i % 4]!],
      ] as const)
        found.push(...(await faults(ctx, g, { kind, seed: i, half: true, offset })));
    expect(found.slice(0, 10)).toEqual([]);
  });
  test('tensors that begin at odd places', async () => {
    const ctx = await context();
    const found: string[] = [];
    for (const [i, g] of GEOMETRIES.entries()) found.push(...(await faults(ctx, g, { kind: 'ties', seed: i, offset: [4, 8, 16, 268][i % 4]! })));
    expect(found.slice(0, 10)).toEqual([]);
  });
  test('all plans were met, with and without indices', async () => {
    const { device } = await context();
    for (const flag of [true, false]) {
      for (const name of ['pair', 'pixel pair', 'row', 'pixel', 'plain']) expect([...seen]).toContain(`f32 ${name} ${flag}`);
      if (device.features.has('shader-f16')) for (const name of ['pair', 'pixel pair', 'plain']) expect([...seen]).toContain(`f16 ${name} ${flag}`);
    }
  });
});

test('the gradient under every plan, and the adjoint identity', async () => {
  const ctx = await context();
  const found: string[] = [];
  const met = new Set<string>();
  for (const half of ctx.device.features.has('shader-f16') ? [false, true] : [false])
    for (const [i, g] of (half ? HALVES : GEOMETRIES).entries()) {
      const { layout = 'nchw', x: shape, options } = g;
      const rank = rankOf(g);
      const dtype = half ? 'f16' : 'f32';
      const indexFormat = FORMATS[i % FORMATS.length]!;
      const geometry = { ...options, indexFormat };
      const { numbers } = valuesOf('ties', count(shape), i);
      const pooled = POOL[rank]({ data: numbers, shape, layout, dtype }, { ...geometry, returnIndices: true });
      const { shape: small } = pooled.output;
      const data = generate(count(small), i).map((v) => Math.round(v * 512) / 512);
      const want = BACK[rank]({ data, shape: small, layout, dtype }, { ...pooled.indices, dtype: 'u32' }, shape, geometry);
      const dy = ctx.tensor(data, small, { layout, dtype });
      const indices = ctx.tensor(pooled.indices.data, small, { layout, dtype: 'u32' });
      const call = maxPoolBackwardCall(`maxPool${rank}dBackward`, rank, dy.spec, indices.spec, shape, geometry);
      for (const plan of poolGradientPlans(call, ctx.adapter)) {
        met.add(plan.name);
        const { dx } = runPlan(ctx, call.op, plan, { dy, indices });
        // Sums of multiples of 1/512 are exact in f32.
        const message = differs(await dx!.data(), want.data, { units: 0, scale: 1, relative: half ? 2 ** -11 : 0 });
        if (message) found.push(`${titleOf(g)}, ${plan.name}: ${message}`);
        dx!.dispose();
      }
      // <select(x), dy> = <x, dx>
      const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => Array.from(a).reduce((s, v, k) => s + v * b[k]!, 0);
      expect(dot(pooled.output.data, data)).toBeCloseTo(dot(numbers, want.data), 9);
      for (const t of [dy, indices]) t.dispose();
    }
  expect(found.slice(0, 10)).toEqual([]);
  expect([...met].sort()).toEqual(['pixel', 'place', 'place vec4', 'plain', 'spread']);
});

test('the gradient gives nothing to indices outside their own window', async () => {
  const ctx = await context();
  const geometry = { kernelSize: 2 };
  const [shape, small] = [
    [1, 1, 4, 8],
    [1, 1, 2, 4],
  ];
  const data = [1, 2, 3, 4, 5, 6, 7, 8];
  for (const given of [
    [31, 2, 4, 6, 16, 18, 20, 22],
    [0, 3, 2 ** 32 - 1, 32, 17, 9, 0, 31],
  ]) {
    const want = reference.maxPool2dBackward({ data, shape: small }, { data: given, shape: small, dtype: 'u32' }, shape, geometry);
    const dy = ctx.tensor(data, small);
    const indices = ctx.tensor(given, small, { dtype: 'u32' });
    for (const plan of poolGradientPlans(maxPoolBackwardCall('maxPool2dBackward', 2, dy.spec, indices.spec, shape, geometry), ctx.adapter))
      expect(await runPlan(ctx, 'maxPool2dBackward', plan, { dy, indices })['dx']!.data(), plan.name).toEqual(Float32Array.from(want.data));
  }
});

test('small limits are met in windows and folded grids, with the same bits', async () => {
  const { device } = await context();
  const ctx = fromDevice(device, { limits: { maxStorageBufferBindingSize: 2 ** 14, maxBufferSize: 2 ** 18, maxComputeWorkgroupsPerDimension: 7 } });
  const found: string[] = [];
  for (const [i, g] of [
    { x: [3, 7, 32, 48], options: { kernelSize: 2 } },
    { x: [3, 7, 31, 45], options: { kernelSize: 3, stride: 2, padding: 1 } },
    { x: [9, 4, 20, 21], options: { kernelSize: 3, stride: 2, padding: 1 }, layout: 'nhwc' as const },
    { x: [9, 3, 20, 21], options: { kernelSize: 2, stride: 1 }, layout: 'nhwc' as const },
  ].entries())
    for (const offset of [0, 12]) found.push(...(await faults(ctx, g, { kind: 'ties', seed: i, offset })));
  expect(found.slice(0, 10)).toEqual([]);
  const wide = ctx.tensor(new Float32Array(20000), [1, 1, 1, 20000]);
  expect(() => maxPool2d(wide, { kernelSize: [1, 2] })).toThrow(/one plane of 80000 bytes exceeds a storage binding; the device allows 16384 bytes/);
  ctx.destroy();
});
