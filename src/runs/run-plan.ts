import type { ExperimentRows, Lab } from "../induction/index.js";
import { plannedBlocks, sequencesOf } from "./plan.js";
import type { Progress } from "./run-experiment.js";
import type { Stage, Summaries } from "./stage.js";

/** Measures all stages of a plan block by block, in order, keeping nothing on disk. */
export async function runPlan(
  plan: readonly Stage[],
  lab: Lab,
  onProgress: (progress: Progress) => void = () => undefined,
): Promise<Summaries> {
  const blocks = plannedBlocks(plan);
  const total = sequencesOf(blocks);
  let done = 0;
  onProgress({ done, total });
  const summaries: Record<string, unknown> = {};
  for (const { id, prepare } of plan) {
    const work = prepare(summaries);
    async function* rows(): AsyncGenerator<ExperimentRows> {
      for (const block of blocks.filter(({ stage }) => stage === id)) {
        yield await work.measure(lab, block);
        done += block.sequences;
        onProgress({ done, total });
      }
    }
    summaries[id] = await work.summarise(rows());
  }
  return summaries;
}
