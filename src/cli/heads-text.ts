import { join } from "node:path";
import type { HeadsSummary } from "../induction/index.js";
import { formatMeanSe, formatNumber } from "../report/numbers.js";
import { formatTable } from "./output.js";

/** The heads as a table for people, those that are listed first. */
export function headsText(summary: HeadsSummary, dir?: string): string {
  const { heads, previousTokenHeads, inductionHeads, threshold, pair, n, weights } = summary;
  const listed = new Set([...previousTokenHeads, ...inductionHeads]);
  const shown = heads.length <= 32 ? heads : heads.filter(({ name }) => listed.has(name));
  const number = (value: number) => formatNumber(value);
  const rows = shown.map((row) => [
    `${row.name}${inductionHeads.includes(row.name) ? " *" : ""}`,
    number(row.previousToken),
    number(row.duplicateToken),
    number(row.induction),
    number(row.prefixMatching),
    number(row.copying),
    row.composition === null ? "" : formatNumber(row.composition.k, 3),
    formatMeanSe(row.ablation.mean, row.ablation.se),
    formatMeanSe(row.zeroAblation.mean, row.zeroAblation.se),
    formatMeanSe(row.attribution.mean, row.attribution.se),
  ]);
  const head = [
    "head",
    "previous",
    "duplicate",
    "induction",
    "prefix",
    "copying",
    "K-comp.",
    "mean ablation",
    "zero ablation",
    "to B",
  ];
  const names = (list: readonly string[]) => (list.length > 0 ? list.join(", ") : "none");
  const pairText =
    pair === null
      ? []
      : [
          `best pair: ${pair.heads.join(" + ")}, mean ablation ${formatMeanSe(pair.effect.mean, pair.effect.se)} (of ${pair.candidates}, chosen on half of the pairs, estimated on the other; random pairs ${formatMeanSe(pair.randomPairs.mean, pair.randomPairs.se)})`,
        ];
  return [
    formatTable([head, ...rows]).trimEnd(),
    `scores: mean attention over ${n.scores} sequences; effects in nats of induction strength (${formatMeanSe(summary.strength.mean, summary.strength.se)} without), mean ± standard error over ${n.ablation} pairs, ${weights}`,
    `previous-token heads: ${names(previousTokenHeads)}`,
    `induction heads (*): ${names(inductionHeads)}`,
    `listed: lower 95 % limit of the score above ${threshold}; induction heads also need a mean-ablation effect below zero`,
    ...pairText,
    ...(dir === undefined ? [] : [`report: ${join(dir, "report.html")}`]),
    "",
  ].join("\n");
}
