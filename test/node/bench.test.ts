import { expect, test } from 'vitest';
import { cases } from '../../demo/bench/cases/index.ts';
import { modelOf } from '../../demo/bench/ort/model.ts';
import { resample } from '../../demo/bench/ort/resample.ts';

test.each(cases.map((one) => [one.name, one] as const))('%s is an ONNX model or says why not', (_, one) => {
  const node = resample(one);
  if (typeof node === 'string') expect(node).toMatch(/^no /);
  else expect(modelOf(one, node).length).toBeGreaterThan(100);
});
