import { LabError } from "../errors.js";
import { livingHolder, lockName } from "./lock.js";
import { readShards, type Shard, shardName, shardsFolder, shardText } from "./shard-files.js";

/** A shard's lock, in a run's folder. */
export function shardLock(shard: Shard): string {
  return `${shardsFolder}/${shardName(shard)}.lock`;
}

/**
 * Checks that no shard measures in a folder.
 *
 * @throws LabError that names one that does.
 */
export async function refuseShards(dir: string): Promise<void> {
  for (const shard of await readShards(dir)) {
    const holder = await livingHolder(dir, shardLock(shard));
    if (holder === null) continue;
    throw new LabError(
      `${dir}: expected no shard that still measures, got ${shardText(shard)} (process ${holder.pid} on ${holder.host})`,
      { hint: `wait for it (induction status ${dir}), or stop it: what it measured is kept` },
    );
  }
}

/**
 * Checks that no plain run writes in a folder.
 *
 * @throws LabError that names its process.
 */
export async function refusePlainRun(dir: string): Promise<void> {
  const holder = await livingHolder(dir, lockName);
  if (holder === null) return;
  throw new LabError(
    `${dir}: expected shards alone to measure here, got process ${holder.pid} on ${holder.host}, which goes on with the whole run`,
    { hint: "wait for it, or stop it: what it measured is kept" },
  );
}
