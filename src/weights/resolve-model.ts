import { basename, resolve } from "node:path";
import { LabError, usageError } from "../errors.js";
import { embeddedFolder, isFolder, knownModelOf } from "./embedded.js";
import { checkRepoName } from "./hub.js";
import { findRefusedModel, type KnownModel, knownModels, nearestKnownModels } from "./registry.js";

/** What a name or a path stands for: files in a folder, or a repository on the hub. */
export type ResolvedModel = {
  /** What results call the model. */
  readonly name: string;
  readonly known: KnownModel | null;
} & (
  | { readonly folder: string; readonly repo: null }
  | { readonly folder: null; readonly repo: string }
);

/**
 * What a name stands for: a known model, a folder, or `owner/name` on the hub. A known name wins over
 * a folder of the same name (write `./name` for the folder), and a folder over a repository.
 *
 * @throws LabError of wrong usage if it is none of them, or a model that the lab does not load; a
 *   plain one if a known model's files are missing from the package.
 */
export function resolveModel(nameOrDir: string): ResolvedModel {
  const known = knownModelOf(nameOrDir);
  if (known !== null) {
    const { name, repo } = known;
    if (repo !== null) return { name, known, folder: null, repo };
    const folder = embeddedFolder(name);
    if (folder !== null) return { name, known, folder, repo };
    throw new LabError(`model ${nameOrDir}: expected its files in the package, got none`, {
      hint: "install the package again",
    });
  }
  const refused = findRefusedModel(nameOrDir);
  if (refused !== null) {
    throw usageError(
      `model ${nameOrDir}: expected a model of the later series, got one that was ${refused.reason}`,
      `take ${refused.instead}`,
    );
  }
  if (isFolder(nameOrDir)) {
    return { name: basename(resolve(nameOrDir)), known, folder: nameOrDir, repo: null };
  }
  if (/^[^./~\\][^/\\]*\/[^/\\]+$/.test(nameOrDir)) {
    checkRepoName(nameOrDir);
    return { name: nameOrDir, known, folder: null, repo: nameOrDir };
  }
  const near = nearestKnownModels(nameOrDir);
  const some = knownModels.slice(0, 5).map(({ name }) => name);
  const names =
    near.length > 0
      ? `nearest names: ${near.join(", ")}`
      : `known names: ${some.join(", ")} and more (induction models ls)`;
  throw usageError(
    `unknown model "${nameOrDir}": expected a known name, a folder or owner/name, got none of them`,
    `${names}; a folder needs config.json and model.safetensors or a .pth file`,
  );
}

/**
 * The folder that holds a model's files: of a model inside the package, by its name, or the folder
 * itself. A known name wins over a folder of the same name; write `./name` for the folder.
 *
 * @throws LabError of wrong usage if it is neither, a model on the hub included.
 */
export function resolveModelFolder(nameOrDir: string): string {
  const { folder, repo } = resolveModel(nameOrDir);
  if (folder !== null) return folder;
  throw usageError(
    `model ${nameOrDir}: expected a folder, got ${repo} on the hub`,
    `induction models pull ${nameOrDir} gives a folder`,
  );
}
