import { histogram, histogram2D, momentsOf } from "../stats/index.js";
import type { Experiment } from "./experiment.js";
import {
  drawPair,
  experimentCodes,
  type FixedPair,
  type SequenceKey,
  type SequencePair,
} from "./protocol.js";
import { estimateOf } from "./estimate.js";
import { type PairRows, strengthsOf } from "./pair-rows.js";
import { type Lab, measurePairs } from "./strength-meter.js";
import { summariseStrength } from "./strength.js";
import type { Estimate, ScenarioSummary, TokenRef } from "./summary.js";
import { byUnit } from "./units.js";

/** The fixed tokens of the scenarios, and how many sequence pairs each scenario takes. */
export interface ScenarioParams {
  readonly a: TokenRef;
  readonly b: TokenRef;
  readonly sequences: number;
}

/** The post's four scenarios, in its order; a scenario's place is its unit. */
export const scenarioNames = ["fixed-a-and-b", "fixed-a", "fixed-b", "neither-fixed"] as const;

/** One of the post's four scenarios. */
export type ScenarioName = (typeof scenarioNames)[number];

/** The tokens that a scenario fixes. */
export function scenarioTokens(
  { a, b }: Pick<ScenarioParams, "a" | "b">,
  name: ScenarioName,
): { readonly a?: TokenRef; readonly b?: TokenRef } {
  return {
    ...(name === "fixed-a-and-b" || name === "fixed-a" ? { a } : {}),
    ...(name === "fixed-a-and-b" || name === "fixed-b" ? { b } : {}),
  };
}

/** The k-th sequence pair of a scenario. */
export function scenarioSequence(
  { protocol, seed }: Pick<Lab, "protocol" | "seed">,
  params: Pick<ScenarioParams, "a" | "b">,
  unit: number,
  k: number,
): SequencePair {
  const { a, b } = scenarioTokens(params, scenarioNames[unit] as ScenarioName);
  const fixed: FixedPair = { ...(a && { a: a.id }), ...(b && { b: b.id }) };
  const key: SequenceKey = { seed, experiment: experimentCodes.scenarios, unit, k };
  return drawPair(protocol, key, fixed);
}

/** The post's bins: 30 on (−10, 20) nats for strengths, 100 × 100 on (−18, 6)² nats for log-odds. */
const strengthBins = { bins: 30, lo: -10, hi: 20 };
const logOddsBins = { bins: 100, lo: -18, hi: 6 };

/** Strength with A and B fixed, one of them fixed, or neither: one unit per scenario. */
export const scenarios: Experiment<ScenarioParams, ScenarioSummary[]> = {
  id: "scenarios",
  units: ({ sequences }) => ({ count: scenarioNames.length, sequences }),
  measure(lab, params, range) {
    return measurePairs(lab, range, (index) => {
      const unit = Math.floor(index / params.sequences);
      const k = index % params.sequences;
      return { unit, k, pair: scenarioSequence(lab, params, unit, k) };
    });
  },
  async summarise(params, rows) {
    const summaries: ScenarioSummary[] = [];
    for await (const unit of byUnit(rows, params.sequences)) {
      const scenario = scenarioNames[summaries.length] as ScenarioName;
      summaries.push({
        scenario,
        ...scenarioTokens(params, scenario),
        ...summariseStrength(unit),
        strengths: histogram(strengthsOf(unit), strengthBins),
        beforeAfter: histogram2D(unit.induction, unit.control, { x: logOddsBins, y: logOddsBins }),
        controlAB: shareOfControlsWithAB(unit),
      });
    }
    return summaries;
  },
};

/** How often B stands directly after A in the control, by chance. */
function shareOfControlsWithAB({ controlAB }: PairRows): Estimate {
  return estimateOf(momentsOf(controlAB));
}
