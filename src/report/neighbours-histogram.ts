import type { NeighboursSummary } from "../induction/summary.js";
import { type FigureOptions, themeOf } from "./figure.js";
import { readNeighboursHistogram } from "./neighbour-captions.js";
import { neighbourStyle, plottedNeighbours } from "./neighbour-series.js";
import { formatEstimate } from "./numbers.js";
import { outlinesFigure } from "./outlines.js";

/**
 * Strengths of B, of its neighbours at the post's ranks and of random tokens, as step outlines on one
 * axis (the post gave each its own bins). x: strength, nats; y: share of the sequence pairs per bin,
 * percent.
 */
export function neighboursHistogram(
  data: NeighboursSummary,
  options: FigureOptions,
): SVGSVGElement {
  const list = plottedNeighbours(data);
  const series = list.map(({ name, summary }, i) => ({
    ...neighbourStyle(i, list.length, themeOf(options)),
    label: `${name}, mean ${formatEstimate(summary.strength, "nats")}`,
    histogram: summary.strengths,
    n: summary.strength.n,
  }));
  const title = "Strengths of B, its neighbours and random tokens";
  return outlinesFigure(series, { title, description: readNeighboursHistogram(data) }, options);
}
