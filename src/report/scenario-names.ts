import type { ScenarioSummary } from "../induction/summary.js";
import { displayTokenRef } from "./token-text.js";
import type { Theme } from "./theme.js";

/** Name of a scenario in words. */
export function scenarioName(summary: ScenarioSummary): string {
  switch (summary.scenario) {
    case "fixed-a-and-b":
      return "A and B fixed";
    case "fixed-a":
      return "A fixed";
    case "fixed-b":
      return "B fixed";
    case "neither-fixed":
      return "Neither fixed";
  }
}

/** The pair of a scenario: `A = ·Fab, B random`. */
export function scenarioPair(summary: ScenarioSummary): string {
  const a = summary.a === undefined ? "A random" : `A = ${displayTokenRef(summary.a)}`;
  const b = summary.b === undefined ? "B random" : `B = ${displayTokenRef(summary.b)}`;
  return `${a}, ${b}`;
}

/** Line of a series: colour, dash pattern and width, pixels; never colour alone. */
export interface SeriesStyle {
  readonly stroke: string;
  /** SVG dash array; absent for a solid line. */
  readonly dash?: string;
  readonly width: number;
}

/** The line of a scenario in every figure. */
export function scenarioStyle(summary: ScenarioSummary, theme: Theme): SeriesStyle {
  switch (summary.scenario) {
    case "fixed-a-and-b":
      return { stroke: theme.both, dash: "9 3 2 3", width: 1.5 };
    case "fixed-a":
      return { stroke: theme.a, dash: "7 3", width: 1.5 };
    case "fixed-b":
      return { stroke: theme.b, dash: "2.5 2.5", width: 1.75 };
    case "neither-fixed":
      return { stroke: theme.neither, width: 2 };
  }
}
