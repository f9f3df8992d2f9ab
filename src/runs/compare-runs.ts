import { usageError } from "../errors.js";
import { counted, progressOver } from "./compare-progress.js";
import { type SettingDifference, settingDifferences, settingsOf } from "./compare-settings.js";
import {
  type ComparedNeighboursStage,
  type ComparedPowersStage,
  type ComparedScenarios,
  neighboursOf,
  type Pairing,
  powersOf,
  type Runs,
  scenariosOf,
  type Stages,
} from "./compare-stages.js";
import { type FinishedRun, openFinishedRun, settingsAbout } from "./finished-run.js";
import type { Progress } from "./run-experiment.js";

/** Two runs, compared. */
export interface RunComparison {
  readonly q: number;
  readonly first: ComparedRun;
  readonly second: ComparedRun;
  /** Settings that differ, those that change the quantity first. */
  readonly settings: readonly SettingDifference[];
  /** What could not be compared, and what else a reader must know. */
  readonly notes: readonly string[];
  /** `null` where a run has none; likewise below. */
  readonly scenarios: ComparedScenarios | null;
  readonly powers: ComparedPowersStage | null;
  readonly neighbours: ComparedNeighboursStage | null;
  /** Why the runs do not agree, in words; empty where they do. */
  readonly disagreements: readonly string[];
}

/** One of two compared runs. */
export interface ComparedRun {
  readonly dir: string;
  readonly model: string;
  readonly seed: number | null;
  /** The command that made it. */
  readonly command: string;
}

/** Options of {@link compareRuns}. */
export interface CompareOptions {
  /** Level of the tests: expected share of false ones among the tokens that are said to differ. */
  readonly q: number;
  readonly onProgress?: (progress: Progress) => void;
}

/**
 * Compares two finished runs from their parts. Sequences that both measured are compared pair by pair,
 * others by the means.
 *
 * @throws LabError that names what is missing, unfinished or damaged, and one of wrong usage where the
 *   runs have no measurement in common.
 */
export async function compareRuns(
  firstDir: string,
  secondDir: string,
  { q, onProgress = () => undefined }: CompareOptions,
): Promise<RunComparison> {
  const runs: Runs = [await openFinishedRun(firstDir), await openFinishedRun(secondDir)];
  const settings = settingDifferences(allSettings(runs[0]), allSettings(runs[1]));
  const pairing = pairingOf(settings);
  const notes: string[] = [];
  const progress = progressOver(runs, onProgress);
  const stages = (id: string): Stages => {
    const [x, y] = runs.map((run) => run.stages.find((stage) => stage.id === id));
    if (x && y) return [counted(x, progress), counted(y, progress)];
    if (x || y) notes.push(`${id}: only ${x ? runs[0].dir : runs[1].dir} has them`);
    return null;
  };
  const compared = {
    scenarios: await scenariosOf(runs, stages("scenarios"), pairing, q),
    powers: await powersOf(runs, stages("powers"), pairing, q),
    neighbours: await neighboursOf(runs, stages("neighbours"), pairing),
  };
  progress.end();
  if (Object.values(compared).every((stage) => stage === null)) {
    throw usageError(
      `compare: expected two runs with a measurement in common, got ${kindsOf(runs[0])} and ${kindsOf(runs[1])}`,
      "scenarios, powers and neighbours can be compared",
    );
  }
  return {
    q,
    first: describeRun(runs[0]),
    second: describeRun(runs[1]),
    settings,
    notes: [...notes, ...notesOf(compared.powers, pairing)],
    ...compared,
    disagreements: disagreementsOf(settings, compared),
  };
}

/** What a run measured, in words. */
function kindsOf({ stages }: FinishedRun): string {
  return stages.map(({ id }) => id).join(", ");
}

function allSettings(run: FinishedRun) {
  return { ...settingsOf(run.manifest), ...settingsAbout(run.about) };
}

/** A run as comparisons name it. */
export function describeRun({ dir, manifest }: FinishedRun): ComparedRun {
  const { seed } = manifest.fixed;
  const known = typeof seed === "number" ? seed : null;
  return { dir, model: manifest.model.name, seed: known, command: manifest.command };
}

/** How rows that agree may be set against each other: at another seed their fillers are others. */
function pairingOf(settings: readonly SettingDifference[]): Pairing {
  if (settings.some(({ name }) => name === "seed")) return "none";
  return settings.some(({ name }) => name.startsWith("protocol.")) ? "draws" : "sequences";
}

function notesOf(powers: RunComparison["powers"], pairing: Pairing): string[] {
  if (powers === null) return [];
  const { tokens, onlyFirst, onlySecond } = powers;
  const notes: string[] = [];
  if (tokens === 0) notes.push("powers: the runs have no token in common");
  if (onlyFirst + onlySecond > 0) {
    notes.push(
      `powers: ${tokens} tokens are in both runs; ${onlyFirst} only in the first and ${onlySecond} only in the second are not compared`,
    );
  }
  if (tokens > 0 && pairing !== "none" && powers.pairing === "none") {
    notes.push(
      "powers: the runs have one seed but paired other tokens: errors leave out what their sequences share, and may be too large",
    );
  }
  return notes;
}

function disagreementsOf(
  settings: readonly SettingDifference[],
  { scenarios, powers }: Pick<RunComparison, "scenarios" | "powers">,
): string[] {
  const counted = (count: number, one: string, many: string) =>
    count === 0 ? [] : [`${count} ${count === 1 ? `${one} differs` : `${many} differ`}`];
  const scenariosThatDiffer = scenarios?.rows.filter(({ differs }) => differs).length ?? 0;
  return [
    ...settings
      .filter(({ changes }) => changes === "quantity")
      .map(({ words }) => `another quantity: ${words}`),
    ...counted(scenariosThatDiffer, "scenario", "scenarios"),
    ...counted(powers?.a.differing ?? 0, "A power", "A powers"),
    ...counted(powers?.b.differing ?? 0, "B power", "B powers"),
  ];
}
