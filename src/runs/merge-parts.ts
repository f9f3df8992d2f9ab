import { realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { LabError, usageError } from "../errors.js";
import { shardBlocks } from "./execute-shard.js";
import { lockFolder } from "./lock.js";
import { readManifest } from "./manifest.js";
import { inspectPart } from "./inspect-part.js";
import { plannedBlocks } from "./plan.js";
import { type PlanFile, planName, readPlan } from "./plan-file.js";
import { stagesOf } from "./plan-spec.js";
import { refuseShards } from "./shard-locks.js";
import { plainSource, pooled, shardSources, type Source } from "./sources.js";
import { problemsError, verifyParts } from "./verify-parts.js";
import { makeFolder, writeWhole } from "./whole-file.js";

/** What a divided run's parts are. */
export interface MergedParts {
  /** Journals of other folders, whose parts now lie in the run's own. */
  readonly sources: readonly Source[];
  readonly parts: number;
  readonly shards: number;
  /** Kinds of machines and versions that measured. */
  readonly environments: number;
}

/**
 * A folder's plan, which must be there.
 *
 * @throws LabError (exit code 2) if there is none.
 */
export async function requirePlan(dir: string): Promise<PlanFile> {
  const plan = await readPlan(dir);
  if (plan !== null) return plan;
  const run = (await readManifest(dir)) !== null;
  throw usageError(
    `${dir}: expected the folder of a run with its ${planName}, got ${run ? "a run without one" : await kindOf(dir)}`,
    run
      ? "an earlier version made it, or the file was lost: report and compare read it still"
      : "give the folder that induction run wrote",
  );
}

/** What lies at a path where no run does, in words. */
async function kindOf(path: string): Promise<string> {
  const found = await stat(path).catch(() => null);
  if (found === null) return "nothing of that name";
  return found.isDirectory() ? "a folder without one" : "a file";
}

/**
 * Verifies every part that the shards of a run measured, and copies those of other folders in.
 *
 * @param command The command line that starts the run.
 * @throws LabError with exit code 3 for lost, duplicated, damaged and foreign parts, with 2 for a folder
 *   of another plan, and a plain one while a process measures there.
 */
export async function mergeParts(
  dir: string,
  more: readonly string[],
  { plan, command }: { readonly plan: PlanFile; readonly command: string },
): Promise<MergedParts> {
  const lock = await lockFolder(dir);
  try {
    const brought: Source[] = [];
    await refuseShards(dir);
    const seen = new Set([await realpath(dir)]);
    for (const folder of more) {
      const other = await requirePlan(folder);
      // Named twice, perhaps by two paths, its records would count as measured twice.
      const real = await realpath(folder);
      if (seen.has(real)) continue;
      seen.add(real);
      await refuseShards(folder);
      if (other.plan !== plan.plan) {
        throw new LabError(`${folder}: expected a folder of the same plan, got one of another`, {
          hint: `give folders that were filled by the ${planName} of ${dir}`,
          exitCode: 3,
        });
      }
      brought.push(await plainSource(folder), ...(await shardSources(folder)));
    }
    const own = [await plainSource(dir), ...(await shardSources(dir))];
    const sources = [...own, ...brought];
    const stages = stagesOf(plan.spec, plan.choices.block);
    const needed = shardBlocks(stages);
    const blocks = plannedBlocks(stages);
    const { parts, problems } = await verifyParts({
      ...{ dir, plan: plan.plan, blocks, needed, sources },
    });
    if (problems.length > 0) {
      throw problemsError(dir, problems, { command, needed, of: divisionOf(sources) });
    }
    await makeFolder(join(dir, "parts"));
    for (const { source, record } of parts.filter((part) => part.source.dir !== dir)) {
      const { bytes, damage } = await inspectPart(source.dir, record);
      if (bytes === null) {
        throw new LabError(`${join(source.dir, record.file)}: ${damage}`, { exitCode: 3 });
      }
      await writeWhole(join(dir, record.file), bytes, "tmp");
    }
    return {
      sources: brought,
      parts: parts.length,
      shards: sources.filter(({ file }) => file.startsWith("shards")).length,
      environments: pooled(sources, []).environments.length,
    };
  } finally {
    await lock.release();
  }
}

/** How many shards a run was divided into: what most of its journals say; `null` without any. */
function divisionOf(sources: readonly Source[]): number | null {
  const counts = new Map<number, number>();
  for (const { file } of sources) {
    const of = Number(/-of-(\d+)\.jsonl$/.exec(file)?.[1]);
    if (of > 0) counts.set(of, (counts.get(of) ?? 0) + 1);
  }
  const sorted = [...counts].toSorted(([, x], [, y]) => y - x);
  return sorted[0]?.[0] ?? null;
}
