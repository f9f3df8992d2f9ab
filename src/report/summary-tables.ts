import type { PowerSpread, PowersSummary, ScenarioSummary } from "../induction/summary.js";
import type { Html } from "./html.js";
import { formatCount, formatEstimate, formatMeanSe, formatNumber } from "./numbers.js";
import { scenarioName, scenarioPair } from "./scenario-names.js";
import { table } from "./tables.js";

/** Strength and log-odds of each scenario. */
export function scenarioTable(scenarios: readonly ScenarioSummary[]): Html {
  const columns = [
    { label: "scenario" },
    { label: "pair" },
    { label: "n", numeric: true },
    { label: "strength ± SE", numeric: true },
    { label: "sd", numeric: true },
    { label: "log-odds, induction ± SE", numeric: true },
    { label: "log-odds, control ± SE", numeric: true },
  ];
  const rows = scenarios.map((summary) => [
    scenarioName(summary),
    scenarioPair(summary),
    formatCount(summary.strength.n),
    formatEstimate(summary.strength),
    formatNumber(summary.strength.sd),
    formatEstimate(summary.logOdds.induction),
    formatEstimate(summary.logOdds.control),
  ]);
  const caption =
    "Induction strength of each scenario, nats; n counts sequence pairs, sd is between pairs.";
  return table(caption, columns, rows, "Scenarios");
}

/** How A powers and B powers spread over tokens. */
export function spreadTable(powers: PowersSummary): Html {
  const columns = [
    { label: "power" },
    { label: "tokens", numeric: true },
    { label: "n per token", numeric: true },
    { label: "mean ± SE", numeric: true },
    { label: "sd", numeric: true },
    { label: "sd without noise", numeric: true },
    { label: "reliability", numeric: true },
  ];
  const row = (name: string, spread: PowerSpread) => [
    name,
    formatCount(spread.tokens),
    formatCount(powers.sequences),
    spread.tokens === 0 ? "no data" : formatMeanSe(spread.mean, spread.se),
    formatNumber(spread.sd),
    formatNumber(spread.trueSd),
    spread.reliability !== null && spread.reliability < 0
      ? "0 (all noise)"
      : formatNumber(spread.reliability, 3),
  ];
  const caption =
    "Spread of the powers over tokens, nats. Reliability is the share of the variance over tokens " +
    "that is not noise of the estimates; n counts sequence pairs.";
  return table(caption, columns, [row("A power", powers.a), row("B power", powers.b)], "Spread");
}
