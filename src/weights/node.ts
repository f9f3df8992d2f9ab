/** What of the weights layer needs Node: folders on disk and the models inside the package. */
export { embeddedFolder, knownModelOf, resolveModelFolder } from "./embedded.js";
export { folderFiles, openFile } from "./folder.js";
