import { LabError } from "../errors.js";
import { type FloatTensor, type Tensor } from "../graph/tensor.js";
import { nearestNames } from "../nearest.js";
import { bfloat16ToFloat32, halfToFloat32 } from "./half.js";
import type { ByteSource } from "./byte-source.js";
import {
  parseSafetensorsHeader,
  type SafetensorsDType,
  type SafetensorsEntry,
  type SafetensorsHeader,
  safetensorsHeaderLength,
  safetensorsStart,
} from "./safetensors-header.js";
import { shown } from "./shown.js";
import type { WeightSource } from "./weight-source.js";

/** A safetensors file whose header was checked; its tensors are decoded when they are asked for. */
export interface SafetensorsFile extends SafetensorsHeader {
  /** The file, as it is named in errors. */
  readonly where: string;

  /**
   * A tensor of floating-point numbers: F16, BF16 and F32 as float32, F64 as float64. F32 and F64
   * are views on the file's bytes where these are aligned, copies elsewhere: do not write to them.
   *
   * @throws LabError if there is no such tensor, or if it holds something else.
   */
  float(name: string): FloatTensor;

  /**
   * A tensor of any type that the graph knows: floating-point numbers as {@link float} gives them;
   * I8, U8, I16, U16 and I32 as int32; U32, I64 and U64 as int64; BOOL as bool.
   *
   * @throws LabError if there is no such tensor, if its type has no counterpart (8-bit floats,
   * complex numbers), or if a U64 is above 2^63 − 1.
   */
  tensor(name: string): Tensor;

  /**
   * The bytes of a tensor, little-endian and row-major: a view on the file.
   *
   * @throws LabError if there is no such tensor.
   */
  raw(name: string): Uint8Array;
}

/** The same bytes at an address that a typed array of 8-byte elements can start at. */
function aligned(bytes: Uint8Array, elementSize: number): Uint8Array {
  return bytes.byteOffset % elementSize === 0 ? bytes : new Uint8Array(bytes);
}

interface Elements<A> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): A;
}

function view<A>(elements: Elements<A>, bytes: Uint8Array): A {
  const size = elements.BYTES_PER_ELEMENT;
  const { buffer, byteOffset, byteLength } = aligned(bytes, size);
  return new elements(buffer, byteOffset, byteLength / size);
}

function float32(shape: readonly number[], data: Float32Array): Tensor<"float32"> {
  return { dtype: "float32", shape, data };
}

function int32(shape: readonly number[], data: ArrayLike<number>): Tensor<"int32"> {
  return { dtype: "int32", shape, data: data instanceof Int32Array ? data : Int32Array.from(data) };
}

function int64(shape: readonly number[], data: BigInt64Array): Tensor<"int64"> {
  return { dtype: "int64", shape, data };
}

/** A tensor from its bytes; null if the graph has no such element type, or cannot hold a U64. */
function decode(
  dtype: SafetensorsDType,
  shape: readonly number[],
  bytes: Uint8Array,
): Tensor | null {
  switch (dtype) {
    case "F32":
      return float32(shape, view(Float32Array, bytes));
    case "F16":
      return float32(shape, halfToFloat32(view(Uint16Array, bytes)));
    case "BF16":
      return float32(shape, bfloat16ToFloat32(view(Uint16Array, bytes)));
    case "F64":
      return { dtype: "float64", shape, data: view(Float64Array, bytes) };
    case "I8":
      return int32(shape, view(Int8Array, bytes));
    case "U8":
      return int32(shape, bytes);
    case "I16":
      return int32(shape, view(Int16Array, bytes));
    case "U16":
      return int32(shape, view(Uint16Array, bytes));
    case "I32":
      return int32(shape, view(Int32Array, bytes));
    case "U32":
      return int64(shape, BigInt64Array.from(Array.from(view(Uint32Array, bytes), BigInt)));
    case "I64":
      return int64(shape, view(BigInt64Array, bytes));
    case "U64": {
      const data = view(BigInt64Array, bytes);
      return data.some((value) => value < 0n) ? null : int64(shape, data);
    }
    case "BOOL":
      return { dtype: "bool", shape, data: Uint8Array.from(bytes, (byte) => (byte === 0 ? 0 : 1)) };
    case "F8_E4M3":
    case "F8_E5M2":
    case "F8_E8M0":
    case "C64":
      return null;
  }
}

function find(header: SafetensorsHeader, name: string, where: string): SafetensorsEntry {
  const entry = header.entries.get(name);
  if (entry !== undefined) return entry;
  const near = nearestNames(name, header.entries.keys()).map(shown).join(", ");
  throw new LabError(`${where}: tensor ${shown(name)}: expected in the file, got none`, {
    hint: near === "" ? `the file holds ${header.entries.size} tensors` : `nearest names: ${near}`,
  });
}

function checkFloat(dtype: SafetensorsDType, name: string, where: string): void {
  if (dtype === "F16" || dtype === "BF16" || dtype === "F32" || dtype === "F64") return;
  const expected = "floating-point numbers (F16, BF16, F32 or F64)";
  throw new LabError(`${where}: tensor ${shown(name)}: expected ${expected}, got ${dtype}`);
}

/**
 * Reads a safetensors file from its bytes. Everything that the header claims is checked before a
 * tensor is decoded, and decoding allocates at most a small multiple of the tensor's own bytes.
 * Little-endian machines only, as all that run Node or a browser today.
 *
 * @param bytes The whole file; keep it unchanged for as long as its tensors are in use.
 * @param where The file, as it is named in errors.
 * @throws LabError if the file is not a whole, valid safetensors file.
 */
export function readSafetensors(bytes: Uint8Array, where: string): SafetensorsFile {
  const length = safetensorsHeaderLength(bytes, bytes.length, where);
  const header = parseSafetensorsHeader(bytes.subarray(8, 8 + length), bytes.length, where);
  const raw = (name: string) => {
    const { begin, end } = find(header, name, where);
    return bytes.subarray(begin, end);
  };
  const read = (name: string) => {
    const { dtype, shape } = find(header, name, where);
    const tensor = decode(dtype, shape, raw(name));
    if (tensor !== null) return tensor;
    const got = dtype === "U64" ? "U64 above 2^63 − 1" : dtype;
    throw new LabError(
      `${where}: tensor ${shown(name)}: expected a type that can be computed with, got ${got}`,
    );
  };
  const float = (name: string) => {
    checkFloat(find(header, name, where).dtype, name, where);
    return read(name) as FloatTensor;
  };
  return { where, ...header, float, tensor: read, raw };
}

/**
 * Opens a safetensors file and checks its header; the tensors stay where they are until they are
 * asked for, one by one.
 *
 * @throws LabError if the header or the file's length is wrong.
 */
export async function openSafetensors(source: ByteSource): Promise<WeightSource> {
  const { where, size } = source;
  const start = await source.read(0, Math.min(size, safetensorsStart));
  const length = safetensorsHeaderLength(start, size, where);
  const header = parseSafetensorsHeader(await source.read(8, 8 + length), size, where);
  return {
    where,
    names: new Set(header.entries.keys()),
    shape: (name) => find(header, name, where).shape,
    async float(name) {
      const { dtype, shape, begin, end } = find(header, name, where);
      checkFloat(dtype, name, where);
      return decode(dtype, shape, await source.read(begin, end)) as FloatTensor;
    },
    close: () => source.close(),
  };
}
