import {
  type Experiment,
  type IndexRange,
  type Lab,
  pairCount,
  type PairRows,
} from "../induction/index.js";

/** What the stages before gave, by their ids. */
export type Summaries = Readonly<Record<string, unknown>>;

/** One experiment of a run, its parameters known. */
export interface StageWork {
  measure(lab: Lab, range: IndexRange): Promise<PairRows>;
  summarise(rows: AsyncIterable<PairRows>): Promise<unknown>;
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
  /** Parameters known beforehand, as part of the plan; `null` where they follow from earlier stages. */
  readonly params: unknown;
  /** The work itself; called when all stages before are summarised. */
  prepare(summaries: Summaries): StageWork;
}

/** A stage whose parameters are known. */
export function stage<Params, Summary>(
  id: string,
  experiment: Experiment<Params, Summary>,
  params: Params,
): Stage {
  return {
    id,
    experiment: experiment.id,
    pairs: pairCount(experiment, params),
    params,
    prepare: () => workOf(experiment, params),
  };
}

/**
 * A stage whose parameters follow from the summaries of earlier stages, such as the tokens to measure
 * again.
 *
 * @throws RangeError when the parameters take another number of sequence pairs than was planned.
 */
export function laterStage<Params, Summary>(
  id: string,
  experiment: Experiment<Params, Summary>,
  { pairs, params }: { readonly pairs: number; params(summaries: Summaries): Params },
): Stage {
  return {
    id,
    experiment: experiment.id,
    pairs,
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

function workOf<Params>(experiment: Experiment<Params, unknown>, params: Params): StageWork {
  return {
    measure: (lab, range) => experiment.measure(lab, params, range),
    summarise: (rows) => experiment.summarise(params, rows),
  };
}
