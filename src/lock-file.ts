/** Files that say which process holds something: what locks of folders and of downloads share. */
import { link, readFile, writeFile } from "node:fs/promises";
import { z } from "zod";
import { codeOf } from "./disk.js";

const holderSchema = z.object({
  pid: z.int(),
  host: z.string(),
  /** When the process started, in ms since 1970: tells it from a later one of the same number. */
  started: z.number(),
  id: z.string(),
});
/** The process that holds a lock. */
export type Holder = z.infer<typeof holderSchema>;

/** How often a holder shows that it lives, and after how long a silence others take over, in ms. */
export const beat = 10_000;
export const silence = 120_000;

const noLinks = new Set(["EPERM", "ENOSYS", "ENOTSUP", "EOPNOTSUPP"]);

/** Makes a lock of a file with its content, unless there is one; says whether it did. */
export async function createLock(path: string, temporary: string): Promise<boolean> {
  try {
    try {
      // A link appears with its content, and only where there is none.
      await link(temporary, path);
    } catch (error) {
      if (!noLinks.has(codeOf(error) ?? "")) throw error;
      await writeFile(path, await readFile(temporary), { flag: "wx" });
    }
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

/** Whether a process of this host runs. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}

/** Who holds a lock; `null` if nobody does, or if it cannot be read. */
export async function holderOf(path: string): Promise<Holder | null> {
  try {
    return holderSchema.parse(JSON.parse(await readFile(path, "utf8")));
  } catch {
    return null;
  }
}
