import type { Command } from "commander";
import { formatCount } from "../report/numbers.js";
import { type RunStatus, runStatus, type ShardStatus, type StageStatus } from "../runs/index.js";
import { commandLine } from "./command-line.js";
import type { Io } from "./io.js";
import { formatTable, jsonHead, jsonText } from "./output.js";
import { planCommand } from "./plan-command.js";
import { formatSeconds } from "./progress.js";

interface StatusOptions {
  readonly json?: boolean;
}

/** Ranges of missing parts that are listed; the others are counted. */
const shownRanges = 6;

/** Adds `induction status`. */
export function addStatus(parent: Command, io: Io, command: string): void {
  parent
    .command("status")
    .description(
      "where a run stands: what is measured and missing, and how fast its shards are (parts are counted; merge verifies them)",
    )
    .argument("<run>", "the run's folder")
    .option("--json", "print one JSON object")
    .option("-q, --quiet", "nothing on stderr but errors")
    .option("--debug", "show the stack trace of an error")
    .action(async (dir: string, options: StatusOptions) => {
      const status = await runStatus(dir);
      const run = planCommand(parent, status.args, dir);
      io.out(
        options.json === true
          ? jsonText({
              ...jsonHead("status", command),
              folder: dir,
              run,
              ...rest(status),
            })
          : statusText(status, { dir, run }),
      );
    });
}

function rest({ plan, state, stages, shards, rate, secondsLeft }: RunStatus): object {
  return { plan, state, stages, shards, rate, secondsLeft };
}

function statusText(
  status: RunStatus,
  { dir, run }: { readonly dir: string; readonly run: string },
): string {
  const { state, stages, shards, rate, secondsLeft } = status;
  const missing = stages
    .filter((stage) => !stage.later && stage.missing.length > 0)
    .map((stage) => `${stage.id}: ${rangesText(stage)}`);
  const measuring = shards.some((shard) => shard.state === "running" && shard.rate > 0);
  const by = measuring ? "" : ", by the plan's forecast of one process";
  const left =
    secondsLeft > 0
      ? [
          `about ${formatSeconds(Math.ceil(secondsLeft))} left at ${formatCount(rate)} sequences/s${by}`,
        ]
      : [];
  const merging = secondsLeft > 0 ? "measures the rest, and makes" : "makes";
  return [
    `${state}${state === "complete" && missing.length > 0 ? ", but parts are missing now" : ""}: ${run}`,
    formatTable([
      ["stage", "pairs", "measured", "parts", "kept"],
      ...stages.map(({ id, pairs, done, parts, kept }) => [
        id,
        ...[pairs, done, parts, kept].map(formatCount),
      ]),
    ]).trimEnd(),
    ...(shards.length === 0 ? [] : [shardsText(shards)]),
    ...(missing.length === 0 ? [] : [`missing, by numbers of parts: ${missing.join("; ")}`]),
    ...left,
    ...(state === "measured"
      ? [
          `the shards have nothing left to do: ${commandLine(["merge", dir])} ${merging} tables and report`,
        ]
      : []),
    "",
  ].join("\n");
}

function shardsText(shards: readonly ShardStatus[]): string {
  return formatTable([
    ["shard", "state", "sequences", "of", "sequences/s", "last part"],
    ...shards.map(({ index, of, state, done, total, rate, updated }) => [
      `${index}/${of}`,
      ...[state, formatCount(done), formatCount(total), formatCount(rate), updated ?? "none"],
    ]),
  ]).trimEnd();
}

function rangesText({ missing }: StageStatus): string {
  const list = missing.slice(0, shownRanges);
  const more = missing.length - list.length;
  const text = list
    .map(({ from, to }) => (from === to ? `${from}` : `${from} to ${to}`))
    .join(", ");
  return more > 0 ? `${text} and ${more} more ranges` : text;
}
