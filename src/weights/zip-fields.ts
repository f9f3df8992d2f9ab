import { LabError } from "../errors.js";

/** The way out of most damage. */
export const damaged = "the file is damaged or was not downloaded whole: fetch it again";

/** Refuses an archive. @throws LabError that says where, what was expected and what was got. */
export function fail(where: string, expected: string, got: string, hint = damaged): never {
  throw new LabError(`${where}: expected ${expected}, got ${got}`, { hint });
}

/** Reads little-endian numbers of a record, checked against its length. */
export class Fields {
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
