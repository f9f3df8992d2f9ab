import { compareNeighbours, type NeighboursComparison } from "../induction/compare-neighbours.js";
import { commonTokens, comparePowers, type PowersComparison } from "../induction/compare-powers.js";
import {
  differenceRows,
  joinMatched,
  type KeepRow,
  type MatchedRows,
  matchRows,
  UnmatchedRows,
} from "../induction/compare-rows.js";
import { compareScenarios, type ScenarioComparison } from "../induction/compare-scenarios.js";
import {
  crossedPowers,
  crossedRounds,
  neighbours,
  powers,
  type PowersSummary,
  type ScenarioParams,
  scenarios,
} from "../induction/index.js";
import { type FinishedRun, type PowersStage, powersStage } from "./finished-run.js";
import type { StoredStage } from "./open-run.js";
import { summarise, summarisePowersOf, unexpected } from "./summarise-stage.js";

/**
 * How the sequences of a stage were set against each other. `sequences`: both runs measured the same
 * ones; `draws`: the same draws under different protocols; in both cases differences are taken pair by
 * pair. `none`: each run has its own, and means are compared.
 */
export type Pairing = "sequences" | "draws" | "none";

/** A stage of two runs. */
export type Paired<T> = T & {
  readonly pairing: Pairing;
  /** Sequence pairs of the stage in each run. */
  readonly pairsPerRun: readonly [number, number];
};

/** The scenarios of two runs. */
export type ComparedScenarios = Paired<{ readonly rows: readonly ScenarioComparison[] }>;

/** The powers of two runs. */
export type ComparedPowersStage = Paired<PowersComparison>;

/** The neighbours of two runs. */
export type ComparedNeighboursStage = Paired<NeighboursComparison>;

/** Two runs, and one stage of each; `null` where a run does not have it. */
export type Runs = readonly [FinishedRun, FinishedRun];
export type Stages = readonly [StoredStage, StoredStage] | null;

/**
 * Compares the scenarios; `null` where a run has none.
 *
 * @throws LabError that names a part which is missing or damaged.
 */
export async function scenariosOf(
  [first, second]: Runs,
  stages: Stages,
  pairing: Pairing,
  q: number,
): Promise<ComparedScenarios | null> {
  if (stages === null) return null;
  const paramsOf = ({ about, dir }: FinishedRun, { pairs }: StoredStage): ScenarioParams => {
    const fixed = about.scenarios?.find(({ a, b }) => a !== undefined && b !== undefined);
    if (fixed?.a === undefined || fixed.b === undefined) throw unexpected(dir, "scenarios");
    const units = scenarios.units({ a: fixed.a, b: fixed.b, sequences: 1 }).count;
    return { a: fixed.a, b: fixed.b, sequences: pairs / units };
  };
  const [x, y] = [paramsOf(first, stages[0]), paramsOf(second, stages[1])];
  const sequences = Math.min(x.sequences, y.sequences);
  const summaries = [
    await summarise(first, stages[0], scenarios, x),
    await summarise(second, stages[1], scenarios, y),
  ] as const;
  const paired = await pairedOrNull(
    pairing,
    stages,
    (_, k) => k < sequences,
    (matched) => scenarios.summarise({ ...x, sequences }, differenceRows(matched)),
  );
  return {
    rows: compareScenarios(...summaries, paired, q),
    ...pairingFacts(stages, paired === null ? "none" : pairing),
  };
}

/** Compares the powers; likewise. */
export async function powersOf(
  [first, second]: Runs,
  stages: Stages,
  pairing: Pairing,
  q: number,
): Promise<ComparedPowersStage | null> {
  const designs = [powersStage(first.about), powersStage(second.about)] as const;
  const [x, y] = designs;
  if (stages === null || x === null || y === null) return null;
  const summaries = {
    first: await summarisePowersOf(first, stages[0], x),
    second: await summarisePowersOf(second, stages[1], y),
  };
  const paired = await pairedPowers(stages, x, y, pairing);
  return {
    ...comparePowers({ ...summaries, paired }, q),
    ...pairingFacts(stages, paired === null ? "none" : pairing),
  };
}

/** What the design makes of the differences of the sequence pairs that both runs measured. */
async function pairedPowers(
  stages: readonly [StoredStage, StoredStage],
  x: PowersStage,
  y: PowersStage,
  pairing: Pairing,
): Promise<PowersSummary | null> {
  if (x.design === "post" && y.design === "post") {
    const rows = (of: typeof x) => of.params.tokens.map(({ id: token, text }) => ({ token, text }));
    const tokens = commonTokens(rows(x), rows(y)).map(([{ token: id, text }]) => ({ id, text }));
    const ids = new Set(tokens.map(({ id }) => id));
    const sequences = Math.min(x.params.sequences, y.params.sequences);
    if (tokens.length === 0) return null;
    // Units of this design are 2 × token, + 1 as B.
    const keep: KeepRow = (unit, k) => k < sequences && ids.has(unit >> 1);
    return pairedOrNull(pairing, stages, keep, (matched) =>
      powers.summarise({ tokens, sequences }, differenceRows(matched)),
    );
  }
  if (x.design === "crossed" && y.design === "crossed") {
    // A strength is known where a round measured both members, in both runs.
    const rounds = Math.min(crossedRounds(x.params).shared, crossedRounds(y.params).shared);
    const { tokens, partners } = x.params;
    return pairedOrNull(
      pairing,
      stages,
      (round) => round < rounds,
      (matched) => crossedPowers.summarise({ tokens, partners, rounds }, differenceRows(matched)),
    );
  }
  return null;
}

/** Compares the neighbours; likewise. */
export async function neighboursOf(
  [first, second]: Runs,
  stages: Stages,
  pairing: Pairing,
): Promise<ComparedNeighboursStage | null> {
  if (stages === null) return null;
  const params = ({ about }: FinishedRun, { pairs: sequences }: StoredStage) => ({
    sequences,
    dVocab: about.model.vocabulary,
  });
  const [x, y] = [params(first, stages[0]), params(second, stages[1])];
  const sequences = Math.min(x.sequences, y.sequences);
  const summaries = {
    first: await summarise(first, stages[0], neighbours, x),
    second: await summarise(second, stages[1], neighbours, y),
  };
  const matched = await pairedOrNull(
    pairing,
    stages,
    (_, k) => k < sequences,
    async (rows) => {
      const pieces: MatchedRows[] = [];
      for await (const piece of rows) pieces.push(piece);
      return joinMatched(pieces);
    },
  );
  return {
    ...(await compareNeighbours({ ...summaries, matched }, x)),
    ...pairingFacts(stages, matched === null ? "none" : pairing),
  };
}

/** Folds the rows that two runs have in common; `null` where they measured other sequences. */
async function pairedOrNull<T>(
  pairing: Pairing,
  [first, second]: readonly [StoredStage, StoredStage],
  keep: KeepRow,
  fold: (matched: AsyncIterable<MatchedRows>) => Promise<T>,
): Promise<T | null> {
  if (pairing === "none") return null;
  try {
    return await fold(matchRows(first.rows(), second.rows(), keep));
  } catch (error) {
    if (error instanceof UnmatchedRows) return null;
    throw error;
  }
}

function pairingFacts([first, second]: readonly [StoredStage, StoredStage], pairing: Pairing) {
  const pairsPerRun: readonly [number, number] = [first.pairs, second.pairs];
  return { pairing, pairsPerRun };
}
