import type { EngineInfo } from "../graph/index.js";
import type { Lab, ExperimentRows } from "../induction/index.js";
import { refuseChanges } from "./changes.js";
import { environmentOf } from "./environment.js";
import { Interrupted } from "./interrupted.js";
import { type Lock, lockFolder } from "./lock.js";
import { type Manifest, readManifest, writeManifest } from "./manifest.js";
import { PartStore } from "./part-store.js";
import { plannedBlocks, type PlannedBlock, sequencesOf } from "./plan.js";
import type { Progress } from "./run-experiment.js";
import { checkFolder, type RunFiles, writeFiles } from "./run-files.js";
import { elsewhere, manifestOf, placeOf } from "./run-manifest.js";
import { formatOf, type RunPlan } from "./run-plan-identity.js";
import { refuseShards } from "./shard-locks.js";
import { pooled, shardSources, type Source } from "./sources.js";
import type { Stage, Summaries } from "./stage.js";
import { makeFolder } from "./whole-file.js";
import { type WriteBehind, writingBehind } from "./write-behind.js";

/** What measures, and what it runs on. */
export interface OpenLab {
  readonly lab: Lab;
  readonly engine: EngineInfo;
}

/** A run: what to measure, with what, and where to keep it. */
export interface RunOptions {
  readonly dir: string;
  readonly plan: RunPlan;
  /** The stages of the plan. */
  readonly stages: readonly Stage[];
  /** Opens what measures; asked for once there is something to measure, perhaps more than once. */
  readonly lab: () => Promise<OpenLab>;
  /** Makes the files of a finished run from the summaries of its stages. */
  readonly files: (summaries: Summaries) => RunFiles | Promise<RunFiles>;
  /** Journals besides those of the folder, whose parts were brought here. */
  readonly sources?: readonly Source[];
  readonly onProgress?: (progress: Progress) => void;
  /** Told what differs from what one would expect, such as damaged parts. */
  readonly onNote?: (note: string) => void;
  /** Aborted: the block under way is finished and kept, and the run ends with {@link Interrupted}. */
  readonly signal?: AbortSignal;
  readonly now?: () => Date;
}

/**
 * Runs a plan in a folder and keeps every block there, or goes on with the run that is there: parts on
 * disk, those of shards too, are verified and used, all others measured, and the files made anew.
 * However often a run is stopped or divided, summaries, parts and files are the same as without.
 *
 * @returns the summaries of the stages, by their ids.
 * @throws LabError if the folder holds something else or a run with other parameters (exit code 2), if
 *   another process writes there, if a part belongs to another run, or if the disk is full or read-only.
 * @throws Interrupted (exit code 75) after `signal` was aborted.
 */
export async function executeRun(options: RunOptions): Promise<Summaries> {
  const { dir, plan, stages, onNote = () => undefined } = options;
  const now = options.now ?? (() => new Date());
  const blocks = plannedBlocks(stages);
  await checkFolder(dir);
  await makeFolder(dir);
  const lock = await lockFolder(dir);
  try {
    await refuseShards(dir);
    const before = await readManifest(dir);
    if (before !== null) refuseChanges(dir, before, plan);
    const first = manifestOf(plan, before, now());
    const { records, environments } = pooled(
      [...(await shardSources(dir)), ...(options.sources ?? [])],
      first.environments,
    );
    const kept = new ManifestKeeper(dir, { ...first, environments: [...environments] });
    await kept.write();
    const format = formatOf(plan);
    const others = { others: records };
    const store = await PartStore.open({ dir, plan: plan.plan, blocks, format, ...others, onNote });
    let summaries: Summaries;
    try {
      summaries = await writingBehind((behind) =>
        runStages(options, { blocks, store, lock, kept, behind }),
      );
    } finally {
      await store.close();
    }
    const files = await writeFiles(dir, await options.files(summaries));
    await kept.write({ state: "complete", finished: now().toISOString(), files });
    return summaries;
  } finally {
    await lock.release();
  }
}

/** The manifest as it is on disk. */
class ManifestKeeper {
  readonly #dir: string;
  #manifest: Manifest;

  constructor(dir: string, manifest: Manifest) {
    this.#dir = dir;
    this.#manifest = manifest;
  }

  async write(changes: Partial<Manifest> = {}): Promise<void> {
    this.#manifest = { ...this.#manifest, ...changes };
    await writeManifest(this.#dir, this.#manifest);
  }

  /** The place of what measures from now on, and a note where others measured so far. */
  async goOnWith(engine: EngineInfo, onNote: (note: string) => void): Promise<number> {
    const { environments } = this.#manifest;
    const note = elsewhere(environments, engine);
    if (note !== null) onNote(note);
    const { place, list } = placeOf(environmentOf(engine), environments);
    if (list.length > environments.length) await this.write({ environments: [...list] });
    return place;
  }
}

interface Work {
  readonly blocks: readonly PlannedBlock[];
  readonly store: PartStore;
  readonly lock: Lock;
  readonly kept: ManifestKeeper;
  readonly behind: WriteBehind;
}

async function runStages(
  { stages, lab, signal, onNote = () => undefined, onProgress = () => undefined }: RunOptions,
  { blocks, store, lock, kept, behind }: Work,
): Promise<Summaries> {
  const total = sequencesOf(blocks);
  let done = sequencesOf(blocks.filter((block) => store.has(block)));
  onProgress({ done, total });
  let opened: (OpenLab & { readonly place: number }) | null = null;
  const open = async () => {
    if (opened !== null) return opened;
    const { lab: measuring, engine } = await lab();
    opened = { lab: measuring, engine, place: await kept.goOnWith(engine, onNote) };
    return opened;
  };
  const summaries: Record<string, unknown> = {};
  for (const { id, prepare } of stages) {
    const work = prepare(summaries);
    const own = blocks.filter(({ stage }) => stage === id);
    async function* rows(): AsyncGenerator<ExperimentRows> {
      for (const block of own) {
        if (signal?.aborted === true) {
          await behind.settle();
          throw new Interrupted(store.size, blocks.length);
        }
        if (store.has(block)) {
          yield await store.read(block);
          continue;
        }
        const { lab: measuring, place } = await open();
        const measured = await work.measure(measuring, block);
        await behind.next(async () => {
          await lock.check();
          await store.write(block, measured, place);
          done += sequencesOf([block]);
          onProgress({ done, total });
        });
        yield measured;
      }
      await behind.settle();
    }
    summaries[id] = await work.summarise(rows());
  }
  return summaries;
}
