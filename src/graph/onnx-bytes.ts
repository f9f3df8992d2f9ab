/**
 * Writes ONNX models (`onnx.proto3`, IR version 10, opset 21) with a protobuf wire writer. Only the
 * fields that our graphs need; the numbers are those of the format's published schema.
 */
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { onnxType } from "./ops/operation.js";
import type { Shape } from "./shape.js";
import type { DType, Tensor } from "./tensor.js";
import type { Attribute } from "./value.js";

/** A tensor of a model as its inputs and outputs declare it. */
export interface OnnxValueInfo {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
}

/** One node: operator, names of what it reads and of what it makes. */
export interface OnnxNode {
  readonly onnx: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** A whole model, nodes in topological order. */
export interface OnnxModel {
  readonly inputs: readonly OnnxValueInfo[];
  readonly outputs: readonly OnnxValueInfo[];
  readonly nodes: readonly OnnxNode[];
  readonly constants: readonly { readonly name: string; readonly tensor: Tensor }[];
  /** Weights that the session is handed as external data, one file per name. */
  readonly external: readonly OnnxValueInfo[];
}

const irVersion = 10;
const opset = 21;

/** The bytes of a model, as ONNX Runtime loads them. */
export function encodeOnnx(model: OnnxModel): Uint8Array<ArrayBuffer> {
  const w = new BinaryWriter();
  w.tag(1, WireType.Varint).int64(irVersion);
  w.tag(2, WireType.LengthDelimited).string("induction-lab");
  message(w, 7, () => writeGraph(w, model));
  message(w, 8, () => w.tag(2, WireType.Varint).int64(opset));
  return w.finish() as Uint8Array<ArrayBuffer>;
}

function message(w: BinaryWriter, field: number, write: () => void): void {
  w.tag(field, WireType.LengthDelimited).fork();
  write();
  w.join();
}

function writeGraph(w: BinaryWriter, model: OnnxModel): void {
  for (const node of model.nodes) message(w, 1, () => writeNode(w, node));
  w.tag(2, WireType.LengthDelimited).string("graph");
  for (const { name, tensor } of model.constants) {
    message(w, 5, () => {
      writeTensorHead(w, name, tensor.dtype, tensor.shape);
      const { buffer, byteOffset, byteLength } = tensor.data;
      w.tag(9, WireType.LengthDelimited).bytes(new Uint8Array(buffer, byteOffset, byteLength));
    });
  }
  for (const info of model.external) message(w, 5, () => writeExternalTensor(w, info));
  for (const info of model.inputs) message(w, 11, () => writeValueInfo(w, info));
  for (const info of model.outputs) message(w, 12, () => writeValueInfo(w, info));
}

function writeNode(w: BinaryWriter, node: OnnxNode): void {
  for (const name of node.inputs) w.tag(1, WireType.LengthDelimited).string(name);
  w.tag(2, WireType.LengthDelimited).string(node.output);
  w.tag(4, WireType.LengthDelimited).string(node.onnx);
  for (const [name, attribute] of Object.entries(node.attributes)) {
    message(w, 5, () => writeAttribute(w, name, attribute));
  }
}

function writeAttribute(w: BinaryWriter, name: string, attribute: Attribute): void {
  w.tag(1, WireType.LengthDelimited).string(name);
  if ("float" in attribute) {
    w.tag(2, WireType.Bit32).float(attribute.float);
    w.tag(20, WireType.Varint).int32(1);
  } else if ("int" in attribute) {
    w.tag(3, WireType.Varint).int64(attribute.int);
    w.tag(20, WireType.Varint).int32(2);
  } else if ("string" in attribute) {
    w.tag(4, WireType.LengthDelimited).string(attribute.string);
    w.tag(20, WireType.Varint).int32(3);
  } else {
    for (const value of attribute.ints) w.tag(8, WireType.Varint).int64(value);
    w.tag(20, WireType.Varint).int32(7);
  }
}

function writeTensorHead(w: BinaryWriter, name: string, dtype: DType, shape: Shape): void {
  for (const dim of shape) w.tag(1, WireType.Varint).int64(dim);
  w.tag(2, WireType.Varint).int32(onnxType[dtype]);
  w.tag(8, WireType.LengthDelimited).string(name);
}

function writeExternalTensor(w: BinaryWriter, { name, dtype, shape }: OnnxValueInfo): void {
  writeTensorHead(w, name, dtype, shape);
  message(w, 13, () => {
    w.tag(1, WireType.LengthDelimited).string("location");
    w.tag(2, WireType.LengthDelimited).string(name);
  });
  w.tag(14, WireType.Varint).int32(1);
}

function writeValueInfo(w: BinaryWriter, { name, dtype, shape }: OnnxValueInfo): void {
  w.tag(1, WireType.LengthDelimited).string(name);
  message(w, 2, () => {
    message(w, 1, () => {
      w.tag(1, WireType.Varint).int32(onnxType[dtype]);
      message(w, 2, () => {
        for (const dim of shape) {
          message(w, 1, () => {
            if (typeof dim === "number") w.tag(1, WireType.Varint).int64(dim);
            else w.tag(2, WireType.LengthDelimited).string(dim);
          });
        }
      });
    });
  });
}
