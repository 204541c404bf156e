import { expect, test } from 'vitest';
import { count } from '../../demo/bench/cases/case.ts';
import { cases } from '../../demo/bench/cases/index.ts';
import { graphOf } from '../../demo/bench/ort/graph.ts';
import { modelOf } from '../../demo/bench/ort/model.ts';

test.each(cases.map((one) => [one.name, one] as const))('%s is an ONNX model or says why not', (_, one) => {
  const graph = graphOf(one);
  if (typeof graph === 'string') expect(graph).toMatch(/^no /);
  else {
    const weights = Object.fromEntries(graph.weights.map((name) => [name, new Float32Array(count(one.inputs[name]!))]));
    expect(modelOf(one, graph, weights).length).toBeGreaterThan(100);
  }
});
