import * as Plot from "@observablehq/plot";

import type { PowerRow } from "../induction/summary.js";
import { type Histogram2D, histogram2D } from "../stats/index.js";
import { axisRange } from "./bins.js";
import { countCells } from "./count-cells.js";
import { type CountScale, countScale } from "./count-scale.js";
import type { Theme } from "./theme.js";

/** Up to this many tokens each one is a point; beyond, cells count them. */
const mostPoints = 400;

/** Cells along each axis. */
const bins = 80;

/** What figures of B power against A power share: rows, axes, and whether cells count them. */
export interface ScatterFrame {
  readonly rows: readonly PowerRow[];
  /** Of both axes, nats. */
  readonly domain: readonly [number, number];
  /** Tokens per cell of all rows; `null` where each token is a point. */
  readonly cells: Histogram2D | null;
  readonly scale: CountScale;
}

/** One range for both axes, a little wider than the data. */
function commonRange(rows: readonly PowerRow[]): [number, number] {
  let [lo, hi] = [Infinity, -Infinity];
  for (const { a, b } of rows) {
    lo = Math.min(lo, a.mean, b.mean);
    hi = Math.max(hi, a.mean, b.mean);
  }
  if (rows.length === 0) return [0, 1];
  const [low, high] = axisRange(lo, hi);
  const pad = (high - low) * 0.04;
  return [low - pad, high + pad];
}

/** Tokens per cell of some rows of a frame. */
export function cellsOf(
  rows: readonly PowerRow[],
  [lo, hi]: readonly [number, number],
): Histogram2D {
  const axis = { lo, hi, bins };
  const powersOf = (role: "a" | "b") => rows.map((row) => row[role].mean);
  return histogram2D(powersOf("a"), powersOf("b"), { x: axis, y: axis });
}

/** The frame of all rows with a finite pair of powers. */
export function scatterFrame(all: readonly PowerRow[]): ScatterFrame {
  const rows = all.filter(({ a, b }) => Number.isFinite(a.mean) && Number.isFinite(b.mean));
  const domain = commonRange(rows);
  const counted = cellsOf(rows, domain);
  const cells = rows.length <= mostPoints ? null : counted;
  return { rows, domain, cells, scale: countScale(counted.counts) };
}

/** Points or cells of some rows of a frame, with the frame's border and the diagonal. */
export function scatterMarks(
  rows: readonly PowerRow[],
  { cells, domain, scale }: ScatterFrame,
  theme: Theme,
): Plot.Markish[] {
  return [
    cells === null
      ? Plot.dot(rows, {
          x: (row: PowerRow) => row.a.mean,
          y: (row: PowerRow) => row.b.mean,
          r: 2.5,
          fill: theme.counts[4],
          fillOpacity: 0.7,
        })
      : countCells(cellsOf(rows, domain), scale, theme),
    Plot.frame({ stroke: theme.grid }),
    Plot.link([domain], {
      x1: ([lo]) => lo,
      y1: ([lo]) => lo,
      x2: ([, hi]) => hi,
      y2: ([, hi]) => hi,
      stroke: theme.muted,
      strokeDasharray: "4 3",
    }),
  ];
}
