import type { FigureData, ReportData } from "../../src/report/index.js";
import {
  crossedRows,
  fourScenarios,
  frame,
  neighboursOf,
  powersOf,
  remeasuredOf,
  scenario,
  syntheticRows,
} from "./synthetic.js";
import { headsOf } from "./synthetic-heads.js";

/** A whole run of the post's size on the embedded model's vocabulary. */
export function fullRun(tokens = 8189): ReportData {
  const powers = powersOf(syntheticRows(tokens, 64), 64);
  return {
    ...frame,
    scenarios: fourScenarios(4096),
    powers,
    remeasured: remeasuredOf(powers, 256),
    neighbours: neighboursOf(4096),
  };
}

/** A small run of the crossed design whose partners were restricted. */
export function smallRun(): ReportData {
  return {
    ...frame,
    preset: "quick",
    command: "induction run quick --limit 60",
    notes: ["partial: --limit 60"],
    scenarios: [scenario("neither-fixed", 64, 5.2, 3.8)],
    powers: powersOf(crossedRows(60, 8), 8, { design: "crossed", partners: "restricted" }),
    neighbours: neighboursOf(64, 5.2, 50),
  };
}

/** As little as can be measured: one pair, two tokens, no induction. */
export function leastRun(): ReportData {
  return {
    ...frame,
    scenarios: [scenario("fixed-a-and-b", 1, 3, 1)],
    powers: powersOf(syntheticRows(2, 1), 1),
    neighbours: neighboursOf(1, 0.1, 1),
  };
}

/** Data of each group of figures in the gallery, by heading. */
export function galleryCases(): Record<string, FigureData> {
  return {
    "A whole run": fullRun(),
    "A small run, crossed design, restricted partners": smallRun(),
    "Next to nothing": leastRun(),
    "No induction": { neighbours: neighboursOf(512, 0.05) },
    "Heads of two layers": { heads: headsOf({ layers: 2, heads: 8 }) },
    "Heads of twelve layers": { heads: headsOf({ layers: 12, heads: 12 }) },
    "Heads of one layer, one sequence": {
      heads: headsOf({ layers: 1, heads: 4, n: 1, pair: false }),
    },
  };
}
