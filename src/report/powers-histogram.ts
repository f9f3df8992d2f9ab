import * as Plot from "@observablehq/plot";

import type { PowerSpread, PowersSummary } from "../induction/summary.js";
import { axisRange, outline, type OutlinePoint } from "./bins.js";
import { readPowersHistogram } from "./captions.js";
import { baseOptions, type FigureOptions, finishFigure, themeOf } from "./figure.js";
import { seriesLegend } from "./legends.js";
import { formatMeanSe } from "./numbers.js";
import { powerName, powersName } from "./power-names.js";
import type { SeriesStyle } from "./scenario-names.js";

/** Ticks at whole numbers, where the automatic ones would be fractions. */
function wholeTicks(most: number): { ticks?: number[]; tickFormat?: string } {
  return most > 5 ? {} : { ticks: Array.from({ length: most + 1 }, (_, i) => i), tickFormat: "d" };
}

/** Outline, light fill and mean rule of one column of powers. */
function column(spread: PowerSpread, style: SeriesStyle): Plot.Markish {
  if (spread.tokens === 0) return [];
  const dash = style.dash === undefined ? {} : { strokeDasharray: style.dash };
  const line = { x: "edge", y: "count", curve: "step-after" as const };
  const mean = Number.isFinite(spread.mean) ? [spread.mean] : [];
  const points: OutlinePoint[] = [...outline(spread.histogram)];
  return [
    Plot.areaY(points, { ...line, fill: style.stroke, fillOpacity: 0.12 }),
    Plot.lineY(points, { ...line, stroke: style.stroke, strokeWidth: style.width, ...dash }),
    Plot.ruleX(mean, { stroke: style.stroke, strokeWidth: 1.25, ...dash }),
  ];
}

/**
 * How A powers and B powers spread over tokens: two outlines over common bins, means as vertical
 * rules. x: power, nats; y: tokens per bin.
 */
export function powersHistogram(powers: PowersSummary, options: FigureOptions): SVGSVGElement {
  const theme = themeOf(options);
  const a: SeriesStyle = { stroke: theme.a, width: 1.75 };
  const b: SeriesStyle = { stroke: theme.b, width: 1.75, dash: "5 3" };
  const range = axisRange(
    Math.min(powers.a.histogram.lo, powers.b.histogram.lo),
    Math.max(powers.a.histogram.hi, powers.b.histogram.hi),
  );
  const most = Math.max(1, ...powers.a.histogram.counts, ...powers.b.histogram.counts);
  const entries = [
    {
      ...a,
      label: `${powerName(powers, "a")}, mean ${formatMeanSe(powers.a.mean, powers.a.se, "nats")}`,
    },
    {
      ...b,
      label: `${powerName(powers, "b")}, mean ${formatMeanSe(powers.b.mean, powers.b.se, "nats")}`,
    },
  ];
  const plot = Plot.plot({
    ...baseOptions(options),
    width: 460,
    height: 340,
    marginTop: 54,
    marginLeft: 58,
    marginBottom: 42,
    marginRight: 12,
    x: {
      domain: range,
      label: `${powers.partners === "restricted" ? "restricted power" : "power"} (nats)`,
      labelAnchor: "center",
      labelArrow: "none",
    },
    y: {
      label: "tokens per bin",
      labelAnchor: "center",
      labelArrow: "none",
      nice: true,
      ...wholeTicks(most),
    },
    marks: [
      Plot.gridY({ stroke: theme.grid, strokeOpacity: 1, ...wholeTicks(most) }),
      column(powers.a, a),
      column(powers.b, b),
      Plot.ruleY([0], { stroke: theme.ink }),
      (_index, _scales, _values, _dimensions, context) =>
        seriesLegend(context.document, entries, { x: 58, y: 12 }),
    ],
  });
  const title = `Distribution of ${powersName(powers)}`;
  return finishFigure(plot, { title, description: readPowersHistogram(powers) }, options);
}
