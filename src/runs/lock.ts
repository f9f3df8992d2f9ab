import { randomUUID } from "node:crypto";
import { readdir, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, join } from "node:path";
import { LabError } from "../errors.js";
import { beat, createLock, type Holder, holderOf, isAlive, silence } from "../lock-file.js";
import { unwritable } from "./whole-file.js";

/** The lock's name in a run's folder. */
export const lockName = "run.lock";

/** The right to write in a run's folder. */
export interface Lock {
  /**
   * @throws LabError if another process took the folder over.
   */
  check(): Promise<void>;
  release(): Promise<void>;
}

/**
 * Takes a folder for this process. The lock of a dead process is taken over: on this host at once, of
 * another host when it has been silent for two minutes.
 *
 * @param name The lock's name in the folder: what it stands for.
 * @throws LabError that names the process that is writing there.
 */
export async function lockFolder(dir: string, name: string = lockName): Promise<Lock> {
  const path = join(dir, name);
  const own = ownHolder();
  const temporary = `${path}.${own.id}`;
  try {
    await writeFile(temporary, `${JSON.stringify(own)}\n`);
    await take(path, temporary, own);
  } catch (cause) {
    throw unwritable(path, cause);
  } finally {
    await rm(temporary, { force: true }).catch(() => undefined);
  }
  await removeLeftovers(dir, name, own);
  const holds = async () => (await holderOf(path))?.id === own.id;
  const timer = setInterval(() => {
    const now = new Date();
    // A lock that is gone is found by the next check.
    utimes(path, now, now).catch(() => undefined);
  }, beat);
  timer.unref();
  return {
    async check() {
      if (await holds()) return;
      throw new LabError(`${path}: expected this process's lock, got another's or none`, {
        hint: "another process goes on with this run",
      });
    },
    async release() {
      clearInterval(timer);
      if (await holds()) await rm(path, { force: true });
    },
  };
}

/**
 * The process that holds a lock and lives, as far as can be known: on this host by its number, on
 * another one by the lock's last beat; `null` if there is none.
 */
export async function livingHolder(dir: string, name: string): Promise<Holder | null> {
  const path = join(dir, name);
  const holder = await holderOf(path);
  if (holder === null) return null;
  const own = ownHolder();
  if (holder.host === own.host) {
    if (holder.pid === own.pid) return holder.started === own.started ? holder : null;
    return isAlive(holder.pid) ? holder : null;
  }
  const temporary = `${path}.${own.id}`;
  const written = await writeFile(temporary, `${JSON.stringify(own)}\n`).then(
    () => true,
    () => false,
  );
  const [held, now] = await Promise.all([
    stat(path).catch(() => null),
    stat(temporary).catch(() => null),
  ]);
  if (written) await rm(temporary, { force: true }).catch(() => undefined);
  return held !== null && (now?.mtimeMs ?? Date.now()) - held.mtimeMs < silence ? holder : null;
}

function ownHolder(): Holder {
  return {
    pid: process.pid,
    host: hostname(),
    started: Math.round(performance.timeOrigin),
    id: randomUUID(),
  };
}

/** Takes away what processes left that were killed while they took the lock. */
async function removeLeftovers(dir: string, lock: string, own: Holder): Promise<void> {
  const names = await readdir(dir).catch(() => []);
  for (const name of names.filter((name) => name.startsWith(`${lock}.`))) {
    const path = join(dir, name);
    const holder = await holderOf(path);
    const gone = holder === null || (holder.host === own.host && !isAlive(holder.pid));
    if (gone) await rm(path, { force: true }).catch(() => undefined);
  }
}

async function take(path: string, temporary: string, own: Holder): Promise<void> {
  for (let attempt = 0; attempt < 3; attempt++) {
    if (await createLock(path, temporary)) return;
    const holder = await holderOf(path);
    // A network file system may say so where its answer to the first try was lost.
    if (holder?.id === own.id) return;
    if (await lives(path, temporary, holder, own)) break;
    await rm(path, { force: true });
  }
  const holder = await holderOf(path);
  const who = holder === null ? "another process" : `process ${holder.pid} on ${holder.host}`;
  const shard = basename(path) !== lockName;
  throw new LabError(
    `${path}: expected to be alone ${shard ? "with this share" : "in this folder"}, got ${who}`,
    {
      hint: `wait for it, ${shard ? "" : "choose another folder with -o, "}or remove the lock if it runs no more`,
    },
  );
}

async function lives(
  path: string,
  temporary: string,
  holder: Holder | null,
  own: Holder,
): Promise<boolean> {
  if (holder?.host === own.host) {
    if (holder.pid === own.pid) return holder.started === own.started;
    return isAlive(holder.pid);
  }
  // Both times are the file system's, so that the clocks of two hosts need not agree.
  const [held, now] = await Promise.all([stat(path).catch(() => null), stat(temporary)]);
  return held !== null && now.mtimeMs - held.mtimeMs < silence;
}
