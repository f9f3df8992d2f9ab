import { statSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { findKnownModel, type KnownModel, knownModels } from "./registry.js";

/** Whether a path is that of a folder. */
export function isFolder(path: string): boolean {
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
  const known = findKnownModel(name);
  if (known === null || known.repo !== null) return null;
  // Both src/weights and dist/weights lie two levels below the package's root.
  const folder = fileURLToPath(new URL(`../../models/${known.name}`, import.meta.url));
  return isFolder(folder) ? folder : null;
}

/** The card of the model that a name or a folder stands for; null if it is not a known one. */
export function knownModelOf(nameOrDir: string): KnownModel | null {
  const byName = findKnownModel(nameOrDir);
  if (byName !== null) return byName;
  const folder = resolve(nameOrDir);
  return knownModels.find(({ name }) => embeddedFolder(name) === folder) ?? null;
}
