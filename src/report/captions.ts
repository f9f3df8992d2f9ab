import type { PowersSummary, ScenarioSummary } from "../induction/summary.js";
import type { Histogram } from "../stats/index.js";
import { countedInside } from "./bins.js";
import { formatCount, formatCounted, formatList, formatNumber } from "./numbers.js";
import { partnersNote, perToken, powerName } from "./power-names.js";
import { scenarioName } from "./scenario-names.js";

/** `n = 4,096 pairs in each scenario`, or each scenario's own n. */
function pairsOf(scenarios: readonly ScenarioSummary[]): string {
  const sizes = [...new Set(scenarios.map((summary) => summary.strength.n))];
  const [only] = sizes;
  if (only === undefined) return "n = 0 pairs";
  if (sizes.length === 1) {
    const where = scenarios.length > 1 ? " in each scenario" : "";
    return `n = ${formatCounted(only, "sequence pair")}${where}`;
  }
  const each = scenarios.map(
    (summary) => `${formatCount(summary.strength.n)} (${scenarioName(summary)})`,
  );
  return `n = ${formatList(each)} sequence pairs`;
}

/** What lies outside the frame, by scenario. */
function outsideOf(
  scenarios: readonly ScenarioSummary[],
  count: (summary: ScenarioSummary) => number,
): string {
  const outside = scenarios.filter((summary) => count(summary) > 0);
  if (outside.length === 0) return "No pair lies outside the axes.";
  const each = outside.map(
    (summary) => `${formatCounted(count(summary), "pair")} (${scenarioName(summary)})`,
  );
  return `Outside the axes and not drawn: ${formatList(each)}.`;
}

const binsOf = (histogram: Histogram | undefined) =>
  histogram === undefined
    ? ""
    : ` in ${histogram.counts.length} bins from ${formatNumber(histogram.lo, 0)} to ` +
      `${formatNumber(histogram.hi, 0)} nats`;

/** How to read the strengths per scenario. */
export function readStrengths(scenarios: readonly ScenarioSummary[]): string {
  const outside = outsideOf(scenarios, ({ strengths }) => strengths.below + strengths.above);
  return (
    `Each outline is the distribution of the induction strength over the sequence pairs of one ` +
    `scenario${binsOf(scenarios[0]?.strengths)}; ${pairsOf(scenarios)}. Right of 0, B became more ` +
    `likely because A B stood in the context in that order. ${outside}`
  );
}

/** Scenarios whose mean point lies outside the frame, so that no arrow is drawn. */
function withoutArrow(scenarios: readonly ScenarioSummary[]): string {
  const missing = scenarios.filter(({ logOdds, beforeAfter }) => {
    const { lo, hi } = beforeAfter.x;
    const means = [logOdds.induction.mean, logOdds.control.mean];
    return !means.every((mean) => mean >= lo && mean <= hi);
  });
  if (missing.length === 0) return "";
  return ` Mean point outside the axes, no arrow: ${formatList(missing.map(scenarioName))}.`;
}

/** How to read the log-odds before and after. */
export function readBeforeAfter(scenarios: readonly ScenarioSummary[]): string {
  return (
    `Each cell counts sequence pairs by the log-odds of B after the induction sequence (across) and ` +
    `after its control (up); ${pairsOf(scenarios)}. Below the dashed diagonal the order A B made B ` +
    `more likely. The arrow runs from the mean point to the diagonal: its length is the mean ` +
    `strength. ${outsideOf(scenarios, ({ beforeAfter }) => beforeAfter.outside)}` +
    withoutArrow(scenarios)
  );
}

/** How to read the distributions of A and B powers. */
export function readPowersHistogram(powers: PowersSummary): string {
  const { a, b } = powers;
  const { counts, lo, hi } = a.histogram;
  const out = [a, b].map(({ tokens, histogram }) => tokens - countedInside(histogram));
  const outside = out.every((count) => count === 0)
    ? ""
    : ` Not in a bin: ${formatCount(out[0] ?? 0)} A powers, ${formatCount(out[1] ?? 0)} B powers.`;
  return (
    `Each outline counts ${formatCounted(a.tokens, "token")} by power, in ${counts.length} common ` +
    `bins from ${formatNumber(lo)} to ${formatNumber(hi)} nats; vertical rules mark the means over ` +
    `tokens. The A power of a token is the mean strength with that token as A and B random, the B ` +
    `power the mean strength with it as B and A random; ${perToken(powers)}.${outside}` +
    partnersNote(powers)
  );
}

/** Correlation over tokens with its interval: `r = −0.34, 95 % interval −0.36 to −0.32`. */
export function correlationText({ correlation }: Pick<PowersSummary, "correlation">): string {
  if (correlation === null || !Number.isFinite(correlation.r)) {
    return "no correlation: n too small, or no variance";
  }
  const { r, low, high } = correlation;
  // Three decimals: over a whole vocabulary an interval can end at 0.003.
  const [shown, from, to] = [r, low, high].map((value) => formatNumber(value, 3));
  return `r = ${shown}, 95 % interval ${from} to ${to}`;
}

/** How to read B power against A power. */
export function readPowersScatter(powers: PowersSummary): string {
  return (
    `Each of ${formatCounted(powers.rows.length, "token")} by its ${powerName(powers, "a")} (across) ` +
    `and ${powerName(powers, "b")} (up), in equal units; ${correlationText(powers)} (Pearson, over ` +
    `tokens). Below the dashed diagonal a token is stronger as A than as B; ${perToken(powers)}.` +
    partnersNote(powers)
  );
}

/** How to read B power against A power, class by class. */
export function readPowersClasses(powers: PowersSummary): string {
  return (
    `The tokens of the previous figure, one panel per class of token, on the same axes and colours. ` +
    `The cross marks the mean of the class, the dotted lines the mean over all tokens. A cloud that ` +
    `rises within a class while the clouds of the classes fall together is Simpson's paradox; ` +
    `${perToken(powers)}.${partnersNote(powers)}`
  );
}
