import type { Estimate, PowerRow } from "../induction/index.js";
import { type Column, writeParquet } from "./parquet-write.js";

/** The schema of the table of powers: see docs/files.md. */
export const powersSchema = "induction-lab/powers/1";

/**
 * The powers of tokens as the bytes of `tables/powers.parquet`: one row per token, in order. Standard
 * errors that cannot be known are null.
 */
export function powersTable(rows: readonly PowerRow[]): Uint8Array {
  const numbers = (name: string, value: (row: PowerRow) => number | null): Column => ({
    name,
    type: "float64",
    values: rows.map(value),
    nullable: true,
  });
  const role = (of: "a" | "b"): Column[] => [
    numbers(`${of}_power`, (row) => row[of].mean),
    numbers(`${of}_se`, (row) => row[of].se),
    { name: `${of}_n`, type: "int32", values: rows.map((row) => row[of].n) },
  ];
  const plain = (of: "a" | "b", value: (estimate: Estimate) => number | null) => {
    return (row: PowerRow) => (row.plain === undefined ? null : value(row.plain[of]));
  };
  const crossed = rows.some((row) => row.plain !== undefined);
  return writeParquet(
    [
      { name: "token", type: "int32", values: rows.map((row) => row.token) },
      { name: "text", type: "string", values: rows.map((row) => row.text), nullable: true },
      ...role("a"),
      ...role("b"),
      ...(crossed
        ? (["a", "b"] as const).flatMap((of) => [
            numbers(
              `${of}_power_plain`,
              plain(of, ({ mean }) => mean),
            ),
            numbers(
              `${of}_se_plain`,
              plain(of, ({ se }) => se),
            ),
          ])
        : []),
    ],
    { schema: powersSchema },
  );
}
