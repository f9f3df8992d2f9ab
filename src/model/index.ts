/** Transformers as graphs: configuration, forward pass, weight processing, tokenizer. */
export { parseConfig, type ModelConfig } from "./config.js";
export { forward } from "./forward.js";
export { loadModelFiles, type LoadOptions } from "./load.js";
export { logOdds } from "./log-odds.js";
export {
  Model,
  type ModelParts,
  type ModelRunOptions,
  type TokenInput,
  type Tokens,
} from "./model.js";
export { parameterShapes, takeWeights, type Weights, type WeightSource } from "./parameters.js";
export {
  processingSteps,
  processWeights,
  type ProcessedModel,
  type ProcessingStep,
} from "./processing.js";
export { loadTokenizer, type LabTokenizer } from "./tokenizer.js";
