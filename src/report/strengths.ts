import type { ScenarioSummary } from "../induction/summary.js";
import { readStrengths } from "./captions.js";
import { type FigureOptions, themeOf } from "./figure.js";
import { formatEstimate } from "./numbers.js";
import { outlinesFigure } from "./outlines.js";
import { scenarioName, scenarioStyle } from "./scenario-names.js";

/**
 * Distribution of the induction strength in each scenario, as step outlines on one axis. x: strength,
 * nats; y: share of the scenario's sequence pairs per bin, percent.
 */
export function strengthsFigure(
  scenarios: readonly ScenarioSummary[],
  options: FigureOptions,
): SVGSVGElement {
  const series = scenarios.map((summary) => ({
    ...scenarioStyle(summary, themeOf(options)),
    label: `${scenarioName(summary)}, mean ${formatEstimate(summary.strength, "nats")}`,
    histogram: summary.strengths,
    n: summary.strength.n,
  }));
  const title = "Induction strengths in each scenario";
  return outlinesFigure(series, { title, description: readStrengths(scenarios) }, options);
}
