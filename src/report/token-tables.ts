import type { PowerRow, PowersSummary } from "../induction/summary.js";
import { html, type Html, type HtmlPart } from "./html.js";
import { formatCount, formatEstimate } from "./numbers.js";
import { powerName } from "./power-names.js";
import { table, tokenHtml } from "./tables.js";
import { displayToken } from "./token-text.js";

/** Which power a list is about. */
export type Role = "a" | "b";

/** Powers to be ranked, and what their names depend on. */
export type RankedPowers = Pick<PowersSummary, "rows" | "partners">;

/** Rows of a list: the strongest first, or the weakest first. */
export interface RankedRows {
  readonly title: string;
  readonly rows: readonly PowerRow[];
}

/**
 * The strongest and the weakest `count` tokens by power, ties by id. Where both lists would share
 * tokens there is one list of all.
 */
export function rankTokens(
  { rows, partners }: RankedPowers,
  role: Role,
  count = 10,
): readonly RankedRows[] {
  const name = powerName({ partners }, role);
  const known = rows.filter((row) => Number.isFinite(row[role].mean));
  const falling = known.toSorted((p, q) => q[role].mean - p[role].mean || p.token - q.token);
  if (falling.length === 0) return [];
  if (falling.length < 2 * count) return [{ title: `All tokens by ${name}`, rows: falling }];
  return [
    { title: `Strongest ${count} by ${name}`, rows: falling.slice(0, count) },
    { title: `Weakest ${count} by ${name}`, rows: falling.slice(-count).reverse() },
  ];
}

/** Top and bottom lists of one role as tables; with fresh measurements both values stand side by side. */
export function tokenTables(
  powers: RankedPowers,
  role: Role,
  remeasured: readonly PowerRow[] = [],
): readonly Html[] {
  const fresh = new Map(remeasured.map((row) => [row.token, row[role]]));
  const power = `${powerName(powers, role)} (nats)`;
  const columns = [
    { label: "token" },
    { label: "id", numeric: true },
    { label: `${power} ± SE`, numeric: true },
    { label: "n", numeric: true },
    ...(fresh.size === 0
      ? []
      : [
          { label: "fresh sequences ± SE", numeric: true },
          { label: "n", numeric: true },
        ]),
  ];
  return rankTokens(powers, role).map((list) => {
    const cells = list.rows.map((row): HtmlPart[] => {
      const again = fresh.get(row.token);
      return [
        tokenHtml(displayToken(row.text, row.token)),
        row.token,
        formatEstimate(row[role]),
        formatCount(row[role].n),
        ...(fresh.size === 0
          ? []
          : again === undefined
            ? ["not measured", "0"]
            : [formatEstimate(again), formatCount(again.n)]),
      ];
    });
    return html`${table(list.title, columns, cells, list.title)}`;
  });
}
