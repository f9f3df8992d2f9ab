import { crc32 as zlibCrc32, deflateRawSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { LabError } from "../../src/errors.js";
import { memorySource } from "../../src/weights/byte-source.js";
import { crc32 } from "../../src/weights/crc32.js";
import { readZipDirectory, zipDataStart } from "../../src/weights/zip.js";
import { zipFile } from "../../bench/torch-file.mjs";

const ascii = (text: string) => new TextEncoder().encode(text);
const two = () =>
  zipFile([
    ["m/one", ascii("first entry")],
    ["m/two", ascii("second")],
  ]);

/** Offset of the n-th record that begins with a signature. */
function offsetOf(bytes: Uint8Array, signature: number, n = 0): number {
  const view = new DataView(bytes.buffer);
  for (let at = 0; at + 4 <= bytes.length; at++) {
    if (view.getUint32(at, true) === signature && n-- === 0) return at;
  }
  throw new Error(`no record ${signature.toString(16)}`);
}

const localHeader = 0x04034b50;
const directoryEntry = 0x02014b50;
const endRecord = 0x06054b50;

/** An archive with a field of one of its records changed. */
function changed(
  [signature, n, offset, width]: readonly [number, number, number, 2 | 4],
  value: number,
  bytes: Uint8Array = two(),
): Uint8Array {
  const view = new DataView(bytes.buffer);
  const at = offsetOf(bytes, signature, n) + offset;
  if (width === 2) view.setUint16(at, value, true);
  else view.setUint32(at, value, true);
  return bytes;
}

/** Reads the directory and every entry's place. */
async function readAll(bytes: Uint8Array): Promise<Map<string, string>> {
  const source = memorySource(bytes, "f");
  const texts = new Map<string, string>();
  for (const entry of (await readZipDirectory(source)).values()) {
    const start = await zipDataStart(source, entry);
    texts.set(entry.name, new TextDecoder().decode(await source.read(start, start + entry.size)));
  }
  return texts;
}

async function refusal(bytes: Uint8Array): Promise<LabError> {
  const error: unknown = await readAll(bytes).then(
    () => new Error("the archive was read"),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof LabError)) throw error;
  expect(error.message).toMatch(/^f(: "[^"]*")?: expected [^\n]+, got [^\n]+$/);
  expect(error.hint).toBeTypeOf("string");
  return error;
}

/** The archive with a zip64 end record and its locator, as torch writes them. */
function zip64(change: Partial<Record<"entries" | "size" | "offset" | "record", bigint>> = {}) {
  const bytes = two();
  const end = offsetOf(bytes, endRecord);
  const short = new DataView(bytes.buffer, end);
  const record = new DataView(new ArrayBuffer(56 + 20));
  record.setUint32(0, 0x06064b50, true);
  record.setBigUint64(4, 44n, true);
  const entries = change.entries ?? BigInt(short.getUint16(10, true));
  record.setBigUint64(24, entries, true);
  record.setBigUint64(32, entries, true);
  record.setBigUint64(40, change.size ?? BigInt(short.getUint32(12, true)), true);
  record.setBigUint64(48, change.offset ?? BigInt(short.getUint32(16, true)), true);
  record.setUint32(56, 0x07064b50, true);
  record.setBigUint64(56 + 8, change.record ?? BigInt(end), true);
  record.setUint32(56 + 16, 1, true);
  const out = new Uint8Array(bytes.length + 76);
  out.set(bytes.subarray(0, end));
  out.set(new Uint8Array(record.buffer), end);
  out.set(bytes.subarray(end), end + 76);
  return out;
}

/** Fills the short end record, so that only the zip64 one counts. */
function full(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, offsetOf(bytes, endRecord));
  view.setUint16(8, 0xffff, true);
  view.setUint16(10, 0xffff, true);
  view.setUint32(12, 0xffffffff, true);
  view.setUint32(16, 0xffffffff, true);
  return bytes;
}

describe("CRC-32", () => {
  it("has the check value of its definition", () => {
    expect(crc32(ascii("123456789"))).toBe(0xcbf43926);
    expect(crc32(new Uint8Array(0))).toBe(0);
  });

  it("agrees with zlib for every length around its table steps, whole and in two parts", () => {
    const bytes = Uint8Array.from({ length: 100 }, (_, i) => (i * 167 + 91) % 256);
    for (let length = 0; length <= bytes.length; length++) {
      const part = bytes.subarray(0, length);
      expect(crc32(part)).toBe(zlibCrc32(part));
      const cut = Math.floor(length / 3);
      expect(crc32(part.subarray(cut), crc32(part.subarray(0, cut)))).toBe(zlibCrc32(part));
    }
  });
});

describe("zip archives", () => {
  const wanted = new Map([
    ["m/one", "first entry"],
    ["m/two", "second"],
  ]);

  it("give their entries in order", async () => {
    expect(await readAll(two())).toEqual(wanted);
  });

  it("may end with a comment", async () => {
    const bytes = changed([endRecord, 0, 20, 2], 5);
    const out = new Uint8Array(bytes.length + 5);
    out.set(bytes);
    expect(await readAll(out)).toEqual(wanted);
  });

  it("may be described by a zip64 record, beside the short one or instead of it", async () => {
    expect(await readAll(zip64())).toEqual(wanted);
    expect(await readAll(full(zip64()))).toEqual(wanted);
  });

  it("may state sizes after the data, as torch does", async () => {
    const bytes = changed([localHeader, 0, 6, 2], 8);
    for (const offset of [14, 18, 22]) changed([localHeader, 0, offset, 4], 0, bytes);
    expect(await readAll(bytes)).toEqual(wanted);
  });
});

describe("zip archives that lie", () => {
  it.each([
    ["a compressed entry", changed([directoryEntry, 0, 10, 2], 8), "a compressed one (method 8)"],
    ["an encrypted entry", changed([directoryEntry, 1, 8, 2], 1), "an encrypted one"],
    [
      "an entry that claims to unpack",
      changed([directoryEntry, 0, 24, 4], 2 ** 31),
      "11 bytes as they are stored",
    ],
    ["a local header with another size", changed([localHeader, 0, 18, 4], 3), "agrees with"],
    ["a local header with another CRC", changed([localHeader, 1, 14, 4], 3), "agrees with"],
    ["a local header with another method", changed([localHeader, 0, 8, 2], 8), "agrees with"],
    ["a local header with another name", changed([localHeader, 0, 30, 2], 0x6161), "agrees with"],
    ["no local header", changed([directoryEntry, 0, 42, 4], 1), "a local zip header"],
    ["data that begin inside the next entry", changed([localHeader, 0, 28, 2], 90), "overlaps"],
    ["two entries at one place", changed([directoryEntry, 1, 42, 4], 0), "overlaps"],
    ["an entry behind the directory", changed([directoryEntry, 1, 42, 4], 9999), "data before"],
    [
      "fewer entries than the directory holds",
      changed([endRecord, 0, 10, 2], 1),
      "a zip directory",
    ],
    ["more entries than the directory holds", changed([endRecord, 0, 10, 2], 3), "zip record"],
    ["a directory outside of the file", changed([endRecord, 0, 16, 4], 2 ** 31), "end record"],
    ["a directory of another size", changed([endRecord, 0, 12, 4], 2 ** 31), "of a model"],
    ["a second volume", changed([endRecord, 0, 4, 2], 1), "a part of one"],
    ["a zip64 directory that is missing", full(two()), "the locator of a zip64 directory"],
    ["a zip64 record outside of the file", zip64({ record: 2n ** 40n }), "inside the file"],
    ["a zip64 record elsewhere", zip64({ record: 3n }), "a zip64 record"],
    ["sizes beyond 2^53", full(zip64({ size: 2n ** 60n })), "sizes of a file"],
    ["sizes at 2^64 − 1", full(zip64({ offset: 2n ** 64n - 1n })), "sizes of a file"],
    ["countless entries", full(zip64({ entries: 2n ** 50n })), "1125899906842624 entries"],
    ["two ends that disagree", zip64({ entries: 1n }), "the same entries in both ends"],
  ])("%s", async (_, bytes, message) => {
    expect((await refusal(bytes)).message).toContain(message);
  });

  it("an entry that stands twice", async () => {
    const bytes = zipFile([
      ["m/one", ascii("a")],
      ["m/one", ascii("b")],
    ]);
    expect((await refusal(bytes)).message).toContain('"m/one" twice');
  });

  it("a bomb: little data that claims to be 4 GB", async () => {
    const packed = deflateRawSync(new Uint8Array(100_000));
    const bytes = zipFile([["m/one", packed]]);
    changed([directoryEntry, 0, 24, 4], 0xfffffffe, bytes);
    changed([directoryEntry, 0, 10, 2], 8, bytes);
    const error = await refusal(bytes);
    expect(error.message).toContain("compressed");
    expect(error.hint).toBe("save it again with torch.save, which does not compress");
  });

  it("names with control characters are shown short and without them", async () => {
    const name = `m/\u001b[31m${"x".repeat(1000)}`;
    const { message } = await refusal(
      changed([directoryEntry, 0, 10, 2], 8, zipFile([[name, ascii("a")]])),
    );
    expect(message).not.toMatch(/\p{C}/u);
    expect(message.length).toBeLessThan(200);
  });

  it("names that are no UTF-8", async () => {
    const bytes = changed([directoryEntry, 0, 46, 2], 0xffff);
    expect((await refusal(bytes)).message).toContain("names in UTF-8");
  });

  it("every shorter file", async () => {
    const bytes = zip64();
    for (let length = 0; length < bytes.length; length++) await refusal(bytes.slice(0, length));
  });
});
