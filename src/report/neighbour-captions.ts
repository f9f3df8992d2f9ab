import type { HalfWay, NeighboursSummary, Ratio } from "../induction/summary.js";
import { plottedNeighbours } from "./neighbour-series.js";
import { formatCount, formatCounted, formatList, formatNumber, tooSmall } from "./numbers.js";

/** How to read the distributions of strengths of B, its neighbours and random tokens. */
export function readNeighboursHistogram(data: NeighboursSummary): string {
  const series = plottedNeighbours(data);

  const names = series.slice(1, -1).map(({ name }) => name.replace("Rank ", ""));
  const { counts, lo, hi } = data.b.strengths;
  const outside = series
    .map(({ name, summary }) => ({
      name,
      count: summary.strengths.below + summary.strengths.above,
    }))
    .filter(({ count }) => count > 0)
    .map(({ name, count }) => `${formatCount(count)} (${name})`);
  const near =
    names.length === 0
      ? ""
      : `, its nearest tokens by cosine in the processed unembedding (rank ${formatList(names)})`;
  return (
    `Each outline is the distribution of the strength of one kind of token over the same ` +
    `${formatCounted(data.sequences, "sequence pair")}, A and B random: B itself${near}, and random ` +
    `tokens; ${counts.length} common bins from ${formatNumber(lo, 0)} to ${formatNumber(hi, 0)} nats. ` +
    `Right of 0 a token became more likely because A B stood in the context in that order. ` +
    (outside.length === 0
      ? "No pair lies outside the axes."
      : `Outside the axes and not drawn, pairs: ${formatList(outside)}.`)
  );
}

/** How to read the strength by rank. */
export function readNeighboursLadder(data: NeighboursSummary): string {
  return (
    `Mean strength of the token at each rank of nearness to B, the nearest at 1, logarithmic axis; B ` +
    `itself stands at the left, random tokens at the right and as a band. Vertical bars and the band ` +
    `are 95 % intervals (shorter than the mark where there is no bar to see); n = ${formatCounted(data.sequences, "sequence pair")} at every point, the ` +
    `same ones, so the points rise and fall together. The dashed lines are half-way between B and ` +
    `random tokens. Circles: log-odds, as everywhere else; squares: the same difference of logits, ` +
    `which does not saturate where B is nearly certain.`
  );
}

/** A share of the way with its interval, or why there is none. */
export function shareText(ratio: Ratio | null, sequences: number): string {
  if (ratio === null) {
    return sequences < 2
      ? tooSmall
      : "not testable: B and random tokens differ by less than 0.25 nats";
  }
  const { ratio: share, low, high } = ratio;
  return `${formatNumber(share)} (95 % interval ${formatNumber(low)} to ${formatNumber(high)})`;
}

/** The nearest rank in one sentence; for the answer on top of the report. */
export function neighboursAnswer(data: NeighboursSummary): string {
  const pairs = `n = ${formatCounted(data.sequences, "sequence pair")}`;
  const [first, ...others] = data.halfWay;
  if (first === undefined) return `No neighbour of B was measured (${pairs}).`;
  const testable = (half: HalfWay) => half.logOdds !== null;
  if (!testable(first)) {
    return `Whether tokens near B get a share of its strength: ${shareText(null, data.sequences)} (${pairs}).`;
  }
  const rest = others
    .filter(testable)
    .map(({ rank, logOdds }) => `rank ${rank} gets ${formatNumber(logOdds?.ratio ?? null)}`);
  const logits = first.logits === null ? "" : ` (${formatNumber(first.logits.ratio)} in logits)`;
  return (
    `Of the way from random tokens to B, the token nearest to B gets ` +
    `${shareText(first.logOdds, data.sequences)} in log-odds${logits}` +
    `${rest.length === 0 ? "" : `; ${formatList(rest)}`} (${pairs}).`
  );
}
