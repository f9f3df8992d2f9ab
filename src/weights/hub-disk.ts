import { stat } from "node:fs/promises";
import { codeOf, isFullDisk } from "../disk.js";
import { LabError } from "../errors.js";

/** Whether an error says that a file or folder is not there. */
export function isMissing(error: unknown): boolean {
  return codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR";
}

/** The error of a place in the cache that could not be read or written; a LabError as it is. */
export function diskError(path: string, cause: unknown): LabError {
  if (cause instanceof LabError) return cause;
  const code = codeOf(cause) ?? String(cause);
  return isFullDisk(code)
    ? new LabError(`${path}: expected room on the disk, got none (${code})`, {
        hint: "free some, or set HF_HOME to a folder on another disk; the same command then goes on",
        cause,
      })
    : new LabError(`${path}: expected a place that can be read and written, got ${code}`, {
        hint: "set HF_HOME to a folder of your own",
        cause,
      });
}

/** Bytes of a file, links followed; null if there is none. */
export async function fileSize(path: string): Promise<number | null> {
  try {
    const status = await stat(path);
    return status.isFile() ? status.size : null;
  } catch (error) {
    // A link to itself is no file either.
    if (isMissing(error) || codeOf(error) === "ELOOP") return null;
    throw diskError(path, error);
  }
}
