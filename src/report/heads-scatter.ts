import * as Plot from "@observablehq/plot";

import type { HeadRow, HeadsSummary } from "../induction/heads/heads-summary.js";
import { baseOptions, type FigureOptions, finishFigure, themeOf } from "./figure.js";
import { readHeadsScatter } from "./heads-captions.js";
import { endsOf } from "./heads-choice.js";
import { placeHeadLabels } from "./heads-labels.js";
import { formatNumber } from "./numbers.js";

/** A head by its induction score and the effect of its mean ablation, nats, with their intervals. */
export interface HeadPoint {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly left: number;
  readonly right: number;
  readonly low: number;
  readonly high: number;
}

/** The heads with a finite score and a finite effect. */
export function headPoints({ heads }: HeadsSummary): readonly HeadPoint[] {
  return heads
    .filter((row) => Number.isFinite(row.induction) && Number.isFinite(row.ablation.mean))
    .map(({ name, induction, ablation, intervals }: HeadRow) => {
      const across = endsOf(intervals.induction, induction);
      const ends = endsOf(intervals.ablation, ablation.mean);
      return {
        name,
        x: induction,
        y: ablation.mean,
        left: across.low,
        right: across.high,
        ...ends,
      };
    });
}

/** Heads that are not listed, but whose ablation costs more than a tenth of the strength. */
function costly(others: readonly HeadPoint[], { strength }: HeadsSummary): HeadPoint[] {
  return others
    .filter(({ y, high }) => high < 0 && -y > 0.1 * Math.abs(strength.mean))
    .toSorted((p, q) => p.y - q.y);
}

/** Room on both sides of the data, zero included; one nat each way where there is no height. */
function effectDomain(points: readonly HeadPoint[]): [number, number] {
  const low = Math.min(0, ...points.map((point) => point.low));
  const high = Math.max(0, ...points.map((point) => point.high));
  const room = 0.06 * (high - low);
  return high > low ? [low - room, high + room] : [-1, 1];
}

/**
 * Both conditions of an induction head at once: heads right of the dashed threshold attend as
 * induction heads do, heads below the zero line are needed for the strength. x: induction score, 0
 * to 1; y: effect of mean ablation on the induction strength, nats; 95 % intervals.
 */
export function headsScatter(summary: HeadsSummary, options: FigureOptions): SVGSVGElement {
  const theme = themeOf(options);
  const points = headPoints(summary);
  const [induction, previous] = [
    new Set(summary.inductionHeads),
    new Set(summary.previousTokenHeads),
  ];
  const listed = points.filter(({ name }) => induction.has(name));
  const before = points.filter(({ name }) => previous.has(name) && !induction.has(name));
  const others = points.filter(({ name }) => !induction.has(name) && !previous.has(name));
  const at = { x: "x", y: "y" } as const;
  const color = theme.counts[5];
  const plot = Plot.plot({
    ...baseOptions(options),
    width: 460,
    height: 368,
    marginTop: 44,
    marginLeft: 62,
    marginBottom: 42,
    marginRight: 14,
    x: {
      domain: [
        Math.min(-0.03, ...points.map(({ left }) => left)),
        Math.max(1.03, ...points.map(({ right }) => right)),
      ],
      label: "induction score",
      labelAnchor: "center",
      labelArrow: "none",
      ticks: 6,
    },
    y: {
      domain: effectDomain(points),
      label: "effect of mean ablation (nats)",
      labelAnchor: "center",
      labelArrow: "none",
      ticks: 6,
    },
    marks: [
      Plot.gridY({ stroke: theme.grid, strokeOpacity: 1, ticks: 6 }),
      Plot.ruleY([0], { stroke: theme.ink }),
      Plot.ruleX([summary.threshold], { stroke: theme.muted, strokeDasharray: "4 3" }),
      Plot.text([`threshold ${formatNumber(summary.threshold)}`], {
        x: () => summary.threshold,
        frameAnchor: "top",
        textAnchor: summary.threshold > 0.7 ? "end" : "start",
        dy: -14,
        dx: summary.threshold > 0.7 ? 4 : -4,
        fill: theme.muted,
      }),
      Plot.ruleX(points, { x: "x", y1: "low", y2: "high", stroke: theme.muted }),
      Plot.ruleY(points, { y: "y", x1: "left", x2: "right", stroke: theme.muted }),
      Plot.dot(others, { ...at, r: 2.5, stroke: theme.muted, fill: theme.paper }),
      Plot.dot(before, {
        ...at,
        symbol: "square",
        r: 3.5,
        stroke: color,
        strokeWidth: 1.5,
        fill: theme.paper,
        ariaDescription: "previous-token heads",
      }),
      Plot.dot(listed, {
        ...at,
        r: 4,
        stroke: color,
        fill: color,
        ariaDescription: "induction heads",
      }),
      (_index, scales, _values, dimensions, { document }) =>
        placeHeadLabels(
          document,
          { named: [...listed, ...before, ...costly(others, summary)], points },
          scales,
          dimensions,
          theme,
        ),
    ],
  });
  const title = "Induction score and effect of ablation";
  return finishFigure(plot, { title, description: readHeadsScatter(summary) }, options);
}
