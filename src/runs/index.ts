/** Running experiments and keeping what they give. */
export { blocksOf, pairsPerBlock } from "./blocks.js";
export type { Json } from "./canonical-json.js";
export type { Environment } from "./environment.js";
export { compareRuns, type RunComparison } from "./compare-runs.js";
export { comparePublishedRun, type PublishedRunComparison } from "./compare-published-run.js";
export { executeRun, type RunOptions } from "./execute-run.js";
export { forecast, type ForecastOptions, type StageForecast } from "./forecast.js";
export { type FinishedRun, openFinishedRun } from "./finished-run.js";
export { headMeasurements, headsPlan, type HeadsSizes } from "./heads-plan.js";
export { Interrupted } from "./interrupted.js";
export { type Manifest, type Parameter, readManifest } from "./manifest.js";
export { openRun, type StoredRun, type StoredStage } from "./open-run.js";
export { pilot, type PilotVariances } from "./pilot.js";
export { powersTable } from "./powers-table.js";
export {
  type PresetChoices,
  presetPlan,
  type PresetSummaries,
  presetSummaries,
} from "./preset-plan.js";
export {
  isPublishedName,
  type PublishedName,
  publishedNames,
  type PublishedPowers,
  readPublishedPowers,
} from "./published-powers.js";
export { type Progress, runExperiment } from "./run-experiment.js";
export { runPlan } from "./run-plan.js";
export type { RunFiles } from "./run-files.js";
export {
  powerStandardError,
  sequencesForStandardError,
  type StrengthVariances,
} from "./required-sequences.js";
export { laterStage, stage, type Stage, type StageWork, type Summaries } from "./stage.js";
export { makeFolder, writeWhole } from "./whole-file.js";
