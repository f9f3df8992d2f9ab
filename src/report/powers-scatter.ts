import * as Plot from "@observablehq/plot";

import type { PowersSummary } from "../induction/summary.js";
import { readPowersScatter } from "./captions.js";
import { baseOptions, type FigureOptions, finishFigure, svgElement, themeOf } from "./figure.js";
import { countLegend } from "./legends.js";
import { powerName, powerTitle } from "./power-names.js";
import { scatterFrame, scatterMarks } from "./scatter-panel.js";
import { placeTokenLabels } from "./token-labels.js";

const width = 460;
const margin = { top: 64, right: 12, bottom: 42, left: 46 } as const;
const side = width - margin.left - margin.right;

/**
 * B power against A power over tokens, equal units: points for few tokens, counts per cell for
 * many; the diagonal is A power = B power, and a few extreme tokens are named.
 */
export function powersScatter(powers: PowersSummary, options: FigureOptions): SVGSVGElement {
  const theme = themeOf(options);
  const frame = scatterFrame(powers.rows);
  const axis = {
    domain: [...frame.domain],
    labelAnchor: "center",
    labelArrow: "none",
    ticks: 7,
  } as const;
  const plot = Plot.plot({
    ...baseOptions(options),
    width,
    height: side + margin.top + margin.bottom,
    marginTop: margin.top,
    marginRight: margin.right,
    marginBottom: margin.bottom,
    marginLeft: margin.left,
    x: { ...axis, label: `${powerName(powers, "a")} (nats)` },
    y: { ...axis, label: `${powerName(powers, "b")} (nats)` },
    marks: [
      ...scatterMarks(frame.rows, frame, theme),
      (_index, scales, _values, dimensions, context) =>
        placeTokenLabels(context.document, frame.rows, scales, dimensions, theme),
      (_index, _scales, _values, _dimensions, { document }) => {
        if (frame.cells !== null) {
          const place = { x: margin.left, y: 12 };
          return countLegend(document, frame.scale, theme, place, "tokens per cell");
        }
        const place = { x: margin.left, y: 40, "text-anchor": "start" };
        return svgElement(document, "text", place, "one point per token");
      },
    ],
  });
  const title = `${powerTitle(powers, "b")} against ${powerName(powers, "a")}`;
  return finishFigure(plot, { title, description: readPowersScatter(powers) }, options);
}
