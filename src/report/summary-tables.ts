import { powerSpread } from "../induction/powers-summary.js";
import type { PowerSpread, PowersSummary, ScenarioSummary } from "../induction/summary.js";
import { shareOfControls } from "./control-audit.js";
import type { Html } from "./html.js";
import { formatCount, formatEstimate, formatMeanSe, formatNumber } from "./numbers.js";
import { controlsNote, powerTitle } from "./power-names.js";
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
    { label: "A B in control ± SE", numeric: true },
  ];
  const rows = scenarios.map((summary) => [
    scenarioName(summary),
    scenarioPair(summary),
    formatCount(summary.strength.n),
    formatEstimate(summary.strength),
    formatNumber(summary.strength.sd),
    formatEstimate(summary.logOdds.induction),
    formatEstimate(summary.logOdds.control),
    shareOfControls(summary),
  ]);
  const caption =
    "Induction strength of each scenario, nats; n counts sequence pairs, sd is between pairs.";
  return table(caption, columns, rows, "Scenarios");
}

/** Spreads by name; the crossed design has adjusted and plain values. */
function spreads(powers: PowersSummary): readonly [string, Omit<PowerSpread, "histogram">][] {
  return (["a", "b"] as const).flatMap((role): [string, Omit<PowerSpread, "histogram">][] => {
    const name = powerTitle(powers, role);
    if (powers.design === "post") return [[name, powers[role]]];
    const plain = powers.rows.flatMap((row) => (row.plain === undefined ? [] : [row.plain[role]]));
    const adjusted: [string, PowerSpread] = [`${name}, adjusted`, powers[role]];
    return plain.length === 0 ? [adjusted] : [adjusted, [`${name}, plain`, powerSpread(plain)]];
  });
}

/** How A powers and B powers spread over tokens. */
export function spreadTable(powers: PowersSummary): Html {
  const columns = [
    { label: "power" },
    { label: "tokens", numeric: true },
    { label: powers.design === "post" ? "n per token" : "rounds", numeric: true },
    { label: "mean ± SE", numeric: true },
    { label: "sd", numeric: true },
    { label: "sd without noise", numeric: true },
    { label: "reliability", numeric: true },
  ];
  const rows = spreads(powers).map(([name, spread]) => [
    name,
    formatCount(spread.tokens),
    formatCount(powers.sequences) + controlsNote(powers.controls),
    spread.tokens === 0 ? "no data" : formatMeanSe(spread.mean, spread.se),
    formatNumber(spread.sd),
    formatNumber(spread.trueSd),
    spread.reliability !== null && spread.reliability < 0
      ? "0 (all noise)"
      : formatNumber(spread.reliability, 3),
  ]);
  const counts =
    powers.design === "post"
      ? "n counts sequence pairs."
      : "in each round every token is A in one sequence pair and B in one.";
  const caption =
    "Spread of the powers over tokens, nats. Reliability is the share of the variance over tokens " +
    `that is not noise of the estimates; ${counts}`;
  return table(caption, columns, rows, "Spread");
}
