import { csvText, type DataTable, foldedTable } from "./data-table.js";
import { dataUrl } from "./data-url.js";
import { svgFile } from "./figure-file.js";
import type { FigureSpec } from "./figure-list.js";
import type { FigureOptions } from "./figure.js";
import { html, type Html, type HtmlPart, trustedHtml } from "./html.js";
import { keepTogether } from "./numbers.js";
import type { ReportData } from "./report-data.js";
import { svgText } from "./svg-text.js";
import { paperTheme } from "./theme.js";

/** A link that saves a text as a file; no script is needed. */
function fileLink(name: string, url: string, words: HtmlPart, label: string): Html {
  return html`<a download="${name}" href="${url}" aria-label="${label}">${words}</a>`;
}

/** A link that saves a table as a CSV file. */
export function csvLink(name: string, data: DataTable, words: string, label = words): Html {
  return fileLink(`${name}.csv`, dataUrl("text/csv", csvText(data)), words, label);
}

/** A figure in a page: its drawing, how to read it, its files and the numbers behind it. */
export function figureBlock(
  spec: FigureSpec,
  number: number,
  data: ReportData,
  options: FigureOptions,
): Html {
  const { panels, legend } = spec.panels?.(options) ?? {
    panels: [spec.draw(options)],
    legend: null,
  };
  const table = spec.table();
  const svg = svgFile(spec.draw({ ...options, theme: paperTheme }), data);
  const place = (svg: SVGElement) => trustedHtml(svgText(svg));
  return html`<figure
    id="figure-${spec.name}"
    class="${spec.panels === undefined ? "one" : "many"}"
  >
    ${legend === null ? "" : html`<div class="legend">${place(legend)}</div> `}
    <div class="drawings">
      ${panels.map((panel) => html`<div class="drawing">${place(panel)}</div> `)}
    </div>
    <figcaption>
      <p><strong>Figure ${number}. ${spec.title}.</strong> ${keepTogether(spec.reading)}</p>
      <p class="files">
        Save as
        ${fileLink(`${spec.name}.svg`, dataUrl("image/svg+xml", svg), "SVG", `SVG of figure ${number}`)}
        or ${csvLink(spec.name, table, "CSV", `CSV of figure ${number}`)}
      </p>
      ${foldedTable(table)}
    </figcaption>
  </figure>`;
}
