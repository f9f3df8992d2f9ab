/**
 * The bytes behind the characters of a byte-level vocabulary. Printable Latin-1 stands for itself,
 * every other byte, in order, for U+0100 and up (`bytes_to_unicode` of GPT-2's encoder).
 */
export const byteOf: ReadonlyMap<string, number> = (() => {
  const map = new Map<string, number>();
  let moved = 0;
  for (let byte = 0; byte < 256; byte++) {
    const printable = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
    map.set(String.fromCharCode(printable ? byte : 0x100 + moved++), byte);
  }
  return map;
})();

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return utf8.decode(bytes);
  } catch {
    return null;
  }
}

/** Text of bytes, each byte that is part of no whole character escaped. */
function readable(bytes: Uint8Array): string {
  const whole = decodeUtf8(bytes);
  if (whole !== null) return whole;
  let text = "";
  for (let i = 0; i < bytes.length;) {
    const lengths = [1, 2, 3, 4].filter((length) => i + length <= bytes.length);
    const length = lengths.find((n) => decodeUtf8(bytes.subarray(i, i + n)) !== null);
    text +=
      length === undefined
        ? `\\x${bytes[i]!.toString(16).padStart(2, "0")}`
        : utf8.decode(bytes.subarray(i, i + length));
    i += length ?? 1;
  }
  return text;
}

/** Text of a vocabulary entry; an entry that is not byte-level is its own text. */
export function textOfEntry(entry: string): string {
  const bytes = Array.from(entry, (character) => byteOf.get(character));
  const known = bytes.filter((byte) => byte !== undefined);
  return known.length === bytes.length ? readable(Uint8Array.from(known)) : entry;
}
