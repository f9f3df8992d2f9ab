import { LabError } from "../errors.js";
import {
  crossedPowers,
  type Experiment,
  pairCount,
  powers,
  type PowersSummary,
} from "../induction/index.js";
import type { FinishedRun, PowersStage } from "./finished-run.js";
import type { StoredStage } from "./open-run.js";

/**
 * Makes the summary of a stage again from its parts.
 *
 * @throws LabError that names a part which is missing or damaged, and for a stage of other parameters.
 */
export function summarise<Params, Summary>(
  { dir }: FinishedRun,
  stage: StoredStage,
  experiment: Experiment<Params, Summary>,
  params: Params,
): Promise<Summary> {
  if (experiment.id !== stage.experiment || pairCount(experiment, params) !== stage.pairs) {
    throw unexpected(dir, stage.id);
  }
  return experiment.summarise(params, stage.rows());
}

/** {@link summarise} of powers by their own design. */
export function summarisePowersOf(
  run: FinishedRun,
  stage: StoredStage,
  of: PowersStage,
): Promise<PowersSummary> {
  return of.design === "post"
    ? summarise(run, stage, powers, of.params)
    : summarise(run, stage, crossedPowers, of.params);
}

/** The error of a stage that is not what the run's summary says. */
export function unexpected(dir: string, stage: string): LabError {
  return new LabError(
    `${dir}: expected ${stage} that this version measures, got others than its summary.json says`,
    { hint: "compare them with the version that its manifest.json names" },
  );
}
