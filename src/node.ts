/** What programs on a computer start with: the Node engine and models by name or folder. */
import { basename, resolve } from "node:path";
import { nodeEngine } from "./graph/engine-node.js";
import { type LoadOptions, loadModelFiles, type Model } from "./model/index.js";
import { folderFiles, knownModelOf, resolveModelFolder } from "./weights/node.js";

export { nodeEngine, type NodeEngineOptions } from "./graph/engine-node.js";
export { embeddedFolder, folderFiles, resolveModelFolder } from "./weights/node.js";

/**
 * Loads a model by its name or from a folder with config.json, model.safetensors and tokenizer.json.
 *
 * @example
 * const model = await loadModel("attn-only-2l-mini", { engine: nodeEngine() });
 * @throws LabError that lists the nearest names, or names the file that is missing or damaged.
 */
export async function loadModel(
  nameOrDir: string,
  options: Partial<LoadOptions> = {},
): Promise<Model> {
  const known = knownModelOf(nameOrDir);
  const folder = resolveModelFolder(nameOrDir);
  return loadModelFiles(folderFiles(folder), {
    engine: nodeEngine(),
    name: known?.name ?? basename(resolve(nameOrDir)),
    ...(known !== null && { known }),
    ...options,
  });
}
