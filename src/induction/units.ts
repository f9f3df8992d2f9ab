import { type PairRows, rowCount } from "./pair-rows.js";

/** The rows of each unit together, however the pieces were cut: units of `sequences` rows each. */
export async function* byUnit(
  pieces: AsyncIterable<PairRows>,
  sequences: number,
): AsyncGenerator<PairRows> {
  let open: PairRows[] = [];
  let missing = sequences;
  for await (const piece of pieces) {
    let from = 0;
    while (from < rowCount(piece)) {
      const to = Math.min(from + missing, rowCount(piece));
      open.push(sliceRows(piece, from, to));
      missing -= to - from;
      from = to;
      if (missing > 0) continue;
      yield open.length === 1 ? (open[0] as PairRows) : joinRows(open);
      open = [];
      missing = sequences;
    }
  }
}

/** Rows `from` to `to` − 1. */
export function sliceRows(rows: PairRows, from: number, to: number): PairRows {
  return mapColumns(rows, (column, perRow) => column.subarray(from * perRow, to * perRow));
}

/** Rows of several pieces, one after the other. */
export function joinRows(pieces: readonly PairRows[]): PairRows {
  const [first] = pieces;
  if (first === undefined) throw new RangeError("joinRows: expected at least one piece, got none");
  return mapColumns(first, (column, _, name) => {
    const parts = pieces.map((piece) => piece[name] as typeof column);
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    const joined = new (column.constructor as { new (length: number): typeof column })(length);
    let at = 0;
    for (const part of parts) {
      joined.set(part as never, at);
      at += part.length;
    }
    return joined;
  });
}

type Column = Int32Array | Float64Array | Uint8Array;
type ColumnName = Exclude<keyof PairRows, "width">;

/** Columns that hold one value per row; the others hold `width`. */
const single = new Set<string>(["unit", "k", "a", "b", "controlAB"]);

function mapColumns(
  rows: PairRows,
  map: (column: Column, perRow: number, name: ColumnName) => Column,
): PairRows {
  const { width, ...columns } = rows;
  const mapped = Object.entries(columns).map(([name, column]) => {
    const perRow = single.has(name) ? 1 : width;
    return [name, map(column as Column, perRow, name as ColumnName)] as const;
  });
  return { width, ...Object.fromEntries(mapped) } as PairRows;
}
