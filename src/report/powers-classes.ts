import * as Plot from "@observablehq/plot";

import type { ClassSummary, PowerRow, PowersSummary } from "../induction/summary.js";
import { tokenClass } from "../induction/token-class.js";
import { correlationText, readPowersClasses } from "./captions.js";
import { className } from "./class-names.js";
import { baseOptions, type FigureOptions, finishFigure, svgElement, themeOf } from "./figure.js";
import { formatCounted } from "./numbers.js";
import { countLegendFigure, panelGrid, type Panels } from "./panel-grid.js";
import { powerName, powerTitle } from "./power-names.js";
import { type ScatterFrame, scatterFrame, scatterMarks } from "./scatter-panel.js";

const width = 312;
const margin = { top: 58, right: 8, bottom: 40, left: 46 } as const;
const height = margin.top + margin.bottom + (width - margin.left - margin.right);
const unit = "tokens per cell";

/** The rows of a class. */
export function rowsOfClass(
  rows: readonly PowerRow[],
  name: ClassSummary["class"],
): readonly PowerRow[] {
  return rows.filter(({ text }) => tokenClass(text) === name);
}

function panel(
  powers: PowersSummary,
  one: ClassSummary,
  frame: ScatterFrame,
  options: FigureOptions,
): SVGSVGElement {
  const theme = themeOf(options);
  const axis = {
    domain: [...frame.domain],
    labelAnchor: "center",
    labelArrow: "none",
    ticks: 6,
  } as const;
  const name = className(one.class);
  const heading: Plot.RenderFunction = (_index, _scales, _values, _dimensions, { document }) => {
    const group = svgElement(document, "g", { "text-anchor": "start" });
    const line = (y: number, text: string, attributes: Record<string, string> = {}) =>
      svgElement(document, "text", { x: margin.left, y, ...attributes }, text);
    group.append(
      line(14, name, { "font-weight": "600", "font-size": "13" }),
      line(31, formatCounted(one.tokens, "token"), { fill: theme.muted }),
      line(48, correlationText(one)),
    );
    return group;
  };
  const all = { stroke: theme.muted, strokeDasharray: "1 3" };
  const mean = { x: one.a.mean, y: one.b.mean, symbol: "times", r: 5 } as const;
  const plot = Plot.plot({
    ...baseOptions(options),
    width,
    height,
    marginTop: margin.top,
    marginRight: margin.right,
    marginBottom: margin.bottom,
    marginLeft: margin.left,
    x: { ...axis, label: `${powerName(powers, "a")} (nats)` },
    y: { ...axis, label: `${powerName(powers, "b")} (nats)` },
    marks: [
      ...scatterMarks(rowsOfClass(frame.rows, one.class), frame, theme),
      Plot.ruleX([powers.a.mean].filter(Number.isFinite), all),
      Plot.ruleY([powers.b.mean].filter(Number.isFinite), all),
      Plot.dot([one], { ...mean, stroke: theme.paper, strokeWidth: 5 }),
      Plot.dot([one], { ...mean, stroke: theme.accent, strokeWidth: 2.25 }),
      heading,
    ],
  });
  const title = `${powerTitle(powers, "b")} against ${powerName(powers, "a")}: ${name}`;
  return finishFigure(plot, { title, description: correlationText(one) }, options);
}

/** The panels of all classes and their legend, for a page that lays them out itself. */
export function powersClassesPanels(powers: PowersSummary, options: FigureOptions): Panels {
  const frame = scatterFrame(powers.rows);
  return {
    panels: powers.classes.map((one) => panel(powers, one, frame, options)),
    legend: frame.cells === null ? null : countLegendFigure(frame.scale, unit, options),
  };
}

/**
 * B power against A power within each class of tokens, one panel per class on common axes and one
 * scale of counts, so that a correlation that comes from how classes differ can be seen.
 */
export function powersClasses(powers: PowersSummary, options: FigureOptions): SVGSVGElement {
  const { panels } = powersClassesPanels(powers, options);
  const { cells, scale } = scatterFrame(powers.rows);
  const text = {
    title: `${powerTitle(powers, "b")} against ${powerName(powers, "a")} by class of token`,
    description: readPowersClasses(powers),
  };
  const legend = cells === null ? null : { scale, unit };
  return panelGrid(panels, { width, height, left: margin.left }, legend, text, options);
}
