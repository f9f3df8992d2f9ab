import { momentsOf } from "../stats/index.js";
import { estimateOf } from "./estimate.js";
import type { Experiment } from "./experiment.js";
import { columnOf, type PairRows, strengthsOf } from "./pair-rows.js";
import { drawPair, experimentCodes, type SequenceKey, type SequencePair } from "./protocol.js";
import { type Lab, measurePairs } from "./strength-meter.js";
import type { StrengthSummary } from "./summary.js";
import { byUnit } from "./units.js";

/** Pairs to measure, and with how many sequence pairs each. */
export interface StrengthParams {
  readonly pairs: readonly { readonly a: number; readonly b: number }[];
  readonly sequences: number;
}

/** The one unit of all pairs: at one seed they share their fillers and can be compared as pairs. */
const sharedUnit = 0;

/** The k-th sequence pair for fixed A and B. */
export function strengthSequence(
  { protocol, seed }: Pick<Lab, "protocol" | "seed">,
  pair: { readonly a: number; readonly b: number },
  k: number,
): SequencePair {
  const key: SequenceKey = { seed, experiment: experimentCodes.strength, unit: sharedUnit, k };
  return drawPair(protocol, key, pair);
}

/** Means, standard errors and deviations of token `column` of those read in each row. */
export function summariseStrength(rows: PairRows, column = 0): StrengthSummary {
  const { width } = rows;
  return {
    strength: estimateOf(momentsOf(strengthsOf(rows, column))),
    logOdds: {
      induction: estimateOf(momentsOf(columnOf(rows.induction, width, column))),
      control: estimateOf(momentsOf(columnOf(rows.control, width, column))),
    },
  };
}

/** Induction strength of given pairs A, B: one summary per pair. */
export const strength: Experiment<StrengthParams, StrengthSummary[]> = {
  id: "strength",
  units: ({ pairs, sequences }) => ({ count: pairs.length, sequences }),
  measure(lab, { pairs, sequences }, range) {
    return measurePairs(lab, range, (index) => {
      const k = index % sequences;
      const fixed = pairs[Math.floor(index / sequences)] as { a: number; b: number };
      return { unit: sharedUnit, k, pair: strengthSequence(lab, fixed, k) };
    });
  },
  async summarise({ sequences }, rows) {
    const summaries: StrengthSummary[] = [];
    for await (const unit of byUnit(rows, sequences)) summaries.push(summariseStrength(unit));
    return summaries;
  },
};
