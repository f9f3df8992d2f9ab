/** What writing to a disk needs in every layer that does it. */
import { open } from "node:fs/promises";

/** The system's code of an error, such as `ENOENT`. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}

const fullDisk = new Set(["ENOSPC", "EDQUOT"]);

/** Whether a system's code says that the disk, or a user's share of it, is full. */
export function isFullDisk(code: string): boolean {
  return fullDisk.has(code);
}

/** Makes a rename in the folder last through a power failure, where the system can do that. */
export async function syncFolder(dir: string): Promise<void> {
  // Windows opens no folders; it needs no sync of them either.
  if (process.platform === "win32") return;
  const folder = await open(dir, "r");
  try {
    await folder.sync();
  } catch (error) {
    // Some network file systems refuse it; the file itself is synced.
    if (codeOf(error) !== "EINVAL" && codeOf(error) !== "ENOTSUP") throw error;
  } finally {
    await folder.close();
  }
}
