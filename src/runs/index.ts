/** Running experiments and keeping what they give. */
export { blocksOf, pairsPerBlock } from "./blocks.js";
export { canonicalJson, type Json } from "./canonical-json.js";
export type { Environment } from "./environment.js";
export { compareRuns, type RunComparison } from "./compare-runs.js";
export { comparePublishedRun, type PublishedRunComparison } from "./compare-published-run.js";
export { refuseChanges } from "./changes.js";
export { blockFor, fastest, preferred, type Trial, triedBatches, tryBatches } from "./calibrate.js";
export { executeRun, type OpenLab, type RunOptions } from "./execute-run.js";
export { executeShard, shardBlocks, type ShardOptions, type ShardResult } from "./execute-shard.js";
export { forecast, type ForecastOptions, type StageForecast } from "./forecast.js";
export { type FinishedRun, openFinishedRun } from "./finished-run.js";
export { headMeasurements, headsPlan, type HeadsSizes } from "./heads-plan.js";
export { Interrupted } from "./interrupted.js";
export { lockFolder } from "./lock.js";
export { type Manifest, type Parameter, readManifest } from "./manifest.js";
export { type MergedParts, mergeParts, requirePlan } from "./merge-parts.js";
export { openRun, type StoredRun, type StoredStage } from "./open-run.js";
export { peakMemory } from "./peak-memory.js";
export { pilot, type PilotVariances } from "./pilot.js";
export {
  type PlanChoices,
  type PlanFile,
  planName,
  planSchemaName,
  readPlan,
  writePlan,
} from "./plan-file.js";
export {
  type HeadsSpec,
  type PresetSpec,
  type RunSpec,
  stagesOf,
  storedChoices,
} from "./plan-spec.js";
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
export { checkFolder, type RunFiles } from "./run-files.js";
export { type RunPlan, runPlanOf, type RunPlanOptions } from "./run-plan-identity.js";
export { readShards, type Shard, shardText, type ShardState, shareOf } from "./shard-files.js";
export {
  powerStandardError,
  type PowerVariances,
  type StrengthVariances,
} from "./power-standard-error.js";
export {
  type MeasurementSize,
  sequencesForStandardError,
  sizeForStandardError,
} from "./required-sequences.js";
export { type RunStatus, runStatus, type ShardStatus, type StageStatus } from "./run-status.js";
export { plainSource, shardSources, type Source } from "./sources.js";
export { laterStage, stage, type Stage, type StageWork, type Summaries } from "./stage.js";
export { makeFolder, writeWhole } from "./whole-file.js";
