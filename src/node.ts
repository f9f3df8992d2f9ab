/** What programs on a computer start with: the Node engine and models by name or folder. */
import { nodeEngine } from "./graph/engine-node.js";
import { type LoadOptions, loadModelFiles, type Model } from "./model/index.js";
import { openModel, type OpenModelOptions } from "./weights/node.js";

export { nodeEngine, type NodeEngineOptions } from "./graph/engine-node.js";
export * from "./weights/node.js";

/** Options of {@link loadModel}: which version of the model, and how it is loaded. */
export interface LoadModelOptions extends OpenModelOptions, Partial<LoadOptions> {}

/**
 * Loads a model by its name, as `owner/name` from the hub, or from a folder with config.json, weights
 * and, for text, tokenizer.json. What is on the hub is downloaded once and kept in the cache that
 * Python's huggingface_hub uses.
 *
 * @example
 * const model = await loadModel("attn-only-2l-mini", { engine: nodeEngine() });
 * @throws LabError that lists the nearest names, or names the file that is missing or damaged.
 */
export async function loadModel(
  nameOrDir: string,
  { revision, checkpoint, hub, ...options }: LoadModelOptions = {},
): Promise<Model> {
  const opened = await openModel(nameOrDir, {
    ...(revision !== undefined && { revision }),
    ...(checkpoint !== undefined && { checkpoint }),
    ...(hub !== undefined && { hub }),
  });
  const { name, known, files, tokenizerFiles, weights, origin } = opened;
  return loadModelFiles(files, {
    engine: nodeEngine(),
    name,
    weights,
    ...(known !== null && { known }),
    ...(tokenizerFiles !== null && { tokenizerFiles }),
    ...(origin !== null && { origin }),
    ...options,
  });
}
