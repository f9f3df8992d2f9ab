import * as Plot from "@observablehq/plot";

import type { Histogram } from "../stats/index.js";
import { axisRange, outline } from "./bins.js";
import {
  baseOptions,
  type FigureOptions,
  type FigureText,
  finishFigure,
  themeOf,
} from "./figure.js";
import { seriesLegend } from "./legends.js";
import type { SeriesStyle } from "./scenario-names.js";

/** One distribution of strengths over `n` sequence pairs. */
export interface OutlineSeries extends SeriesStyle {
  readonly label: string;
  readonly histogram: Histogram;
  readonly n: number;
}

/** Step outline of one series: share of its sequence pairs in each bin, percent. */
function shares({ histogram, n }: OutlineSeries): { edge: number; share: number }[] {
  return outline(histogram).map(({ edge, count }) => ({
    edge,
    share: (100 * count) / Math.max(1, n),
  }));
}

/**
 * Distributions of strengths as step outlines on one axis. x: strength, nats; y: share of the
 * sequence pairs of each series per bin, percent.
 */
export function outlinesFigure(
  series: readonly OutlineSeries[],
  text: FigureText,
  options: FigureOptions,
): SVGSVGElement {
  const theme = themeOf(options);
  const lows = series.map(({ histogram }) => histogram.lo);
  const highs = series.map(({ histogram }) => histogram.hi);
  const range = series.length === 0 ? [0, 1] : axisRange(Math.min(...lows), Math.max(...highs));
  const legendHeight = 17 * series.length;
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
      series.map((one) =>
        Plot.lineY(shares(one), {
          x: "edge",
          y: "share",
          curve: "step-after",
          stroke: one.stroke,
          strokeWidth: one.width,
          ...(one.dash === undefined ? {} : { strokeDasharray: one.dash }),
        }),
      ),
      Plot.ruleY([0], { stroke: theme.ink }),
      (_index, _scales, _values, _dimensions, context) =>
        seriesLegend(context.document, series, { x: 46, y: 12 }),
    ],
  });
  return finishFigure(plot, text, options);
}
