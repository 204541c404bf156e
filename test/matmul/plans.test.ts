// Every product under every plan against its definition: bit for bit on whole numbers, within the bound of the sum on others; gradients by adjoint identities.
import { expect, test } from 'vitest';
import { type Context, createContext, type Tensor } from '../../src/index.ts';
import { linearBackwardCall, linearCall, matmulBackwardCall, matmulCall } from '../../src/ops/matmul/arguments.ts';
import type { MatmulCall } from '../../src/ops/matmul/call.ts';
import * as reference from '../../src/ops/matmul/cpu.ts';
import { matmulPlans } from '../../src/ops/matmul/plan.ts';
import type { DType } from '../../src/plan.ts';
import { count, differs, generate } from '../fixtures.ts';
import { context } from '../gpu.ts';

interface Case {
  /** [batch of a, batch of b, M, K, N]; a batch of null is one matrix for all. */
  readonly size: readonly [readonly number[] | null, readonly number[] | null, number, number, number];
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

const SIZES: readonly Case['size'][] = [
  [null, null, 1, 1, 1],
  [null, null, 5, 7, 3],
  [null, null, 8, 16, 8],
  [null, null, 65, 17, 66],
  [null, null, 1, 300, 9],
  [null, null, 13, 600, 2],
  [[3], [3], 5, 4, 7],
  [[2, 2], [2, 2], 9, 6, 10],
  [[3], null, 5, 8, 9],
  [null, [3], 5, 8, 9],
  [[2, 3], null, 17, 3, 2],
  [[1], [1], 3, 4, 5],
  [null, [4], 3, 600, 2],
];
const CASES: readonly Case[] = SIZES.flatMap((size) =>
  [false, true].flatMap((transposeA) => [false, true].map((transposeB) => ({ size, transposeA, transposeB }))),
);

const shapesOf = ({ size: [la, lb, m, k, n], transposeA, transposeB }: Case) => ({
  a: [...(la ?? []), ...(transposeA ? [k, m] : [m, k])],
  b: [...(lb ?? []), ...(transposeB ? [n, k] : [k, n])],
  dy: [...(la ?? lb ?? []), m, n],
});

type Plain = { data: Float32Array<ArrayBuffer>; shape: number[]; dtype: DType };
type Data = Record<string, Plain>;

/** Numbers of a case: whole ones whose sums are exact, or such that f16 holds them where `half`. */
function dataOf(shapes: Record<string, readonly number[]>, dtype: DType, whole: boolean): Data {
  const some = (shape: readonly number[], seed: number): Plain => {
    const all = generate(count(shape), seed);
    return { data: whole ? all.map((v) => Math.round(3 * v)) : dtype === 'f16' ? all.map((v) => Math.round(v * 256) / 256) : all, shape: [...shape], dtype };
  };
  return Object.fromEntries(Object.entries(shapes).map(([name, shape], i) => [name, some(shape, i + 1)]));
}

/** The definition: y, da and db, and the sums of absolute values of each. */
function defined({ size: [la, lb, m, k, n], transposeA, transposeB }: Case, { a, b, dy }: Data, of = (v: number) => v) {
  const batch = count(la ?? lb ?? []);
  const y = new Float64Array(batch * m * n);
  const da = new Float64Array(a!.data.length);
  const db = new Float64Array(b!.data.length);
  for (let i = 0; i < batch; i++)
    for (let r = 0; r < m; r++)
      for (let c = 0; c < n; c++)
        for (let d = 0; d < k; d++) {
          const ia = (la ? i * m * k : 0) + (transposeA ? d * m + r : r * k + d);
          const ib = (lb ? i * k * n : 0) + (transposeB ? c * k + d : d * n + c);
          const iy = (i * m + r) * n + c;
          y[iy]! += of(a!.data[ia]! * b!.data[ib]!);
          da[ia]! += of(dy!.data[iy]! * b!.data[ib]!);
          db[ib]! += of(dy!.data[iy]! * a!.data[ia]!);
        }
  return { output: y, da, db };
}

const title = ({ size, transposeA, transposeB }: Case) => `[${size[0]}] [${size[1]}] ${size.slice(2)}${transposeA ? ' A' : ''}${transposeB ? ' B' : ''}`;

async function everyPlan(ctx: Context, call: MatmulCall, data: Data, visit: (plan: string, name: string, got: ArrayLike<number>) => void, skew = 0) {
  const put = ({ data: values, shape, dtype }: Plain): Tensor => {
    if (!skew) return ctx.tensor(values, shape, { dtype });
    const buffer = ctx.device.createBuffer({ size: 4 * (values.length + skew), usage: 0x80 | 0x4 | 0x8 });
    ctx.device.queue.writeBuffer(buffer, 4 * skew, values);
    return ctx.wrap(buffer, shape, { offset: 4 * skew });
  };
  const inputs = Object.fromEntries(Object.entries(data).map(([name, t]) => [name, put(t)]));
  const at = Object.fromEntries(Object.entries(inputs).map(([name, t]) => [name, t.spec]));
  for (const [i, plan] of matmulPlans({ ...call, inputs: at }, ctx.adapter).entries()) {
    const out = ctx.run(call.op, `${JSON.stringify({ ...call, inputs: at })} test ${i}`, inputs, () => plan);
    for (const [name, t] of Object.entries(out)) {
      expect(t.shape).toEqual(call.outputs[name]!.shape);
      visit(plan.name, name, await t.data());
      t.dispose();
    }
  }
  for (const t of Object.values(inputs)) t.dispose();
}

const spec = ({ shape, dtype }: Plain) => ({ shape, dtype, layout: 'nchw' as const, skew: 0 });
const specs = (data: Data) => Object.fromEntries(Object.entries(data).map(([name, t]) => [name, spec(t)]));

async function check(ctx: Context, c: Case, dtype: DType, whole: boolean, seen = new Set<string>(), skew = 0): Promise<string[]> {
  const data = dataOf(shapesOf(c), dtype, whole);
  const { transposeA = false, transposeB = false } = c;
  const want = defined(c, data);
  const scales = defined(c, data, Math.abs);
  const [, , m, k, n] = c.size;
  const batch = count(c.size[0] ?? c.size[1] ?? []);
  const terms = { output: k, da: n * (c.size[0] ? 1 : batch), db: m * (c.size[1] ? 1 : batch) };
  const found: string[] = [];
  const compare = (plan: string, name: string, got: ArrayLike<number>) => {
    seen.add(plan);
    const key = name as 'output';
    const relative = dtype === 'f16' ? 2 ** -11 : 0;
    const bound = whole ? { units: 0, scale: 1 } : { units: 4 + 2 * Math.sqrt(terms[key]), scale: Math.max(...scales[key]), relative };
    const message = differs(got, want[key], bound);
    if (message) found.push(`${title(c)} ${dtype}, ${plan}, ${name}: ${message}`);
  };
  const { a, b } = data as { a: Plain; b: Plain };
  await everyPlan(ctx, matmulCall('matmul', specs({ a, b }), { transposeA, transposeB }), { a, b }, compare, skew);
  await everyPlan(ctx, matmulBackwardCall('matmulBackward', specs(data), { transposeA, transposeB }), data, compare, skew);
  return found;
}

test('matmul: whole numbers bit for bit, all transpositions and batches under every plan', { timeout: 120_000 }, async () => {
  const ctx = await context();
  const seen = new Set<string>();
  const found: string[] = [];
  for (const c of CASES) found.push(...(await check(ctx, c, 'f32', true, seen)));
  expect(found).toEqual([]);
  expect([...seen].sort()).toEqual(['16x4', '32x4', '64x64', '8x8', 'plain']);
});

test('matmul: within the bound of its sums, f32 and f16, at odd places', { timeout: 120_000 }, async () => {
  const ctx = await context();
  const found: string[] = [];
  const some = CASES.filter((_, i) => i % 3 === 0); // every size, every transposition
  for (const c of some) found.push(...(await check(ctx, c, 'f32', false)));
  for (const c of CASES.slice(4, 12)) found.push(...(await check(ctx, c, 'f32', true, new Set(), 3)));
  if (ctx.device.features.has('shader-f16')) for (const c of some) found.push(...(await check(ctx, c, 'f16', false)));
  else expect(() => ctx.tensor([1], [1], { dtype: 'f16' })).toThrow(/shader-f16/);
  expect(found).toEqual([]);
});

test('the reference is the definition, and products go both ways: <dy, ab> = <da, a> = <db, b>', () => {
  const dot = (x: ArrayLike<number>, y: ArrayLike<number>) => Array.from(x).reduce((sum, v, i) => sum + v * y[i]!, 0);
  for (const c of CASES) {
    const { a, b, dy } = dataOf(shapesOf(c), 'f32', false) as Record<'a' | 'b' | 'dy', Plain>;
    const { transposeA = false, transposeB = false } = c;
    const want = defined(c, { a, b, dy });
    const y = reference.matmul(a, b, { transposeA, transposeB });
    const back = reference.matmulBackward(dy, a, b, { transposeA, transposeB });
    const scale = 1e-12 * a.data.length * b.data.length;
    for (const [got, name] of [
      [y, 'output'],
      [back.da, 'da'],
      [back.db, 'db'],
    ] as const)
      expect(Math.max(...Array.from(got.data, (v, i) => Math.abs(v - want[name][i]!))), `${title(c)} ${name}`).toBeLessThan(scale);
    const sums = [dot(dy.data, y.data), dot(back.da.data, a.data), dot(back.db.data, b.data)];
    expect(Math.max(...sums) - Math.min(...sums), title(c)).toBeLessThan(scale);
  }
});

const LINEAR: readonly (readonly [x: readonly number[], out: number])[] = [
  [[5, 7], 3],
  [[2, 3, 4, 9], 5],
  [[6], 4],
  [[1100, 3], 10],
  [[70, 64], 65],
];

test('linear: result and gradients under every plan', { timeout: 60_000 }, async () => {
  const ctx = await context();
  const found: string[] = [];
  for (const dtype of ctx.device.features.has('shader-f16') ? (['f32', 'f16'] as const) : (['f32'] as const))
    for (const [shape, out] of LINEAR)
      for (const biased of [true, false]) {
        const inner = shape.at(-1)!;
        const rows = count(shape) / inner;
        const whole = dtype === 'f32';
        const data = dataOf({ x: shape, w: [out, inner], dy: [...shape.slice(0, -1), out], ...(biased && { bias: [out] }) }, dtype, whole);
        const { x, w, dy, bias } = data as Record<string, Plain>;
        const want: Record<string, Float64Array> = {
          output: new Float64Array(rows * out),
          dx: new Float64Array(rows * inner),
          dw: new Float64Array(out * inner),
          db: new Float64Array(out),
        };
        for (let r = 0; r < rows; r++)
          for (let o = 0; o < out; o++) {
            want['output']![r * out + o]! += bias?.data[o] ?? 0;
            want['db']![o]! += dy!.data[r * out + o]!;
            for (let i = 0; i < inner; i++) {
              want['output']![r * out + o]! += x!.data[r * inner + i]! * w!.data[o * inner + i]!;
              want['dx']![r * inner + i]! += dy!.data[r * out + o]! * w!.data[o * inner + i]!;
              want['dw']![o * inner + i]! += dy!.data[r * out + o]! * x!.data[r * inner + i]!;
            }
          }
        const plain = { x: x!, w: w!, ...(bias && { bias }) };
        const expected = { ...reference.linearBackward(dy!, x!, w!, { ...(bias && { bias }) }), output: reference.linear(x!, w!, { ...(bias && { bias }) }) };
        expect(Object.keys(expected).sort()).toEqual(biased ? ['db', 'dw', 'dx', 'output'] : ['dw', 'dx', 'output']);
        for (const [name, t] of Object.entries(expected)) expect(differs(t.data, want[name]!, { units: 1, scale: 1 }), `${name} of the reference`).toBe('');
        const compare = (plan: string, name: string, got: ArrayLike<number>) => {
          const scale = Math.max(...Array.from(want[name]!, Math.abs)) + Math.max(inner, out, rows);
          const bound = whole ? { units: 0, scale: 1 } : { units: 4 + 2 * Math.sqrt(Math.max(inner, out, rows)), scale, relative: 2 ** -11 };
          const message = differs(got, want[name]!, bound);
          if (message) found.push(`linear [${shape}] to ${out} ${dtype}, ${plan}, ${name}: ${message}`);
        };
        await everyPlan(ctx, linearCall('linear', specs(plain), {}), plain, compare);
        await everyPlan(ctx, linearBackwardCall('linearBackward', specs(data), { gradients: ['dx', 'dw', 'db'] }), data, compare);
      }
  expect(found).toEqual([]);
});

test('products above a binding are cut along the batch or the rows; the grid folds', { timeout: 60_000 }, async () => {
  const ctx = await createContext({ limits: { maxStorageBufferBindingSize: 2 ** 14, maxBufferSize: 2 ** 18, maxComputeWorkgroupsPerDimension: 7 } });
  const found: string[] = [];
  const forward = async (c: Case) => {
    const { a, b, dy } = dataOf(shapesOf(c), 'f32', true) as Record<'a' | 'b' | 'dy', Plain>;
    const want = defined(c, { a, b, dy }).output;
    await everyPlan(ctx, matmulCall('matmul', specs({ a, b }), { transposeB: c.transposeB ?? false }), { a, b }, (plan, _, got) => {
      const message = differs(got, want, { units: 0, scale: 1 });
      if (message) found.push(`${title(c)}, ${plan}: ${message}`);
    });
  };
  await forward({ size: [null, null, 600, 17, 13] });
  await forward({ size: [null, null, 301, 31, 60], transposeB: true });
  await forward({ size: [[23], [23], 19, 17, 20] });
  await forward({ size: [[23], null, 31, 9, 20] });
  expect(found).toEqual([]);
  const big = { a: { shape: [4, 5000], dtype: 'f32', layout: 'nchw', skew: 0 }, b: { shape: [5000, 4], dtype: 'f32', layout: 'nchw', skew: 0 } } as const;
  expect(() => matmulPlans(matmulCall('matmul', big, {}), ctx.adapter)).toThrow(
    /^matmul: a product needs a binding of \d+ bytes; the device allows 16384 bytes$/,
  );
  ctx.destroy();
});
