import { answerSentences } from "./answer.js";
import { headsSection } from "./heads-section.js";
import { html, trustedHtml } from "./html.js";
import { keepTogether } from "./numbers.js";
import { pageStyle } from "./page-style.js";
import { protocolSection, provenanceFooter } from "./protocol-section.js";
import type { ReportData } from "./report-data.js";
import {
  blocksOf,
  neighboursSection,
  powersSection,
  scenariosSection,
  tablesSection,
} from "./sections.js";
import { pageTheme } from "./theme.js";

/** What {@link renderReport} needs besides the data. */
export interface ReportOptions {
  /** The document that makes the figures: the page's, or one of linkedom in Node. */
  readonly document: Document;
}

/** Nothing is fetched and no script runs, whoever wrote the tokens. */
const policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/**
 * The report of a run as one HTML file that opens offline: the answer first, then the scenarios,
 * the powers and their tables, the neighbours, the heads, the protocol and the provenance. The same data give the same bytes.
 */
export function renderReport(data: ReportData, options: ReportOptions): string {
  const figures = { document: options.document, theme: pageTheme };
  const { model, notes, powers, neighbours, heads } = data;
  const scenarios = data.scenarios ?? [];
  const withScenarios = scenarios.length > 0;
  const withPowers = powers !== undefined && powers.rows.length > 0;
  const note =
    notes.length === 0
      ? ""
      : html`<div class="note" role="note">
          <p>Read first</p>
          <ul>
            ${notes.map((text) => html`<li>${text}</li>`)}
          </ul>
        </div> `;
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="color-scheme" content="light dark" />
        <title>${data.title}</title>
        <style>
          ${trustedHtml(pageStyle())}
        </style>
      </head>
      <body>
        <header>
          <p class="kicker">
            ${model.name}${data.preset === undefined ? "" : `, preset ${data.preset}`}, seed
            ${data.seed}
          </p>
          <h1>${data.title}</h1>
          ${answerSentences(data).map(
            (sentence) => html`<p class="answer">${keepTogether(sentence)}</p> `,
          )}${note}
          <p class="muted text">
            ${heads === undefined ? "Nats throughout" : "Strengths and effects in nats, scores of heads from 0 to 1"};
            ± is one standard error; n counts pairs of an induction sequence and its
            control${heads === undefined ? "" : ", and for scores of heads sequences"}.
          </p>
        </header>
        <main>
          ${withScenarios ? scenariosSection(scenarios, data, figures) : ""}
          ${withPowers ? [powersSection(powers, data, figures), tablesSection(data, powers)] : ""}
          ${neighbours === undefined ? "" : neighboursSection(neighbours, data, figures)}
          ${heads === undefined ? "" : headsSection(heads, blocksOf("heads", data, figures))}
          ${protocolSection(data)}
        </main>
        ${provenanceFooter(data)}
      </body>
    </html> `;
  return page.markup;
}
