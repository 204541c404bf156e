// ONNX Runtime and the library on one device: a model's result into our calls, ours into a model.
import * as ort from 'onnxruntime-web/webgpu';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AnyCase } from '../../demo/bench/cases/case.ts';
import { modelOf } from '../../demo/bench/ort/model.ts';
import { bicubic2d, type Context, createContext } from '../../src/index.ts';
import { fromOrt, toOrt } from '../../src/interop/ort.ts';
import * as reference from '../../src/reference.ts';
import { count, differs, generate } from '../fixtures.ts';
import { thrown } from '../gpu.ts';

let ctx: Context;
let session: ort.InferenceSession;
const SHAPE = [1, 3, 5, 6];

beforeAll(async () => {
  ort.env.logLevel = 'error';
  ctx = await createContext();
  // y = x + x
  const one = { inputs: { x: SHAPE }, output: SHAPE } as unknown as AnyCase;
  const model = modelOf(one, { opset: 14, nodes: [{ op: 'Add', inputs: ['x', 'x'], attributes: {} }], constants: {}, weights: [] }, {});
  session = await ort.InferenceSession.create(model, {
    executionProviders: [{ name: 'webgpu', device: ctx.device }],
    preferredOutputLocation: 'gpu-buffer',
  });
});
afterAll(async () => {
  await session.release();
  ctx.destroy();
});

test('ours into a model, its result into ours, nothing awaited between our calls and its run', async () => {
  const data = generate(count(SHAPE), 1);
  const x = ctx.tensor(data, SHAPE);
  const up = bicubic2d(x, { size: [5, 6], alignCorners: true }); // the same values, by a call that is only recorded
  const given = toOrt(ort, up);
  expect([given.dims, given.type, given.location]).toEqual([SHAPE, 'float32', 'gpu-buffer']);
  const { y } = await session.run({ x: given });
  const doubled = fromOrt(ctx, y!);
  expect([doubled.shape, doubled.layout, doubled.dtype, doubled.wrapped]).toEqual([SHAPE, 'nchw', 'f32', true]);
  const large = bicubic2d(doubled, { scaleFactor: 2 });
  ctx.flush(); // before its owner frees the buffer
  y!.dispose();
  const expected = reference.bicubic2d({ data: data.map((v) => 2 * v), shape: SHAPE }, { scaleFactor: 2 }).data;
  expect(differs(await large.data(), expected, { units: 16, scale: 2 })).toBe('');
  expect(await given.getData()).toEqual(data);
  given.dispose();
  expect(up.disposed).toBe(true);
});

test('a result on the CPU is uploaded; channels may stand last', async () => {
  const t = new ort.Tensor(
    'float32',
    Float32Array.from({ length: 12 }, (_, i) => i),
    [1, 2, 3, 2],
  );
  const x = fromOrt(ctx, t, { layout: 'nhwc' });
  expect([x.shape, x.layout]).toEqual([[1, 2, 2, 3], 'nhwc']);
  expect(await x.data()).toEqual(t.data);
  expect(toOrt(ort, x).dims).toEqual([1, 2, 3, 2]);
  expect(Array.from(await fromOrt(ctx, new ort.Tensor('int32', [1, -2], [2])).data())).toEqual([1, -2]);
  expect(toOrt(ort, ctx.tensor([1], [1], { dtype: 'u32' })).type).toBe('uint32');
});

test('wrong arguments get their sentence', async () => {
  const buffer = ctx.device.createBuffer({ size: 1024, usage: 0x80 | 0x4 });
  const cases: [() => unknown, string][] = [
    [() => fromOrt(ctx, [1] as never), 'fromOrt: t is [1]; expected a tensor of ONNX Runtime'],
    [
      () => fromOrt(ctx, new ort.Tensor('int64', [1n], [1])),
      'fromOrt: the tensor is of type "int64"; expected float32, float16, int32, uint32; indicesFromInt64 converts int64',
    ],
    [() => fromOrt(ctx, new ort.Tensor('float32', [1], [1]), { layout: 'nwhc' as never }), 'fromOrt: layout is "nwhc"; expected one of nchw, nhwc'],
    [() => toOrt(ort, ctx.wrap(buffer, [4], { offset: 256 })), 'toOrt: x begins at byte 256 of its buffer; expected 0, where ONNX Runtime reads'],
    [() => toOrt({} as never, ctx.tensor([1], [1])), "toOrt: ort is Object; expected the module 'onnxruntime-web/webgpu'"],
    [() => toOrt(ort, 1 as never), 'toOrt: x is 1; expected a tensor of ctx.tensor, ctx.wrap or an operation'],
  ];
  for (const [body, sentence] of cases) expect((await thrown(body)).message).toBe(sentence);
});
