/** The induction instrument: protocol, strength and the experiments. */
export type { Experiment, UnitRange } from "./experiment.js";
export { powers, powersSequence, type PowersParams, type Role } from "./powers.js";
export { findPreset, postPowersRange, postTokens, type Preset, presets } from "./presets.js";
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
export {
  strength,
  type StrengthParams,
  strengthSequence,
  strengthsOf,
  summariseStrength,
} from "./strength.js";
export { type Lab, measurePairs, type PairLogOdds } from "./strength-meter.js";
export type * from "./summary.js";
export { tokenRef } from "./token-ref.js";
