import { LabError } from "../errors.js";

/** The bytes of a pickle, read from the front; nothing is read beyond their end. */
export class PickleBytes {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #where: string;
  #at = 0;

  constructor(bytes: Uint8Array, where: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#where = where;
  }

  /** Refuses the pickle. @throws LabError that says where, what was expected and what was got. */
  fail(expected: string, got: string): never {
    throw new LabError(`${this.#where}: expected ${expected}, got ${got}`, {
      hint: "the file is damaged, or no checkpoint of torch.save: fetch it again",
    });
  }

  #take(length: number): number {
    const start = this.#at;
    if (!(length >= 0 && start + length <= this.#bytes.length)) {
      this.fail("a whole pickle", "its end");
    }
    this.#at = start + length;
    return start;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  i32(): number {
    return this.#view.getInt32(this.#take(4), true);
  }

  /** Big-endian, as pickles have it. */
  f64(): number {
    return this.#view.getFloat64(this.#take(8));
  }

  /** A length that must fit the pickle. */
  u64(): number {
    const value = this.#view.getBigUint64(this.#take(8), true);
    if (value <= BigInt(this.#bytes.length)) return Number(value);
    return this.fail("a whole pickle", "its end");
  }

  /** A view of so many bytes. */
  bytes(length: number): Uint8Array {
    const start = this.#take(length);
    return this.#bytes.subarray(start, start + length);
  }

  text(length: number): string {
    const bytes = this.bytes(length);
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      return this.fail("text in UTF-8", "something else");
    }
  }

  /** Text up to a line's end, which is left out. */
  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    if (end < 0) this.fail("a whole pickle", "its end");
    const found = this.text(end - this.#at);
    this.#at++;
    return found;
  }

  /** A signed little-endian number of so many bytes; a bigint where a double would round it. */
  long(length: number): number | bigint {
    if (length > 8) this.fail("a number of at most 64 bits", `one of ${8 * length}`);
    let value = 0n;
    const digits = this.bytes(length);
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(digits[i] as number);
    if (length > 0 && (digits[length - 1] as number) >= 0x80) value -= 1n << BigInt(8 * length);
    return value >= -(2n ** 53n) && value <= 2n ** 53n ? Number(value) : value;
  }
}
