import { type FileMetaData, parquetMetadata, parquetRead } from "hyparquet";

/** A Parquet file's columns by name; a LIST column's rows are arrays. */
export interface ReadTable {
  readonly rows: number;
  readonly metadata: Readonly<Record<string, string>>;
  readonly columns: ReadonlyMap<string, ArrayLike<unknown>>;
}

/**
 * Reads the columns of a Parquet file that is in memory.
 *
 * @throws an error of the reader's for bytes that are no Parquet file.
 */
export async function readParquet(bytes: Uint8Array): Promise<ReadTable> {
  const file = bufferOf(bytes);
  const metadata = parquetMetadata(file);
  const columns = new Map<string, ArrayLike<unknown>>();
  await parquetRead({
    file,
    metadata,
    onChunk({ columnName, columnData }) {
      const before = columns.get(columnName);
      columns.set(columnName, before === undefined ? columnData : joined(before, columnData));
    },
  });
  return { rows: Number(metadata.num_rows), metadata: keysAndValues(metadata), columns };
}

/**
 * The key-value metadata of a Parquet file that is in memory, without reading its columns.
 *
 * @throws an error of the reader's for bytes that are no Parquet file.
 */
export function readParquetMetadata(bytes: Uint8Array): Readonly<Record<string, string>> {
  return keysAndValues(parquetMetadata(bufferOf(bytes)));
}

function keysAndValues({ key_value_metadata: pairs = [] }: FileMetaData): Record<string, string> {
  return Object.fromEntries(pairs.map(({ key, value }) => [key, value ?? ""]));
}

/** Two pieces of a column in one; numbers stay numbers. */
function joined(first: ArrayLike<unknown>, second: ArrayLike<unknown>): ArrayLike<unknown> {
  for (const Numbers of [Int32Array, Float32Array, Float64Array]) {
    if (first instanceof Numbers && second instanceof Numbers) {
      const both = new Numbers(first.length + second.length);
      both.set(first);
      both.set(second, first.length);
      return both;
    }
  }
  return [...Array.from(first), ...Array.from(second)];
}

/** The bytes as a buffer of their own: a small file may lie in a pool with others. */
function bufferOf(bytes: Uint8Array): ArrayBuffer {
  return bytes.slice().buffer;
}
