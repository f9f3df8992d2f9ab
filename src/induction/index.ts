/** The induction instrument: protocol, strength and the experiments. */
export {
  crossedPartners,
  crossedPowers,
  crossedRounds,
  type CrossedParams,
  crossedSequence,
} from "./crossed-powers.js";
export { extremeCount, extremeTokens } from "./extreme-tokens.js";
export {
  type Experiment,
  type ExperimentRows,
  type IndexRange,
  pairCount,
  sequencesIn,
} from "./experiment.js";
export { NearestTokenFinder, type NearestTokens } from "./nearest-tokens.js";
export { neighbourRanks, neighbours, type NeighbourParams } from "./neighbours.js";
export { columnOf, type PairRows, rowCount, strengthsOf } from "./pair-rows.js";
export { powers, powersSequence, type PowersParams, type Role } from "./powers.js";
export {
  findPreset,
  postPowersRange,
  postTokens,
  type PowersDesign,
  type Preset,
  presets,
  remeasuredPerEnd,
} from "./presets.js";
export {
  checkProtocol,
  drawPair,
  type ExperimentCode,
  experimentCodes,
  type FixedPair,
  postProtocol,
  type Protocol,
  sequenceLength,
  type SequenceKey,
  type SequencePair,
} from "./protocol.js";
export {
  scenarioNames,
  type ScenarioName,
  type ScenarioParams,
  scenarios,
  scenarioSequence,
  scenarioTokens,
} from "./scenarios.js";
export { scoreRows, type ScoreRows } from "./score-rows.js";
export { strength, type StrengthParams, strengthSequence, summariseStrength } from "./strength.js";
export {
  type Drawn,
  type Lab,
  measurePairs,
  type Readout,
  type RunPath,
} from "./strength-meter.js";
export type * from "./summary.js";
export { tokenClass } from "./token-class.js";
export { tokenRef } from "./token-ref.js";
export { joinRows, sliceRows } from "./units.js";
export {
  type AblationSummary,
  headAblation,
  type HeadAblationParams,
} from "./heads/head-ablation.js";
export { headAttribution, type HeadAttributionParams } from "./heads/head-attribution.js";
export { headCircuits, type HeadCircuits, type HeadComposition } from "./heads/head-circuits.js";
export {
  headPairs,
  type HeadPairsParams,
  type HeadPairSummary,
  pairsToTry,
} from "./heads/head-pairs.js";
export {
  type DetectorSummary,
  headScores,
  type HeadScoreParams,
  prefixLength,
  prefixMatching,
  type PrefixMatchingParams,
} from "./heads/head-scores.js";
export {
  type HeadMeasurements,
  type HeadRow,
  type HeadsSummary,
  type Interval95,
  listedHeads,
  summariseHeads,
} from "./heads/heads-summary.js";
