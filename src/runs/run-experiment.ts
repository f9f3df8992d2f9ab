import { type Experiment, type ExperimentRows, type Lab, pairCount } from "../induction/index.js";
import { blocksOf } from "./blocks.js";

/** How far a run is; in sequences, both members of each pair counted. */
export interface Progress {
  /** Of a run that goes on, the first report counts what an earlier one kept. */
  readonly done: number;
  readonly total: number;
}

/** Measures an experiment block by block, in order, keeping nothing on disk, and summarises it. */
export async function runExperiment<Params, Summary, Rows extends ExperimentRows>(
  experiment: Experiment<Params, Summary, Rows>,
  params: Params,
  lab: Lab,
  onProgress: (progress: Progress) => void = () => undefined,
): Promise<Summary> {
  const pairs = pairCount(experiment, params);
  onProgress({ done: 0, total: 2 * pairs });
  async function* measured(): AsyncGenerator<Rows> {
    for (const block of blocksOf(pairs)) {
      yield await experiment.measure(lab, params, block);
      onProgress({ done: 2 * block.to, total: 2 * pairs });
    }
  }
  return experiment.summarise(params, measured());
}
