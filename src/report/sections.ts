import type { NeighboursSummary, PowersSummary, ScenarioSummary } from "../induction/summary.js";
import { classBlock } from "./class-table.js";
import { controlAudit } from "./control-audit.js";
import { csvLink, figureBlock } from "./figure-block.js";
import { type FigureSpec, figureSpecs } from "./figure-list.js";
import type { FigureOptions } from "./figure.js";
import { html, type Html } from "./html.js";
import { halfWayTable } from "./neighbour-tables.js";
import { formatCount, keepTogether } from "./numbers.js";
import { partnersNote, powerName } from "./power-names.js";
import { extremesTable, powersTable } from "./powers-table.js";
import type { ReportData } from "./report-data.js";
import { scenarioTable, spreadTable } from "./summary-tables.js";
import { tokenTables } from "./token-tables.js";

/** The figures of a section, numbered through the whole report. */
export function blocksOf(
  section: FigureSpec["section"],
  data: ReportData,
  options: FigureOptions,
): readonly Html[] {
  return figureSpecs(data).flatMap((spec, i) =>
    spec.section === section ? [figureBlock(spec, i + 1, data, options)] : [],
  );
}

/** The section of scenarios. */
export function scenariosSection(
  scenarios: readonly ScenarioSummary[],
  data: ReportData,
  options: FigureOptions,
): Html {
  return html`<section id="scenarios">
    <h2>Scenarios</h2>
    <p class="text">
      The induction strength is the log-odds of B after a sequence that holds A B and ends in A,
      minus the log-odds after its control, in which that order is broken (see Protocol).
    </p>
    ${scenarioTable(scenarios)}
    <p class="text">${keepTogether(controlAudit(scenarios, data.shuffled))}</p>
    ${blocksOf("scenarios", data, options)}
  </section>`;
}

/** The section of powers: spreads, classes and their figures. */
export function powersSection(
  powers: PowersSummary,
  data: ReportData,
  options: FigureOptions,
): Html {
  const [histogram, scatter, ...more] = blocksOf("powers", data, options);
  const adjusted =
    powers.design === "post"
      ? ""
      : " Each sequence counts for its A and for its B. The adjusted value of a token takes off what " +
        "its partners added or took, estimated from their other sequences; the plain value does not.";
  return html`<section id="powers">
    <h2>${powers.partners === "restricted" ? "Restricted powers" : "Powers"}</h2>
    <p class="text">
      The A power of a token is the mean strength with that token as A and B drawn at random; its B
      power is the mean strength with it as B and A drawn at
      random.${partnersNote(powers)}${adjusted}
    </p>
    ${spreadTable(powers)}
    <div class="pair">${histogram ?? ""} ${scatter ?? ""}</div>
    ${classBlock(powers)} ${more}
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
      Tokens at both ends, by ${powerName(powers, "a")} and by ${powerName(powers, "b")}.
      ${selection} A space is shown as ·, other invisible characters as escapes.
    </p>
    <p class="files">
      Save as CSV: ${csvLink("powers-extremes", extremesTable(powers, fresh), "these lists")} or
      ${csvLink("powers", powersTable(powers), `the powers of all ${formatCount(powers.rows.length)} tokens`)}
    </p>
    <div class="tables">${tokenTables(powers, "a", fresh)} ${tokenTables(powers, "b", fresh)}</div>
  </section>`;
}

/** The section of the neighbours of B. */
export function neighboursSection(
  neighbours: NeighboursSummary,
  data: ReportData,
  options: FigureOptions,
): Html {
  return html`<section id="neighbours">
    <h2>Neighbours of B</h2>
    <p class="text">
      On the same sequence pairs, A and B random, the strength of tokens other than B: those whose
      direction in the processed unembedding is nearest to B's (rank 1 is the nearest), and one
      random token per pair. A model without room for every token apart would give the neighbours a
      share of what it gives to B.
    </p>
    ${neighbours.halfWay.length === 0 ? "" : halfWayTable(neighbours)}
    <div class="pair">${blocksOf("neighbours", data, options)}</div>
  </section>`;
}
