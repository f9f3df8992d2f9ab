import type { Dimensions, ScaleFunctions } from "@observablehq/plot";

import { svgElement } from "./figure.js";
import type { HeadPoint } from "./heads-scatter.js";
import type { Theme } from "./theme.js";

interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

const overlaps = (p: Box, q: Box) =>
  p.left < q.right && q.left < p.right && p.top < q.bottom && q.top < p.bottom;

/** Where a name can stand beside its point, the best place first. */
const places = [
  { side: 1, up: 0 },
  { side: -1, up: 0 },
  { side: 1, up: -13 },
  { side: 1, up: 13 },
  { side: -1, up: -13 },
  { side: -1, up: 13 },
] as const;

/** Names points beside them where a name fits the frame and covers no other name and no point. */
export function placeHeadLabels(
  document: Document,
  {
    named,
    points,
  }: { readonly named: readonly HeadPoint[]; readonly points: readonly HeadPoint[] },
  scales: ScaleFunctions,
  dimensions: Dimensions,
  theme: Theme,
): SVGElement {
  const group = svgElement(document, "g", { "aria-label": "heads", "font-size": 11 });
  const frame: Box = {
    left: dimensions.marginLeft,
    top: dimensions.marginTop,
    right: dimensions.width - dimensions.marginRight,
    bottom: dimensions.height - dimensions.marginBottom,
  };
  const at = ({ x, y }: HeadPoint) => [scales.x?.(x) as number, scales.y?.(y) as number] as const;
  const taken = points.map((point): Box => {
    const [x, y] = at(point);
    return { left: x - 4, right: x + 4, top: y - 4, bottom: y + 4 };
  });
  for (const point of named) {
    const [x, y] = at(point);
    const length = 6.8 * point.name.length;
    for (const { side, up } of places) {
      const start = side === 1 ? x + 7 : x - 7 - length;
      const box = { left: start, right: start + length, top: y + up - 6, bottom: y + up + 6 };
      const inside =
        box.left >= frame.left &&
        box.right <= frame.right &&
        box.top >= frame.top &&
        box.bottom <= frame.bottom;
      if (!inside || taken.some((other) => overlaps(other, box))) continue;
      taken.push(box);
      const label = {
        x: x + 7 * side,
        y: y + up,
        dy: "0.32em",
        "text-anchor": side === 1 ? "start" : "end",
        fill: theme.ink,
        stroke: theme.paper,
        "stroke-width": 3,
        "paint-order": "stroke",
      };
      group.append(svgElement(document, "text", label, point.name));
      break;
    }
  }
  return group;
}
