/** One file that is read piece by piece: a file on disk, or bytes in memory. */
export interface ByteSource {
  /** The file, as it is named in errors. */
  readonly where: string;
  /** Its length in bytes. */
  readonly size: number;

  /**
   * The bytes `begin … end − 1`, in a buffer of their own that the caller may change.
   *
   * @throws LabError if they do not lie in the file, or if the file cannot be read.
   */
  read(begin: number, end: number): Promise<Uint8Array<ArrayBuffer>>;

  /** SHA-256 of the whole file, in hexadecimal digits. */
  sha256(): Promise<string>;

  /** Lets the file go; nothing can be read afterwards. */
  close(): Promise<void>;
}

/** A source of bytes that are in memory already. */
export function memorySource(bytes: Uint8Array, where: string): ByteSource {
  return {
    where,
    size: bytes.length,
    read(begin, end) {
      if (!(0 <= begin && begin <= end && end <= bytes.length)) {
        const wanted = `bytes ${begin} to ${end} of ${bytes.length}`;
        return Promise.reject(new RangeError(`${where}: no ${wanted}`));
      }
      return Promise.resolve(new Uint8Array(bytes.subarray(begin, end)));
    },
    async sha256() {
      const digest = await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>);
      return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    },
    close: () => Promise.resolve(),
  };
}

/** Pieces in which a whole file is gone through: large enough to be fast, small enough not to count. */
const pieceBytes = 2 ** 22;

/** A file's bytes in order, in pieces, for what looks at all of them: checksums, hashes, copies. */
export async function* piecesOf(
  source: ByteSource,
  begin = 0,
  end = source.size,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for (let at = begin; at < end; at += pieceBytes) {
    yield await source.read(at, Math.min(at + pieceBytes, end));
  }
}
