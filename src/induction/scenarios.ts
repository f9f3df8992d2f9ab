import { histogram, histogram2D } from "../stats/index.js";
import type { Experiment } from "./experiment.js";
import {
  drawPair,
  experimentCodes,
  type FixedPair,
  type SequenceKey,
  type SequencePair,
} from "./protocol.js";
import { type Lab, measurePairs, type PairLogOdds } from "./strength-meter.js";
import { strengthsOf, summariseStrength } from "./strength.js";
import type { ScenarioSummary, TokenRef } from "./summary.js";

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
export const scenarios: Experiment<ScenarioParams, PairLogOdds, ScenarioSummary[]> = {
  id: "scenarios",
  units: ({ sequences }) => ({ count: scenarioNames.length, sequences }),
  async measure(lab, params, { from, to }) {
    const rows: PairLogOdds[] = [];
    for (let unit = from; unit < to; unit++) {
      const draw = (k: number) => scenarioSequence(lab, params, unit, k);
      rows.push(await measurePairs(lab, params.sequences, draw));
    }
    return rows;
  },
  summarise: (params, rows) =>
    rows.map((row, unit) => {
      const scenario = scenarioNames[unit] as ScenarioName;
      return {
        scenario,
        ...scenarioTokens(params, scenario),
        ...summariseStrength(row),
        strengths: histogram(strengthsOf(row), strengthBins),
        beforeAfter: histogram2D(row.induction, row.control, { x: logOddsBins, y: logOddsBins }),
      };
    }),
};
