import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beat, silence } from "../lock-file.js";
import { type Environment, environmentOf } from "./environment.js";
import { type OpenLab, sequencesOf } from "./execute-run.js";
import { Interrupted } from "./interrupted.js";
import { livingHolder, lockFolder } from "./lock.js";
import { PartStore } from "./part-store.js";
import { plannedBlocks, type PlannedBlock } from "./plan.js";
import type { Progress } from "./run-experiment.js";
import { placeOf } from "./run-manifest.js";
import { formatOf, type RunPlan } from "./run-plan-identity.js";
import {
  readShard,
  type Shard,
  shardName,
  shardsFolder,
  type ShardState,
  shardText,
  shareOf,
  writeShardState,
} from "./shard-files.js";
import { refusePlainRun, shardLock } from "./shard-locks.js";
import { plainSource, shardSources } from "./sources.js";
import type { Stage, StageWork } from "./stage.js";
import { makeFolder } from "./whole-file.js";

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
      const state = new StateKeeper(options, blocks, store, before);
      return await measureShare(options, { blocks, store, state, check: () => lock.check() });
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

/** The state of a shard as it is on disk. */
class StateKeeper {
  readonly #options: ShardOptions;
  readonly #total: number;
  readonly #started: Date;
  #environments: readonly Environment[];
  #done: number;
  #measured = 0;

  constructor(
    options: ShardOptions,
    blocks: readonly PlannedBlock[],
    store: PartStore,
    before: ShardState | null,
  ) {
    this.#options = options;
    this.#total = sequencesOf(blocks);
    this.#done = sequencesOf(blocks.filter((block) => store.has(block)));
    this.#started = this.#now();
    this.#environments = before?.environments ?? [];
  }

  get progress(): Progress {
    return { done: this.#done, total: this.#total };
  }

  /** The place of what measures from now on. */
  place(engine: OpenLab["engine"]): number {
    const { place, list } = placeOf(environmentOf(engine), this.#environments);
    this.#environments = list;
    return place;
  }

  count(block: PlannedBlock): void {
    this.#done += sequencesOf([block]);
    this.#measured += sequencesOf([block]);
  }

  write(state: ShardState["state"]): Promise<void> {
    const { dir, plan, shard } = this.#options;
    const now = this.#now();
    const seconds = (now.getTime() - this.#started.getTime()) / 1000;
    return writeShardState(dir, {
      schema: "induction-lab/shard/1",
      ...{ plan: plan.plan, ...shard, state },
      started: this.#started.toISOString(),
      updated: now.toISOString(),
      ...this.progress,
      rate: seconds > 0 ? this.#measured / seconds : 0,
      environments: [...this.#environments],
    });
  }

  #now(): Date {
    return this.#options.now?.() ?? new Date();
  }
}

async function measureShare(
  { stages, lab, signal, shard, onProgress = () => undefined }: ShardOptions,
  {
    blocks,
    store,
    state,
    check,
  }: {
    readonly blocks: readonly PlannedBlock[];
    readonly store: PartStore;
    readonly state: StateKeeper;
    check(): Promise<void>;
  },
): Promise<ShardResult> {
  onProgress(state.progress);
  const works = new Map<string, StageWork>();
  let opened: (OpenLab & { readonly place: number }) | null = null;
  let measured = 0;
  for (const block of blocks) {
    if (store.has(block)) continue;
    if (signal?.aborted === true) {
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
    const rows = await work.measure(opened.lab, block);
    await check();
    await store.write(block, rows, opened.place);
    state.count(block);
    measured++;
    await state.write("running");
    onProgress(state.progress);
  }
  await state.write("complete");
  return { parts: blocks.length, measured };
}

function workOf(stages: readonly Stage[], id: string): StageWork {
  const found = stages.find((stage) => stage.id === id);
  if (found === undefined) throw new RangeError(`shard: expected a stage of the plan, got ${id}`);
  return found.prepare({});
}
