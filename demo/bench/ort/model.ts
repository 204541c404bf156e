// ONNX files of a single node, written when the bench runs.
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType,
  type AttributeProtoSchema,
  ModelProtoSchema,
  TensorProto_DataType,
  type TensorProtoSchema,
  type ValueInfoProtoSchema,
} from 'onnx-buf';
import type { AnyCase, Shape } from '../cases/case.ts';

/** One ONNX node. `inputs` are its inputs in order: a case's input, one of `constants` (int64 lists), or '' for none. */
export interface Node {
  readonly op: string;
  readonly opset: number;
  readonly inputs: readonly string[];
  readonly constants: Readonly<Record<string, readonly number[]>>;
  /** Whole numbers become ints, other numbers floats. */
  readonly attributes: Readonly<Record<string, string | number | readonly number[]>>;
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

const array = (name: string, shape: Shape): MessageInitShape<typeof ValueInfoProtoSchema> => ({
  name,
  type: {
    value: {
      case: 'tensorType',
      value: { elemType: TensorProto_DataType.FLOAT, shape: { dim: shape.map((n) => ({ value: { case: 'dimValue', value: BigInt(n) } })) } },
    },
  },
});

/** The bytes of a model with the case's inputs, one node, and the output `y`. */
export function modelOf({ inputs, output }: AnyCase, node: Node): Uint8Array {
  const model = create(ModelProtoSchema, {
    irVersion: 9n,
    opsetImport: [{ domain: '', version: BigInt(node.opset) }],
    graph: {
      name: node.op,
      node: [
        {
          opType: node.op,
          input: [...node.inputs],
          output: ['y'],
          attribute: Object.entries(node.attributes).map(([name, value]) => attribute(name, value)),
        },
      ],
      initializer: Object.entries(node.constants).map(([name, value]) => constant(name, value)),
      input: Object.entries(inputs).map(([name, shape]) => array(name, shape)),
      output: [array('y', output)],
    },
  });
  return toBinary(ModelProtoSchema, model);
}
