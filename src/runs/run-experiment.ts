import type { Experiment, Lab } from "../induction/index.js";

/** How far an experiment is; in sequences, both members of each pair counted. */
export interface Progress {
  readonly done: number;
  readonly total: number;
}

/** Sequence pairs that a block holds at least, where units are smaller than that. */
const pairsPerBlock = 4096;

/**
 * Measures all units of an experiment in fixed blocks, in order, and summarises them. How the blocks
 * lie depends on the experiment's parameters alone.
 */
export async function runExperiment<Params, Row, Summary>(
  experiment: Experiment<Params, Row, Summary>,
  params: Params,
  lab: Lab,
  onProgress: (progress: Progress) => void = () => undefined,
): Promise<Summary> {
  const { count, sequences } = experiment.units(params);
  const unitsPerBlock = Math.max(1, Math.floor(pairsPerBlock / sequences));
  const total = 2 * count * sequences;
  const rows: Row[] = [];
  onProgress({ done: 0, total });
  for (let from = 0; from < count; from += unitsPerBlock) {
    const to = Math.min(from + unitsPerBlock, count);
    rows.push(...(await experiment.measure(lab, params, { from, to })));
    onProgress({ done: 2 * to * sequences, total });
  }
  return experiment.summarise(params, rows);
}
