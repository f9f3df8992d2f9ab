import { parquetWriteBuffer } from "hyparquet-writer";
import type { SchemaElement } from "hyparquet";
import { version } from "../version.js";

/** What a column holds. `boolean` is given as 0 and 1; `float32` must be exact in 32 bits. */
export type ColumnType = "int32" | "boolean" | "float32" | "float64" | "string";

/** One column of a table. */
export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  /** One value per row, or `width` of them, row by row. */
  readonly values: ArrayLike<number | string | null>;
  /** Makes it a LIST column whose lists all have this length. */
  readonly width?: number;
  /** Whether values may be `null`. */
  readonly nullable?: boolean;
}

const physicalTypes = {
  int32: "INT32",
  boolean: "BOOLEAN",
  float32: "FLOAT",
  float64: "DOUBLE",
  string: "BYTE_ARRAY",
} as const;

/**
 * A table as the bytes of a Parquet file: one row group, not compressed (numbers of this kind shrink by
 * a few percent). Lists have the three levels of the Parquet standard, so that DuckDB, pyarrow and
 * pandas read LIST columns. The same table gives the same bytes.
 *
 * @throws RangeError for a `float32` value that 32 bits cannot hold.
 */
export function writeParquet(
  columns: readonly Column[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const [first] = columns;
  const rows = first === undefined ? 0 : first.values.length / (first.width ?? 1);
  const buffer = parquetWriteBuffer({
    schema: [{ name: "root", num_children: columns.length }, ...columns.flatMap(schemaOf)],
    columnData: columns.map((column) => ({
      name: column.name,
      data: dataOf(column),
      statistics: column.width === undefined,
      // Measured numbers hardly repeat: looking for a dictionary of them is in vain.
      ...(column.type.startsWith("float") && { encoding: "PLAIN" as const }),
    })),
    codec: "UNCOMPRESSED",
    rowGroupSize: Math.max(1, rows),
    kvMetadata: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    createdBy: `induction-lab version ${version}`,
  });
  return new Uint8Array(buffer);
}

function schemaOf({ name, type, width, nullable = false }: Column): SchemaElement[] {
  const leaf: SchemaElement = {
    name,
    type: physicalTypes[type],
    repetition_type: nullable ? "OPTIONAL" : "REQUIRED",
    ...(type === "string" && { converted_type: "UTF8", logical_type: { type: "STRING" } }),
  };
  if (width === undefined) return [leaf];
  return [
    {
      name,
      num_children: 1,
      repetition_type: "REQUIRED",
      converted_type: "LIST",
      logical_type: { type: "LIST" },
    },
    { name: "list", num_children: 1, repetition_type: "REPEATED" },
    { ...leaf, name: "element" },
  ];
}

function dataOf({ name, type, values, width }: Column): unknown[] {
  const plain: unknown[] = Array.from(values);
  if (type === "boolean") return plain.map((value) => value === 1);
  if (type === "float32") {
    const wide = plain.find(
      (value) => value !== null && !Object.is(Math.fround(value as number), value),
    );
    if (wide !== undefined) {
      throw new RangeError(`column ${name}: expected 32-bit numbers, got ${String(wide)}`);
    }
  }
  if (width === undefined) return plain;
  return Array.from({ length: plain.length / width }, (_, row) =>
    plain.slice(row * width, (row + 1) * width),
  );
}
