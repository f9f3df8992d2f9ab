/** Weight files and the models known by name: what runs in Node and in the browser. */
export { type ByteSource, memorySource } from "./byte-source.js";
export { checkFileName, memoryFiles, type ModelFiles, readFile } from "./model-files.js";
export { findWeights, type OpenedWeights, openWeights } from "./open-weights.js";
export {
  type CardToken,
  findKnownModel,
  type KnownModel,
  knownModels,
  nearestKnownModels,
} from "./registry.js";
export { openSafetensors, readSafetensors, type SafetensorsFile } from "./safetensors.js";
export { type SafetensorsDType, type SafetensorsEntry } from "./safetensors-header.js";
export {
  safetensorsPieces,
  type WriteSafetensorsOptions,
  writeSafetensors,
} from "./safetensors-write.js";
export { type WeightSource } from "./weight-source.js";
