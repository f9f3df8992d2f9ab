import { constants } from "node:fs";
import { access, mkdir, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { LabError } from "../errors.js";

/** The file that is written last: a folder without it holds no finished run. */
const manifest = "manifest.json";

/**
 * Makes the folder of a run, before anything is measured.
 *
 * @throws LabError if it cannot be made or written to.
 */
export async function prepareRunFolder(dir: string): Promise<void> {
  try {
    await mkdir(dir, { recursive: true });
    await access(dir, constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw unwritable(dir, cause);
  }
}

/**
 * Writes the files of a finished run. Each appears whole or not at all, and the manifest last: an
 * earlier run's manifest is taken away first, so that no folder mixes two runs unnoticed.
 *
 * @throws LabError if a file cannot be written.
 */
export async function writeRunFolder(
  dir: string,
  files: Readonly<Record<string, string>>,
): Promise<void> {
  try {
    await rm(join(dir, manifest), { force: true });
    const names = Object.keys(files).filter((name) => name !== manifest);
    for (const name of [...names, manifest]) {
      await writeWhole(join(dir, name), files[name] as string);
    }
  } catch (cause) {
    throw unwritable(dir, cause);
  }
}

/** Writes a file, whole or in pieces, under a temporary name, syncs it, and gives it its name. */
export async function writeWhole(path: string, content: string | Iterable<string>): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const file = await open(temporary, "w");
    try {
      const pieces = typeof content === "string" ? [content] : content;
      for (const piece of pieces) await file.appendFile(piece);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

function unwritable(path: string, cause: unknown): LabError {
  const reason = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
  return new LabError(`${path}: expected a place that can be written, got ${reason}`, {
    hint: "choose another with -o",
    cause,
  });
}
