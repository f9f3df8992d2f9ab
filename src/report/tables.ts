import { html, type Html, type HtmlPart } from "./html.js";

/** A column of a table: its heading and whether it holds numbers. */
export interface Column {
  readonly label: string;
  readonly numeric?: boolean;
}

/**
 * A table with a caption and scopes, in a box of its own that scrolls when it is too wide. The first
 * column heads its row.
 */
export function table(
  caption: HtmlPart,
  columns: readonly Column[],
  rows: readonly (readonly HtmlPart[])[],
  label: string,
): Html {
  const kind = (i: number) => (columns[i]?.numeric === true ? "num" : "txt");
  return html`<div class="scroll" role="region" aria-label="${label}" tabindex="0">
    <table>
      <caption>
        <span>${caption}</span>
      </caption>
      <thead>
        <tr>
          ${columns.map((column, i) => html`<th scope="col" class="${kind(i)}">${column.label}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (cells) =>
            html`<tr>
              ${cells.map((cell, i) =>
                i === 0
                  ? html`<th scope="row" class="${kind(i)}">${cell}</th>`
                  : html`<td class="${kind(i)}">${cell}</td>`,
              )}
            </tr> `,
        )}
      </tbody>
    </table>
  </div>`;
}

/** A token in the type of code, isolated from the direction of the text around it. */
export function tokenHtml(display: string): Html {
  return html`<code class="token"><bdi>${display}</bdi></code>`;
}
