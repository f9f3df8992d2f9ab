import * as Plot from "@observablehq/plot";

import type { HeadRow, HeadsSummary } from "../induction/heads/heads-summary.js";
import { baseOptions, type FigureOptions, finishFigure, svgElement, themeOf } from "./figure.js";
import { readHeadsScores } from "./heads-captions.js";
import { type HeadScore, headScores, listedBy } from "./heads-choice.js";
import { scoreClass, scoreClasses, scoreLegend } from "./heads-scale.js";
import { formatNumber } from "./numbers.js";
import { panelGrid, type Panels } from "./panel-grid.js";
import { shorten } from "./token-text.js";

const width = 312;
const margin = { top: 58, right: 10, bottom: 40, left: 44 } as const;
const most = width - margin.left - margin.right;

/** Pixels of a cell, and of the panel around all of them. */
function sizesOf(heads: readonly HeadRow[]) {
  const layers = 1 + Math.max(0, ...heads.map(({ layer }) => layer));
  const perLayer = 1 + Math.max(0, ...heads.map(({ head }) => head));
  const cell = Math.min(48, most / perLayer);
  const row = Math.min(26, Math.max(9, cell));
  return { layers, perLayer, cell, row, height: margin.top + margin.bottom + layers * row };
}

type Sizes = ReturnType<typeof sizesOf>;

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);

/** Whole numbers below `count` that have room for their labels. */
function ticksOf(count: number, pixels: number, label: number): number[] {
  const step = Math.max(1, Math.ceil(label / pixels));
  return upTo(count).filter((i) => i % step === 0);
}

/** A score as a narrow cell can hold it, or nothing. */
function cellText(score: number, { cell, row }: Sizes): string {
  if (row < 14 || cell < 19) return "";
  const text = formatNumber(score);
  return cell < 27 ? text.replace("0.", ".").replace("1.00", "1.0") : text;
}

function panel(summary: HeadsSummary, score: HeadScore, options: FigureOptions): SVGSVGElement {
  const theme = themeOf(options);
  const sizes = sizesOf(summary.heads);
  const { key, name, looksAt } = score;
  const classes = scoreClasses(theme);
  const rows = summary.heads.filter((row) => Number.isFinite(row[key]));
  const listed = listedBy(summary, score);
  const place = { x: "head", y: "layer" } as const;
  const hover = (row: HeadRow) => {
    const interval = row.intervals[key];
    const range =
      interval === null ? "" : ` (${formatNumber(interval[0])} to ${formatNumber(interval[1])})`;
    return `${row.name}: ${formatNumber(row[key])}${range}`;
  };
  const cells = classes.flatMap(({ fill, opacity, text }, i) => {
    const members = rows.filter((row) => scoreClass(classes, row[key]) === i);
    if (members.length === 0) return [];
    const label = (row: HeadRow) => cellText(row[key], sizes);
    return [
      Plot.cell(members, { ...place, fill, fillOpacity: opacity, inset: 0.5, title: hover }),
      ...(label(members[0] as HeadRow) === ""
        ? []
        : [
            Plot.text(members, {
              ...place,
              text: label,
              fill: text,
              fontSize: sizes.cell < 27 ? 9.5 : 11,
              pointerEvents: "none",
            }),
          ]),
    ];
  });
  const none = key === "duplicateToken" ? "not a reason to be listed" : "none listed";
  const heading: Plot.RenderFunction = (_index, _scales, _values, _dimensions, { document }) => {
    const group = svgElement(document, "g", { "text-anchor": "start" });
    const line = (y: number, text: string, attributes: Record<string, string> = {}) =>
      svgElement(document, "text", { x: margin.left, y, ...attributes }, text);
    group.append(
      line(14, `${name} score`, { "font-weight": "600", "font-size": "13" }),
      line(31, looksAt, { fill: theme.muted }),
      line(48, listed.length === 0 ? none : `listed: ${shorten(listed.join(", "), 32)}`),
    );
    return group;
  };
  const axis = { labelAnchor: "center", labelArrow: "none", tickSize: 0, padding: 0 } as const;
  const plot = Plot.plot({
    ...baseOptions(options),
    width,
    height: sizes.height,
    marginTop: margin.top,
    marginRight: width - margin.left - sizes.perLayer * sizes.cell,
    marginBottom: margin.bottom,
    marginLeft: margin.left,
    x: {
      ...axis,
      type: "band",
      domain: upTo(sizes.perLayer),
      label: "head",
      ticks: ticksOf(sizes.perLayer, sizes.cell, 18),
    },
    y: {
      ...axis,
      type: "band",
      domain: upTo(sizes.layers),
      label: "layer",
      ticks: ticksOf(sizes.layers, sizes.row, 13),
    },
    marks: [
      ...cells,
      Plot.cell(
        rows.filter((row) => listed.includes(row.name)),
        {
          ...place,
          fill: "none",
          stroke: theme.accent,
          strokeWidth: 2,
          inset: 0.5,
          ariaDescription: "listed",
          pointerEvents: "none",
        },
      ),
      heading,
    ],
  });
  const described =
    listed.length === 0 ? `${none}.` : `Listed, highest first: ${listed.join(", ")}.`;
  const title = `Heads by ${name} score`;
  return finishFigure(plot, { title, description: described }, options);
}

/** The heat maps of all detectors and their legend, for a page that lays them out itself. */
export function headsScoresPanels(summary: HeadsSummary, options: FigureOptions): Panels {
  return {
    panels: headScores.map((score) => panel(summary, score, options)),
    legend: scoreLegend(options),
  };
}

/**
 * Detector scores of all heads as heat maps, one for each detector on one scale of colours: mean
 * attention from 0 to 1. x: head; y: layer, the first on top. Listed heads are outlined.
 */
export function headsScores(summary: HeadsSummary, options: FigureOptions): SVGSVGElement {
  const { panels, legend } = headsScoresPanels(summary, options);
  const text = { title: "Detector scores of heads", description: readHeadsScores(summary) };
  const { height } = sizesOf(summary.heads);
  const all = legend === null ? panels : [...panels, legend];
  const size = { width, height: Math.max(height, 78), left: margin.left };
  return panelGrid(all, size, null, text, options);
}
