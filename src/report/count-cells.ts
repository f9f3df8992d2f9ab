import type { RenderFunction } from "@observablehq/plot";

import type { Histogram2D } from "../stats/index.js";
import { classColour, countClass, type CountScale } from "./count-scale.js";
import { svgElement } from "./figure.js";
import type { Theme } from "./theme.js";

/** Cells of one class in one row that touch each other. */
interface Run {
  readonly row: number;
  readonly start: number;
  readonly end: number;
}

/** The cells of each class as runs along x. */
function runsByClass(histogram: Histogram2D, scale: CountScale): readonly Run[][] {
  const classes = scale.from.map((): Run[] => []);
  const { bins } = histogram.x;
  for (let row = 0; row < histogram.y.bins; row++) {
    let start = 0;
    for (let i = 0; i < bins; i = start) {
      const found = countClass(scale, histogram.counts[row * bins + i] ?? 0);
      start = i + 1;
      while (
        start < bins &&
        countClass(scale, histogram.counts[row * bins + start] ?? 0) === found
      ) {
        start++;
      }
      classes[found]?.push({ row, start: i, end: start });
    }
  }
  return classes;
}

const short = (value: number) => String(Math.round(value * 100) / 100);

/**
 * A mark for Plot that draws a two-dimensional histogram as one path per class of counts, which
 * keeps 100 × 100 cells within some tens of kilobytes.
 */
export function countCells(
  histogram: Histogram2D,
  scale: CountScale,
  theme: Theme,
): RenderFunction {
  return (_index, scales, _values, _dimensions, context) => {
    const { x, y } = histogram;
    const toX = (i: number) => scales.x?.(x.lo + ((x.hi - x.lo) * i) / x.bins) as number;
    const toY = (i: number) => scales.y?.(y.lo + ((y.hi - y.lo) * i) / y.bins) as number;
    const group = svgElement(context.document, "g", {
      "aria-label": "counts",
      "shape-rendering": "crispEdges",
    });
    runsByClass(histogram, scale).forEach((runs, index) => {
      if (runs.length === 0) return;
      const d = runs
        .map(({ row, start, end }) => {
          const left = short(toX(start));
          return `M${left},${short(toY(row + 1))}H${short(toX(end))}V${short(toY(row))}H${left}z`;
        })
        .join("");
      const fill = theme.counts[classColour(scale, index)] ?? theme.ink;
      group.append(svgElement(context.document, "path", { fill, d }));
    });
    return group;
  };
}
