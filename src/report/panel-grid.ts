import type { CountScale } from "./count-scale.js";
import {
  type FigureOptions,
  type FigureText,
  finishFigure,
  svgElement,
  themeOf,
} from "./figure.js";
import { countLegend, countLegendWidth } from "./legends.js";

/** The panels of a figure with their legend, for a page that lays them out itself. */
export interface Panels {
  readonly panels: readonly SVGSVGElement[];
  readonly legend: SVGSVGElement | null;
}

/** Pixels of one panel, and where its axes begin. */
export interface PanelSize {
  readonly width: number;
  readonly height: number;
  readonly left: number;
}

const gap = 20;
const legendHeight = 56;

/** Panels as one figure, two in a row, with the legend of their counts on top. */
export function panelGrid(
  panels: readonly SVGSVGElement[],
  { width, height, left }: PanelSize,
  legend: { readonly scale: CountScale; readonly unit: string } | null,
  text: FigureText,
  options: FigureOptions,
): SVGSVGElement {
  const theme = themeOf(options);
  const top = legend === null ? 0 : legendHeight;
  const size = {
    width: 2 * width + gap,
    height: top + Math.ceil(panels.length / 2) * (height + gap),
  };
  const svg = svgElement(options.document, "svg", {
    viewBox: `0 0 ${size.width} ${size.height}`,
    ...size,
    fill: "currentColor",
    "font-family": "system-ui, sans-serif",
    "font-size": 12,
    style: `color:${theme.ink};background:${theme.paper}`,
  });
  if (legend !== null) {
    const place = { x: left, y: 14 };
    svg.append(countLegend(options.document, legend.scale, theme, place, legend.unit));
  }
  panels.forEach((panel, i) => {
    panel.removeAttribute("role");
    panel.setAttribute("x", String((i % 2) * (width + gap)));
    panel.setAttribute("y", String(top + Math.floor(i / 2) * (height + gap)));
    svg.append(panel);
  });
  return finishFigure(svg, text, options);
}

/** The legend of the counts alone, for a page that lays the panels out itself. */
export function countLegendFigure(
  scale: CountScale,
  unit: string,
  options: FigureOptions,
): SVGSVGElement {
  const theme = themeOf(options);
  const size = { width: countLegendWidth(scale) + 4, height: 46 };
  const svg = svgElement(options.document, "svg", {
    viewBox: `0 0 ${size.width} ${size.height}`,
    ...size,
    fill: "currentColor",
    "font-family": "system-ui, sans-serif",
    style: `color:${theme.ink}`,
  });
  svg.append(countLegend(options.document, scale, theme, { x: 2, y: 8 }, unit));
  const text = { title: `Colours: ${unit}`, description: "Darker or stronger means more." };
  return finishFigure(svg, text, options);
}
