import { expect, test } from 'vitest';
import { fold, type Tensor, unfold } from '../../src/index.ts';
import * as reference from '../../src/reference.ts';
import { count, differs, generate, load } from '../fixtures.ts';
import { context } from '../gpu.ts';
import { EXAMPLES } from './cases.ts';
import { directionsOf } from './run.ts';

const EXACT = { units: 0, scale: 1 };

/** ONNX's attributes: pads are all begins, then all ends. */
function col2im({ attrs, params }: { attrs: Readonly<Record<string, unknown>>; params?: Readonly<Record<string, readonly number[]>> }) {
  const outputSize = params!['image_shape']!;
  const pads = attrs['pads'] as number[] | undefined;
  return {
    outputSize,
    kernelSize: params!['block_shape']!,
    ...(attrs['strides'] ? { stride: attrs['strides'] as number[] } : {}),
    ...(attrs['dilations'] ? { dilation: attrs['dilations'] as number[] } : {}),
    ...(pads ? { padding: outputSize.map((_, i) => [pads[i]!, pads[i + outputSize.length]!] as const) } : {}),
  };
}

test('onnx: Col2Im', async () => {
  const ctx = await context();
  const cases = await load('onnx-node', ['Col2Im']);
  for (const one of cases) {
    const [columns] = one.inputs;
    const y = fold(ctx.tensor(columns!.data as Float32Array, columns!.shape), col2im(one));
    expect(y.shape, one.name).toEqual(one.outputs[0]!.shape);
    expect(differs(await y.data(), one.outputs[0]!.data, EXACT), one.name).toBe('');
  }
  expect(cases.length).toBe(3);
});

test('onnx: Col2Im in five dimensions with pads, its node example in words of the specification', async () => {
  // test_col2im_5d and test_col2im_pads as the specification makes them: np.arange, blocks in row-major order.
  const ctx = await context();
  const one = { attrs: { pads: [0, 1, 0, 1] }, params: { image_shape: [5, 5], block_shape: [1, 5] } };
  const columns = ctx.tensor(
    Float32Array.from({ length: 75 }, (_, i) => i + 1),
    [1, 5, 15],
  );
  const y = fold(columns, col2im(one));
  const rows = Array.from({ length: 5 }, (_, r) => {
    const at = (t: number, o: number) => t * 15 + 3 * r + o + 1;
    return Array.from({ length: 5 }, (_, i) => [0, 1, 2].reduce((sum, o) => sum + (i + 1 - o >= 0 && i + 1 - o < 5 ? at(i + 1 - o, o) : 0), 0));
  });
  expect([...(await y.data())]).toEqual(rows.flat());
  const deep = fold(ctx.tensor(generate(10 * 12, 1), [1, 10, 12]), { outputSize: [3, 4, 5], kernelSize: [1, 1, 5] });
  expect(deep.shape).toEqual([1, 2, 3, 4, 5]);
});

test('golden vectors', async () => {
  const ctx = await context();
  const ones = new Float32Array(36).fill(1);
  const y = fold(ctx.tensor(ones, [1, 4, 9]), { outputSize: [4, 4], kernelSize: 2 });
  expect([...(await y.data())]).toEqual([1, 2, 2, 1, 2, 4, 4, 2, 2, 4, 4, 2, 1, 2, 2, 1]);
  const nine = Float32Array.from({ length: 9 }, (_, i) => i);
  const columns = [0, 1, 3, 4, 1, 2, 4, 5, 3, 4, 6, 7, 4, 5, 7, 8];
  expect([...(await unfold(ctx.tensor(nine, [1, 1, 3, 3]), { kernelSize: 2 }).data())]).toEqual(columns);
  expect([...reference.unfold({ data: nine, shape: [1, 1, 3, 3] }, { kernelSize: 2 }).data]).toEqual(columns);
  expect([...reference.fold({ data: ones, shape: [1, 4, 9] }, { outputSize: [4, 4], kernelSize: 2 }).data]).toEqual([...(await y.data())]);
});

test('fold(unfold(x)) = fold(unfold(1)) * x', async () => {
  const ctx = await context();
  for (const example of EXAMPLES) {
    const { shape, options, layout } = example;
    const back = { ...options, outputSize: shape.slice(2) };
    const [numbers, ones] = [Float32Array.from({ length: count(shape) }, (_, i) => ((i * 7) % 31) - 15), new Float32Array(count(shape)).fill(1)];
    const both = (data: Float32Array<ArrayBuffer>): Tensor => fold(unfold(ctx.tensor(data, shape, { layout }), options), back);
    const [y, overlaps] = [await both(numbers).data(), await both(ones).data()];
    expect(
      differs(
        y,
        Float64Array.from(numbers, (v, i) => v * overlaps[i]!),
        EXACT,
      ),
      JSON.stringify([shape, options, layout]),
    ).toBe('');
    expect(directionsOf(example)[1].from).toEqual(unfold(ctx.tensor(ones, shape, { layout }), options).shape);
  }
});
