import { fromBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema, TensorProto_DataType } from 'onnx-buf';
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

test('an f16 row is a model of halves', () => {
  const one = cases.find(({ name }) => name.startsWith('f16 convT DCGAN 64'))!;
  const graph = graphOf(one);
  if (typeof graph === 'string') throw new Error(graph);
  const w = Float32Array.from({ length: count(one.inputs['w']!) }, (_, i) => (i === 1 ? -0.5 : 1));
  const { graph: made } = fromBinary(ModelProtoSchema, modelOf(one, graph, { w }));
  const types = [...made!.input, ...made!.output].map(({ type }) => type!.value.case === 'tensorType' && type!.value.value.elemType);
  expect(types).toEqual([TensorProto_DataType.FLOAT16, TensorProto_DataType.FLOAT16]);
  const [weights] = made!.initializer;
  expect(weights!.dataType).toBe(TensorProto_DataType.FLOAT16);
  expect([...weights!.rawData!.slice(0, 6)]).toEqual([0, 0x3c, 0, 0xb8, 0, 0x3c]);
  expect(weights!.rawData!.length).toBe(2 * w.length);
});
