import * as Plot from "@observablehq/plot";

import type { HeadRow, HeadsSummary } from "../induction/heads/heads-summary.js";
import { baseOptions, type FigureOptions, finishFigure, themeOf } from "./figure.js";
import { readHeadsAblation } from "./heads-captions.js";
import { endsOf, headsByEffect } from "./heads-choice.js";
import { seriesLegend } from "./legends.js";
import { formatCounted } from "./numbers.js";

const rowHeight = 18;
const margin = { top: 50, right: 14, bottom: 42, left: 58 } as const;

/** An effect with its interval at the row of its head, nats. */
interface Effect {
  readonly name: string;
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

function effectsOf(rows: readonly HeadRow[], key: "ablation" | "zeroAblation"): Effect[] {
  return rows
    .map((row) => ({
      name: row.name,
      mean: row[key].mean,
      ...endsOf(row.intervals[key], row[key].mean),
    }))
    .filter(({ mean }) => Number.isFinite(mean));
}

/** From the least to the greatest end, zero included; one nat each way where there is no width. */
function domainOf(effects: readonly Effect[]): [number, number] {
  const low = Math.min(0, ...effects.map((effect) => effect.low));
  const high = Math.max(0, ...effects.map((effect) => effect.high));
  const room = 0.03 * (high - low);
  return high > low ? [low - room, high + room] : [-1, 1];
}

/**
 * What ablating each head does to the induction strength, the largest loss on top: mean ablation with
 * 95 % intervals, and zero ablation beside it. x: strength with minus without the ablation, nats.
 */
export function headsAblation(summary: HeadsSummary, options: FigureOptions): SVGSVGElement {
  const theme = themeOf(options);
  const { lowest, highest, between } = headsByEffect(summary);
  const rows = [...lowest, ...highest];
  const gap = between === 0 ? [] : [`${formatCounted(between, "head")} between`];
  const names = (list: readonly HeadRow[]) => list.map(({ name }) => name);
  const listed = new Set(summary.inductionHeads);
  const [mean, zero] = [effectsOf(rows, "ablation"), effectsOf(rows, "zeroAblation")];
  const domain = [...names(lowest), ...gap, ...names(highest)];
  const marked = (inList: boolean) => names(rows).filter((name) => listed.has(name) === inList);
  const label = { y: (name: string) => name, frameAnchor: "left", textAnchor: "end" } as const;
  const color = theme.counts[5];
  const plot = Plot.plot({
    ...baseOptions(options),
    width: 460,
    height: margin.top + margin.bottom + rowHeight * Math.max(1, domain.length),
    marginTop: margin.top,
    marginRight: margin.right,
    marginBottom: margin.bottom,
    marginLeft: margin.left,
    x: {
      domain: domainOf([...mean, ...zero]),
      label: "effect on the induction strength (nats)",
      labelAnchor: "center",
      labelArrow: "none",
      ticks: 7,
    },
    y: { type: "band", domain, axis: null, padding: 0 },
    marks: [
      Plot.gridX({ stroke: theme.grid, strokeOpacity: 1, ticks: 7 }),
      Plot.ruleX([0], { stroke: theme.ink }),
      Plot.ruleY(zero, { x1: "low", x2: "high", y: "name", stroke: theme.muted, dy: 3.5 }),
      Plot.dot(zero, {
        x: "mean",
        y: "name",
        symbol: "square",
        r: 3,
        dy: 3.5,
        stroke: theme.muted,
        strokeWidth: 1.5,
        fill: theme.paper,
        ariaDescription: "zero ablation",
      }),
      Plot.ruleY(mean, {
        x1: "low",
        x2: "high",
        y: "name",
        stroke: color,
        strokeWidth: 1.5,
        dy: -3.5,
      }),
      Plot.dot(mean, {
        x: "mean",
        y: "name",
        r: 3,
        dy: -3.5,
        stroke: color,
        fill: color,
        ariaDescription: "mean ablation",
      }),
      Plot.text(marked(false), { ...label, text: label.y, dx: -8 }),
      Plot.text(marked(true), { ...label, text: label.y, dx: -8, fontWeight: 700 }),
      Plot.text(gap, { ...label, text: () => "⋮", dx: -8 }),
      Plot.text(gap, {
        y: label.y,
        text: label.y,
        frameAnchor: "middle",
        fill: theme.muted,
        stroke: theme.paper,
        strokeWidth: 4,
      }),
      (_index, _scales, _values, _dimensions, { document }) => {
        const entries = [
          { label: "mean ablation", stroke: color, width: 1.5, symbol: "circle" },
          { label: "zero ablation", stroke: theme.muted, width: 1, symbol: "square" },
        ] as const;
        return seriesLegend(document, entries, { x: margin.left, y: 12 }, theme.paper);
      },
    ],
  });
  const title = "Effect of ablating each head";
  return finishFigure(plot, { title, description: readHeadsAblation(summary) }, options);
}
