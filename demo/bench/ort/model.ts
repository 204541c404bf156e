// ONNX files of a node or two, written when the bench runs.
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType,
  type AttributeProtoSchema,
  ModelProtoSchema,
  TensorProto_DataType,
  type TensorProtoSchema,
  type ValueInfoProtoSchema,
} from 'onnx-buf';
import { toHalf } from '../../../src/half.ts';
import type { AnyCase, Shape } from '../cases/case.ts';
import type { Arrays } from '../library.ts';

/** One ONNX node. `inputs` are its inputs in order: a case's input, a constant, another node's output, or '' for none. */
export interface Node {
  readonly op: string;
  readonly inputs: readonly string[];
  /** Default `y`, the model's. */
  readonly output?: string;
  /** Whole numbers become ints, other numbers floats. */
  readonly attributes: Readonly<Record<string, string | number | readonly number[]>>;
}

export interface Graph {
  readonly opset: number;
  /** In the order they run. */
  readonly nodes: readonly Node[];
  /** Lists of int64. */
  readonly constants: Readonly<Record<string, readonly number[]>>;
  /** Inputs of the case that are part of the model, as weights are. */
  readonly weights: readonly string[];
}

const attribute = (name: string, value: string | number | readonly number[]): MessageInitShape<typeof AttributeProtoSchema> => {
  if (typeof value === 'string') return { name, type: AttributeProto_AttributeType.STRING, s: new TextEncoder().encode(value) };
  if (typeof value !== 'number') return { name, type: AttributeProto_AttributeType.INTS, ints: value.map(BigInt) };
  if (Number.isInteger(value)) return { name, type: AttributeProto_AttributeType.INT, i: BigInt(value) };
  return { name, type: AttributeProto_AttributeType.FLOAT, f: value };
};

const constant = (name: string, value: readonly number[]): MessageInitShape<typeof TensorProtoSchema> => ({
  name,
  dataType: TensorProto_DataType.INT64,
  dims: [BigInt(value.length)],
  int64Data: value.map(BigInt),
});

type DType = AnyCase['dtype'];
const elementType = (dtype: DType) => (dtype ? TensorProto_DataType.FLOAT16 : TensorProto_DataType.FLOAT);

/** Numbers as a model and the runtime's buffers hold them. */
export const bytesIn = (data: Float32Array<ArrayBuffer>, dtype: DType): Uint8Array<ArrayBuffer> => {
  const { buffer, byteOffset, byteLength } = dtype ? toHalf(data) : data;
  return new Uint8Array(buffer, byteOffset, byteLength);
};

const weight = (name: string, shape: Shape, data: Float32Array<ArrayBuffer>, dtype: DType): MessageInitShape<typeof TensorProtoSchema> => ({
  name,
  dataType: elementType(dtype),
  dims: shape.map(BigInt),
  rawData: bytesIn(data, dtype),
});

const array = (name: string, shape: Shape, dtype: DType): MessageInitShape<typeof ValueInfoProtoSchema> => ({
  name,
  type: {
    value: {
      case: 'tensorType',
      value: { elemType: elementType(dtype), shape: { dim: shape.map((n) => ({ value: { case: 'dimValue', value: BigInt(n) } })) } },
    },
  },
});

/** The bytes of a model with the case's inputs and the output `y`. */
export function modelOf({ inputs, output, dtype }: AnyCase, { opset, nodes, constants, weights }: Graph, arrays: Arrays): Uint8Array {
  const model = create(ModelProtoSchema, {
    irVersion: 9n,
    opsetImport: [{ domain: '', version: BigInt(opset) }],
    graph: {
      name: 'row',
      node: nodes.map((node) => ({
        opType: node.op,
        input: [...node.inputs],
        output: [node.output ?? 'y'],
        attribute: Object.entries(node.attributes).map(([name, value]) => attribute(name, value)),
      })),
      initializer: [
        ...Object.entries(constants).map(([name, value]) => constant(name, value)),
        ...weights.map((name) => weight(name, inputs[name]!, arrays[name]!, dtype)),
      ],
      input: Object.entries(inputs)
        .filter(([name]) => !weights.includes(name))
        .map(([name, shape]) => array(name, shape, dtype)),
      output: [array('y', output, dtype)],
    },
  });
  return toBinary(ModelProtoSchema, model);
}
