import { LabError } from "../errors.js";
import { duplicateKey } from "./json-keys.js";
import { shown } from "./shown.js";

/** Bytes of one element, by the name that the format gives to an element type. */
const elementSizes = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
  F8_E8M0: 1,
  U16: 2,
  I16: 2,
  F16: 2,
  BF16: 2,
  U32: 4,
  I32: 4,
  F32: 4,
  U64: 8,
  I64: 8,
  F64: 8,
  C64: 8,
} as const;

/** Element types of the safetensors format, by its own names. */
export type SafetensorsDType = keyof typeof elementSizes;

/** What the header says of one tensor. */
export interface SafetensorsEntry {
  readonly dtype: SafetensorsDType;
  readonly shape: readonly number[];
  /** Offset of the tensor's first byte in the file. */
  readonly begin: number;
  /** Offset in the file of the byte after its last one. */
  readonly end: number;
}

/** A header that was checked: every tensor lies inside the file, without overlap and without holes. */
export interface SafetensorsHeader {
  readonly metadata: ReadonlyMap<string, string>;
  readonly entries: ReadonlyMap<string, SafetensorsEntry>;
}

/** The longest header that the official reader takes, in bytes. */
const longestHeader = 100_000_000;

/** Bytes at a file's start that tell what it is and how long its header is. */
export const safetensorsStart = 19;

const damaged = "the file is damaged or was not downloaded whole: fetch it again";

function fail(where: string, expected: string, got: string, hint = damaged): never {
  throw new LabError(`${where}: expected ${expected}, got ${got}`, { hint });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/**
 * The length in bytes of a safetensors file's header, which begins at byte 8.
 *
 * @param start The first {@link safetensorsStart} bytes of the file, or all if it is shorter.
 * @param fileSize The file's length in bytes.
 * @throws LabError if the file cannot hold a header of that length.
 */
export function safetensorsHeaderLength(
  start: Uint8Array,
  fileSize: number,
  where: string,
): number {
  const at = `${where}: header`;
  if (fileSize < 8) fail(at, "at least 8 bytes", `a file of ${fileSize}`);
  if (new TextDecoder().decode(start.subarray(0, safetensorsStart)) === "version https://git") {
    fail(
      at,
      "a safetensors file",
      "a Git LFS pointer",
      "fetch the file itself with `git lfs pull`",
    );
  }
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  const length = view.getBigUint64(0, true);
  if (length > longestHeader) fail(at, `a length of at most ${longestHeader} bytes`, `${length}`);
  const present = fileSize - 8;
  if (length > present) fail(at, `${length} bytes`, `the end of the file after ${present}`);
  return Number(length);
}

function parseHeader(bytes: Uint8Array, where: string): Record<string, unknown> {
  const at = `${where}: header`;
  let json: string;
  let parsed: unknown;
  try {
    json = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    parsed = JSON.parse(json);
  } catch {
    return fail(at, "JSON in UTF-8", "something else");
  }
  if (!isObject(parsed)) fail(at, "a JSON object", shown(parsed));
  const twice = duplicateKey(json);
  if (twice !== null) fail(at, "every name once", `${shown(twice)} twice`);
  return parsed;
}

function readMetadata(value: unknown, where: string): Map<string, string> {
  const at = `${where}: header`;
  if (!isObject(value)) fail(at, "__metadata__ to be an object", shown(value));
  const metadata = new Map<string, string>();
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== "string") fail(at, `text for __metadata__ ${shown(key)}`, shown(text));
    metadata.set(key, text);
  }
  return metadata;
}

function readShape(value: unknown, at: string): readonly number[] {
  if (!Array.isArray(value)) fail(at, "a list of dimensions as shape", shown(value));
  for (const dim of value as unknown[]) {
    if (!isCount(dim)) fail(at, "whole, non-negative dimensions", shown(dim));
  }
  return value as number[];
}

/** Bytes that a tensor needs; not a safe integer if the dimensions overflow. */
function bytesOf(dtype: SafetensorsDType, shape: readonly number[]): number {
  let size: number = elementSizes[dtype];
  for (const dim of shape) {
    size *= dim;
    if (!Number.isSafeInteger(size)) return Infinity;
  }
  return size;
}

/** One tensor's entry, its offsets still counted from the first byte after the header. */
function readEntry(info: unknown, dataLength: number, at: string): SafetensorsEntry {
  if (!isObject(info)) fail(at, "an object", shown(info));
  const { dtype, data_offsets: offsets } = info;
  if (typeof dtype !== "string" || !Object.hasOwn(elementSizes, dtype)) {
    const known = Object.keys(elementSizes).join(", ");
    fail(at, "a known element type", shown(dtype), `known element types: ${known}`);
  }
  const type = dtype as SafetensorsDType;
  const shape = readShape(info.shape, at);
  const [begin, end, ...more] = (Array.isArray(offsets) ? offsets : []) as unknown[];
  if (!isCount(begin) || !isCount(end) || more.length > 0 || end < begin) {
    fail(at, "data_offsets of a first and a last byte", "something else");
  }
  const needed = bytesOf(type, shape);
  if (end - begin !== needed) {
    const dims = shape.slice(0, 8).join(", ") + (shape.length > 8 ? ", …" : "");
    const size = needed === Infinity ? "more bytes than can be counted" : `${needed} bytes`;
    fail(at, `${size} for ${type} [${dims}]`, `${end - begin}`);
  }
  if (end > dataLength) fail(at, `data up to byte ${end}`, `the end of the file at ${dataLength}`);
  return { dtype: type, shape, begin, end };
}

/** The tensors must fill the data section exactly: no byte belongs to two of them, none to nobody. */
function checkCover(entries: Map<string, SafetensorsEntry>, dataLength: number, where: string) {
  const inOrder = [...entries].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  let covered = 0;
  for (const [name, { begin, end }] of inOrder) {
    if (begin !== covered) {
      const got = `${begin}, ${begin < covered ? "inside another tensor" : "after a hole"}`;
      fail(`${where}: tensor ${shown(name)}`, `data that starts at byte ${covered}`, got);
    }
    covered = end;
  }
  if (covered !== dataLength) {
    fail(
      `${where}: header`,
      `${covered} bytes of data`,
      `${dataLength - covered} more in the file`,
    );
  }
}

/**
 * Checks the header of a safetensors file, and allocates nothing for the tensors. Definition: the
 * format section of the safetensors README; what the official reader refuses is refused here, and
 * so are names that stand twice.
 *
 * @param json The header's bytes.
 * @param fileSize The file's length in bytes.
 * @param where The file, as it is named in errors.
 * @throws LabError at the first thing that is wrong with the header or with the file's length.
 */
export function parseSafetensorsHeader(
  json: Uint8Array,
  fileSize: number,
  where: string,
): SafetensorsHeader {
  const dataStart = 8 + json.length;
  const dataLength = fileSize - dataStart;
  const header = parseHeader(json, where);

  let metadata = new Map<string, string>();
  const entries = new Map<string, SafetensorsEntry>();
  for (const [name, info] of Object.entries(header)) {
    if (name === "__metadata__") metadata = readMetadata(info, where);
    else entries.set(name, readEntry(info, dataLength, `${where}: tensor ${shown(name)}`));
  }
  checkCover(entries, dataLength, where);
  for (const [name, { dtype, shape, begin, end }] of entries) {
    entries.set(name, { dtype, shape, begin: begin + dataStart, end: end + dataStart });
  }
  return { metadata, entries };
}
