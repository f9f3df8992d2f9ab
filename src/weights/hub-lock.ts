import { randomUUID } from "node:crypto";
import { link, mkdir, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { codeOf } from "../disk.js";
import { beat, createLock, type Holder, holderOf, isAlive, silence } from "../lock-file.js";
import { diskError } from "./hub-disk.js";

/** How often one who waits looks again, in ms. */
const look = 100;

async function isDead(path: string, holder: Holder | null, own: string): Promise<boolean> {
  if (holder?.host === hostname()) {
    if (holder.pid === process.pid) return holder.started !== performance.timeOrigin;
    if (!isAlive(holder.pid)) return true;
  }
  // Both times are the file system's, so that the clocks of two hosts need not agree.
  const now = new Date();
  await utimes(own, now, now);
  const [held, ours] = await Promise.all([stat(path).catch(() => null), stat(own)]);
  return held !== null && ours.mtimeMs - held.mtimeMs > silence;
}

/** Takes a dead holder's lock away, and never that of a process that was faster in doing so. */
async function clear(path: string, dead: Holder | null): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return;
    throw error;
  }
  const taken = await holderOf(aside);
  if (taken?.id !== dead?.id) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
}

/**
 * Runs a task while no other process, and nobody else in this one, runs one under the same lock. The
 * lock of a process that died is taken over: on this host at once, of another host when it has been
 * silent for two minutes.
 *
 * @param path The lock, a file that exists only while it is held.
 * @param task Told how to ask whether the lock is still its own, as it is not after a long sleep.
 * @throws LabError if the lock cannot be written; the signal's reason if aborted while waiting.
 */
export async function withLock<T>(
  path: string,
  signal: AbortSignal | undefined,
  task: (holds: () => Promise<boolean>) => Promise<T>,
): Promise<T> {
  const id = randomUUID();
  const holder: Holder = {
    id,
    pid: process.pid,
    host: hostname(),
    started: performance.timeOrigin,
  };
  const own = `${path}.${id}`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(own, JSON.stringify(holder));
    while (!(await createLock(path, own))) {
      const other = await holderOf(path);
      if (await isDead(path, other, own)) await clear(path, other);
      else await new Promise((resolve) => setTimeout(resolve, look));
      signal?.throwIfAborted();
    }
  } catch (error) {
    throw signal?.aborted === true ? error : diskError(path, error);
  } finally {
    await rm(own, { force: true }).catch(() => undefined);
  }
  const timer = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => undefined);
  }, beat);
  timer.unref();
  const holds = async () => (await holderOf(path))?.id === id;
  try {
    return await task(holds);
  } finally {
    clearInterval(timer);
    if (await holds()) await rm(path, { force: true });
  }
}
