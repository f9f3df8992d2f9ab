import type { EngineInfo } from "../graph/index.js";
import { type Environment, environmentOf } from "./environment.js";
import type { PartStore } from "./part-store.js";
import { type PlannedBlock, sequencesOf } from "./plan.js";
import type { Progress } from "./run-experiment.js";
import { placeOf } from "./run-manifest.js";
import { type Shard, type ShardState, writeShardState } from "./shard-files.js";

/** A shard of a run, and where it lies. */
export interface ShardPlace {
  readonly dir: string;
  readonly plan: { readonly plan: string };
  readonly shard: Shard;
  readonly now?: () => Date;
}

/** The state of a shard as it is on disk. */
export class ShardStateKeeper {
  readonly #place: ShardPlace;
  readonly #total: number;
  readonly #started: Date;
  readonly #rateBefore: number;
  #environments: readonly Environment[];
  #done: number;
  #measured = 0;

  /** @param before The state that an earlier process left. */
  constructor(
    place: ShardPlace,
    {
      blocks,
      store,
      before,
    }: {
      readonly blocks: readonly PlannedBlock[];
      readonly store: PartStore;
      readonly before: ShardState | null;
    },
  ) {
    this.#place = place;
    this.#total = sequencesOf(blocks);
    this.#done = sequencesOf(blocks.filter((block) => store.has(block)));
    this.#started = this.#now();
    this.#environments = before?.environments ?? [];
    this.#rateBefore = before?.rate ?? 0;
  }

  /** How far the shard is. */
  get progress(): Progress {
    return { done: this.#done, total: this.#total };
  }

  /** The place of what measures from now on. */
  place(engine: EngineInfo): number {
    const { place, list } = placeOf(environmentOf(engine), this.#environments);
    this.#environments = list;
    return place;
  }

  /** Counts a block that was measured now. */
  count(block: PlannedBlock): void {
    this.#done += sequencesOf([block]);
    this.#measured += sequencesOf([block]);
  }

  /**
   * Writes where the shard stands.
   *
   * @throws LabError if it cannot be written.
   */
  write(state: ShardState["state"]): Promise<void> {
    const { dir, plan, shard } = this.#place;
    const now = this.#now();
    const seconds = (now.getTime() - this.#started.getTime()) / 1000;
    return writeShardState(dir, {
      schema: "induction-lab/shard/1",
      ...{ plan: plan.plan, ...shard, state },
      started: this.#started.toISOString(),
      updated: now.toISOString(),
      ...this.progress,
      // One that only verified what was there says nothing of how fast it measures.
      rate: this.#measured > 0 && seconds > 0 ? this.#measured / seconds : this.#rateBefore,
      environments: [...this.#environments],
    });
  }

  #now(): Date {
    return this.#place.now?.() ?? new Date();
  }
}
