// Every case under every plan: bits as the coordinates say, forward; and the transpose, which adds up where an element was taken more than once.
import { expect, test } from 'vitest';
import { type Context, createContext, type Tensor } from '../../src/index.ts';
import * as arguments_ from '../../src/ops/arrange/arguments.ts';
import type { ArrangeCall } from '../../src/ops/arrange/call.ts';
import * as reference from '../../src/ops/arrange/cpu.ts';
import { arrangePlans } from '../../src/ops/arrange/plan.ts';
import type { DType, Layout, TensorSpec } from '../../src/plan.ts';
import { context } from '../gpu.ts';
import { CASES, type Case, count, each, place, title } from './cases.ts';

type Checks = Record<string, (op: string, x: unknown, ...rest: unknown[]) => ArrangeCall>;
const checks = arguments_ as unknown as Checks;
const CHECKS = {
  ...checks,
  sliceCall: arguments_.sliceCall(false),
  cropCall: arguments_.sliceCall(true),
  sliceBackwardCall: arguments_.sliceBackwardCall(false),
  cropBackwardCall: arguments_.sliceBackwardCall(true),
  transposeBackwardCall: (op: string, dy: TensorSpec, _: unknown, axes: number[]) => arguments_.transposeCall(op, dy, axes, true),
} as unknown as Checks;

/** The element of memory that each element of the result takes, and the input it belongs to. */
function wanted({ shapes, result, source }: Case, layout: Layout) {
  const from = new Int32Array(count(result));
  const input = new Int32Array(count(result)).fill(-1);
  each(result, (c) => {
    const s = source(c);
    const to = place(result, layout, c);
    if (!s) return;
    input[to] = s.input;
    from[to] = place(shapes[s.input]!, layout, s.at);
  });
  return { from, input };
}

/** Bits that differ everywhere, the special ones of floats among them. */
const SPECIAL = [0x7fc00001, 0xff812345, 0x80000000, 0x00000001, 0x7f800000, 0xff800000];
const words = (n: number, seed: number) => Uint32Array.from({ length: n }, (_, i) => (i % 11 < 6 ? SPECIAL[i % 11]! : 0x3f000000 + 977 * i + 131 * seed));
const HALVES = [0x7e01, 0x8000, 0x0001, 0x7c00, 0xfc00];
const halves = (n: number, seed: number) => Uint16Array.from({ length: n }, (_, i) => (i % 11 < 5 ? HALVES[i % 11]! : 0x3000 + ((7 * i + seed) % 4096)));

/** A tensor that begins `skew` elements into its binding. */
function put(ctx: Context, bits: Uint32Array | Uint16Array, shape: readonly number[], dtype: DType, layout: Layout, skew: number): Tensor {
  if (!skew) return ctx.tensor(dtype === 'f32' ? new Float32Array(bits.buffer) : bits, shape, { dtype, layout });
  const width = bits.BYTES_PER_ELEMENT;
  const buffer = ctx.device.createBuffer({ size: Math.ceil(((skew + bits.length) * width) / 4) * 4 + 4, usage: 0x80 | 0x4 | 0x8 });
  const all = new Uint8Array(buffer.size);
  all.set(new Uint8Array(bits.buffer), skew * width);
  ctx.device.queue.writeBuffer(buffer, 0, all);
  return ctx.wrap(buffer, shape, { dtype, layout, offset: skew * width });
}

const bitsOf = (data: ArrayLike<number>, dtype: DType) =>
  dtype === 'f32' ? Array.from(new Uint32Array((data as Float32Array).buffer)) : Array.from(data, (v) => (Object.is(v, -0) ? '-0' : String(v)));
const number = new Float32Array(1);
const halfValue = (bits: number) => {
  const [sign, e, m] = [bits & 0x8000 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  return e === 31 ? (m ? Number.NaN : sign * Number.POSITIVE_INFINITY) : e ? sign * (1 + m / 1024) * 2 ** (e - 15) : sign * m * 2 ** -24;
};
/** A value of the fill as the comparison sees it. */
function filled(fill: number, dtype: DType) {
  number[0] = fill;
  return dtype === 'f32' ? new Uint32Array(number.buffer)[0]! : Object.is(fill, -0) ? '-0' : String(fill);
}

async function everyPlan(ctx: Context, call: ArrangeCall, inputs: Record<string, Tensor>) {
  const results: { plan: string; outputs: Record<string, ArrayLike<number>> }[] = [];
  for (const [i, plan] of arrangePlans(call, ctx.adapter).entries()) {
    const out = ctx.run(call.op, `${JSON.stringify(call)} test ${i}`, inputs, () => plan);
    const outputs: Record<string, ArrayLike<number>> = {};
    for (const [name, t] of Object.entries(out)) {
      expect([t.shape, t.layout], call.op).toEqual([call.outputs[name]!.shape, call.outputs[name]!.layout]);
      outputs[name] = await t.data();
      t.dispose();
    }
    results.push({ plan: plan.name, outputs });
  }
  return results;
}

async function forward(ctx: Context, c: Case, dtype: DType, layout: Layout, skew: number): Promise<string[]> {
  const half = dtype === 'f16';
  const bits = c.shapes.map((s, i) => (half ? halves(count(s), i) : words(count(s), i)));
  const tensors = c.shapes.map((s, i) => put(ctx, bits[i]!, s, dtype, layout, skew));
  const specs = tensors.map((t) => t.spec);
  const call = CHECKS[`${c.op}Call`]!(c.op, c.op === 'concat' ? specs : specs[0], ...c.args);
  const inputs = Object.fromEntries(tensors.map((t, i) => [c.op === 'concat' ? `input${i}` : 'input', t]));
  const { from, input } = wanted(c, layout);
  const values = bits.map((b) => (half ? Array.from(b, (v) => bitsOf([halfValue(v)], 'f16')[0]!) : dtype === 'f32' ? Array.from(b) : Array.from(b, String)));
  const want = Array.from(from, (at, i) => (input[i]! < 0 ? filled(c.fill!, dtype) : values[input[i]!]![at]!));
  const plans: string[] = [];
  for (const { plan, outputs } of await everyPlan(ctx, call, inputs)) {
    plans.push(plan);
    expect(bitsOf(outputs['output']!, dtype), `${title(c)} ${dtype} ${layout} +${skew}: ${plan}`).toEqual(want);
  }
  for (const t of tensors) t.dispose();
  return plans;
}

async function backward(ctx: Context, c: Case, dtype: DType, layout: Layout): Promise<string[]> {
  const dy = Float32Array.from({ length: count(c.result) }, (_, i) => ((i * 7) % 23) - 9);
  const t = ctx.tensor(dy, c.result, { dtype, layout });
  const shapes = c.op === 'concat' ? c.shapes : c.shapes[0];
  const call = CHECKS[`${c.op}BackwardCall`]!(`${c.op}Backward`, t.spec, shapes, ...(c.op === 'reshape' ? [] : c.args));
  const { from, input } = wanted(c, layout);
  const want = c.shapes.map((s) => new Float32Array(count(s)));
  for (const [i, n] of input.entries()) if (n >= 0) want[n]![from[i]!]! += dy[i]!;
  const plans: string[] = [];
  for (const { plan, outputs } of await everyPlan(ctx, call, { input: t })) {
    plans.push(plan);
    expect(Object.values(outputs), `${title(c)} backward ${dtype} ${layout}: ${plan}`).toEqual(want);
  }
  t.dispose();
  return plans;
}

const LAYOUTS = ['nchw', 'nhwc'] as const;

test('arrangements: bits as the coordinates say, under every plan', { timeout: 120_000 }, async () => {
  const ctx = await context();
  const seen = new Set<string>();
  for (const c of CASES)
    for (const layout of LAYOUTS)
      for (const skew of [0, 1]) {
        for (const plan of await forward(ctx, c, 'f32', layout, skew)) seen.add(plan);
        if (c.op !== 'pad') await forward(ctx, c, 'u32', layout, skew);
      }
  expect([...seen].sort()).toEqual(['vec4', 'words']);
});

test('arrangements of 2-byte elements, at even and odd places', { timeout: 120_000 }, async () => {
  const ctx = await context();
  if (!ctx.device.features.has('shader-f16')) {
    expect(() => ctx.tensor([1], [1], { dtype: 'f16' })).toThrow(/shader-f16/);
    return;
  }
  const seen = new Set<string>();
  for (const c of CASES)
    for (const layout of LAYOUTS) for (const skew of [0, 1, 2]) for (const plan of await forward(ctx, c, 'f16', layout, skew)) seen.add(plan);
  expect([...seen].sort()).toEqual(['halves', 'vec4', 'words']);
});

test('arrangements: transposes, whole numbers bit for bit', { timeout: 120_000 }, async () => {
  const ctx = await context();
  const seen = new Set<string>();
  const dtypes = ctx.device.features.has('shader-f16') ? (['f32', 'f16'] as const) : (['f32'] as const);
  for (const c of CASES) for (const layout of LAYOUTS) for (const dtype of dtypes) for (const plan of await backward(ctx, c, dtype, layout)) seen.add(plan);
  expect([...seen]).toContain('sums');
});

test('arrangements: the reference, forward and back', () => {
  const ops = reference as unknown as Record<string, (...args: unknown[]) => { data: Float64Array; shape: number[]; layout: Layout }>;
  for (const c of CASES)
    for (const layout of LAYOUTS) {
      const xs = c.shapes.map((shape, n) => ({ data: Float64Array.from({ length: count(shape) }, (_, i) => 1000 * n + i), shape: [...shape], layout }));
      const y = ops[c.op]!(c.op === 'concat' ? xs : xs[0], ...c.args);
      const { from, input } = wanted(c, layout);
      expect([y.shape, y.layout]).toEqual([c.result, layout]);
      expect(Array.from(y.data), `${title(c)} ${layout}`).toEqual(Array.from(from, (at, i) => (input[i]! < 0 ? c.fill : xs[input[i]!]!.data[at])));
      const dy = { data: y.data.map((v) => (v % 17) - 5), shape: [...c.result], layout };
      const rest = c.op === 'transpose' ? c.args : [c.op === 'concat' ? c.shapes : c.shapes[0], ...(c.op === 'reshape' ? [] : c.args)];
      const back = ops[`${c.op}Backward`]!(dy, ...rest) as unknown;
      const want = c.shapes.map((s) => new Float64Array(count(s)));
      for (const [i, n] of input.entries()) if (n >= 0) want[n]![from[i]!]! += dy.data[i]!;
      expect(
        (Array.isArray(back) ? back : [back]).map((t: { data: Float64Array }) => t.data),
        title(c),
      ).toEqual(want);
    }
});

test('arrangements above a binding are cut into windows, at shrunken limits', { timeout: 120_000 }, async () => {
  const ctx = await createContext({ limits: { maxStorageBufferBindingSize: 2 ** 15, maxBufferSize: 2 ** 18, maxComputeWorkgroupsPerDimension: 7 } });
  const big = [7, 5, 37, 11]; // 57 kB
  const like = (c: Case, shapes: number[][], args: unknown[], result: number[]): Case => ({ ...c, shapes, args, result });
  const pad = (mode: string | undefined, padding: [number, number][], axes: number[]) => {
    const begin = [0, 0, 0, 0];
    const result = [...big];
    for (const [i, a] of axes.entries()) [begin[a], result[a]] = [padding[i]![0], big[a]! + padding[i]![0] + padding[i]![1]];
    const at = (n: number, size: number) => (mode === 'reflect' ? size - 1 - Math.abs(size - 1 - Math.abs(n)) : Math.min(Math.max(n, 0), size - 1));
    const source = (c: readonly number[]) => {
      const p = c.map((n, a) => (mode ? at(n - begin[a]!, big[a]!) : n - begin[a]!));
      return p.some((n, a) => n < 0 || n >= big[a]!) ? undefined : { input: 0, at: p };
    };
    return { op: 'pad' as const, shapes: [big], args: [{ padding, axes, ...(mode && { mode }) }], result, source, fill: 0, sums: !!mode };
  };
  const all: Case[] = [
    like(CASES.find((c) => c.op === 'transpose')!, [big], [[0, 1, 3, 2]], [7, 5, 11, 37]),
    pad(
      undefined,
      [
        [3, 2],
        [0, 1],
      ],
      [0, 3],
    ),
    pad(
      'reflect',
      [
        [3, 2],
        [0, 1],
      ],
      [1, 3],
    ),
    pad(
      'replicate',
      [
        [3, 2],
        [4, 1],
      ],
      [1, 2],
    ),
  ];
  all[0] = { ...all[0]!, source: (c) => ({ input: 0, at: [c[0]!, c[1]!, c[3]!, c[2]!] }) };
  const dtypes = ctx.device.features.has('shader-f16') ? (['f32', 'f16'] as const) : (['f32'] as const);
  for (const c of all)
    for (const layout of LAYOUTS)
      for (const dtype of dtypes) {
        await forward(ctx, c, dtype, layout, 0);
        if (c.op === 'transpose' || layout === 'nchw') await backward(ctx, c, dtype, layout);
      }
  expect(() => arrangePlans(arguments_.transposeCall('transpose', { shape: big, dtype: 'f32', layout: 'nchw', skew: 0 }, [3, 2, 1, 0]), ctx.adapter)).toThrow(
    /^transpose: one of 11 planes needs a binding of \d+ bytes; the device allows 32768 bytes$/,
  );
  ctx.destroy();
});
