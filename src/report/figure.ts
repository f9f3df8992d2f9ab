import type { PlotOptions } from "@observablehq/plot";

import { paperTheme, type Theme } from "./theme.js";

/** What every figure takes besides its data. */
export interface FigureOptions {
  /** The document that makes the elements: the page's, or one of linkedom in Node. */
  readonly document: Document;
  /** Colours; plain ones on white when absent, `pageTheme` for a page. */
  readonly theme?: Theme;
}

/** The theme of the options, or the plain one. */
export function themeOf(options: FigureOptions): Theme {
  return options.theme ?? paperTheme;
}

/** Plot options that all figures share. */
export function baseOptions(options: FigureOptions): PlotOptions {
  const theme = themeOf(options);
  return {
    document: options.document,
    style: { color: theme.ink, background: theme.paper, fontSize: "12px" },
  };
}

/** The words of a figure for a reader who cannot see it. */
export interface FigureText {
  /** A short name, also the accessible label. */
  readonly title: string;
  /** What the figure shows, with its numbers. */
  readonly description: string;
}

const svgNamespace = "http://www.w3.org/2000/svg";

/** A new SVG element with attributes. */
export function svgElement(
  document: Document,
  name: string,
  attributes: Readonly<Record<string, string | number>> = {},
  text?: string,
): SVGElement {
  const element = document.createElementNS(svgNamespace, name) as SVGElement;
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  if (text !== undefined) element.textContent = text;
  return element;
}

const geometry = new Set(
  "d transform x y x1 x2 y1 y2 dx dy cx cy r width height viewBox points".split(" "),
);

/** Two decimals: a hundredth of a pixel, so that files stay small and do not differ by a last bit. */
function roundGeometry(element: Element): void {
  for (const { name, value } of [...element.attributes]) {
    if (!geometry.has(name)) continue;
    const rounded = value.replace(/-?\d+\.\d{3,}(e-?\d+)?/g, (number) =>
      String(Math.round(Number(number) * 100) / 100 + 0),
    );
    if (rounded !== value) element.setAttribute(name, rounded);
  }
  for (const child of [...element.children]) roundGeometry(child);
}

/**
 * Makes a drawing a figure: one image for assistive technology, named and described, its geometry
 * rounded. Changes `drawing` and returns its `<svg>` element.
 */
export function finishFigure(
  drawing: Element,
  text: FigureText,
  options: FigureOptions,
): SVGSVGElement {
  const svg = drawing as SVGSVGElement;
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", text.title);
  const { document } = options;
  const description = svgElement(document, "desc", {}, text.description);
  svg.insertBefore(description, svg.firstChild);
  svg.insertBefore(svgElement(document, "title", {}, text.title), description);
  roundGeometry(svg);
  return svg;
}
