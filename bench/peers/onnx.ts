// Writes ONNX models: as much of protobuf and of onnx.proto as a graph of float tensors needs. Field numbers are those of onnx.proto.

export type Attribute = number | { readonly float: number } | string | readonly number[];

export interface OnnxNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
}

export interface OnnxTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array | BigInt64Array;
}

export interface OnnxGraph {
  readonly nodes: readonly OnnxNode[];
  readonly constants: readonly OnnxTensor[];
  /** Without a shape, of any. */
  readonly inputs: readonly { readonly name: string; readonly shape?: readonly number[] }[];
  readonly outputs: readonly string[];
}

const FLOAT = 1;
const INT64 = 7;
const OPSET = 18;
const IR_VERSION = 9;

type Bytes = Uint8Array;

function varint(value: number | bigint): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  do {
    const low = Number(rest & 127n);
    rest >>= 7n;
    bytes.push(rest > 0n ? low | 128 : low);
  } while (rest > 0n);
  return bytes;
}

function concatenated(parts: readonly (Bytes | readonly number[])[]): Bytes {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Wire types of protobuf: whole numbers, lengths with bytes, and four bytes. */
const whole = (field: number, value: number | bigint): Bytes => Uint8Array.from([...varint(field * 8), ...varint(value)]);
const bytes = (field: number, content: Bytes): Bytes => concatenated([varint(field * 8 + 2), varint(content.length), content]);
const text = (field: number, content: string): Bytes => bytes(field, new TextEncoder().encode(content));
const float = (field: number, value: number): Bytes => concatenated([varint(field * 8 + 5), new Uint8Array(Float32Array.of(value).buffer)]);
const message = (field: number, parts: readonly Bytes[]): Bytes => bytes(field, concatenated(parts));

/** AttributeProto: name 1, f 2, i 3, s 4, ints 8, type 20. */
function attribute(name: string, value: Attribute): Bytes {
  const [content, type] = typeof value === "number" ? [[whole(3, value)], 2]
    : typeof value === "string" ? [[text(4, value)], 3]
    : "float" in value ? [[float(2, value.float)], 1]
    : [value.map((each) => whole(8, each)), 7];
  return message(5, [text(1, name), ...content, whole(20, type)]);
}

/** NodeProto: input 1, output 2, name 3, op_type 4, attribute 5. */
const node = ({ op, inputs, outputs, attributes = {} }: OnnxNode, i: number): Bytes => message(1, [
  ...inputs.map((name) => text(1, name)), ...outputs.map((name) => text(2, name)), text(3, `${op}${i}`), text(4, op), ...Object.entries(attributes).map(([name, value]) => attribute(name, value)),
]);

/** TensorProto: dims 1, data_type 2, name 8, raw_data 9. */
const tensor = ({ name, shape, data }: OnnxTensor): Bytes => message(5, [
  ...shape.map((size) => whole(1, size)), whole(2, data instanceof Float32Array ? FLOAT : INT64), text(8, name), bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
]);

/** ValueInfoProto: name 1, type 2 → tensor_type 1 → elem_type 1, shape 2 → dim 1 → dim_value 1. Without a shape, of any. */
const value = (field: number, name: string, shape?: readonly number[]): Bytes => message(field, [
  text(1, name), message(2, [message(1, [whole(1, FLOAT), ...(shape ? [message(2, shape.map((size) => message(1, [whole(1, size)])))] : [])])]),
]);

/** ModelProto: ir_version 1, graph 7, opset_import 8; GraphProto: node 1, name 2, initializer 5, input 11, output 12. */
export function onnxModel({ nodes, constants, inputs, outputs }: OnnxGraph): Uint8Array {
  const graph = [...nodes.map(node), text(2, "benchmark"), ...constants.map(tensor), ...inputs.map(({ name, shape }) => value(11, name, shape)), ...outputs.map((name) => value(12, name))];
  return concatenated([whole(1, IR_VERSION), message(7, graph), message(8, [text(1, ""), whole(2, OPSET)])]);
}
