/** What of the weights layer needs Node: folders on disk and the models inside the package. */
export { embeddedFolder, knownModelOf } from "./embedded.js";
export { folderFiles, openFile } from "./folder.js";
export { type CachedFile } from "./hub-cache.js";
export { type CachedRepo, type CachedRevision } from "./hub-cache-scan.js";
export { type HubEnvironment, hubOptionsFromEnvironment } from "./hub-environment.js";
export { type HubClient, hubClient, type HubOptions } from "./hub-node.js";
export {
  hubClientOf,
  isPythia,
  type OpenedModel,
  openModel,
  type OpenModelOptions,
} from "./open-model.js";
export { type PulledFiles, type PulledModel, pullModel } from "./pull-model.js";
export { type ResolvedModel, resolveModel, resolveModelFolder } from "./resolve-model.js";
