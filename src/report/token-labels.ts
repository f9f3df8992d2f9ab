import type { Dimensions, ScaleFunctions } from "@observablehq/plot";

import type { PowerRow } from "../induction/summary.js";
import { svgElement } from "./figure.js";
import { displayToken, shorten } from "./token-text.js";
import type { Theme } from "./theme.js";

interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

const overlaps = (p: Box, q: Box) =>
  p.left < q.right && q.left < p.right && p.top < q.bottom && q.top < p.bottom;

/** The tokens at the ends of both axes, each once, the farthest ends first. */
function extremes(rows: readonly PowerRow[]): readonly PowerRow[] {
  const by = (value: (row: PowerRow) => number) =>
    rows.toSorted((p, q) => value(q) - value(p) || p.token - q.token).slice(0, 2);
  const a = (row: PowerRow) => row.a.mean;
  const b = (row: PowerRow) => row.b.mean;
  const ends = [by(a), by(b), by((row) => -a(row)), by((row) => -b(row))];
  return [...new Set([0, 1].flatMap((rank) => ends.flatMap((end) => end[rank] ?? [])))];
}

/**
 * Names the tokens at the ends of both axes, where a label fits the frame and covers no other.
 */
export function placeTokenLabels(
  document: Document,
  rows: readonly PowerRow[],
  scales: ScaleFunctions,
  dimensions: Dimensions,
  theme: Theme,
): SVGElement {
  const group = svgElement(document, "g", { "aria-label": "tokens", "font-size": 11 });
  const frame: Box = {
    left: dimensions.marginLeft,
    top: dimensions.marginTop,
    right: dimensions.width - dimensions.marginRight,
    bottom: dimensions.height - dimensions.marginBottom,
  };
  const taken: Box[] = [];
  for (const row of extremes(rows)) {
    const x = scales.x?.(row.a.mean) as number;
    const y = scales.y?.(row.b.mean) as number;
    const text = shorten(displayToken(row.text, row.token), 14);
    const length = 6.6 * [...text].length + 4;
    const right = x + 6 + length <= frame.right;
    const left = right ? x + 6 : x - 6 - length;
    const box: Box = { left, right: left + length, top: y - 8, bottom: y + 8 };
    const fits = left >= frame.left && box.top >= frame.top && box.bottom <= frame.bottom;
    if (!fits || taken.some((other) => overlaps(other, box))) continue;
    taken.push(box, { left: x - 4, right: x + 4, top: y - 4, bottom: y + 4 });
    const ring = { cx: x, cy: y, r: 3, fill: "none", stroke: theme.ink };
    const label = {
      x: right ? x + 7 : x - 7,
      y,
      dy: "0.32em",
      "text-anchor": right ? "start" : "end",
      fill: theme.ink,
      stroke: theme.paper,
      "stroke-width": 3,
      "paint-order": "stroke",
      direction: "ltr",
    };
    group.append(svgElement(document, "circle", ring), svgElement(document, "text", label, text));
  }
  return group;
}
