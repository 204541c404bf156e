import { expect, test } from 'vitest';
import { cases } from '../../demo/bench/cases/index.ts';
import { inputsOf } from '../../demo/bench/inputs.ts';
import { graphOf } from '../../demo/bench/ort/graph.ts';
import { modelOf } from '../../demo/bench/ort/model.ts';

test.each(cases.map((one) => [one.name, one] as const))('%s is an ONNX model or says why not', (_, one) => {
  const graph = graphOf(one);
  if (typeof graph === 'string') expect(graph).toMatch(/^no /);
  else expect(modelOf(one, graph, inputsOf(one)).length).toBeGreaterThan(100);
});
