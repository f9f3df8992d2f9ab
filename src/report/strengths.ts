import * as Plot from "@observablehq/plot";

import type { ScenarioSummary } from "../induction/summary.js";
import { axisRange, outline } from "./bins.js";
import { readStrengths } from "./captions.js";
import { baseOptions, type FigureOptions, finishFigure, themeOf } from "./figure.js";
import { seriesLegend } from "./legends.js";
import { formatEstimate } from "./numbers.js";
import { scenarioName, scenarioStyle } from "./scenario-names.js";

/** Step outline of a scenario: share of its sequence pairs in each bin, percent. */
function shares(summary: ScenarioSummary): { edge: number; share: number }[] {
  const n = Math.max(1, summary.strength.n);
  return outline(summary.strengths).map(({ edge, count }) => ({ edge, share: (100 * count) / n }));
}

/**
 * Distribution of the induction strength in each scenario, as step outlines on one axis. x: strength,
 * nats; y: share of the scenario's sequence pairs per bin, percent.
 */
export function strengthsFigure(
  scenarios: readonly ScenarioSummary[],
  options: FigureOptions,
): SVGSVGElement {
  const theme = themeOf(options);
  const lows = scenarios.map((summary) => summary.strengths.lo);
  const highs = scenarios.map((summary) => summary.strengths.hi);
  const range = scenarios.length === 0 ? [0, 1] : axisRange(Math.min(...lows), Math.max(...highs));
  const entries = scenarios.map((summary) => ({
    ...scenarioStyle(summary, theme),
    label: `${scenarioName(summary)}, mean ${formatEstimate(summary.strength, "nats")}`,
  }));
  const legendHeight = 17 * entries.length;
  const plot = Plot.plot({
    ...baseOptions(options),
    width: 460,
    height: 300 + legendHeight,
    marginTop: 20 + legendHeight,
    marginLeft: 46,
    marginBottom: 42,
    marginRight: 12,
    x: {
      domain: range,
      label: "induction strength (nats)",
      labelAnchor: "center",
      labelArrow: "none",
    },
    y: { label: "pairs per bin (%)", labelAnchor: "center", labelArrow: "none", nice: true },
    marks: [
      Plot.gridY({ stroke: theme.grid, strokeOpacity: 1 }),
      Plot.ruleX([0], { stroke: theme.muted, strokeDasharray: "1 3" }),
      scenarios.map((summary) => {
        const { stroke, width, dash } = scenarioStyle(summary, theme);
        return Plot.lineY(shares(summary), {
          x: "edge",
          y: "share",
          curve: "step-after",
          stroke,
          strokeWidth: width,
          ...(dash === undefined ? {} : { strokeDasharray: dash }),
        });
      }),
      Plot.ruleY([0], { stroke: theme.ink }),
      (_index, _scales, _values, _dimensions, context) =>
        seriesLegend(context.document, entries, { x: 46, y: 12 }),
    ],
  });
  const title = "Induction strengths in each scenario";
  return finishFigure(plot, { title, description: readStrengths(scenarios) }, options);
}
