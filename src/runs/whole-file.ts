import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { codeOf, isFullDisk, syncFolder } from "../disk.js";
import { LabError } from "../errors.js";

/** What a file is written from: whole, or in pieces. */
export type FileContent = string | Uint8Array | Iterable<string> | Iterable<Uint8Array>;

/**
 * Writes a file so that it appears whole or not at all: under a temporary name, synced, renamed, and
 * the folder synced. Where one process at a time writes, a `suffix` without the process id lets the
 * next one write over what a killed one left.
 *
 * @throws LabError that names the file if the disk is full or cannot be written to.
 */
export async function writeWhole(
  path: string,
  content: FileContent,
  suffix = `${process.pid}.tmp`,
): Promise<void> {
  const temporary = `${path}.${suffix}`;
  try {
    const file = await open(temporary, "w");
    try {
      for (const piece of piecesOf(content)) await file.appendFile(piece);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw unwritable(path, cause);
  }
}

/** The pieces of a file, in order; one that is whole is a single piece. */
export function piecesOf(content: FileContent): Iterable<string | Uint8Array> {
  return typeof content === "string" || content instanceof Uint8Array ? [content] : content;
}

/**
 * Makes a folder, with those above it.
 *
 * @throws LabError that names it if it cannot be made.
 */
export async function makeFolder(path: string): Promise<void> {
  // Not with `recursive`: of a read-only disk Node then says ENOENT.
  const failed = async (): Promise<unknown> =>
    mkdir(path).then(
      () => null,
      (error: unknown) => (codeOf(error) === "EEXIST" ? null : error),
    );
  let error = await failed();
  if (codeOf(error) === "ENOENT" && dirname(path) !== path) {
    await makeFolder(dirname(path));
    error = await failed();
  }
  if (error !== null) throw unwritable(path, error);
}

const inWords: Readonly<Record<string, string>> = {
  EACCES: "EACCES (this user may not write there)",
  EISDIR: "EISDIR (a folder where the file has to be)",
  ENOENT: "ENOENT (no folder to write it in)",
  ENOTDIR: "ENOTDIR (a file where a folder has to be)",
  EPERM: "EPERM (this user may not write there)",
  EROFS: "EROFS (a disk that can only be read)",
};

/** The error of a file or folder that could not be written. */
export function unwritable(path: string, cause: unknown): LabError {
  if (cause instanceof LabError) return cause;
  const code = codeOf(cause) ?? String(cause);
  return isFullDisk(code)
    ? new LabError(`${path}: expected room on the disk, got none (${code})`, {
        hint: "free some and run the same command again: what was finished is kept",
        cause,
      })
    : new LabError(`${path}: expected a place that can be written, got ${inWords[code] ?? code}`, {
        hint: "choose another with -o",
        cause,
      });
}

/** The error of a file or folder that could not be read. */
export function unreadable(path: string, cause: unknown): LabError {
  const code = codeOf(cause) ?? String(cause);
  return new LabError(`${path}: expected a file that can be read, got ${code}`, { cause });
}

/** A file's bytes; `null` if there is no such file. */
export async function readOrNull(path: string): Promise<Uint8Array | null> {
  return readFile(path).catch((error: unknown) => {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") return null;
    throw unreadable(path, error);
  });
}
