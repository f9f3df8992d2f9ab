import type { PowerRow, PowersSummary } from "../induction/summary.js";
import type { Cell, DataColumn, DataTable } from "./data-table.js";
import { rankTokens } from "./token-tables.js";

const columns: readonly DataColumn[] = [
  "token",
  "text",
  "a_power",
  "a_se",
  "a_n",
  "b_power",
  "b_se",
  "b_n",
].map((name) => ({ name, label: name }));

const cellsOf = ({ token, text, a, b }: PowerRow): Cell[] => [
  token,
  text,
  a.mean,
  a.se,
  a.n,
  b.mean,
  b.se,
  b.n,
];

/** The powers of all tokens: nats, standard errors, sequence pairs. */
export function powersTable({ rows }: PowersSummary): DataTable {
  return { caption: "Powers of all tokens, nats", columns, rows: rows.map(cellsOf) };
}

/**
 * The top and bottom lists: the values that selected the tokens, and where they were measured again
 * those of fresh sequences, in columns that begin with `fresh_`.
 */
export function extremesTable(
  powers: PowersSummary,
  remeasured: readonly PowerRow[] = [],
): DataTable {
  const fresh = new Map(remeasured.map((row) => [row.token, row]));
  const lists = (["a", "b"] as const).flatMap((role) => rankTokens(powers, role));
  const blank = ["", "", "", "", "", ""];
  const again = (token: number) => {
    const row = fresh.get(token);
    return row === undefined ? blank : cellsOf(row).slice(2);
  };
  return {
    caption: "Tokens at both ends",
    columns: [
      { name: "list", label: "list" },
      ...columns,
      ...(fresh.size === 0
        ? []
        : columns.slice(2).map(({ name }) => ({ name: `fresh_${name}`, label: `fresh_${name}` }))),
    ],
    rows: lists.flatMap((list) =>
      list.rows.map((row) => [
        list.title,
        ...cellsOf(row),
        ...(fresh.size === 0 ? [] : again(row.token)),
      ]),
    ),
  };
}
