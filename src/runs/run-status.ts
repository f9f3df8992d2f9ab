import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { shardBlocks } from "./execute-shard.js";
import { livingHolder, lockName } from "./lock.js";
import { readManifest } from "./manifest.js";
import { requirePlan } from "./merge-parts.js";
import { plannedBlocks, sequencesOf } from "./plan.js";
import { stagesOf } from "./plan-spec.js";
import { readShards } from "./shard-files.js";
import { shardLock } from "./shard-locks.js";
import { plainSource, shardSources } from "./sources.js";
import { rangesOf } from "./verify-parts.js";

/** Where a stage stands, in sequence pairs, in sequences and in parts. */
export interface StageStatus {
  readonly id: string;
  readonly experiment: string;
  readonly pairs: number;
  readonly done: number;
  readonly sequences: number;
  readonly sequencesDone: number;
  readonly parts: number;
  readonly kept: number;
  /** Parts that are not there, both ends included. */
  readonly missing: readonly { readonly from: number; readonly to: number }[];
  /** Whether shards measure it, or the merge does, by what they gave. */
  readonly later: boolean;
}

/** Where a shard stands. */
export interface ShardStatus {
  readonly index: number;
  readonly of: number;
  /** `stopped`: it was running, and its process is gone. */
  readonly state: "running" | "complete" | "interrupted" | "stopped";
  /** Sequences of its share, those kept, and measured per second. */
  readonly total: number;
  readonly done: number;
  readonly rate: number;
  /** When it last kept a part; `null` before the first. */
  readonly updated: string | null;
}

/** Where a run stands. */
export interface RunStatus {
  readonly plan: string;
  /** The words of the command that the plan is of: its folder is that where the plan was made. */
  readonly args: readonly string[];
  /** `measured`: all that shards measure is there, and `merge` makes the rest. */
  readonly state: "planned" | "running" | "stopped" | "measured" | "complete";
  readonly stages: readonly StageStatus[];
  readonly shards: readonly ShardStatus[];
  /** Sequences per second of all that runs now; by the plan's forecast of one process if nothing runs. */
  readonly rate: number;
  readonly secondsLeft: number;
}

/**
 * Where a run stands, by its journals: parts are counted, not verified.
 *
 * @throws LabError (exit code 2) for a folder without a plan.
 */
export async function runStatus(dir: string): Promise<RunStatus> {
  const plan = await requirePlan(dir);
  const manifest = await readManifest(dir);
  const stages = stagesOf(plan.spec, plan.choices.block);
  const blocks = plannedBlocks(stages);
  const files = new Set(await readdir(join(dir, "parts")).catch((): string[] => []));
  const sources = [await plainSource(dir), ...(await shardSources(dir))];
  const kept = new Set(
    sources
      .flatMap(({ records }) => records)
      .filter((record) => record.plan === plan.plan && files.has(basename(record.file)))
      .map(({ part }) => part),
  );
  const stageStatus = stages.map(({ id, experiment, pairs, params }): StageStatus => {
    const own = blocks.filter(({ stage }) => stage === id);
    const there = own.filter(({ part }) => kept.has(part));
    return {
      ...{ id, experiment, pairs },
      done: there.reduce((sum, { from, to }) => sum + to - from, 0),
      ...{ sequences: sequencesOf(own), sequencesDone: sequencesOf(there) },
      ...{ parts: own.length, kept: there.length },
      missing: rangesOf(own.flatMap(({ part }) => (kept.has(part) ? [] : [part]))),
      later: params === null,
    };
  });
  const shards = await shardStatus(dir);
  const plain = (await livingHolder(dir, lockName)) !== null;
  const runs = plain || shards.some(({ state }) => state === "running");
  const measured = shardBlocks(stages).every(({ part }) => kept.has(part));
  const total = sequencesOf(blocks);
  const left = total - sequencesOf(blocks.filter(({ part }) => kept.has(part)));
  const running = shards.reduce(
    (sum, { state, rate }) => sum + (state === "running" ? rate : 0),
    0,
  );
  const { seconds } = plan.forecast;
  const rate = running > 0 ? running : seconds > 0 ? total / seconds : 0;
  return {
    ...{ plan: plan.plan, args: plan.args },
    state:
      manifest?.state === "complete"
        ? "complete"
        : runs
          ? "running"
          : measured
            ? "measured"
            : kept.size > 0 || shards.length > 0
              ? "stopped"
              : "planned",
    ...{ stages: stageStatus, shards, rate, secondsLeft: rate > 0 ? left / rate : 0 },
  };
}

async function shardStatus(dir: string): Promise<ShardStatus[]> {
  const shards = await readShards(dir);
  return Promise.all(
    shards.map(async (shard): Promise<ShardStatus> => {
      const { index, of, state } = shard;
      const alive = (await livingHolder(dir, shardLock(shard))) !== null;
      const last = state?.state ?? "running";
      return {
        ...{ index, of, state: alive ? "running" : last === "running" ? "stopped" : last },
        ...{ total: state?.total ?? 0, done: state?.done ?? 0, rate: state?.rate ?? 0 },
        updated: state?.updated ?? null,
      };
    }),
  );
}
