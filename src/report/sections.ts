import type { PowersSummary, ScenarioSummary } from "../induction/summary.js";
import { beforeAfterPanel, beforeAfterScale, countLegendFigure } from "./before-after.js";
import {
  readBeforeAfter,
  readPowersHistogram,
  readPowersScatter,
  readStrengths,
} from "./captions.js";
import { figureBlock } from "./figure-block.js";
import type { FigureOptions } from "./figure.js";
import { powersTable, strengthsTable } from "./histogram-tables.js";
import { html, type Html, trustedHtml } from "./html.js";
import { powersHistogram } from "./powers-histogram.js";
import { powersScatter } from "./powers-scatter.js";
import { strengthsFigure } from "./strengths.js";
import { scenarioTable, spreadTable } from "./summary-tables.js";
import { svgText } from "./svg-text.js";
import { tokenTables } from "./token-tables.js";
import type { ReportData } from "./report-data.js";

/** The section of scenarios; `first` is the number of its first figure. */
export function scenariosSection(
  scenarios: readonly ScenarioSummary[],
  first: number,
  options: FigureOptions,
): Html {
  const scale = beforeAfterScale(scenarios);
  const panels = scenarios.map((summary) => beforeAfterPanel(summary, { ...options, scale }));
  const legend = countLegendFigure(scale, "sequence pairs per cell", options);
  return html`<section id="scenarios">
    <h2>Scenarios</h2>
    <p class="text">
      The induction strength is the log-odds of B after a sequence that holds A B and ends in A,
      minus the log-odds after its control, in which that order is broken (see Protocol).
    </p>
    ${scenarioTable(scenarios)}
    ${figureBlock(first, "Induction strengths", [strengthsFigure(scenarios, options)], readStrengths(scenarios), strengthsTable(scenarios))}
    <div class="panels">
      <div class="legend">${trustedHtml(svgText(legend))}</div>
      ${figureBlock(first + 1, "Before and after", panels, readBeforeAfter(scenarios))}
    </div>
  </section>`;
}

/** The section of powers: two figures and the table of spreads. */
export function powersSection(powers: PowersSummary, first: number, options: FigureOptions): Html {
  return html`<section id="powers">
    <h2>Powers</h2>
    <p class="text">
      The A power of a token is the mean strength with that token as A and B drawn at random; its B
      power is the mean strength with it as B and A drawn at random.
    </p>
    ${spreadTable(powers)}
    <div class="pair">
      ${figureBlock(first, "Distribution of powers", [powersHistogram(powers, options)], readPowersHistogram(powers), powersTable(powers))}
      ${figureBlock(first + 1, "A power and B power", [powersScatter(powers, options)], readPowersScatter(powers))}
    </div>
  </section>`;
}

/** The section of top and bottom lists. */
export function tablesSection(data: ReportData, powers: PowersSummary): Html {
  const fresh = data.remeasured ?? [];
  const selection =
    fresh.length > 0
      ? "The first value is the one that selected the token, and leans outwards for that reason; the second comes from fresh sequences and is the one to quote."
      : "The values come from the same sequences that selected the tokens, so they lean outwards a little: the extremes of many noisy estimates are partly noise.";
  return html`<section id="tables">
    <h2>Tables</h2>
    <p class="text">
      Tokens at both ends, by A power and by B power. ${selection} A space is shown as ·, other
      invisible characters as escapes.
    </p>
    <div class="tables">
      ${tokenTables(powers.rows, "a", fresh)} ${tokenTables(powers.rows, "b", fresh)}
    </div>
  </section>`;
}
