import type { PowerSpread, ScenarioSummary } from "../induction/summary.js";
import { correlationText } from "./captions.js";
import { headsAnswers } from "./heads-captions.js";
import { formatCounted, formatEstimate, formatMeanSe, formatNumber } from "./numbers.js";
import { neighboursAnswer } from "./neighbour-captions.js";
import { measuredWords, powerName } from "./power-names.js";
import type { ReportData } from "./report-data.js";
import { scenarioPair } from "./scenario-names.js";

/** What the mean strength does to the odds of B, as a factor (geometric mean over pairs). */
function oddsFactor(strength: number): string {
  if (!Number.isFinite(strength) || Math.abs(strength) > 30) return "";
  const factor = Math.exp(Math.abs(strength));
  const digits = factor >= 10 ? 0 : 1;
  const verb = strength < 0 ? "divides" : "multiplies";
  return `: the order A B ${verb} the odds of B by about ${formatNumber(factor, digits)} (geometric mean)`;
}

function scenarioAnswer(data: ReportData, summary: ScenarioSummary): string {
  const { strength, logOdds } = summary;
  const pair =
    summary.scenario === "neither-fixed"
      ? "a random pair A, B"
      : `the pair ${scenarioPair(summary)}`;
  if (strength.n === 0) return `In ${data.model.name} no sequence of ${pair} was measured.`;
  return (
    `In ${data.model.name} ${pair} has an induction strength of ${formatEstimate(strength, "nats")} ` +
    `(n = ${formatCounted(strength.n, "sequence pair")})${oddsFactor(strength.mean)}. ` +
    `Log-odds of B: ${formatEstimate(logOdds.induction)} after the induction sequence, ` +
    `${formatEstimate(logOdds.control)} after its control.`
  );
}

/** Spread of both powers in words. */
function spreadWords(a: PowerSpread, b: PowerSpread): string {
  if (a.trueSd === null || b.trueSd === null) return "spread over tokens: n too small";
  return (
    `without the noise of the estimates they spread with sd ${formatNumber(a.trueSd)} and ` +
    formatNumber(b.trueSd)
  );
}

/**
 * The result in one or two sentences of plain text per experiment: first the random pair (or the
 * first scenario there is), then the powers, then the neighbours of B,
 * then the heads.
 */
export function answerSentences(data: ReportData): readonly string[] {
  const { scenarios = [], powers, neighbours, heads } = data;
  const chosen = scenarios.find((summary) => summary.scenario === "neither-fixed") ?? scenarios[0];
  const sentences: string[] = [];
  if (chosen !== undefined) sentences.push(scenarioAnswer(data, chosen));
  if (powers !== undefined && powers.rows.length > 0) {
    const where = chosen === undefined ? `In ${data.model.name}, over` : "Over";
    const { a, b, rows } = powers;
    sentences.push(
      `${where} ${formatCounted(rows.length, "token")} (n = ${measuredWords(powers)} ` +
        `each as A and as B) the mean ${powerName(powers, "a")} is ` +
        `${formatMeanSe(a.mean, a.se, "nats")} and the mean ${powerName(powers, "b")} ` +
        `${formatMeanSe(b.mean, b.se, "nats")}; ${spreadWords(a, b)}; ${correlationText(powers)}.`,
    );
  }
  if (neighbours !== undefined) sentences.push(neighboursAnswer(neighbours));
  if (heads !== undefined) sentences.push(...headsAnswers(heads, data.model.name));
  if (sentences.length === 0) sentences.push("This run holds no results yet.");
  return sentences;
}
