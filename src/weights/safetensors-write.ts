import { type DType, sizeOf, type Tensor } from "../graph/tensor.js";
import { floatToHalf } from "./half.js";
import { type SafetensorsDType } from "./safetensors-header.js";

/** How {@link writeSafetensors} stores its tensors. */
export interface WriteSafetensorsOptions {
  /** Free text by name; `format: "pt"` is what PyTorch tools look for. */
  readonly metadata?: ReadonlyMap<string, string>;
  /** Store floating-point tensors as F16, rounded to nearest even: half the size, three digits. */
  readonly half?: boolean;
}

const stored = {
  float32: "F32",
  float64: "F64",
  int32: "I32",
  int64: "I64",
  bool: "BOOL",
} as const satisfies Record<DType, SafetensorsDType>;

interface Encoded {
  readonly name: string;
  readonly dtype: SafetensorsDType;
  readonly shape: readonly number[];
  readonly data: Tensor["data"] | Uint16Array;
}

function encode(name: string, { dtype, shape, data }: Tensor, half: boolean): Encoded {
  if (name === "__metadata__")
    throw new RangeError("safetensors: a tensor cannot be named __metadata__");
  if (data.length !== sizeOf(shape)) {
    const expected = `${sizeOf(shape)} elements for shape [${shape.join(", ")}]`;
    throw new RangeError(`safetensors: ${name}: expected ${expected}, got ${data.length}`);
  }
  if (half && (data instanceof Float32Array || data instanceof Float64Array)) {
    return { name, dtype: "F16", shape, data: floatToHalf(data) };
  }
  return { name, dtype: stored[dtype], shape, data };
}

/**
 * A safetensors file with these tensors in pieces: the header, then the data of each tensor, which
 * are views and not copies. The header is padded with spaces to 8 bytes and the data lie by falling
 * element size, then by name, so that every tensor is aligned and equal tensors give equal files.
 * The official readers open it.
 *
 * @throws RangeError if a tensor's data do not fit its shape, or if its name is `__metadata__`.
 */
export function safetensorsPieces(
  tensors: ReadonlyMap<string, Tensor>,
  options: WriteSafetensorsOptions = {},
): Uint8Array[] {
  const encoded = Array.from(tensors, ([name, tensor]) =>
    encode(name, tensor, options.half ?? false),
  ).sort(
    (a, b) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT || (a.name < b.name ? -1 : 1),
  );

  // Joined as text, since an object would lose a tensor named __proto__.
  const field = (name: string, value: unknown) =>
    `${JSON.stringify(name)}:${JSON.stringify(value)}`;
  const fields: string[] = [];
  if (options.metadata !== undefined && options.metadata.size > 0) {
    const texts = Array.from(options.metadata, ([key, text]) => field(key, text));
    fields.push(`"__metadata__":{${texts.join(",")}}`);
  }
  let dataLength = 0;
  for (const { name, dtype, shape, data } of encoded) {
    const data_offsets = [dataLength, dataLength + data.byteLength];
    fields.push(field(name, { dtype, shape, data_offsets }));
    dataLength += data.byteLength;
  }
  const json = new TextEncoder().encode(`{${fields.join(",")}}`);
  const padded = Math.ceil(json.length / 8) * 8;
  const header = new Uint8Array(8 + padded).fill(0x20, 8);
  new DataView(header.buffer).setBigUint64(0, BigInt(padded), true);
  header.set(json, 8);
  return [
    header,
    ...encoded.map(({ data }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
  ];
}

/**
 * The bytes of a safetensors file with these tensors; see {@link safetensorsPieces}.
 *
 * @throws RangeError if a tensor's data do not fit its shape, or if its name is `__metadata__`.
 */
export function writeSafetensors(
  tensors: ReadonlyMap<string, Tensor>,
  options: WriteSafetensorsOptions = {},
): Uint8Array {
  const pieces = safetensorsPieces(tensors, options);
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let offset = 0;
  for (const piece of pieces) {
    bytes.set(piece, offset);
    offset += piece.length;
  }
  return bytes;
}
