// Pooling and unpooling against outside results: PyTorch, ONNX, TensorFlow.js, WebNN. The GPU's answer and the reference's.
import { afterAll, describe, expect, test } from 'vitest';
import type { Tensor } from '../../src/index.ts';
import * as gpu from '../../src/index.ts';
import * as reference from '../../src/ops/pool/cpu.ts';
import type { DType, Layout } from '../../src/plan.ts';
import { type Case, count, differs, load, type Numbers, type Rec } from '../fixtures.ts';
import { context } from '../gpu.ts';

const GPU = { ...gpu } as unknown as Record<string, (...args: unknown[]) => unknown>;
const REFERENCE = { ...reference } as unknown as Record<string, (...args: unknown[]) => unknown>;

/** Cases passed and asked, by set and operation: what the README's table of conformance quotes. */
const table = new Map<string, { passed: number; total: number }>();
afterAll(() => {
  for (const [name, { passed, total }] of table) console.log(`conformance: ${name}: ${passed}/${total}`);
});
function tally(name: string, faults: readonly string[]): readonly string[] {
  const row = table.get(name) ?? { passed: 0, total: 0 };
  table.set(name, row);
  row.total++;
  if (!faults.length) row.passed++;
  return faults;
}

interface Given {
  readonly data: Numbers;
  readonly shape: readonly number[];
  readonly layout?: Layout;
  readonly dtype?: DType;
}
type Result = { data: Float64Array; shape: readonly number[] };

/** A tensor of a case; channels last where its source has them so. */
const given = ({ data, shape }: Rec, layout: Layout = 'nchw', dtype: DType = 'f32'): Given => {
  if (layout === 'nchw') return { data, shape, layout, dtype };
  const [n, ...rest] = shape;
  return { data, shape: [n!, rest.at(-1)!, ...rest.slice(0, -1)], layout, dtype };
};

/** Asks the GPU and the reference. Each result is compared with a record, within `units`. */
async function ask(op: string, tensors: readonly Given[], rest: readonly unknown[], want: Readonly<Record<string, Rec>>, units = 0): Promise<string[]> {
  const ctx = await context();
  const inputs = tensors.map(({ data, shape, layout, dtype }) =>
    ctx.tensor(dtype === 'u32' ? Uint32Array.from(data, (v) => v >>> 0) : data, shape, { layout: layout!, dtype: dtype! }),
  );
  const named = (y: unknown) => ('output' in (y as object) ? (y as Record<string, unknown>) : { output: y });
  const plain = named(REFERENCE[op]!(...tensors, ...rest)) as Record<string, Result>;
  const results = named(GPU[op]!(...inputs, ...rest)) as Record<string, Tensor>;
  const faults: string[] = [];
  for (const [name, rec] of Object.entries(want)) {
    const scale = Math.max(rec.scaleAbs ?? rec.maxAbs ?? 1, 2 ** -100);
    const say = (who: string, data: ArrayLike<number>) => {
      const message = differs(data, rec.data, { units, scale });
      if (message) faults.push(`${name}, ${who}: ${message}`);
    };
    say('reference', plain[name]!.data);
    say('GPU', await results[name]!.data());
  }
  for (const t of [...inputs, ...Object.values(results)]) t.dispose();
  return faults;
}

const rankOf = (c: Case, at = 0) => c.inputs[at]!.shape.length - 2;

describe('PyTorch', () => {
  test.each([1, 2, 3])('max_pool%id, values, indices and gradient', async (rank) => {
    const cases = await load('torch', [`max_pool${rank}d`]);
    const faults: string[] = [];
    for (const c of cases) {
      const a = c.attrs as Record<string, number[]>;
      const options = { kernelSize: a['kernel']!, stride: a['stride'], padding: a['padding'], dilation: a['dilation'], ceilMode: a['ceil_mode'] };
      const [x] = c.inputs;
      const [output, indices] = c.outputs;
      const found = await ask(`maxPool${rank}d`, [given(x!)], [{ ...options, returnIndices: true }], { output: output!, indices: indices! });
      if (c.grads[0]) {
        const overlapping = 4 + 2 * Math.sqrt(count(a['kernel']!));
        const back = [given(c.cotangents[0]!), given(indices!, 'nchw', 'u32')];
        found.push(...(await ask(`maxPool${rank}dBackward`, back, [x!.shape, options], { output: c.grads[0] }, overlapping)));
      }
      faults.push(...tally(`torch max_pool${rank}d`, found).map((f) => `${c.name}: ${f}`));
    }
    expect(faults).toEqual([]);
    expect(cases.length).toBe([6, 16, 6][rank - 1]);
  });

  test.each([1, 2, 3])('max_unpool%id and gradient', async (rank) => {
    const cases = await load('torch', [`max_unpool${rank}d`]);
    const faults: string[] = [];
    for (const c of cases) {
      const a = c.attrs as Record<string, number[]>;
      const size = a['output_size']!;
      const [x, indices] = c.inputs as [Rec, Rec];
      // The sets of free indices say a size and no window: one that reaches it.
      const small = x.shape.slice(2);
      const kernel = a['kernel'] ?? size.map((n, i) => n - 2 * (small[i]! - 1));
      const options = { kernelSize: kernel, stride: a['stride'] ?? 2, padding: a['padding'] ?? 0, outputSize: size };
      const tensors = [given(x), given(indices, 'nchw', 'u32')];
      const found = await ask(`maxUnpool${rank}d`, tensors, [options], { output: c.outputs[0]! });
      // PyTorch sends the gradient of a cell to every source that names it, as our sum does; to the winner alone where it has one.
      const duplicates = c.tags?.includes('duplicate indices') ? 'sum' : 'last';
      const back = [given(c.cotangents[0]!), given(indices, 'nchw', 'u32')];
      found.push(...(await ask(`maxUnpool${rank}dBackward`, back, [{ ...options, duplicates }], { output: c.grads[0]! })));
      faults.push(...tally(`torch max_unpool${rank}d`, found).map((f) => `${c.name}: ${f}`));
    }
    expect(faults).toEqual([]);
    expect(cases.length).toBe([6, 13, 6][rank - 1]);
  });

  test('invalid: calls that PyTorch refuses are refused', async () => {
    const ctx = await context();
    const cases = await load('invalid', ['max_pool2d', 'max_unpool2d']);
    for (const { name, op, attrs: a, inputs } of cases) {
      const { shape } = inputs[0]!;
      const x = ctx.tensor(new Float32Array(count(shape)), shape);
      const windows = Object.fromEntries(
        Object.entries({ kernelSize: a['kernel_size'], padding: a['padding'], dilation: a['dilation'], outputSize: a['output_size'] }).filter(
          ([, v]) => v !== undefined,
        ),
      ) as never;
      if (op === 'max_pool2d') expect(() => gpu.maxPool2d(x, windows), name).toThrow(/^maxPool2d: /);
      else {
        const indices = ctx.tensor(Int32Array.from(a['indices'] as number[]), shape, { dtype: 'i32' });
        const call = async () => await gpu.maxUnpool2d(x, indices, windows).data();
        await expect(call(), name).rejects.toThrow(/^maxUnpool2d: /);
        indices.dispose();
      }
      x.dispose();
    }
    expect(cases.length).toBe(8);
  });
});

describe('ONNX', () => {
  test('MaxPool: 16 cases', async () => {
    const cases = await load('onnx-node', ['MaxPool']);
    const faults: string[] = [];
    for (const c of cases) {
      const a = c.attrs as Record<string, never>;
      const rank = rankOf(c);
      const pads = a['pads'] as number[] | undefined;
      const options = Object.fromEntries(
        Object.entries({
          kernelSize: a['kernel_shape'],
          stride: a['strides'] ?? 1,
          dilation: a['dilations'],
          padding: pads?.slice(0, rank).map((p, i) => [p, pads[rank + i]!]),
          autoPad: a['auto_pad'],
          ceilMode: a['ceil_mode'] === undefined ? undefined : a['ceil_mode'] === 1,
          nan: 'ignore',
        }).filter(([, v]) => v !== undefined),
      );
      const indexFormat = (a['storage_order'] as unknown) === 1 ? 'onnx-column' : 'onnx';
      const [output, indices] = c.outputs;
      const rest = [{ ...options, ...(indices && { returnIndices: true, indexFormat }) }];
      const found = await ask(`maxPool${rank}d`, [given(c.inputs[0]!)], rest, { output: output!, ...(indices && { indices }) });
      faults.push(...tally('onnx-node MaxPool', found).map((f) => `${c.name}: ${f}`));
    }
    expect(faults).toEqual([]);
    expect(cases.length).toBe(16);
  });

  test('MaxUnpool: 1 case, contested: its indices count in the plane of the default size (ONNX Runtime and PyTorch read them in the final one)', async () => {
    const cases = await load('onnx-node', ['MaxUnpool']);
    for (const c of cases) {
      const a = c.attrs as Record<string, never>;
      const options = { kernelSize: a['kernel_shape'], stride: a['strides'] ?? 1, outputSize: c.params!['output_shape']!, indexFormat: 'onnx' };
      const tensors = [given(c.inputs[0]!), given(c.inputs[1]!, 'nchw', 'u32')];
      expect(
        tally(
          'onnx-node MaxUnpool (contested, with indexSpace inferred)',
          await ask('maxUnpool2d', tensors, [{ ...options, indexSpace: 'inferred' }], { output: c.outputs[0]! }),
        ),
      ).toEqual([]);
      expect(await ask('maxUnpool2d', tensors, [options], { output: c.outputs[0]! })).not.toEqual([]);
    }
    expect(cases.length).toBe(1);
  });
});

/** Windows in tfjs's words. */
function tfjsWindows({ attrs: a }: Case): Record<string, unknown> {
  const pad = a['pad'];
  const padding = pad === 'same' ? { autoPad: 'SAME_UPPER' } : pad === 'valid' ? {} : { padding: pad };
  return { kernelSize: a['filterSize'], stride: a['strides'], ...padding };
}

/** A case that is wrong where it comes from: its windows of one cell begin in the padding, and tfjs returns x itself. We refuse the call. */
const WINDOW_IN_PADDING = 'maxPool x=[2,2,3] f=[1,1] s=2 p=1 dimRoundingMode=floor #MaxPool';
/** The same behind the end: `round` makes 2 windows of (2 + 2 - 2) / 3 = 2/3 and one, of which the second has nothing inside; tfjs answers -infinity for it.
 * PyTorch and ONNX drop such windows, and so do we. */
const WINDOW_BEHIND = 'maxPool x=[2,2,3] f=[2,2] s=3 p=1 dimRoundingMode=round #MaxPool';
/** Ties: the CPU backend's 3-D pooling takes the last of equals, and its gradients follow; ours takes the first. Their values are the same. */
const TIES = /dup(licate)? max/;

describe('tfjs', () => {
  test.each([
    ['MaxPool', 20],
    ['MaxPool3D', 11],
  ] as const)('%s: %i cases', async (op, total) => {
    const cases = await load('tfjs', [op]);
    const faults: string[] = [];
    for (const c of cases) {
      const tensors = [given(c.inputs[0]!, 'nhwc')];
      const name = op === 'MaxPool' ? 'maxPool2d' : 'maxPool3d';
      if (c.name === WINDOW_IN_PADDING) {
        expect(() => REFERENCE[name]!(...tensors, tfjsWindows(c))).toThrow(/padding 1 is too much for a window of 1; expected at most 0/);
        continue;
      }
      const options = { ...tfjsWindows(c), nan: 'ignore' };
      if (c.name === WINDOW_BEHIND) {
        const { data, shape } = REFERENCE[name]!(...tensors, { ...options, ceilMode: true }) as Result;
        expect(shape).toEqual([1, 3, 1, 1]);
        expect([...data]).toEqual([...c.outputs[0]!.data].slice(0, 3));
        continue;
      }
      const found = await ask(name, tensors, [options], { output: c.outputs[0]! });
      faults.push(...tally(`tfjs ${op}`, found).map((f) => `${c.name}: ${f}`));
    }
    expect(faults).toEqual([]);
    expect(cases.length).toBe(total);
  });

  test('MaxPoolWithArgmax: 7 cases', async () => {
    const cases = await load('tfjs', ['MaxPoolWithArgmax']);
    const faults: string[] = [];
    for (const c of cases) {
      const indexFormat = c.attrs['includeBatchInIndex'] ? 'tf-batch' : 'tf';
      const rest = [{ ...tfjsWindows(c), nan: 'ignore', returnIndices: true, indexFormat }];
      const found = await ask('maxPool2d', [given(c.inputs[0]!, 'nhwc')], rest, { output: c.outputs[0]!, indices: c.outputs[1]! });
      faults.push(...tally('tfjs MaxPoolWithArgmax', found).map((f) => `${c.name}: ${f}`));
    }
    expect(faults).toEqual([]);
    expect(cases.length).toBe(7);
  });

  test.each([
    ['MaxPoolGrad', 9],
    ['MaxPool3DGrad', 5],
  ] as const)('%s: %i cases', async (op, total) => {
    const cases = await load('tfjs', [op]);
    const faults: string[] = [];
    for (const c of cases) {
      const [dy, x] = c.inputs as [Rec, Rec];
      const name = op === 'MaxPoolGrad' ? 'maxPool2d' : 'maxPool3d';
      const options = tfjsWindows(c);
      const input = given(x, 'nhwc');
      const { indices } = REFERENCE[name]!(input, { ...options, returnIndices: true }) as { indices: Given };
      const tensors = [given(dy, 'nhwc'), { ...indices, dtype: 'u32' as const }];
      const found = await ask(`${name}Backward`, tensors, [input.shape, options], { output: c.outputs[0]! }, 8);
      faults.push(...tally(`tfjs ${op}`, found).map((f) => `${c.name}${TIES.test(c.name) ? ' (ties)' : ''}: ${f}`));
    }
    expect(faults).toEqual([]);
    expect(cases.length).toBe(total);
  });
});

test('WebNN maxPool2d: 8 cases', async () => {
  const cases = await load('wpt-webnn', ['maxPool2d']);
  const faults: string[] = [];
  for (const c of cases) {
    const a = c.attrs as Record<string, never>;
    const layout: Layout = (a['layout'] as unknown) === 'nhwc' ? 'nhwc' : 'nchw';
    const x = given(c.inputs[0]!, layout);
    // WebNN pads [top, bottom, left, right], strides 1 by default, and with outputSizes rounds as they say.
    const [top = 0, bottom = 0, left = 0, right = 0] = (a['padding'] as number[] | undefined) ?? [];
    const kernelSize = a['windowDimensions'] ?? x.shape.slice(2);
    const options = {
      kernelSize,
      stride: a['strides'] ?? 1,
      dilation: a['dilations'] ?? 1,
      padding: [
        [top, bottom],
        [left, right],
      ],
      ceilMode: (a['outputSizes'] as unknown) !== undefined || (a['roundingType'] as unknown) === 'ceil',
    };
    faults.push(...tally('wpt-webnn maxPool2d', await ask('maxPool2d', [x], [options], { output: c.outputs[0]! })).map((f) => `${c.name}: ${f}`));
  }
  expect(faults).toEqual([]);
  expect(cases.length).toBe(8);
});
