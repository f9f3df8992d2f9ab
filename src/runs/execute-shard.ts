import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beat, silence } from "../lock-file.js";
import { type OpenLab } from "./execute-run.js";
import { Interrupted } from "./interrupted.js";
import { livingHolder, lockFolder } from "./lock.js";
import { PartStore } from "./part-store.js";
import { plannedBlocks, type PlannedBlock } from "./plan.js";
import type { Progress } from "./run-experiment.js";
import { formatOf, type RunPlan } from "./run-plan-identity.js";
import {
  readShard,
  type Shard,
  shardName,
  shardsFolder,
  shardText,
  shareOf,
} from "./shard-files.js";
import { refusePlainRun, shardLock } from "./shard-locks.js";
import { ShardStateKeeper } from "./shard-state-keeper.js";
import { plainSource, shardSources } from "./sources.js";
import type { Stage, StageWork } from "./stage.js";
import { makeFolder } from "./whole-file.js";
import { type WriteBehind, writingBehind } from "./write-behind.js";

/** A share of a run: what {@link executeShard} measures, with what, and where it keeps it. */
export interface ShardOptions {
  readonly dir: string;
  readonly plan: RunPlan;
  readonly stages: readonly Stage[];
  readonly shard: Shard;
  readonly lab: () => Promise<OpenLab>;
  readonly onProgress?: (progress: Progress) => void;
  readonly onNote?: (note: string) => void;
  /** Aborted: the block under way is finished and kept, and the shard ends with {@link Interrupted}. */
  readonly signal?: AbortSignal;
  readonly now?: () => Date;
}

/** What a shard did. */
export interface ShardResult {
  /** Parts of its share, and those that it measured now: the others were there. */
  readonly parts: number;
  readonly measured: number;
}

/** The blocks that shards can measure: those of stages that wait for no other. */
export function shardBlocks(stages: readonly Stage[]): PlannedBlock[] {
  const known = new Set(stages.filter(({ params }) => params !== null).map(({ id }) => id));
  return plannedBlocks(stages).filter(({ stage }) => known.has(stage));
}

/**
 * Measures a shard's share of a plan's blocks into the run's folder. Parts that are there, whoever
 * measured them, are verified and left as they are. Nothing of the plain run is touched.
 *
 * @throws LabError if this shard, or the whole run, is measured by another process, if a part belongs
 *   to another run, or if the disk is full or read-only.
 * @throws Interrupted (exit code 75) after `signal` was aborted.
 */
export async function executeShard(options: ShardOptions): Promise<ShardResult> {
  const { dir, plan, shard, stages, onNote = () => undefined } = options;
  const blocks = shareOf(shardBlocks(stages), shard);
  if (blocks.length === 0) return { parts: 0, measured: 0 };
  await makeFolder(join(dir, shardsFolder));
  await waitForSilence(dir, shardLock(shard), onNote);
  const lock = await lockFolder(dir, shardLock(shard));
  try {
    await refusePlainRun(dir);
    const { state: before } = await readShard(dir, shard);
    const others = [await plainSource(dir), ...(await shardSources(dir))]
      .filter(({ file }) => file !== join(shardsFolder, `${shardName(shard)}.jsonl`))
      .flatMap(({ records }) => records);
    const store = await PartStore.open({
      ...{ dir, plan: plan.plan, blocks, format: formatOf(plan), others, onNote },
      journal: `${shardsFolder}/${shardName(shard)}.jsonl`,
      suffix: `${shardName(shard)}.tmp`,
      shared: true,
    });
    try {
      const state = new ShardStateKeeper(options, { blocks, store, before });
      const check = () => lock.check();
      return await writingBehind((behind) =>
        measureShare(options, { blocks, store, state, check, behind }),
      );
    } finally {
      await store.close();
    }
  } finally {
    await lock.release();
  }
}

/**
 * Waits for the end of a process on another host that may have been lost with it: a cluster starts its
 * shard elsewhere at once. One that lives goes on beating, and the lock stays its own.
 */
async function waitForSilence(
  dir: string,
  name: string,
  onNote: (note: string) => void,
): Promise<void> {
  const until = performance.now() + silence + 2 * beat;
  let told = false;
  while (performance.now() < until) {
    const holder = await livingHolder(dir, name);
    if (holder === null || holder.host === hostname()) return;
    if (!told) onNote(`waiting for process ${holder.pid} on ${holder.host}, which has ${name}`);
    told = true;
    await sleep(1000);
  }
}

async function measureShare(
  { stages, lab, signal, shard, onProgress = () => undefined }: ShardOptions,
  {
    blocks,
    store,
    state,
    check,
    behind,
  }: {
    readonly blocks: readonly PlannedBlock[];
    readonly store: PartStore;
    readonly state: ShardStateKeeper;
    check(): Promise<void>;
    readonly behind: WriteBehind;
  },
): Promise<ShardResult> {
  onProgress(state.progress);
  const works = new Map<string, StageWork>();
  let opened: (OpenLab & { readonly place: number }) | null = null;
  let measured = 0;
  for (const block of blocks) {
    if (store.has(block)) continue;
    if (signal?.aborted === true) {
      await behind.settle();
      await state.write("interrupted");
      throw new Interrupted(store.size, blocks.length, `shard ${shardText(shard)}`);
    }
    if (opened === null) {
      const { lab: measuring, engine } = await lab();
      opened = { lab: measuring, engine, place: state.place(engine) };
      await state.write("running");
    }
    const work = works.get(block.stage) ?? workOf(stages, block.stage);
    works.set(block.stage, work);
    const { lab: measuring, place } = opened;
    const rows = await work.measure(measuring, block);
    await behind.next(async () => {
      await check();
      await store.write(block, rows, place);
      state.count(block);
      measured++;
      await state.write("running");
      onProgress(state.progress);
    });
  }
  await behind.settle();
  await state.write("complete");
  return { parts: blocks.length, measured };
}

function workOf(stages: readonly Stage[], id: string): StageWork {
  const found = stages.find((stage) => stage.id === id);
  if (found === undefined) throw new RangeError(`shard: expected a stage of the plan, got ${id}`);
  return found.prepare({});
}
