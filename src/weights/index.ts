/** Weight files and the models known by name: what runs in Node and in the browser. */
export { type ByteSource, memorySource } from "./byte-source.js";
export {
  defaultEndpoint,
  defaultRevision,
  type HubFile,
  type HubProgress,
  isCommit,
} from "./hub.js";
export { type HubConnectionOptions } from "./hub-request.js";
export { webCacheName, webHubFiles, type WebHubOptions } from "./hub-web.js";
export { checkFileName, memoryFiles, type ModelFiles, readFile } from "./model-files.js";
export { findWeights, type OpenedWeights, openWeights } from "./open-weights.js";
export {
  type Checkpoint,
  checkpointsIn,
  chooseCheckpoint,
  pythiaStep,
  pythiaSteps,
  pythiaTokensPerStep,
} from "./checkpoints.js";
export {
  type Architecture,
  type CardToken,
  type CheckpointLayout,
  findKnownModel,
  findRefusedModel,
  float32Bytes,
  type KnownModel,
  knownModels,
  nearestKnownModels,
  parameterCount,
  type RefusedModel,
  refusedModels,
} from "./registry.js";
export { openSafetensors, readSafetensors, type SafetensorsFile } from "./safetensors.js";
export { type SafetensorsDType, type SafetensorsEntry } from "./safetensors-header.js";
export {
  safetensorsPieces,
  type WriteSafetensorsOptions,
  writeSafetensors,
} from "./safetensors-write.js";
export { type WeightSource } from "./weight-source.js";
