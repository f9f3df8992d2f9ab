import * as Plot from "@observablehq/plot";

import type { PublishedColumn } from "../induction/compare-published.js";
import type { TestedDifference } from "../induction/compare.js";
import { type Histogram, histogram, type Histogram2D, histogram2D } from "../stats/index.js";
import { axisRange, outline } from "./bins.js";
import { countCells } from "./count-cells.js";
import { countScale, type CountScale } from "./count-scale.js";
import { baseOptions, type FigureOptions, finishFigure, svgElement, themeOf } from "./figure.js";
import { formatCounted, formatMeanSe, formatNumber } from "./numbers.js";

/** Pixels of every panel, and where its axes begin. */
export const panelSize = { width: 312, height: 348, left: 54 } as const;

const margin = { top: 58, right: 8, bottom: 40, left: panelSize.left } as const;

/** Up to this many tokens each one is a point; beyond, cells count them. */
const mostPoints = 400;

/** Cells along each axis. */
const cells = 80;

/** One role's powers in the run (`first`) and as published (`second`). */
export interface PublishedPanel {
  /** `A power`. */
  readonly name: string;
  readonly column: PublishedColumn;
  readonly powers: readonly TestedDifference[];
}

/** One range for both axes of all panels, a little wider than the data, nats. */
export function powersRange(panels: readonly PublishedPanel[]): [number, number] {
  let [lo, hi] = [Infinity, -Infinity];
  for (const { powers } of panels) {
    for (const { first, second } of powers) {
      lo = Math.min(lo, first.mean, second.mean);
      hi = Math.max(hi, first.mean, second.mean);
    }
  }
  const [low, high] = axisRange(lo, hi);
  const pad = (high - low) * 0.04;
  return [low - pad, high + pad];
}

/** Tokens per cell of a panel; `null` where each token is a point. */
export function panelCells(
  { powers }: PublishedPanel,
  [lo, hi]: readonly [number, number],
): Histogram2D | null {
  if (powers.length <= mostPoints) return null;
  const axis = { lo, hi, bins: cells };
  const means = (which: "first" | "second") => powers.map((power) => power[which].mean);
  return histogram2D(means("second"), means("first"), { x: axis, y: axis });
}

/** The scale of counts that panels share; `null` where tokens are points. */
export function panelScale(counted: readonly (Histogram2D | null)[]): CountScale | null {
  const counts = counted.flatMap((histogram) => (histogram === null ? [] : [...histogram.counts]));
  return counts.length === 0 ? null : countScale(counts);
}

/** Published powers (x) against those of the run (y), nats, equal units, with the diagonal. */
export function powersPanel(
  panel: PublishedPanel,
  domain: readonly [number, number],
  scale: CountScale | null,
  options: FigureOptions,
): SVGSVGElement {
  const theme = themeOf(options);
  const counted = panelCells(panel, domain);
  const { name, column, powers } = panel;
  const { correlation, difference } = column;
  const tokens =
    formatCounted(powers.length, "token") +
    (correlation === null ? "" : `, r = ${formatNumber(correlation.r, 3)}`);
  const agreement = `run − published ${formatMeanSe(difference.mean, difference.se, "nats")}`;
  const axis = {
    domain: [...domain],
    labelAnchor: "center",
    labelArrow: "none",
    ticks: 6,
  } as const;
  const plot = Plot.plot({
    ...frameOptions(options),
    x: { ...axis, label: `${name}, published (nats)` },
    y: { ...axis, label: `${name}, this run (nats)` },
    marks: [
      counted === null || scale === null
        ? Plot.dot(powers, {
            x: ({ second }: TestedDifference) => second.mean,
            y: ({ first }: TestedDifference) => first.mean,
            r: 2.5,
            fill: theme.counts[4],
            fillOpacity: 0.7,
          })
        : countCells(counted, scale, theme),
      Plot.frame({ stroke: theme.grid }),
      Plot.link([domain], {
        x1: ([lo]) => lo,
        y1: ([lo]) => lo,
        x2: ([, hi]) => hi,
        y2: ([, hi]) => hi,
        stroke: theme.muted,
        strokeDasharray: "4 3",
      }),
      heading(options, [name, tokens, agreement]),
    ],
  });
  const title = `${name}: this run against what was published`;
  const description = `On the dashed diagonal both are the same. ${agreement}`;
  return finishFigure(plot, { title, description }, options);
}

/** Bins of z per unit. */
const perUnit = 4;

/** The axes that the panels of z share. */
export interface ZFrame {
  /** |z| at both ends: 5, or as far as z goes, 20 at most. */
  readonly reach: number;
  /** Tokens in the highest bin, or under the curve. */
  readonly most: number;
}

/** The axes for all of these panels. */
export function zFrame(panels: readonly PublishedPanel[]): ZFrame {
  const largest = Math.max(...panels.map(({ column }) => column.largest));
  const reach = Math.min(20, Math.max(5, Math.ceil(largest)));
  const tops = panels.flatMap((panel) => [
    normalTokens(panel, 0),
    ...zHistogram(panel, reach).counts,
  ]);
  return { reach, most: Math.max(...tops) };
}

/** Tokens by z, in bins of a quarter. */
export function zHistogram({ powers }: PublishedPanel, reach: number): Histogram {
  const scores = powers.flatMap(({ z }) => (z === null ? [] : [z]));
  return histogram(scores, { lo: -reach, hi: reach, bins: 2 * reach * perUnit });
}

/** Tokens that the standard normal law expects in a bin around z. */
function normalTokens({ powers }: PublishedPanel, z: number): number {
  return (powers.length / perUnit) * (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI));
}

/** Distribution of z over tokens, with what the standard normal law expects of as many. */
export function zPanel(
  panel: PublishedPanel,
  { reach, most }: ZFrame,
  options: FigureOptions,
): SVGSVGElement {
  const theme = themeOf(options);
  const { name, column } = panel;
  const { z } = column;
  const stroke = name.startsWith("A") ? theme.a : theme.b;
  const normal = Array.from({ length: 401 }, (_, i) => {
    const at = (reach * (i - 200)) / 200;
    return { at, tokens: normalTokens(panel, at) };
  });
  const numbers = `mean ${formatNumber(z.mean, 3)}, sd ${formatNumber(z.sd, 3)}`;
  const points = [...outline(zHistogram(panel, reach))];
  const line = { x: "edge", y: "count", curve: "step-after" } as const;
  const label = { labelAnchor: "center", labelArrow: "none" } as const;
  const plot = Plot.plot({
    ...frameOptions(options),
    x: { ...label, domain: [-reach, reach], label: `z of the ${name}` },
    y: { ...label, label: "tokens per bin", domain: [0, most], nice: true, ticks: 6 },
    marks: [
      Plot.gridY({ stroke: theme.grid, strokeOpacity: 1, ticks: 6 }),
      Plot.areaY(points, { ...line, fill: stroke, fillOpacity: 0.12 }),
      Plot.lineY(points, { ...line, stroke, strokeWidth: 1.75 }),
      Plot.lineY(normal, { x: "at", y: "tokens", stroke: theme.ink, strokeDasharray: "4 3" }),
      Plot.ruleY([0], { stroke: theme.ink }),
      heading(options, [`z of the ${name}`, "dashed: standard normal, chance alone", numbers]),
    ],
  });
  const title = `z of the ${name}`;
  const description = `Tokens by z, and the standard normal law of as many: ${numbers}.`;
  return finishFigure(plot, { title, description }, options);
}

function frameOptions(options: FigureOptions): Plot.PlotOptions {
  return {
    ...baseOptions(options),
    width: panelSize.width,
    height: panelSize.height,
    marginTop: margin.top,
    marginRight: margin.right,
    marginBottom: margin.bottom,
    marginLeft: margin.left,
  };
}

function heading(
  options: FigureOptions,
  [title, quiet, numbers]: readonly [string, string, string],
): Plot.RenderFunction {
  const { muted } = themeOf(options);
  return (_index, _scales, _values, _dimensions, { document }) => {
    const group = svgElement(document, "g", { "text-anchor": "start" });
    const line = (y: number, text: string, attributes: Record<string, string> = {}) =>
      svgElement(document, "text", { x: margin.left, y, ...attributes }, text);
    group.append(
      line(14, title, { "font-weight": "600", "font-size": "13" }),
      line(31, quiet, { fill: muted }),
      line(48, numbers),
    );
    return group;
  };
}
