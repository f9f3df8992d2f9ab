/** Weight files and the models known by name: what runs in Node and in the browser. */
export { checkFileName, type ModelFiles } from "./model-files.js";
export {
  type CardToken,
  findKnownModel,
  type KnownModel,
  knownModels,
  nearestKnownModels,
} from "./registry.js";
export { readSafetensors, type SafetensorsFile } from "./safetensors.js";
export { type SafetensorsDType, type SafetensorsEntry } from "./safetensors-header.js";
export { type WriteSafetensorsOptions, writeSafetensors } from "./safetensors-write.js";
