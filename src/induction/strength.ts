import { momentsOf } from "../stats/index.js";
import { estimateOf } from "./estimate.js";
import type { Experiment } from "./experiment.js";
import { drawPair, experimentCodes, type SequenceKey, type SequencePair } from "./protocol.js";
import { type Lab, measurePairs, type PairLogOdds } from "./strength-meter.js";
import type { StrengthSummary } from "./summary.js";

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

/** Induction strength of each sequence pair, nats: log-odds of B in the induction sequence minus those in the control. */
export function strengthsOf({ induction, control }: PairLogOdds): Float64Array {
  return induction.map((value, i) => value - (control[i] as number));
}

/** Means, standard errors and deviations of a set of sequence pairs. */
export function summariseStrength(logOdds: PairLogOdds): StrengthSummary {
  return {
    strength: estimateOf(momentsOf(strengthsOf(logOdds))),
    logOdds: {
      induction: estimateOf(momentsOf(logOdds.induction)),
      control: estimateOf(momentsOf(logOdds.control)),
    },
  };
}

/** Induction strength of given pairs A, B: one unit per pair, one summary per unit. */
export const strength: Experiment<StrengthParams, PairLogOdds, StrengthSummary[]> = {
  id: "strength",
  units: ({ pairs, sequences }) => ({ count: pairs.length, sequences }),
  async measure(lab, { pairs, sequences }, { from, to }) {
    const rows: PairLogOdds[] = [];
    for (const pair of pairs.slice(from, to)) {
      rows.push(await measurePairs(lab, sequences, (k) => strengthSequence(lab, pair, k)));
    }
    return rows;
  },
  summarise: (_, rows) => rows.map(summariseStrength),
};
