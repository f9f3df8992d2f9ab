import { statSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { LabError, usageError } from "../errors.js";
import { findKnownModel, type KnownModel, knownModels, nearestKnownModels } from "./registry.js";

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/**
 * The folder of a model that ships inside the package, or null if no such model does.
 *
 * @param name The name of a known model.
 */
export function embeddedFolder(name: string): string | null {
  if (findKnownModel(name) === null) return null;
  // Both src/weights and dist/weights lie two levels below the package's root.
  const folder = fileURLToPath(new URL(`../../models/${name}`, import.meta.url));
  return isFolder(folder) ? folder : null;
}

/** The card of the model that a name or a folder stands for; null if it is not a known one. */
export function knownModelOf(nameOrDir: string): KnownModel | null {
  const byName = findKnownModel(nameOrDir);
  if (byName !== null) return byName;
  const folder = resolve(nameOrDir);
  return knownModels.find(({ name }) => embeddedFolder(name) === folder) ?? null;
}

/**
 * The folder that holds a model's files: of a known model, by its name, or the folder itself. A
 * known name wins over a folder of the same name; write `./name` for the folder.
 *
 * @throws LabError of wrong usage if it is neither, and a plain one if a known model's files are
 * missing from the package.
 */
export function resolveModelFolder(nameOrDir: string): string {
  if (findKnownModel(nameOrDir) !== null) {
    const folder = embeddedFolder(nameOrDir);
    if (folder !== null) return folder;
    throw new LabError(`model ${nameOrDir}: expected its files in the package, got none`, {
      hint: "install the package again",
    });
  }
  if (isFolder(nameOrDir)) return nameOrDir;
  const near = nearestKnownModels(nameOrDir);
  const names = near.length > 0 ? near : knownModels.map((model) => model.name);
  throw usageError(
    `unknown model "${nameOrDir}": expected a known name or a folder, got neither`,
    `${near.length > 0 ? "nearest names" : "known names"}: ${names.join(", ")}; ` +
      "a folder needs config.json and model.safetensors",
  );
}
