import type { RenderFunction } from "@observablehq/plot";

import { svgElement } from "./figure.js";
import type { Theme } from "./theme.js";

const head = 6;

/**
 * A mark for Plot: a double-headed arrow from the mean point (induction, control) along x to the
 * diagonal, whose length is the mean strength. Nothing is drawn where the arrow would leave the
 * frame.
 */
export function strengthArrow(
  induction: number,
  control: number,
  domain: readonly [number, number],
  theme: Theme,
): RenderFunction {
  return (_index, scales, _values, _dimensions, context) => {
    const inside = [induction, control].every((value) => value >= domain[0] && value <= domain[1]);
    if (!inside) return null;
    const mean = scales.x?.(induction) as number;
    const diagonal = scales.x?.(control) as number;
    const y = scales.y?.(control) as number;
    const size = Math.min(head, Math.abs(mean - diagonal) / 2) * Math.sign(mean - diagonal);
    const tip = (x: number, back: number) =>
      `M${x + back},${y - Math.abs(size) / 1.6}L${x},${y}L${x + back},${y + Math.abs(size) / 1.6}`;
    const d = `M${mean},${y}L${diagonal},${y}${tip(mean, -size)}${tip(diagonal, size)}`;
    const group = svgElement(context.document, "g", {
      "aria-label": "mean strength",
      fill: "none",
      "stroke-linecap": "round",
      "stroke-linejoin": "round",
    });
    const path = (stroke: string, strokeWidth: number) =>
      svgElement(context.document, "path", { d, stroke, "stroke-width": strokeWidth });
    group.append(path(theme.paper, 4), path(theme.accent, 2));
    const dot = { cx: mean, cy: y, r: 3, fill: theme.accent, stroke: theme.paper };
    group.append(svgElement(context.document, "circle", dot));
    return group;
  };
}
