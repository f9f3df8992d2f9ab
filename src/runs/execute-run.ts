import type { EngineInfo } from "../graph/index.js";
import type { Lab, ExperimentRows } from "../induction/index.js";
import { refuseChanges } from "./changes.js";
import { Interrupted } from "./interrupted.js";
import { type Lock, lockFolder } from "./lock.js";
import { type Parameter, readManifest, writeManifest } from "./manifest.js";
import { PartStore } from "./part-store.js";
import { plannedBlocks, type PlannedBlock } from "./plan.js";
import type { Progress } from "./run-experiment.js";
import { checkFolder, type RunFiles, writeFiles } from "./run-files.js";
import { manifestOf, noteEnvironment } from "./run-manifest.js";
import type { Stage, Summaries } from "./stage.js";
import { makeFolder } from "./whole-file.js";

/** A run: what to measure, with what, and where to keep it. */
export interface RunOptions {
  readonly dir: string;
  readonly plan: readonly Stage[];
  readonly lab: Lab;
  readonly engine: EngineInfo;
  /** The command line, for people. */
  readonly command: string;
  /**
   * Everything that was chosen and changes the numbers or the files, with its source. A run goes on
   * only where their values are the same.
   */
  readonly parameters: Readonly<Record<string, Parameter>>;
  /** What the manifest should say besides, such as substitutes. */
  readonly notes?: readonly string[];
  /** Makes the files of a finished run from the summaries of its stages. */
  readonly files: (summaries: Summaries) => RunFiles | Promise<RunFiles>;
  readonly onProgress?: (progress: Progress) => void;
  /** Told what differs from what one would expect, such as damaged parts. */
  readonly onNote?: (note: string) => void;
  /** Aborted: the block under way is finished and kept, and the run ends with {@link Interrupted}. */
  readonly signal?: AbortSignal;
  readonly now?: () => Date;
}

/**
 * Runs a plan in a folder and keeps every block there, or goes on with the run that is there: parts on
 * disk are verified and used, all others measured, and the files made anew. However often a run is
 * stopped, summaries, parts and files are the same as without a stop.
 *
 * @returns the summaries of the stages, by their ids.
 * @throws LabError if the folder holds something else or a run with other parameters (exit code 2), if
 *   another process writes there, if a part belongs to another run, or if the disk is full or read-only.
 * @throws Interrupted (exit code 75) after `signal` was aborted.
 */
export async function executeRun(options: RunOptions): Promise<Summaries> {
  const { dir, plan, onNote = () => undefined } = options;
  const blocks = plannedBlocks(plan);
  await checkFolder(dir);
  await makeFolder(dir);
  const lock = await lockFolder(dir);
  try {
    const before = await readManifest(dir);
    const manifest = manifestOf(options, blocks, before);
    if (before !== null) {
      refuseChanges(dir, before, manifest);
      noteEnvironment(before, manifest, onNote);
    }
    await writeManifest(dir, manifest);
    const store = await PartStore.open({
      dir,
      plan: manifest.plan,
      blocks,
      format: {
        dtype: options.lab.model.dtype,
        pairPosition: 1 + options.lab.protocol.gaps[0],
      },
      environment: manifest.environments.length - 1,
      onNote,
    });
    let summaries: Summaries;
    try {
      summaries = await runStages(options, blocks, store, lock);
    } finally {
      await store.close();
    }
    const files = await writeFiles(dir, await options.files(summaries));
    const finished = (options.now?.() ?? new Date()).toISOString();
    await writeManifest(dir, { ...manifest, state: "complete", finished, files });
    return summaries;
  } finally {
    await lock.release();
  }
}

async function runStages(
  { plan, lab, signal, onProgress = () => undefined }: RunOptions,
  blocks: readonly PlannedBlock[],
  store: PartStore,
  lock: Lock,
): Promise<Summaries> {
  const sequences = (list: readonly PlannedBlock[]) =>
    list.reduce((sum, { from, to }) => sum + 2 * (to - from), 0);
  const total = sequences(blocks);
  let done = sequences(blocks.filter((block) => store.has(block)));
  onProgress({ done, total });
  const summaries: Record<string, unknown> = {};
  for (const { id, prepare } of plan) {
    const work = prepare(summaries);
    const own = blocks.filter(({ stage }) => stage === id);
    async function* rows(): AsyncGenerator<ExperimentRows> {
      for (const block of own) {
        if (signal?.aborted === true) throw new Interrupted(store.size, blocks.length);
        if (store.has(block)) {
          yield await store.read(block);
          continue;
        }
        const measured = await work.measure(lab, block);
        await lock.check();
        await store.write(block, measured);
        done += sequences([block]);
        onProgress({ done, total });
        yield measured;
      }
    }
    summaries[id] = await work.summarise(rows());
  }
  return summaries;
}
