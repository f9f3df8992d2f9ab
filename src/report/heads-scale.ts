import { type FigureOptions, finishFigure, svgElement, themeOf } from "./figure.js";
import { formatNumber } from "./numbers.js";
import type { Theme } from "./theme.js";

/** How cells of one class of scores are drawn. */
export interface ScoreClass {
  /** Its least score. */
  readonly from: number;
  readonly fill: string;
  readonly opacity: number;
  /** The colour of a number on it. */
  readonly text: string;
}

/**
 * Six classes of a score from 0 to 1, in one hue. The two middle colours of the counts are left out:
 * neither ink nor paper can be read on them both on a light and on a dark page.
 */
export function scoreClasses({ grid, ink, paper, counts }: Theme): readonly ScoreClass[] {
  return [
    { from: 0, fill: grid, opacity: 0.35, text: ink },
    { from: 0.05, fill: counts[0], opacity: 0.7, text: ink },
    { from: 0.2, fill: counts[1], opacity: 0.9, text: ink },
    { from: 0.4, fill: counts[4], opacity: 1, text: paper },
    { from: 0.6, fill: counts[5], opacity: 1, text: paper },
    { from: 0.8, fill: counts[6], opacity: 1, text: paper },
  ];
}

/** The index of the class of a score. */
export function scoreClass(classes: readonly ScoreClass[], score: number): number {
  return Math.max(
    0,
    classes.findLastIndex(({ from }) => score >= from),
  );
}

const swatch = { width: 38, height: 10 } as const;

/** The legend of the scores' colours and of the outline of listed heads, as a drawing of its own. */
export function scoreLegend(options: FigureOptions): SVGSVGElement {
  const { document } = options;
  const theme = themeOf(options);
  const classes = scoreClasses(theme);
  const size = { width: 312, height: 78 };
  const svg = svgElement(document, "svg", {
    viewBox: `0 0 ${size.width} ${size.height}`,
    ...size,
    fill: "currentColor",
    "font-family": "system-ui, sans-serif",
    "font-size": 11,
    style: `color:${theme.ink}`,
  });
  const left = 8;
  svg.append(
    svgElement(document, "text", { x: left, y: 12 }, "score: mean attention, from 0 to 1"),
  );
  const edge = (x: number, value: number, digits: number) =>
    svgElement(
      document,
      "text",
      { x, y: 44, "text-anchor": "middle" },
      formatNumber(value, digits),
    );
  classes.forEach(({ from, fill, opacity }, i) => {
    const x = left + i * swatch.width;
    svg.append(
      svgElement(document, "rect", { x, y: 20, ...swatch, fill, "fill-opacity": opacity }),
      edge(x, from, from === 0 ? 0 : from < 0.1 ? 2 : 1),
    );
  });
  svg.append(edge(left + classes.length * swatch.width, 1, 0));
  const outline = { fill: "none", stroke: theme.accent, "stroke-width": 2 };
  svg.append(
    svgElement(document, "rect", { x: left + 1, y: 58, width: 20, height: 14, ...outline }),
    svgElement(document, "text", { x: left + 30, y: 69 }, "listed"),
  );
  const text = { title: "Colours: score of a head", description: "Stronger means higher." };
  return finishFigure(svg, text, options);
}
