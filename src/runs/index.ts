/** Running experiments and keeping what they give. */
export { type Progress, runExperiment } from "./run-experiment.js";
export { prepareRunFolder, writeRunFolder, writeWhole } from "./run-folder.js";
