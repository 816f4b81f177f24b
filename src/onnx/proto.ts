import protobuf from 'protobufjs/light.js';

/**
 * The part of onnx.proto that a graph of this project uses, as a protobufjs descriptor.
 * Field numbers: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto (IR version 10).
 */
const field = (id: number, type: string, rule?: 'repeated') => (rule ? { id, type, rule } : { id, type });
const root = protobuf.Root.fromJSON({
  nested: {
    Attribute: {
      fields: {
        name: field(1, 'string'),
        f: field(2, 'float'),
        i: field(3, 'int64'),
        s: field(4, 'bytes'),
        g: field(6, 'Graph'),
        ints: field(8, 'int64', 'repeated'),
        type: field(20, 'int32'),
      },
    },
    Node: {
      fields: {
        input: field(1, 'string', 'repeated'),
        output: field(2, 'string', 'repeated'),
        name: field(3, 'string'),
        opType: field(4, 'string'),
        attribute: field(5, 'Attribute', 'repeated'),
        domain: field(7, 'string'),
      },
    },
    StringEntry: { fields: { key: field(1, 'string'), value: field(2, 'string') } },
    Tensor: {
      fields: {
        dims: field(1, 'int64', 'repeated'),
        dataType: field(2, 'int32'),
        name: field(8, 'string'),
        rawData: field(9, 'bytes'),
        externalData: field(13, 'StringEntry', 'repeated'),
        dataLocation: field(14, 'int32'),
      },
    },
    Dimension: { fields: { dimValue: field(1, 'int64'), dimParam: field(2, 'string') } },
    Shape: { fields: { dim: field(1, 'Dimension', 'repeated') } },
    TensorType: { fields: { elemType: field(1, 'int32'), shape: field(2, 'Shape') } },
    SequenceType: { fields: { elemType: field(1, 'Type') } },
    Type: { fields: { tensorType: field(1, 'TensorType'), sequenceType: field(4, 'SequenceType') } },
    ValueInfo: { fields: { name: field(1, 'string'), type: field(2, 'Type') } },
    Graph: {
      fields: {
        node: field(1, 'Node', 'repeated'),
        name: field(2, 'string'),
        initializer: field(5, 'Tensor', 'repeated'),
        input: field(11, 'ValueInfo', 'repeated'),
        output: field(12, 'ValueInfo', 'repeated'),
      },
    },
    OperatorSet: { fields: { domain: field(1, 'string'), version: field(2, 'int64') } },
    Model: {
      fields: {
        irVersion: field(1, 'int64'),
        graph: field(7, 'Graph'),
        opsetImport: field(8, 'OperatorSet', 'repeated'),
      },
    },
  },
});

const modelType = root.lookupType('Model');

/** Serialises a plain object of the shape of ModelProto. Throws when a field has the wrong type. */
export function encodeModel(model: Record<string, unknown>): Uint8Array {
  const problem = modelType.verify(model);
  if (problem) {
    throw new Error(`invalid ONNX model: ${problem}`);
  }
  return modelType.encode(modelType.create(model)).finish();
}
