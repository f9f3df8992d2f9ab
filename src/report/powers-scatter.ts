import * as Plot from "@observablehq/plot";

import type { PowerRow, PowersSummary } from "../induction/summary.js";
import { type Histogram2D, histogram2D } from "../stats/index.js";
import { axisRange } from "./bins.js";
import { readPowersScatter } from "./captions.js";
import { countCells } from "./count-cells.js";
import { countScale } from "./count-scale.js";
import { baseOptions, type FigureOptions, finishFigure, svgElement, themeOf } from "./figure.js";
import { countLegend } from "./legends.js";
import { placeTokenLabels } from "./token-labels.js";

const width = 460;
const margin = { top: 64, right: 12, bottom: 42, left: 46 } as const;
const side = width - margin.left - margin.right;

/** Up to this many tokens each one is a point; beyond, cells count them. */
const mostPoints = 400;

/** The rows with a finite pair of powers. */
function finiteRows(powers: PowersSummary): readonly PowerRow[] {
  return powers.rows.filter(({ a, b }) => Number.isFinite(a.mean) && Number.isFinite(b.mean));
}

/** One range for both axes, a little wider than the data. */
function commonRange(rows: readonly PowerRow[]): [number, number] {
  let [lo, hi] = [Infinity, -Infinity];
  for (const { a, b } of rows) {
    lo = Math.min(lo, a.mean, b.mean);
    hi = Math.max(hi, a.mean, b.mean);
  }
  if (rows.length === 0) return [0, 1];
  const [low, high] = axisRange(lo, hi);
  const pad = (high - low) * 0.04;
  return [low - pad, high + pad];
}

/** Tokens per cell; about 5 pixels a cell. */
function cells(rows: readonly PowerRow[], [lo, hi]: readonly [number, number]): Histogram2D {
  const axis = { lo, hi, bins: 80 };
  const powersOf = (role: "a" | "b") => rows.map((row) => row[role].mean);
  return histogram2D(powersOf("a"), powersOf("b"), { x: axis, y: axis });
}

/**
 * B power against A power over tokens, equal units: points for few tokens, counts per cell for
 * many; the diagonal is A power = B power, and a few extreme tokens are named.
 */
export function powersScatter(powers: PowersSummary, options: FigureOptions): SVGSVGElement {
  const theme = themeOf(options);
  const rows = finiteRows(powers);
  const domain = commonRange(rows);
  const few = rows.length <= mostPoints;
  const histogram = cells(rows, domain);
  const scale = countScale(histogram.counts);
  const axis = { domain, labelAnchor: "center", labelArrow: "none", ticks: 7 } as const;
  const plot = Plot.plot({
    ...baseOptions(options),
    width,
    height: side + margin.top + margin.bottom,
    marginTop: margin.top,
    marginRight: margin.right,
    marginBottom: margin.bottom,
    marginLeft: margin.left,
    x: { ...axis, label: "A power (nats)" },
    y: { ...axis, label: "B power (nats)" },
    marks: [
      few
        ? Plot.dot(rows, {
            x: (row: PowerRow) => row.a.mean,
            y: (row: PowerRow) => row.b.mean,
            r: 2.5,
            fill: theme.counts[4],
            fillOpacity: 0.7,
          })
        : countCells(histogram, scale, theme),
      Plot.frame({ stroke: theme.grid }),
      Plot.link([domain], {
        x1: ([lo]) => lo,
        y1: ([lo]) => lo,
        x2: ([, hi]) => hi,
        y2: ([, hi]) => hi,
        stroke: theme.muted,
        strokeDasharray: "4 3",
      }),
      (_index, scales, _values, dimensions, context) =>
        placeTokenLabels(context.document, rows, scales, dimensions, theme),
      (_index, _scales, _values, _dimensions, context) =>
        few
          ? svgElement(
              context.document,
              "text",
              { x: margin.left, y: 40, "text-anchor": "start" },
              "one point per token",
            )
          : countLegend(
              context.document,
              scale,
              theme,
              { x: margin.left, y: 12 },
              "tokens per cell",
            ),
    ],
  });
  const title = "B power against A power";
  return finishFigure(plot, { title, description: readPowersScatter(powers) }, options);
}
