import type { PairRows } from "./pair-rows.js";
import type { ScoreRows } from "./score-rows.js";
import type { Lab } from "./strength-meter.js";

/** Sequence pairs `from` to `to` − 1 of an experiment, counted unit by unit. */
export interface IndexRange {
  readonly from: number;
  readonly to: number;
}

/** What an experiment measures of its items: sequence pairs, or scores of single sequences. */
export type ExperimentRows = PairRows | ScoreRows;

/**
 * An experiment: what it measures, not where it runs. It draws, prints and stores nothing.
 * Its sequence pairs are independent of each other, so that any share of them can be measured
 * anywhere; rows are summarised in the order of the pairs.
 */
export interface Experiment<Params, Summary, Rows extends ExperimentRows = PairRows> {
  readonly id: string;
  /** How many units there are, and how many sequence pairs (or sequences) each of them takes. */
  units(params: Params): { readonly count: number; readonly sequences: number };
  /** How many sequences the model meets for a range, a measure of its cost; two for each pair unless given. */
  sequences?(params: Params, range: IndexRange): number;
  /** Measures a range of sequence pairs (or sequences): one row each, in order. */
  measure(lab: Lab, params: Params, range: IndexRange): Promise<Rows>;
  /** Folds the rows of all pairs, which come in order and in pieces, into what is reported. */
  summarise(params: Params, rows: AsyncIterable<Rows>): Promise<Summary>;
}

/** Sequence pairs that an experiment takes in all. */
export function pairCount<Params>(
  experiment: Pick<Experiment<Params, unknown, never>, "units">,
  params: Params,
): number {
  const { count, sequences } = experiment.units(params);
  return count * sequences;
}

/** Sequences that a range of an experiment takes: a measure of what it costs. */
export function sequencesIn<Params>(
  experiment: Pick<Experiment<Params, unknown, never>, "sequences">,
  params: Params,
  range: IndexRange,
): number {
  return experiment.sequences?.(params, range) ?? 2 * (range.to - range.from);
}
