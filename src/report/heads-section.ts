import type { HeadRow, HeadsSummary } from "../induction/heads/heads-summary.js";
import { csvLink } from "./figure-block.js";
import { headsPairSentence, headsRule, intervalText } from "./heads-captions.js";
import { headsInTable, listedAs } from "./heads-choice.js";
import { headsTable } from "./heads-tables.js";
import { html, type Html, type HtmlPart } from "./html.js";
import { formatCount, formatMeanSe, formatNumber, keepTogether } from "./numbers.js";
import { table } from "./tables.js";

/** What a cell says where a quantity does not exist. */
const absent = "–";

type Scored = keyof HeadRow["intervals"] &
  ("previousToken" | "duplicateToken" | "induction" | "prefixMatching");

/** A value over a smaller line that belongs to it. */
const over = (value: HtmlPart, below: string) =>
  html`${value}<br /><small class="muted">${below}</small>`;

const scoreCell = (row: HeadRow, key: Scored) =>
  over(formatNumber(row[key]), intervalText(row.intervals[key]));

function nameCell(summary: HeadsSummary, row: HeadRow): HtmlPart {
  const listed = listedAs(summary, row);
  return listed === "" ? row.name : over(html`<strong>${row.name}</strong>`, listed);
}

const effectCell = ({ mean, se }: HeadRow["ablation"]) => formatMeanSe(mean, se);

function caption(summary: HeadsSummary, shown: number): string {
  const { heads, compositionBaseline: base } = summary;
  const which =
    shown === heads.length
      ? "All heads."
      : `${formatCount(shown)} of ${formatCount(heads.length)} heads: those that are listed and those with the highest scores.`;
  const composition =
    base === null
      ? ""
      : ` (${formatNumber(base.mean, 3)}, sd ${formatNumber(base.sd, 3)} over ${formatCount(base.n)} draws, is subtracted)`;
  return (
    `${which} Scores are mean attention, 0 to 1, over their 95 % intervals; random: the same of a model ` +
    `with random weights. OV copying: Σ Re λ / Σ |λ| of the full OV circuit, −1 to 1, and the share of ` +
    `tokens that it raises most themselves. K-composition: the largest with a previous-token head of an earlier ` +
    `layer, above that of random matrices${composition}; ${absent} where there is no such head. ` +
    `Ablation: effect of the head's mean, over that of zeros, on the induction strength, nats. To B: direct logit attribution to B, nats.`
  );
}

/** The table of heads, as many as the page has room for. */
export function headsOverview(summary: HeadsSummary): Html {
  const rows = headsInTable(summary);
  const numeric = (label: string) => ({ label, numeric: true });
  const columns = [
    { label: "head" },
    numeric("previous token"),
    numeric("random"),
    numeric("duplicate token"),
    numeric("random"),
    numeric("induction"),
    numeric("random"),
    numeric("prefix matching"),
    numeric("OV copying"),
    numeric("K-comp."),
    numeric("ablation by means ± SE"),
    numeric("to B ± SE"),
  ];
  const cells = rows.map((row) => [
    nameCell(summary, row),
    scoreCell(row, "previousToken"),
    formatNumber(row.random.previousToken),
    scoreCell(row, "duplicateToken"),
    formatNumber(row.random.duplicateToken),
    scoreCell(row, "induction"),
    formatNumber(row.random.induction),
    scoreCell(row, "prefixMatching"),
    over(formatNumber(row.copying), `top-1 ${formatNumber(row.copyingTop1)}`),
    row.composition === null ? absent : formatNumber(row.composition.k, 3),
    over(effectCell(row.ablation), `zero ${effectCell(row.zeroAblation)}`),
    effectCell(row.attribution),
  ]);
  return table(caption(summary, rows.length), columns, cells, "Heads");
}

/** The section of heads around its figures. */
export function headsSection(summary: HeadsSummary, figures: readonly Html[]): Html {
  const [scores, ...others] = figures;
  return html`<section id="heads">
    <h2>Heads</h2>
    <p class="text">
      Which heads do induction, by what they attend to and by what happens to the induction strength
      without them. ${keepTogether(headsRule(summary))}
    </p>
    ${scores ?? ""}
    <p class="text">${keepTogether(headsPairSentence(summary))}</p>
    <div class="pair">${others}</div>
    ${headsOverview(summary)}
    <p class="files">
      Save as CSV:
      ${csvLink("heads", headsTable(summary), `all that is known of all ${formatCount(summary.heads.length)} heads`)}
    </p>
  </section>`;
}
