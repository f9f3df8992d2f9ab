/** Transformers as graphs: configuration, forward pass, weight processing, tokenizer. */
export { type Activation, activations } from "./activations.js";
export { parseConfig, type ModelConfig, type ParsedConfig, type WeightLayout } from "./config.js";
export { forward } from "./forward.js";
export { defaultHooks, matchNames } from "./hook-names.js";
export type { LastTokenValues } from "./last-token/make-head.js";
export { type LensWeights, lensWeights } from "./layout.js";
export { loadModelFiles, type LoadOptions, type RawWeights, readWeights } from "./load.js";
export { logOdds } from "./log-odds.js";
export { Model, type ModelParts, type ModelRunOptions, type Tokens } from "./model.js";
export { type ModelOrigin } from "./origin.js";
export { parameterShapes, takeWeights, type Weights } from "./parameters.js";
export { positionRange, type Positions } from "./positions.js";
export {
  processingSteps,
  processWeights,
  type ProcessedModel,
  type ProcessingOptions,
  type ProcessingStep,
} from "./processing.js";
export { type Rotary } from "./rotary.js";
export { checkTokenIds } from "./token-ids.js";
export type { TokenInput } from "./token-input.js";
export { loadTokenizer, type LabTokenizer } from "./tokenizer.js";
