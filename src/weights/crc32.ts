/**
 * CRC-32 of zip archives (ISO 3309, polynomial 0xEDB88320 reflected). Sixteen bytes at a time by
 * tables (Kounavis and Berry, "Novel Table Lookup-Based Algorithms for High-Performance CRC
 * Generation", 2008), since it runs over all weights of a model.
 */
const slices = 16;

const tables: Uint32Array = (() => {
  const made = new Uint32Array(slices * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    made[byte] = crc;
  }
  for (let i = 256; i < made.length; i++) {
    const before = made[i - 256] as number;
    made[i] = (before >>> 8) ^ (made[before & 0xff] as number);
  }
  return made;
})();

/**
 * The CRC of bytes, or of more bytes after those whose CRC is given.
 *
 * @param before CRC of what stood before; 0 at the start.
 */
export function crc32(bytes: Uint8Array, before = 0): number {
  const t = tables;
  let crc = ~before;
  let at = 0;
  for (const end = bytes.length - slices; at <= end; at += slices) {
    crc =
      t[3840 + (bytes[at]! ^ (crc & 0xff))]! ^
      t[3584 + (bytes[at + 1]! ^ ((crc >>> 8) & 0xff))]! ^
      t[3328 + (bytes[at + 2]! ^ ((crc >>> 16) & 0xff))]! ^
      t[3072 + (bytes[at + 3]! ^ (crc >>> 24))]! ^
      t[2816 + bytes[at + 4]!]! ^
      t[2560 + bytes[at + 5]!]! ^
      t[2304 + bytes[at + 6]!]! ^
      t[2048 + bytes[at + 7]!]! ^
      t[1792 + bytes[at + 8]!]! ^
      t[1536 + bytes[at + 9]!]! ^
      t[1280 + bytes[at + 10]!]! ^
      t[1024 + bytes[at + 11]!]! ^
      t[768 + bytes[at + 12]!]! ^
      t[512 + bytes[at + 13]!]! ^
      t[256 + bytes[at + 14]!]! ^
      t[bytes[at + 15]!]!;
  }
  for (; at < bytes.length; at++) crc = (crc >>> 8) ^ t[(crc ^ bytes[at]!) & 0xff]!;
  return ~crc >>> 0;
}
