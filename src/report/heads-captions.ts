import type { HeadRow, HeadsSummary, Interval95 } from "../induction/heads/heads-summary.js";
import { headsByEffect } from "./heads-choice.js";
import {
  formatCount,
  formatCounted,
  formatEstimate,
  formatList,
  formatMeanSe,
  formatNumber,
} from "./numbers.js";

/** How to read the heat maps of scores. */
export function readHeadsScores({ n, threshold }: HeadsSummary): string {
  return (
    `Mean attention of each head over ${formatCounted(n.scores, "sequence")} of random tokens that are ` +
    `repeated once, read at the repetition: from a token to the position before it, to the token's ` +
    `first occurrence, and to what followed that occurrence. Rows are layers, columns heads; one scale ` +
    `from 0 to 1 in six classes, their ends under the colours. Outlined are the heads that are listed: the lower 95 % limit of the ` +
    `score exceeds ${formatNumber(threshold)}, and for induction the interval of the ablation effect ` +
    `lies below zero.`
  );
}

/** How to read the effects of ablation. */
export function readHeadsAblation(summary: HeadsSummary): string {
  const { lowest, highest, between } = headsByEffect(summary);
  const shown =
    between === 0
      ? "All heads, sorted by the effect of mean ablation"
      : `The ${lowest.length} heads with the lowest and the ${highest.length} with the highest effect of ` +
        `mean ablation, of ${formatCount(lowest.length + between + highest.length)}`;
  return (
    `${shown}. The effect is the induction strength of random pairs with the head ablated minus the ` +
    `strength without (${formatEstimate(summary.strength, "nats")}); left of 0 the head was needed. ` +
    `Circles: the head's output replaced by its mean over random sequences at each position; open ` +
    `squares: by zeros. Bars are 95 % intervals (shorter than the mark where there is no bar to see); ` +
    `n = ${formatCounted(summary.n.ablation, "sequence pair")}. Names in bold are listed as induction ` +
    `heads. Ablated on ${summary.weights}.`
  );
}

/** How to read the effect of ablation against the induction score. */
export function readHeadsScatter({ n, threshold }: HeadsSummary): string {
  return (
    `Each head by its induction score (across, n = ${formatCounted(n.scores, "sequence")}) and the ` +
    `effect of its mean ablation (up, n = ${formatCounted(n.ablation, "sequence pair")}), with 95 % ` +
    `intervals. A head whose interval lies right of the threshold ${formatNumber(threshold)} and below ` +
    `zero is listed as an induction head: filled circles. Open squares are previous-token heads, ` +
    `which can matter to induction without the pattern of it; small open circles are all others. Named, ` +
    `where there is room: those listed, and others whose ablation costs more than a tenth of the strength.`
  );
}

/** A 95 % interval in words: `0.91 to 0.95`. */
export function intervalText(interval: Interval95): string {
  return interval === null
    ? "n too small"
    : `${formatNumber(interval[0])} to ${formatNumber(interval[1])}`;
}

/** How a head gets onto a list, and what the ablations ran on. */
export function headsRule({ threshold, weights, n, strength }: HeadsSummary): string {
  return (
    `A head is listed as a previous-token or induction head when the lower 95 % limit of that score ` +
    `exceeds ${formatNumber(threshold)}; an induction head must also be needed: the 95 % interval of ` +
    `the effect of its mean ablation lies below zero. Scores come from ` +
    `${formatCounted(n.scores, "sequence")}, ablations from ` +
    `${formatCounted(n.ablation, "sequence pair")} with A and B drawn at random (strength ` +
    `${formatEstimate(strength, "nats")} without an ablation), on ${weights}.`
  );
}

/** What the best pair of heads does, beside random pairs. */
export function headsPairSentence({ pair }: HeadsSummary): string {
  if (pair === null) return "No pair of heads was ablated.";
  return (
    `Of ${formatCounted(pair.candidates, "pair")} of the heads with the lowest effects, ` +
    `${formatList(pair.heads)} lower the strength most together: mean ablation of both changes it by ` +
    `${formatEstimate(pair.effect, "nats")}. The pair was chosen on the first half of the sequence ` +
    `pairs and is estimated on the second (n = ${formatCounted(pair.effect.n, "sequence pair")}); ` +
    `random pairs of heads give ${formatEstimate(pair.randomPairs, "nats")} there.`
  );
}

/** Names that an answer has room for. */
const mostNamed = 6;

/** Heads by name, each with `about` in brackets, and how many more there are. */
function named(
  { heads }: HeadsSummary,
  list: readonly string[],
  about: (row: HeadRow) => string,
): string {
  const words = list.slice(0, mostNamed).map((name) => {
    const row = heads.find((one) => one.name === name);
    return row === undefined ? name : `${name} (${about(row)})`;
  });
  const more = list.length - words.length;
  return formatList(more > 0 ? [...words, `${formatCount(more)} more`] : words);
}

/** Why the head with the highest induction score is not listed. */
function notListed({ heads, threshold }: HeadsSummary): string {
  const best = heads
    .filter(({ induction }) => Number.isFinite(induction))
    .toSorted((p, q) => q.induction - p.induction)[0];
  if (best === undefined) return "no head was measured";
  const { name, induction, intervals, ablation } = best;
  const score = `the highest score is ${formatNumber(induction)} (${name})`;
  if (intervals.induction === null) return `${score}, with n too small for an interval`;
  if (!(intervals.induction[0] > threshold)) {
    return `${score}, 95 % interval ${intervalText(intervals.induction)}, and the threshold is ${formatNumber(threshold)}`;
  }
  return `${score}, but the interval of its ablation effect (${formatMeanSe(ablation.mean, ablation.se, "nats")}) does not lie below zero`;
}

/** Which heads are listed, with their scores and effects, for the answer on top of the report. */
export function headsAnswers(summary: HeadsSummary, model: string): readonly string[] {
  const { inductionHeads, previousTokenHeads, strength } = summary;
  const effect = ({ induction, ablation }: HeadRow) =>
    `score ${formatNumber(induction)}, mean ablation ${formatMeanSe(ablation.mean, ablation.se, "nats")}`;
  const [isOrAre, plural] = inductionHeads.length === 1 ? ["is", ""] : ["are", "s"];
  const first =
    inductionHeads.length === 0
      ? `In ${model} no head is listed as an induction head: ${notListed(summary)}.`
      : `In ${model} ${named(summary, inductionHeads, effect)} ${isOrAre} listed as induction ` +
        `head${plural}; the strength of a random pair is ${formatEstimate(strength, "nats")}.`;
  const score = ({ previousToken }: HeadRow) => formatNumber(previousToken);
  const second =
    previousTokenHeads.length === 0
      ? "No head is listed as a previous-token head."
      : `Previous-token heads, with their scores: ${named(summary, previousTokenHeads, score)}.`;
  return [first, second];
}
