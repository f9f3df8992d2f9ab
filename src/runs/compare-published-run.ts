import { usageError } from "../errors.js";
import { comparePublished, type PublishedComparison } from "../induction/compare-published.js";
import { crossedRounds, type PowersSummary } from "../induction/index.js";
import type { Json } from "./canonical-json.js";
import { counted } from "./compare-progress.js";
import { type ComparedRun, type CompareOptions, describeRun } from "./compare-runs.js";
import { settingDifferences, settingsOf } from "./compare-settings.js";
import { type FinishedRun, type PowersStage, powersStage, settingsAbout } from "./finished-run.js";
import type { PublishedPowers } from "./published-powers.js";
import { summarisePowersOf } from "./summarise-stage.js";

/** The powers of a run against published ones. */
export interface PublishedRunComparison extends PublishedComparison {
  /** Name of what was published. */
  readonly published: string;
  readonly run: ComparedRun;
  readonly q: number;
  readonly design: PowersSummary["design"];
  /** Sequence pairs per token and role, of the run and of what was published. */
  readonly sequences: readonly [number, number];
  /** What a reader must know: another model, fewer tokens. */
  readonly notes: readonly string[];
}

/**
 * The fewest sequence pairs per token and role that are compared. z is normal where the means are; with
 * fewer pairs it follows Student's t, and skewed strengths move its mean. The post's own earlier run
 * of 64 agrees with the published one (z of mean 0.03 and −0.05, sd 0.99 and 1.01).
 */
const fewestSequences = 64;

/**
 * Compares the powers of a finished run, made again from its parts, with published ones. The crossed
 * design is compared too where its partners are all that the protocol draws: it estimates the same
 * mean over uniform partners, without bias and with standard errors of its own (crossed-estimates.ts).
 *
 * @throws LabError of wrong usage for a run without powers, of another vocabulary or protocol, of
 *   restricted partners, of too few sequence pairs, or of other tokens; and a plain one that names a
 *   part which is missing or damaged.
 */
export async function comparePublishedRun(
  run: FinishedRun,
  published: PublishedPowers,
  { q, onProgress = () => undefined }: CompareOptions,
): Promise<PublishedRunComparison> {
  const { dir } = run;
  const stage = run.stages.find(({ id }) => id === "powers");
  const of = powersStage(run.about);
  if (stage === undefined || of === null) {
    throw usageError(`${dir}: expected a run with powers, got one without`, wayOut(published));
  }
  refuseOtherQuantity(run, published);
  const sequences = of.design === "post" ? of.params.sequences : crossedRounds(of.params).shared;
  if (sequences < fewestSequences) {
    throw usageError(
      `${dir}: expected at least ${fewestSequences} sequence pairs per token and role, got ${sequences}`,
      `z is not normal with fewer: ${wayOut(published)}`,
    );
  }
  const notes = [...modelNote(run, published), ...tokensNote(run, of, published)];

  const total = 2 * stage.pairs;
  let done = 0;
  onProgress({ done, total });
  const read = (rows: number) => onProgress({ done: (done += 2 * rows), total });
  const { rows } = await summarisePowersOf(run, counted(stage, { read }), of);
  return {
    ...{ published: published.name, run: describeRun(run), q, design: of.design },
    ...{ sequences: [sequences, published.sequences], notes },
    ...comparePublished(rows, published.rows, q),
  };
}

function wayOut({ name, model: [model] }: PublishedPowers): string {
  return `induction run ${name} --model ${model}`;
}

/** Refuses a run whose powers are another quantity, naming every setting that makes them one. */
function refuseOtherQuantity(run: FinishedRun, published: PublishedPowers): void {
  const expected: Record<string, Json> = {
    vocabulary: published.vocabulary,
    "powers.partners": "all that the protocol draws",
  };
  for (const [name, value] of Object.entries(published.protocol)) {
    expected[`protocol.${name}`] = value as Json;
  }
  const all = { ...settingsOf(run.manifest), ...settingsAbout(run.about) };
  const given = Object.fromEntries(
    Object.entries(all).filter(([name]) => name in expected || name.startsWith("protocol.")),
  );
  const settings = { ...given, vocabulary: run.about.model.vocabulary };
  const differences = settingDifferences(settings, expected);
  if (differences.length === 0) return;
  const each = differences.map(
    ({ words, first, second }) => `${words} ${word(first)}, not ${word(second)}`,
  );
  throw usageError(
    `${run.dir}: expected the protocol of ${published.name}, got another (${each.join("; ")})`,
    wayOut(published),
  );
}

function word(value: Json): string {
  if (value === null) return "none";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function modelNote({ manifest }: FinishedRun, { model }: PublishedPowers): string[] {
  const { name } = manifest.model;
  if (model.includes(name)) return [];
  return [`the published powers are of ${model[0]}; this run is of ${name}`];
}

function tokensNote({ dir }: FinishedRun, { params }: PowersStage, published: PublishedPowers) {
  const ids = new Set(published.rows.map(({ token }) => token));
  const common = params.tokens.filter(({ id }) => ids.has(id)).length;
  if (common < 2) {
    const [first, last] = [published.rows[0]?.token, published.rows.at(-1)?.token];
    throw usageError(
      `${dir}: expected powers of at least two tokens of ids ${first} to ${last}, got ${common}`,
      wayOut(published),
    );
  }
  if (common === ids.size) return [];
  return [
    `${common} of the ${ids.size} published tokens are in the run: the bounds of z widen to what so few allow`,
  ];
}
