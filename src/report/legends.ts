import { classColour, countLabels, type CountScale } from "./count-scale.js";
import { svgElement } from "./figure.js";
import type { SeriesStyle } from "./scenario-names.js";
import type { Theme } from "./theme.js";

/** One line of a legend. */
export interface SeriesEntry extends SeriesStyle {
  readonly label: string;
  /** The mark of its points: a filled circle or an open square. */
  readonly symbol?: "circle" | "square";
}

/** Where a legend stands: its left end and the middle of its first line, pixels. */
export interface LegendPlace {
  readonly x: number;
  readonly y: number;
}

const lineHeight = 17;

/** A legend with a sample of each line, one entry under the other; `paper` fills open marks. */
export function seriesLegend(
  document: Document,
  entries: readonly SeriesEntry[],
  place: LegendPlace,
  paper = "none",
): SVGElement {
  const group = svgElement(document, "g", { "aria-label": "legend", "text-anchor": "start" });
  entries.forEach((entry, i) => {
    const y = place.y + i * lineHeight;
    group.append(
      svgElement(document, "path", {
        d: `M${place.x},${y}h30`,
        stroke: entry.stroke,
        "stroke-width": entry.width,
        ...(entry.dash === undefined ? {} : { "stroke-dasharray": entry.dash }),
      }),
      svgElement(document, "text", { x: place.x + 38, y, dy: "0.32em" }, entry.label),
    );
    const middle = place.x + 15;
    const outline = { stroke: entry.stroke, "stroke-width": 1.5 };
    if (entry.symbol === "circle") {
      const circle = { cx: middle, cy: y, r: 3, fill: entry.stroke, ...outline };
      group.append(svgElement(document, "circle", circle));
    } else if (entry.symbol === "square") {
      const square = { x: middle - 2.7, y: y - 2.7, width: 5.4, height: 5.4, ...outline };
      group.append(svgElement(document, "rect", { ...square, fill: paper }));
    }
  });
  return group;
}

/** Width of one colour: its label must fit under it. */
function swatchWidth(labels: readonly string[]): number {
  return Math.max(38, ...labels.map((label) => 6.4 * label.length + 6));
}

/** Width of {@link countLegend}, pixels. */
export function countLegendWidth(scale: CountScale): number {
  const labels = countLabels(scale);
  return Math.max(150, labels.length * swatchWidth(labels));
}

/** A legend of the colours of counts: `unit` names what is counted. */
export function countLegend(
  document: Document,
  scale: CountScale,
  theme: Theme,
  place: LegendPlace,
  unit: string,
): SVGElement {
  const { x, y } = place;
  const group = svgElement(document, "g", {
    "aria-label": "legend",
    "font-size": 11,
    "text-anchor": "middle",
  });
  const heading = { x, y, dy: "0.32em", "text-anchor": "start" };
  group.append(svgElement(document, "text", heading, unit));
  const labels = countLabels(scale);
  const width = swatchWidth(labels);
  labels.forEach((label, i) => {
    const left = x + i * width;
    const fill = theme.counts[classColour(scale, i)] ?? theme.ink;
    const under = { x: left + width / 2, y: y + 29, dy: "0.32em" };
    group.append(
      svgElement(document, "rect", { x: left, y: y + 11, width, height: 9, fill }),
      svgElement(document, "text", under, label),
    );
  });
  return group;
}
