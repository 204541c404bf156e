import { describe, expect, test } from 'vitest';
import { pixelShuffle, pixelShuffleBackward, pixelUnshuffle, pixelUnshuffleBackward, type Tensor, UpsampleError } from '../../src/index.ts';
import * as reference from '../../src/reference.ts';
import { type Case, differs, load, type Rec, samplesDiffer } from '../fixtures.ts';
import { context } from '../gpu.ts';

const EXACT = { units: 0, scale: 1 };

async function same(t: Tensor, rec: Rec, what: string) {
  expect(t.shape, what).toEqual(rec.shape);
  const data = await t.data();
  expect(rec.samples ? samplesDiffer(data, rec, { units: 0, scale: 1 }) : differs(data, rec.data, EXACT), what).toBe('');
}

test.each(['torch', 'torch-large'])('%s, with its gradients', async (set) => {
  const ctx = await context();
  const cases = await load(set, ['pixel_shuffle', 'pixel_unshuffle']);
  for (const { name, op, attrs, inputs, outputs, cotangents, grads } of cases) {
    const r = attrs['r'] as number;
    const back = op === 'pixel_unshuffle';
    const x = ctx.tensor(inputs[0]!.data as Float32Array, inputs[0]!.shape);
    const y = back ? pixelUnshuffle(x, { downscaleFactor: r }) : pixelShuffle(x, { upscaleFactor: r });
    await same(y, outputs[0]!, name);
    const dy = ctx.tensor(cotangents[0]!.data as Float32Array, cotangents[0]!.shape);
    const dx = back ? pixelUnshuffleBackward(dy, { downscaleFactor: r }) : pixelShuffleBackward(dy, { upscaleFactor: r });
    await same(dx, grads[0]!, `${name} gradient`);
    if (set === 'torch') {
      const plain = { data: inputs[0]!.data, shape: [...inputs[0]!.shape] };
      const z = back ? reference.pixelUnshuffle(plain, { downscaleFactor: r }) : reference.pixelShuffle(plain, { upscaleFactor: r });
      expect(differs(z.data, outputs[0]!.data, EXACT), `${name} reference`).toBe('');
    }
    for (const t of [x, y, dy, dx]) t.dispose();
  }
  expect(cases.length).toBe(set === 'torch' ? 10 : 1);
});

test('onnx: DepthToSpace and SpaceToDepth', async () => {
  const ctx = await context();
  const cases = await load('onnx-node', ['DepthToSpace', 'SpaceToDepth']);
  for (const { name, op, attrs, inputs, outputs } of cases) {
    const factor = attrs['blocksize'] as number;
    const order = ((attrs['mode'] as string | undefined) ?? 'DCR') as 'CRD' | 'DCR';
    const x = ctx.tensor(inputs[0]!.data as Float32Array, inputs[0]!.shape);
    const y = op === 'DepthToSpace' ? pixelShuffle(x, { upscaleFactor: factor, order }) : pixelUnshuffle(x, { downscaleFactor: factor, order });
    await same(y, outputs[0]!, name);
  }
  expect(cases.length).toBe(2);
});

test('tfjs: depthToSpace is DCR in NHWC', async () => {
  const ctx = await context();
  const cases = await load('tfjs', ['DepthToSpace']);
  for (const { name, attrs, inputs, outputs } of cases) {
    expect(attrs['dataFormat']).toBe('NHWC');
    const [n, h, w, c] = inputs[0]!.shape as [number, number, number, number];
    const x = ctx.tensor(inputs[0]!.data as Float32Array, [n, c, h, w], { layout: 'nhwc' });
    const y = pixelShuffle(x, { upscaleFactor: attrs['blockSize'] as number, order: 'DCR' });
    expect(differs(await y.data(), outputs[0]!.data, EXACT), name).toBe('');
  }
  expect(cases.length).toBe(2);
});

test('the invalid fixtures', async () => {
  const ctx = await context();
  const cases = await load('invalid', ['pixel_shuffle', 'pixel_unshuffle']);
  const verdict = (body: () => unknown) => {
    try {
      body();
      return 'accept';
    } catch (error) {
      if (!(error instanceof UpsampleError)) throw error;
      return error.message;
    }
  };
  for (const { name, op, attrs, inputs, rule } of cases as Case[]) {
    const { shape } = inputs[0]!;
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
    const [word, unshuffle] = op === 'pixel_shuffle' ? ['upscaleFactor', false] : ['downscaleFactor', true];
    const options = { [word as string]: attrs['r'] } as never;
    const ours = verdict(() => (unshuffle ? pixelUnshuffle : pixelShuffle)(ctx.tensor(data, shape), options));
    expect(
      verdict(() => (unshuffle ? reference.pixelUnshuffle : reference.pixelShuffle)({ data, shape: [...shape] }, options)),
      name,
    ).toBe(ours);
    expect(rule, name).toBe('throw');
    expect(ours, name).not.toBe('accept');
  }
  expect(cases.length).toBe(4);
});

describe('golden vectors', () => {
  const row = Float32Array.from({ length: 16 }, (_, i) => i);
  test.each([
    ['CRD', [0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15]],
    ['DCR', [0, 4, 1, 5, 8, 12, 9, 13, 2, 6, 3, 7, 10, 14, 11, 15]],
  ] as const)('0..15 as [1, 8, 1, 2] by 2, %s', async (order, expected) => {
    const ctx = await context();
    const y = pixelShuffle(ctx.tensor(row, [1, 8, 1, 2]), { upscaleFactor: 2, order });
    expect([...(await y.data())]).toEqual(expected);
    expect([...reference.pixelShuffle({ data: row, shape: [1, 8, 1, 2] }, { upscaleFactor: 2, order }).data]).toEqual(expected);
    expect([...(await pixelUnshuffle(y, { downscaleFactor: 2, order }).data())]).toEqual([...row]);
  });

  test('one axis, and three with a factor each: places of a cell are row-major', async () => {
    const ctx = await context();
    const line = pixelShuffle(ctx.tensor([0, 1, 2, 3, 4, 5], [1, 3, 2]), { upscaleFactor: 3 });
    expect([...(await line.data())]).toEqual([0, 2, 4, 1, 3, 5]);
    const cube = pixelShuffle(ctx.tensor(row.subarray(0, 12), [1, 12, 1, 1, 1]), { upscaleFactor: [1, 2, 3], order: 'CRD' });
    expect(cube.shape).toEqual([1, 2, 1, 2, 3]);
    expect([...(await cube.data())]).toEqual([...row.subarray(0, 12)]);
    const deep = pixelShuffle(ctx.tensor(row.subarray(0, 12), [1, 12, 1, 1, 1]), { upscaleFactor: [1, 2, 3], order: 'DCR' });
    expect([...(await deep.data())]).toEqual([0, 2, 4, 6, 8, 10, 1, 3, 5, 7, 9, 11]);
  });
});
