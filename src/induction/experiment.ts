import type { PairRows } from "./pair-rows.js";
import type { Lab } from "./strength-meter.js";

/** Sequence pairs `from` to `to` − 1 of an experiment, counted unit by unit. */
export interface IndexRange {
  readonly from: number;
  readonly to: number;
}

/**
 * An experiment: what it measures, not where it runs. It draws, prints and stores nothing.
 * Its sequence pairs are independent of each other, so that any share of them can be measured
 * anywhere; rows are summarised in the order of the pairs.
 */
export interface Experiment<Params, Summary> {
  readonly id: string;
  /** How many units there are, and how many sequence pairs each of them takes. */
  units(params: Params): { readonly count: number; readonly sequences: number };
  /** Measures a range of sequence pairs: one row each, in order. */
  measure(lab: Lab, params: Params, range: IndexRange): Promise<PairRows>;
  /** Folds the rows of all pairs, which come in order and in pieces, into what is reported. */
  summarise(params: Params, rows: AsyncIterable<PairRows>): Promise<Summary>;
}

/** Sequence pairs that an experiment takes in all. */
export function pairCount<Params>(
  experiment: Pick<Experiment<Params, unknown>, "units">,
  params: Params,
): number {
  const { count, sequences } = experiment.units(params);
  return count * sequences;
}
