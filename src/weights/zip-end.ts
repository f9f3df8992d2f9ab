import type { ByteSource } from "./byte-source.js";
import { fail, Fields } from "./zip-fields.js";

/** Where the directory of a zip archive lies. */
export interface ZipDirectoryPlace {
  readonly entries: number;
  readonly size: number;
  readonly offset: number;
  /** Offset of the record that describes the directory: the directory ends before. */
  readonly limit: number;
}

/**
 * Finds the central directory by the record at the end of the archive and its 64-bit form.
 *
 * @throws LabError if there is none, or if the two records disagree.
 */
export async function findZipDirectory(source: ByteSource): Promise<ZipDirectoryPlace> {
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
