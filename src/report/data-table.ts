import { csvFormatRows } from "d3-dsv";

import { html, type Html, trustedHtml, escapeHtml } from "./html.js";
import { tooSmall } from "./numbers.js";
import { csvToken } from "./token-text.js";

/** What a cell holds; `null` where the number cannot be known. */
export type Cell = string | number | null;

/** A column of the numbers behind a figure. */
export interface DataColumn {
  /** Its name in the CSV file: small letters, digits and `_`. */
  readonly name: string;
  /** Its heading on the page, with the unit. */
  readonly label: string;
  /** How the page shows a text, or none; texts stand as they are in the CSV file. */
  readonly show?: (text: string | null) => string;
}

/** The numbers behind a figure: what was drawn, nothing more and nothing less. */
export interface DataTable {
  readonly caption: string;
  readonly columns: readonly DataColumn[];
  readonly rows: readonly (readonly Cell[])[];
}

/**
 * A number as a CSV file holds it: seven significant digits, which is what float32 has and more than
 * any measurement here; `inf` and `-inf` for the open ends of axes, as pandas and DuckDB read them.
 */
function csvNumber(value: number): string {
  if (Number.isNaN(value)) return "";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  return String(Number(value.toPrecision(7)) + 0);
}

/**
 * A table as CSV (RFC 4180) with a header and `\n` between lines. What cannot be known is empty. Texts
 * are those of the tokenizer but for control characters, see {@link csvToken}; readers that take `NA` or
 * `null` for missing values must be told not to.
 */
export function csvText({ columns, rows }: DataTable): string {
  const lines = rows.map((cells) =>
    cells.map((cell) => (typeof cell === "number" ? csvNumber(cell) : csvToken(cell ?? ""))),
  );
  return `${csvFormatRows([columns.map(({ name }) => name), ...lines])}\n`;
}

/** A cell as the page shows it: the digits of the CSV file, with a true minus sign. */
function shown(cell: Cell, column: DataColumn | undefined): string {
  if (typeof cell !== "number") return column?.show?.(cell) ?? cell ?? tooSmall;
  if (Number.isNaN(cell)) return tooSmall;
  return csvNumber(cell).replace("-", "−").replace("inf", "∞");
}

/** The numbers behind a figure as a table that is folded away until it is asked for. */
export function foldedTable(data: DataTable): Html {
  // Thousands of cells: no classes and no white space, or the page grows by half.
  const row = (cells: readonly Cell[]) =>
    cells
      .map((cell, i) => {
        const text = escapeHtml(shown(cell, data.columns[i]));
        return i === 0 ? `<tr><th scope="row">${text}</th>` : `<td>${text}</td>`;
      })
      .join("");
  const body = data.rows.map((cells) => `${row(cells)}</tr>`).join("\n");
  return html`<details>
    <summary>The same figure as a table</summary>
    <div class="scroll data" role="region" aria-label="${data.caption}" tabindex="0">
      <table>
        <caption>
          <span>${data.caption}</span>
        </caption>
        <thead>
          <tr>
            ${data.columns.map(({ label }) => html`<th scope="col">${label}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${trustedHtml(body)}
        </tbody>
      </table>
    </div>
  </details>`;
}
