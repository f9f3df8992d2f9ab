import { type PairRows, rowCount } from "../induction/index.js";
import type { StoredRun, StoredStage } from "./open-run.js";
import type { Progress } from "./run-experiment.js";

/** Counts the rows that a comparison reads: those of a stage for its own summary, and once more in pairs. */
export function progressOver(
  runs: readonly Pick<StoredRun, "stages">[],
  report: (progress: Progress) => void,
) {
  const ids = new Set(["scenarios", "powers", "neighbours"]);
  const pairs = runs.flatMap(({ stages }) => stages.filter(({ id }) => ids.has(id)));
  const total = 4 * pairs.reduce((sum, stage) => sum + stage.pairs, 0);
  let done = 0;
  report({ done, total });
  return {
    read(rows: number) {
      done += 2 * rows;
      report({ done, total });
    },
    end() {
      // What is not read in pairs counts as done.
      if (done < total) report({ done: total, total });
    },
  };
}

/** A stage whose rows are counted as they are read. */
export function counted(stage: StoredStage, progress: { read(rows: number): void }): StoredStage {
  return {
    ...stage,
    async *rows(): AsyncGenerator<PairRows> {
      for await (const piece of stage.rows()) {
        yield piece;
        progress.read(rowCount(piece));
      }
    },
  };
}
