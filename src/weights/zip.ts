import { LabError } from "../errors.js";
import type { ByteSource } from "./byte-source.js";
import { shown } from "./safetensors-header.js";

/** An entry of a zip archive. */
export interface ZipEntry {
  readonly name: string;
  /** How it is packed; 0 for entries that are stored as they are, the only ones that can be read. */
  readonly method: number;
  /** CRC-32 of its bytes, as the directory states it. */
  readonly crc: number;
  /** Bytes that it takes in the archive. */
  readonly size: number;
  /** Offset of its local header in the archive. */
  readonly header: number;
  /** Offset of what follows in the archive, the next entry or the directory: its data end before. */
  readonly limit: number;
}

/** A directory of a model's checkpoint is far smaller; it bounds what a lie can allocate. */
const largestDirectory = 2 ** 26;
const mostEntries = 100_000;

const damaged = "the file is damaged or was not downloaded whole: fetch it again";

function fail(where: string, expected: string, got: string, hint = damaged): never {
  throw new LabError(`${where}: expected ${expected}, got ${got}`, { hint });
}

/** Reads little-endian numbers of a record, checked against its length. */
class Fields {
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  readonly #where: string;

  constructor(bytes: Uint8Array, where: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#where = where;
  }

  get length(): number {
    return this.#bytes.length;
  }

  #check(at: number, size: number): void {
    if (at + size > this.#bytes.length) fail(this.#where, "a whole zip record", "its end");
  }

  u16(at: number): number {
    this.#check(at, 2);
    return this.#view.getUint16(at, true);
  }

  u32(at: number): number {
    this.#check(at, 4);
    return this.#view.getUint32(at, true);
  }

  /** A 64-bit number that must fit a file. */
  u64(at: number): number {
    this.#check(at, 8);
    const value = this.#view.getBigUint64(at, true);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) fail(this.#where, "sizes of a file", `${value}`);
    return Number(value);
  }

  text(at: number, length: number): string {
    this.#check(at, length);
    try {
      const bytes = this.#bytes.subarray(at, at + length);
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      return fail(this.#where, "names in UTF-8", "something else");
    }
  }
}

interface Directory {
  readonly entries: number;
  readonly size: number;
  readonly offset: number;
  /** Offset of the record that describes the directory: the directory ends before. */
  readonly limit: number;
}

/** Where the central directory lies, by the record at the end of the archive and its 64-bit form. */
async function findDirectory(source: ByteSource): Promise<Directory> {
  const { where, size } = source;
  const tailSize = Math.min(size, 22 + 0xffff);
  const tail = new Fields(await source.read(size - tailSize, size), where);
  // The record ends the file but for its comment, whose length it states.
  let at = tailSize - 22;
  while (at >= 0 && !(tail.u32(at) === 0x06054b50 && at + 22 + tail.u16(at + 20) === tailSize))
    at--;
  if (at < 0) fail(where, "the end of a zip archive", "none");
  if (tail.u16(at + 4) !== 0 || tail.u16(at + 6) !== 0) fail(where, "one archive", "a part of one");
  const short = {
    entries: tail.u16(at + 10),
    size: tail.u32(at + 12),
    offset: tail.u32(at + 16),
  };
  const end = size - tailSize + at;
  const long = short.entries === 0xffff || short.size === 0xffffffff || short.offset === 0xffffffff;
  const locatorAt = end - 20;
  const locator = locatorAt >= 0 ? new Fields(await source.read(locatorAt, end), where) : null;
  if (locator === null || locator.u32(0) !== 0x07064b50) {
    if (long) fail(where, "the locator of a zip64 directory", "none");
    return { ...short, limit: end };
  }
  const recordAt = locator.u64(8);
  if (recordAt + 56 > locatorAt) fail(where, "a zip64 record inside the file", `${recordAt}`);
  const record = new Fields(await source.read(recordAt, recordAt + 56), where);
  if (record.u32(0) !== 0x06064b50) fail(where, "a zip64 record", "something else");
  const long64 = { entries: record.u64(32), size: record.u64(40), offset: record.u64(48) };
  for (const [name, full] of [
    ["entries", 0xffff],
    ["size", 0xffffffff],
    ["offset", 0xffffffff],
  ] as const) {
    if (short[name] !== full && short[name] !== long64[name]) {
      fail(where, `the same ${name} in both ends of the zip directory`, `${long64[name]}`);
    }
  }
  return { ...long64, limit: recordAt };
}

/** The 64-bit sizes of an entry whose 32-bit fields are full, from its extra fields. */
function wide(
  directory: Fields,
  { from, length }: { readonly from: number; readonly length: number },
  fields: { size: number; packed: number; header: number },
  where: string,
): void {
  const missing = (["size", "packed", "header"] as const).filter(
    (name) => fields[name] === 0xffffffff,
  );
  if (missing.length === 0) return;
  for (let at = from; at + 4 <= from + length;) {
    const [id, size] = [directory.u16(at), directory.u16(at + 2)];
    if (at + 4 + size > from + length) break;
    if (id === 1) {
      if (size < 8 * missing.length) fail(where, "64-bit sizes", "fewer");
      missing.forEach((name, i) => (fields[name] = directory.u64(at + 4 + 8 * i)));
      return;
    }
    at += 4 + size;
  }
  fail(where, "64-bit sizes in the zip directory", "none");
}

/**
 * The entries of a zip archive, by name. Reads the directory alone; everything that it claims is
 * checked against the file's length, and entries that overlap or stand twice are refused. Definition:
 * PKWARE's APPNOTE.TXT 6.3.
 *
 * @throws LabError at the first thing that is wrong, and for entries that are encrypted.
 */
export async function readZipDirectory(source: ByteSource): Promise<Map<string, ZipEntry>> {
  const { where, size } = source;
  if (size < 22) fail(where, "a zip archive", `a file of ${size} bytes`);
  const place = await findDirectory(source);
  if (place.size > largestDirectory || place.entries > mostEntries) {
    fail(where, "a zip directory of a model", `${place.entries} entries in ${place.size} bytes`);
  }
  if (place.offset + place.size > place.limit) {
    fail(where, "a zip directory before its end record", `${place.size} bytes at ${place.offset}`);
  }
  const bytes = await source.read(place.offset, place.offset + place.size);
  const directory = new Fields(bytes, where);
  const entries = new Map<string, Omit<ZipEntry, "limit">>();
  let at = 0;
  for (let i = 0; i < place.entries; i++) {
    if (directory.u32(at) !== 0x02014b50) fail(where, "an entry of the zip directory", "none");
    const lengths = [28, 30, 32].map((offset) => directory.u16(at + offset));
    const [nameLength, extraLength, commentLength] = lengths as [number, number, number];
    const name = directory.text(at + 46, nameLength);
    const entryWhere = `${where}: ${shown(name)}`;
    const fields = {
      size: directory.u32(at + 24),
      packed: directory.u32(at + 20),
      header: directory.u32(at + 42),
    };
    const extra = { from: at + 46 + nameLength, length: extraLength };
    wide(directory, extra, fields, entryWhere);
    if ((directory.u16(at + 8) & 1) !== 0) fail(entryWhere, "a plain entry", "an encrypted one");
    const method = directory.u16(at + 10);
    if (method === 0 && fields.size !== fields.packed) {
      fail(entryWhere, `${fields.packed} bytes as they are stored`, `${fields.size}`);
    }
    if (fields.header + 30 + fields.packed > place.offset) {
      fail(
        entryWhere,
        "data before the zip directory",
        `data up to byte ${fields.header + fields.packed}`,
      );
    }
    if (entries.has(name)) fail(where, "every entry once", `${shown(name)} twice`);
    const crc = directory.u32(at + 16);
    entries.set(name, { name, method, crc, size: fields.packed, header: fields.header });
    at += 46 + nameLength + extraLength + commentLength;
  }
  if (at !== place.size) fail(where, `a zip directory of ${at} bytes`, `${place.size}`);
  return apart(entries, place.offset, where);
}

/** The entries with their limits. No byte may belong to two: so archives cannot claim more than they hold. */
function apart(
  entries: ReadonlyMap<string, Omit<ZipEntry, "limit">>,
  end: number,
  where: string,
): Map<string, ZipEntry> {
  const inOrder = [...entries.values()].sort((a, b) => a.header - b.header);
  const limited = new Map<string, ZipEntry>();
  for (const [i, entry] of inOrder.entries()) {
    const limit = inOrder[i + 1]?.header ?? end;
    if (entry.header + 30 + entry.size > limit) overlaps(`${where}: ${shown(entry.name)}`);
    limited.set(entry.name, { ...entry, limit });
  }
  return limited;
}

function overlaps(where: string): never {
  return fail(where, "an entry apart from all others", "one that overlaps");
}

/**
 * Refuses an entry whose bytes are not stored as they are.
 *
 * @param archive The archive, as it is named in errors.
 * @throws LabError if it is packed.
 */
export function checkStored({ name, method }: ZipEntry, archive: string): void {
  if (method === 0) return;
  const hint = "save it again with torch.save, which does not compress";
  const where = `${archive}: ${shown(name)}`;
  fail(where, "a stored entry", `a compressed one (method ${method})`, hint);
}

/**
 * Where the bytes of a stored entry begin, by its local header, which must agree with the directory.
 *
 * @throws LabError if it does not, and if the entry is packed.
 */
export async function zipDataStart(source: ByteSource, entry: ZipEntry): Promise<number> {
  const where = `${source.where}: ${shown(entry.name)}`;
  checkStored(entry, source.where);
  const { header, size, name, crc, limit } = entry;
  const local = new Fields(await source.read(header, header + 30), where);
  if (local.u32(0) !== 0x04034b50) fail(where, "a local zip header", "something else");
  const [nameLength, extraLength] = [local.u16(26), local.u16(28)];
  const start = header + 30 + nameLength + extraLength;
  if (start + size > limit) overlaps(where);
  const text = new Fields(await source.read(header + 30, header + 30 + nameLength), where);
  const flags = local.u16(6);
  // With flag 3, as torch writes it, sizes and CRC follow the data; full sizes stand in an extra field.
  const sizesFollow = (flags & 8) !== 0;
  const agrees = (at: number) => local.u32(at) === size || local.u32(at) === 0xffffffff;
  if (
    text.text(0, nameLength) !== name ||
    (flags & 1) !== 0 ||
    local.u16(8) !== 0 ||
    !(sizesFollow || (local.u32(14) === crc && agrees(18) && agrees(22)))
  ) {
    fail(where, "a local header that agrees with the zip directory", "another");
  }
  return start;
}
