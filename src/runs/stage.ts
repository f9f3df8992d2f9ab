import {
  type Experiment,
  type ExperimentRows,
  type IndexRange,
  type Lab,
  pairCount,
  sequencesIn,
} from "../induction/index.js";

/** What the stages before gave, by their ids. */
export type Summaries = Readonly<Record<string, unknown>>;

/** One experiment of a run, its parameters known. */
export interface StageWork {
  measure(lab: Lab, range: IndexRange): Promise<ExperimentRows>;
  summarise(rows: AsyncIterable<ExperimentRows>): Promise<unknown>;
}

/**
 * One experiment of a run. Stages run in order, and a later one may choose what it measures by the
 * summaries of earlier ones; how many sequence pairs it takes is fixed beforehand.
 */
export interface Stage {
  readonly id: string;
  /** The experiment's id. */
  readonly experiment: string;
  readonly pairs: number;
  /** Sequences of a range of its pairs: two of each pair of which both members are measured. */
  sequences(range: IndexRange): number;
  /** Sequence pairs per block, where a pair costs so much that blocks must be smaller than usual. */
  readonly block?: number;
  /** Parameters known beforehand, as part of the plan; `null` where they follow from earlier stages. */
  readonly params: unknown;
  /** The work itself; called when all stages before are summarised. */
  prepare(summaries: Summaries): StageWork;
}

/** A stage whose parameters are known. */
export function stage<Params, Summary, Rows extends ExperimentRows>(
  id: string,
  experiment: Experiment<Params, Summary, Rows>,
  params: Params,
): Stage {
  return {
    id,
    experiment: experiment.id,
    pairs: pairCount(experiment, params),
    sequences: (range) => sequencesIn(experiment, params, range),
    params,
    prepare: () => workOf(experiment, params),
  };
}

/**
 * A stage whose parameters follow from the summaries of earlier stages, such as the tokens to measure
 * again; both members of each pair count.
 *
 * @throws RangeError when the parameters take another number of sequence pairs than was planned.
 */
export function laterStage<Params, Summary, Rows extends ExperimentRows>(
  id: string,
  experiment: Experiment<Params, Summary, Rows>,
  { pairs, params }: { readonly pairs: number; params(summaries: Summaries): Params },
): Stage {
  return {
    id,
    experiment: experiment.id,
    pairs,
    sequences: ({ from, to }) => 2 * (to - from),
    params: null,
    prepare(summaries) {
      const known = params(summaries);
      const got = pairCount(experiment, known);
      if (got !== pairs) {
        throw new RangeError(`stage ${id}: expected ${pairs} sequence pairs, got ${got}`);
      }
      return workOf(experiment, known);
    },
  };
}

function workOf<Params, Rows extends ExperimentRows>(
  experiment: Experiment<Params, unknown, Rows>,
  params: Params,
): StageWork {
  return {
    measure: (lab, range) => experiment.measure(lab, params, range),
    // A stage is handed the rows that it measured, and no other's.
    summarise: (rows) => experiment.summarise(params, rows as AsyncIterable<Rows>),
  };
}
