import { type Command, InvalidArgumentError } from "commander";
import { usageError } from "../errors.js";
import type { PowersDesign, TokenRef } from "../induction/index.js";
import { formatNumber } from "../report/numbers.js";
import {
  forecast,
  pilot,
  powerStandardError,
  sequencesForStandardError,
  type Stage,
  type StageForecast,
} from "../runs/index.js";
import type { Io } from "./io.js";
import { formatTable, jsonHead, jsonText } from "./output.js";
import type { Session } from "./session.js";

/** The options of a dry run. */
export interface DryRunOptions {
  readonly dryRun?: boolean;
  readonly se?: number;
  readonly json?: boolean;
}

/** Adds `--dry-run` and `--se`. */
export function withDryRunOptions(command: Command): Command {
  return command
    .option("--dry-run", "say what the run would take, from two seconds of measuring; keep nothing")
    .option(
      "--se <nats>",
      "with --dry-run: what powers with this standard error would take",
      (text) => {
        const value = Number(text);
        if (text.trim() !== "" && Number.isFinite(value) && value > 0) return value;
        throw new InvalidArgumentError(`Expected a number of nats above 0, got "${text}".`);
      },
    );
}

/**
 * @throws LabError (exit code 2) for `--se` without `--dry-run`.
 */
export function checkDryRunOptions({ dryRun, se }: DryRunOptions): void {
  if (se !== undefined && dryRun !== true) {
    throw usageError("--se: expected --dry-run beside it, got --se alone", "add --dry-run");
  }
}

/** What a dry run is about. */
export interface DryRun {
  readonly plan: readonly Stage[];
  readonly session: Session;
  readonly command: string;
  /** How the stage `powers` measures, and which tokens; `whole` if they are all that are drawn. */
  readonly design: PowersDesign;
  readonly tokens: readonly TokenRef[];
}

/** Prints what a run takes, and what a wanted standard error of powers takes. */
export async function dryRun(about: DryRun, options: DryRunOptions, io: Io): Promise<void> {
  const stages = await forecast(about.plan, about.session);
  const wanted = options.se === undefined ? null : await takes(about, options.se, stages);
  if (options.json === true) {
    const result = { stages: stages.map(withSequences), ...(wanted && { wanted }) };
    io.out(jsonText({ ...jsonHead("dry-run", about.command), ...result }));
    return;
  }
  io.out(textOf(stages));
  if (wanted !== null) io.out(wantedText(wanted));
}

/** What powers with a wanted standard error take. */
interface Wanted {
  readonly design: "post" | "crossed";
  /** Nats. */
  readonly se: number;
  /** Sequence pairs per token and role; rounds in the crossed design. */
  readonly n: number;
  readonly sequences: number;
  readonly seconds: number;
  /** What the plan has, and the standard error that it would give, nats. */
  readonly planned: { readonly n: number; readonly se: number };
}

async function takes(
  { session, design: { design, ...rest }, tokens }: DryRun,
  se: number,
  stages: readonly StageForecast[],
): Promise<Wanted> {
  const { lowestId, highestId } = session.protocol;
  const ids = tokens.map(({ id }) => id);
  // In the crossed design a token's partners are the tokens measured; else all that are drawn.
  const partners =
    design === "crossed"
      ? ids
      : Array.from({ length: highestId - lowestId + 1 }, (_, i) => lowestId + i);
  const { a, b } = await pilot(session, ids, partners);
  const n = sequencesForStandardError(design, [a, b], se);
  const pairs = n * tokens.length * (design === "post" ? 2 : 1);
  const powers = stages.find(({ id }) => id === "powers");
  const planned = "rounds" in rest ? rest.rounds : rest.sequences;
  return {
    design,
    se,
    n,
    sequences: 2 * pairs,
    seconds: powers === undefined ? NaN : (powers.seconds / powers.pairs) * pairs,
    planned: {
      n: planned,
      se: Math.max(...[a, b].map((v) => powerStandardError(design, v, planned))),
    },
  };
}

function textOf(stages: readonly StageForecast[]): string {
  const total = stages.reduce(
    (sum, { pairs, parts, seconds, bytes }) => ({
      id: "all",
      experiment: "",
      pairs: sum.pairs + pairs,
      parts: sum.parts + parts,
      seconds: sum.seconds + seconds,
      bytes: sum.bytes + bytes,
    }),
    { id: "all", experiment: "", pairs: 0, parts: 0, seconds: 0, bytes: 0 },
  );
  return formatTable([
    ["stage", "sequences", "parts", "MB", "minutes, about"],
    ...[...stages, total].map(({ id, pairs, parts, bytes, seconds }) => [
      id,
      count(2 * pairs),
      count(parts),
      (bytes / 1e6).toFixed(1),
      minutes(seconds),
    ]),
  ]);
}

function wantedText({ design, se, n, sequences, seconds, planned }: Wanted): string {
  const per = design === "crossed" ? "rounds" : "sequence pairs per token and role";
  return [
    `powers with a standard error of ${formatNumber(se)} nats: ${count(n)} ${per}, ${count(sequences)} sequences, about ${minutes(seconds)} minutes`,
    `as planned: ${count(planned.n)} ${per}, standard error about ${formatNumber(planned.se)} nats (typical: root mean square over tokens, from a pilot)`,
    "",
  ].join("\n");
}

function withSequences({ pairs, ...stage }: StageForecast): object {
  return { ...stage, sequences: 2 * pairs };
}

function count(value: number): string {
  return value.toLocaleString("en");
}

function minutes(seconds: number): string {
  return seconds < 570 ? (seconds / 60).toFixed(1) : count(Math.round(seconds / 60));
}
