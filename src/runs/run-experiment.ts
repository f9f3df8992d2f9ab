import {
  type Experiment,
  type ExperimentRows,
  type Lab,
  pairCount,
  sequencesIn,
} from "../induction/index.js";
import { blocksOf } from "./blocks.js";

/** How far a run is, in sequences: two of each pair of which both members are measured. */
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
  const sequences = (to: number) => sequencesIn(experiment, params, { from: 0, to });
  const total = sequences(pairs);
  onProgress({ done: 0, total });
  async function* measured(): AsyncGenerator<Rows> {
    for (const block of blocksOf(pairs)) {
      yield await experiment.measure(lab, params, block);
      onProgress({ done: sequences(block.to), total });
    }
  }
  return experiment.summarise(params, measured());
}
