import { join } from "node:path";
import { LabError } from "../errors.js";
import type { ExperimentRows, PairRows } from "../induction/index.js";
import { type PartRecord, readJournal } from "./journal.js";
import { type Manifest, manifestName, readManifest } from "./manifest.js";
import { readPart } from "./inspect-part.js";
import { journalName } from "./part-store.js";
import { partPath } from "./plan.js";

/** A stage of a run on disk. */
export interface StoredStage {
  readonly id: string;
  readonly experiment: string;
  /** Sequence pairs that it takes, and how many of them are on disk. */
  readonly pairs: number;
  readonly kept: number;
  /**
   * The rows of the parts that are on disk, in order, each part verified as it is read.
   *
   * @throws LabError that names the part which is missing, not what was recorded, or of scores.
   */
  rows(): AsyncIterable<PairRows>;
}

/** A run on disk, finished or not. */
export interface StoredRun {
  readonly dir: string;
  readonly manifest: Manifest;
  readonly stages: readonly StoredStage[];
}

/**
 * Opens a run's folder to read it.
 *
 * @throws LabError if it holds no run, or if a finished run lacks the record of a part.
 */
export async function openRun(dir: string): Promise<StoredRun> {
  const manifest = await readManifest(dir);
  if (manifest === null) {
    throw new LabError(`${dir}: expected the folder of a run, got no ${manifestName}`, {
      hint: "give the folder that induction run wrote",
    });
  }
  const { records } = await readJournal(join(dir, journalName));
  const byPart = new Map(
    records.filter(({ plan }) => plan === manifest.plan).map((record) => [record.part, record]),
  );
  const stages = manifest.stages.map(({ id, experiment, pairs, parts, firstPart }): StoredStage => {
    const numbers = Array.from({ length: parts }, (_, i) => firstPart + i);
    const missing = numbers.find((part) => !byPart.has(part));
    if (missing !== undefined && manifest.state === "complete") {
      throw new LabError(
        `${join(dir, partPath(missing))}: expected a recorded part, got no record`,
        {
          hint: "run the command of its manifest.json again: only what is missing is measured",
        },
      );
    }
    const stored = numbers.flatMap((part): PartRecord[] => {
      const record = byPart.get(part);
      return record === undefined ? [] : [record];
    });
    return {
      id,
      experiment,
      pairs,
      kept: stored.reduce((sum, { from, to }) => sum + to - from, 0),
      async *rows() {
        for (const record of stored) yield pairsOf(await readPart(dir, record), record.file);
      },
    };
  });
  return { dir, manifest, stages };
}

/** Rows of sequence pairs, which is what runs are compared by. */
function pairsOf(rows: ExperimentRows, where: string): PairRows {
  if ("induction" in rows) return rows;
  throw new LabError(`${where}: expected sequence pairs, got scores`);
}
