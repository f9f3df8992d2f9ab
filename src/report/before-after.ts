import * as Plot from "@observablehq/plot";

import type { ScenarioSummary } from "../induction/summary.js";
import { axisRange } from "./bins.js";
import { readBeforeAfter } from "./captions.js";
import { countCells } from "./count-cells.js";
import { countScale, type CountScale } from "./count-scale.js";
import { baseOptions, type FigureOptions, finishFigure, svgElement, themeOf } from "./figure.js";
import { countLegendFigure, panelGrid, type Panels } from "./panel-grid.js";
import { strengthArrow } from "./strength-arrow.js";
import { formatCounted, formatEstimate } from "./numbers.js";
import { scenarioName, scenarioPair } from "./scenario-names.js";
import { shorten } from "./token-text.js";

const width = 312;
const margin = { top: 58, right: 8, bottom: 40, left: 54 } as const;
const height = margin.top + margin.bottom + (width - margin.left - margin.right);

const unit = "sequence pairs per cell";

/** The scale of counts that the panels of all scenarios share. */
export function beforeAfterScale(scenarios: readonly ScenarioSummary[]): CountScale {
  return countScale(scenarios.flatMap((summary) => [...summary.beforeAfter.counts]));
}

/** Options of one panel: the scale comes from {@link beforeAfterScale}. */
export interface PanelOptions extends FigureOptions {
  readonly scale: CountScale;
}

/**
 * Log-odds of B with and without the order A, B, of one scenario, as counts of sequence pairs. x:
 * induction sequence, y: control, nats, equal units; the arrow from the mean point to the diagonal
 * is as long as the mean strength (figure of the 2023 post).
 */
export function beforeAfterPanel(summary: ScenarioSummary, options: PanelOptions): SVGSVGElement {
  const theme = themeOf(options);
  const { beforeAfter, logOdds, strength } = summary;
  const domain = axisRange(
    Math.min(beforeAfter.x.lo, beforeAfter.y.lo),
    Math.max(beforeAfter.x.hi, beforeAfter.y.hi),
  );
  const axis = { domain, labelAnchor: "center", labelArrow: "none", ticks: 6 } as const;
  const heading: Plot.RenderFunction = (_index, _scales, _values, _dimensions, context) => {
    const group = svgElement(context.document, "g", { "text-anchor": "start" });
    const line = (y: number, text: string, attributes: Record<string, string> = {}) =>
      svgElement(context.document, "text", { x: margin.left, y, ...attributes }, text);
    group.append(
      line(14, scenarioName(summary), { "font-weight": "600", "font-size": "13" }),
      line(31, shorten(scenarioPair(summary), 38), { fill: theme.muted }),
      line(48, `${formatEstimate(strength, "nats")}, ${formatCounted(strength.n, "pair")}`),
    );
    return group;
  };
  const plot = Plot.plot({
    ...baseOptions(options),
    width,
    height,
    marginTop: margin.top,
    marginRight: margin.right,
    marginBottom: margin.bottom,
    marginLeft: margin.left,
    x: { ...axis, label: "log-odds of B, induction (nats)" },
    y: { ...axis, label: "log-odds of B, control (nats)" },
    marks: [
      countCells(beforeAfter, options.scale, theme),
      Plot.frame({ stroke: theme.grid }),
      Plot.link([domain], {
        x1: ([lo]) => lo,
        y1: ([lo]) => lo,
        x2: ([, hi]) => hi,
        y2: ([, hi]) => hi,
        stroke: theme.muted,
        strokeDasharray: "4 3",
      }),
      strengthArrow(logOdds.induction.mean, logOdds.control.mean, domain, theme),
      heading,
    ],
  });
  const title = `Log-odds of B before and after: ${scenarioName(summary)}`;
  return finishFigure(plot, { title, description: readBeforeAfter([summary]) }, options);
}

/** The panels of all scenarios and their legend, for a page that lays them out itself. */
export function beforeAfterPanels(
  scenarios: readonly ScenarioSummary[],
  options: FigureOptions,
): Panels {
  const scale = beforeAfterScale(scenarios);
  return {
    panels: scenarios.map((summary) => beforeAfterPanel(summary, { ...options, scale })),
    legend: countLegendFigure(scale, unit, options),
  };
}

/** The panels of all scenarios as one figure, two in a row, with the legend of the counts on top. */
export function beforeAfterFigure(
  scenarios: readonly ScenarioSummary[],
  options: FigureOptions,
): SVGSVGElement {
  const { panels } = beforeAfterPanels(scenarios, options);
  const text = {
    title: "Log-odds of B before and after",
    description: readBeforeAfter(scenarios),
  };
  const legend = { scale: beforeAfterScale(scenarios), unit };
  return panelGrid(panels, { width, height, left: margin.left }, legend, text, options);
}
