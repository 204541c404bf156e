// What ONNX Runtime's tensors of 16-bit floats become: Chromium's software adapter has no f16.
import * as ort from 'onnxruntime-web';
import { expect, test } from 'vitest';
import { toHalf } from '../../src/half.ts';
import { fromOrt, toOrt } from '../../src/interop/ort.ts';
import { context } from '../gpu.ts';

test('float16 becomes f16 and goes back', async () => {
  const ctx = await context();
  if (!ctx.device.features.has('shader-f16')) return console.log('this adapter has no shader-f16');
  const x = fromOrt(ctx, new ort.Tensor('float16', toHalf([0.5, -2, 3]), [1, 3]));
  expect([x.dtype, ...(await x.data())]).toEqual(['f16', 0.5, -2, 3]);
  const back = toOrt(ort, x);
  expect([back.type, back.dims, back.location]).toEqual(['float16', [1, 3], 'gpu-buffer']);
});
