import type { ByteSource } from "./byte-source.js";
import { shown } from "./shown.js";
import { findZipDirectory } from "./zip-end.js";
import { fail, Fields } from "./zip-fields.js";

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
  const place = await findZipDirectory(source);
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
