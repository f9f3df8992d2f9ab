import type { Lab } from "./strength-meter.js";

/** Units `from` to `to` − 1 of an experiment. */
export interface UnitRange {
  readonly from: number;
  readonly to: number;
}

/**
 * An experiment: what it measures, not where it runs. It draws, prints and stores nothing.
 * Units are independent of each other, so that any share of them can be measured anywhere; rows are
 * summarised in the order of the units.
 */
export interface Experiment<Params, Row, Summary> {
  readonly id: string;
  /** How many units there are, and how many sequence pairs each of them takes. */
  units(params: Params): { readonly count: number; readonly sequences: number };
  /** Measures a range of units: one row per unit, in order. */
  measure(lab: Lab, params: Params, range: UnitRange): Promise<Row[]>;
  /** Folds the rows of all units, in order, into what is reported. */
  summarise(params: Params, rows: readonly Row[]): Summary;
}
