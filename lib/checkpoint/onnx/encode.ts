/** Encodes graphs as the files that ONNX Runtime opens. */
import protobuf from "protobufjs";
import { type Attributes, type Graph, type Initializer, type Port, TYPES } from "./graph.ts";
import schema from "./onnx.proto" with { type: "text" };

/** Versions of the operators and of the format in ONNX 1.15, from 2023. */
export const OPSET = 20;
const IR_VERSION = 9;

/** The most bytes of weights in the model's own file: a protobuf is limited to 2 GiB. */
export const LARGEST = 2e9;

/** Bytes of a memory page: weights in a separate file are aligned to it, so that they can be mapped. */
const PAGE = 4096;

const { root } = protobuf.parse(schema);
const [Model, GraphProto, TensorProto] = ["ModelProto", "GraphProto", "TensorProto"].map((name) =>
  root.lookupType(`onnx.${name}`)
);

/** `DataLocation.EXTERNAL` in TensorProto. */
const EXTERNAL = 1;

export interface OnnxFiles {
  /** The model's file in pieces, with the weights unless they are too large. */
  readonly model: readonly Uint8Array<ArrayBuffer>[];
  /** The separate file of weights, in pieces; null if the weights are in the model's file. */
  readonly data: readonly Uint8Array<ArrayBuffer>[] | null;
}

/** @param dataName the separate file that gets the weights if they take more than `largest` bytes */
export function encodeOnnx(
  graph: Graph,
  { dataName, largest = LARGEST }: { dataName: string; largest?: number },
): OnnxFiles {
  const { initializers } = graph;
  const bytes = initializers.reduce((sum, { data }) => sum + data.byteLength, 0);
  const data: Uint8Array<ArrayBuffer>[] | null = bytes > largest ? [] : null;
  let at = 0;
  const initializer = ({ name, type, shape, data: { buffer, byteOffset, byteLength } }: Initializer) => {
    const raw = new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
    const described = { name, dataType: TYPES[type], dims: shape };
    // Small tensors stay in the model's file, because operators read some, such as shapes, during loading.
    if (!data || byteLength < PAGE) {
      return [encode(TensorProto, described), ...nested(TensorProto, "rawData", [raw])];
    }
    const place = { location: dataName, offset: at, length: byteLength };
    const padding = (PAGE - byteLength % PAGE) % PAGE;
    data.push(raw, new Uint8Array(padding));
    at += byteLength + padding;
    const externalData = Object.entries(place).map(([key, value]) => ({ key, value: `${value}` }));
    return [encode(TensorProto, { ...described, dataLocation: EXTERNAL, externalData })];
  };
  const parts = encode(GraphProto, {
    name: "model",
    node: graph.operators.map(({ type, name, inputs, outputs, attributes }) => {
      return { name, opType: type, input: inputs, output: outputs, attribute: attributesOf(attributes) };
    }),
    input: graph.inputs.map(portOf),
    output: graph.outputs.map(portOf),
  });
  const weights = initializers.flatMap((tensor) => nested(GraphProto, "initializer", initializer(tensor)));
  const start = encode(Model, {
    irVersion: IR_VERSION,
    producerName: "desde-cero",
    opsetImport: [{ domain: "", version: OPSET }],
  });
  return { model: [start, ...nested(Model, "graph", [parts, ...weights])], data };
}

const encode = (type: protobuf.Type, message: Record<string, unknown>) =>
  type.encode(message).finish() as Uint8Array<ArrayBuffer>;

/** A message's field whose content is these pieces, encoded without copying them. */
function nested(type: protobuf.Type, field: string, pieces: readonly Uint8Array<ArrayBuffer>[]) {
  const bytes = pieces.reduce((sum, { byteLength }) => sum + byteLength, 0);
  // Wire type 2: the field's length follows.
  const start = protobuf.Writer.create().uint32(type.fields[field].id << 3 | 2).uint32(bytes).finish();
  return [start as Uint8Array<ArrayBuffer>, ...pieces];
}

/** The fields of an attribute that hold a value, and the number of its type. */
function attributesOf(attributes: Attributes) {
  return Object.entries(attributes).map(([name, value]) => {
    if (typeof value === "number") return { name, type: 1, f: value };
    if (typeof value === "bigint") return { name, type: 2, i: Number(value) };
    if (typeof value === "string") return { name, type: 3, s: new TextEncoder().encode(value) };
    return { name, type: 7, ints: value.map(Number) };
  });
}

function portOf({ name, type, shape }: Port) {
  const dim = shape.map((size) => typeof size === "number" ? { dimValue: size } : { dimParam: size });
  return { name, type: { tensorType: { elemType: TYPES[type], shape: { dim } } } };
}
