// The reference against outside results: forward and gradients of every convolution case.
import { expect, test } from 'vitest';
import { fromHalf } from '../../src/half.ts';
import * as reference from '../../src/ops/conv/cpu.ts';
import { differs, type Rec, samplesDiffer } from '../fixtures.ts';
import { type ConvCase, convCases, type Data } from './cases.ts';

const plain = (d: Data) => ({ ...d, data: d.half ? fromHalf(Uint16Array.from(d.data)) : d.data, dtype: d.half ? ('f16' as const) : ('f32' as const) });

/** Everything a case says about results of the reference, as sentences. */
function faults(c: ConvCase): string[] {
  const ops = reference as unknown as Record<string, (...args: unknown[]) => never>;
  const options = { ...c.options, ...(c.bias && { bias: plain(c.bias) }) };
  const found: string[] = [];
  const compare = (what: string, actual: ArrayLike<number>, rec: Rec) => {
    if (rec.samples) return found.push(samplesDiffer(actual, rec, { units: 1.5, scale: rec.scaleAbs ?? rec.maxAbs ?? 1 }) && `${c.name} ${what}`);
    const want = rec.dtype === 'float16' ? fromHalf(Uint16Array.from(rec.data)) : rec.data;
    // Float64 data rounded once to float32; sources that compute in float32 or coarser say their tolerance.
    const scale = rec.scaleAbs ?? Math.max(rec.maxAbs ?? 0, 1e-30);
    const bound = c.tolAbs
      ? { units: c.tolAbs * 2 ** 24, scale: 1 }
      : { units: c.set.startsWith('torch') ? 1.01 : rec.dtype === 'float16' ? 20000 : 64, scale };
    const message = differs(actual, want, bound);
    if (message) found.push(`${c.name} ${what}: ${message}`);
    return 0;
  };
  if (c.y) {
    const y = ops[c.op]!(plain(c.x), plain(c.w), options) as { data: Float64Array; shape: number[]; layout: string };
    const shape = y.layout === 'nhwc' ? [y.shape[0]!, ...y.shape.slice(2), y.shape[1]!] : y.shape;
    if (shape.join() !== c.y.shape.join()) found.push(`${c.name}: shape ${shape}, expected ${c.y.shape}`);
    else compare('y', y.data, c.y);
  }
  if (c.dy) {
    const g = ops[`${c.op}Backward`]!(plain(c.dy), plain(c.x), plain(c.w), options) as Record<string, { data: Float64Array }>;
    for (const name of ['dx', 'dw', 'db'] as const) if (c.grads[name]) compare(name, g[name]!.data, c.grads[name]!);
  }
  return found.filter(Boolean);
}

for (const [set, count] of [
  ['torch', 152],
  ['torch-exact', 32],
  ['onnx-node', 27],
  ['wpt-webnn', 45],
  ['tfjs', 84],
] as const)
  test(`conv reference, ${set}: every case, forward and gradients`, async () => {
    const cases = await convCases(set);
    expect(cases.length).toBeGreaterThanOrEqual(count);
    const special = (c: ConvCase) => /_(nan|inf)$/.test(c.name);
    expect(cases.filter((c) => !special(c)).flatMap(faults)).toEqual([]);
  });

test('conv reference, invalid: refused or accepted as the set says', async () => {
  const ops = reference as unknown as Record<string, (...args: unknown[]) => unknown>;
  for (const c of await convCases('invalid')) {
    const blank = (d: Data) => ({ ...plain({ ...d, data: [] }), data: new Float32Array(d.shape.reduce((a, b) => a * b, 1)) });
    const call = () => ops[c.op]!(blank(c.x), blank(c.w), { ...c.options, ...(c.bias && { bias: blank(c.bias) }) });
    if (c.rule === 'throw') expect(call, c.name).toThrow(/^conv(Transpose)?\dd: /);
    else expect(call, c.name).not.toThrow();
  }
});

test('conv reference, torch-large: samples and dot products', { timeout: 300_000 }, async () => {
  const cases = await convCases('torch-large');
  expect(cases).toHaveLength(11);
  const small = cases.filter((c) => /dcgan_g1|hifigan_up3|depthwise/.test(c.name)); // kernels meet all of them
  expect(small.flatMap(faults)).toEqual([]);
});
