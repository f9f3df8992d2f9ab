import { LabError } from "../errors.js";
import type { ModelFiles } from "./model-files.js";
import { openSafetensors } from "./safetensors.js";
import { openSharded } from "./sharded.js";
import { openTorch } from "./torch.js";
import type { WeightSource } from "./weight-source.js";

/** What a model folder holds, for the way out of an error. */
const folderHint =
  "a model folder holds config.json, model.safetensors or a .pth file and, for text, tokenizer.json";

/**
 * The file of a model's final weights: `model.safetensors`, or the index of several such files, or
 * `pytorch_model.bin`, or the one `…final.pth`, or the one `.pth` file that is not in a folder of its own.
 *
 * @throws LabError if there is none, or more than one that could be meant.
 */
export async function findWeights(files: ModelFiles): Promise<string> {
  const names = await files.list();
  for (const name of ["model.safetensors", "model.safetensors.index.json", "pytorch_model.bin"]) {
    if (names.includes(name)) return name;
  }
  const torch = names.filter((name) => name.endsWith(".pth") && !name.includes("/"));
  const final = torch.filter((name) => name.endsWith("final.pth"));
  const [first, second] = final.length > 0 ? final : torch;
  if (first !== undefined && second === undefined) return first;
  if (first === undefined) {
    throw new LabError(
      `${files.where}: expected a file model.safetensors or one that ends in .pth, found none`,
      { hint: folderHint },
    );
  }
  throw new LabError(`${files.where}: expected one .pth file, found ${torch.join(", ")}`, {
    hint: "keep the one that you mean, or name it model_final.pth",
  });
}

/** Weights that were opened, and what identifies them. */
export interface OpenedWeights extends WeightSource {
  /** SHA-256 of the file of weights; of several, that of the lines `sha256  name`, sorted by name. */
  sha256(): Promise<string>;
}

/**
 * Opens a file of weights by its name: safetensors, the index of several, or a torch checkpoint.
 *
 * @throws LabError if it is not there, or is not whole and valid.
 */
export async function openWeights(files: ModelFiles, name: string): Promise<OpenedWeights> {
  if (name.endsWith(".index.json")) return openSharded(files, name);
  const source = await files.open(name);
  if (source === null) {
    throw new LabError(`${files.where}: expected a file ${name}, found none`, {
      hint: folderHint,
    });
  }
  try {
    const open = name.endsWith(".safetensors") ? openSafetensors : openTorch;
    return { ...(await open(source)), sha256: () => source.sha256() };
  } catch (error) {
    await source.close();
    throw error;
  }
}
