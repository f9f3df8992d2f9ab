import { type Command, Option } from "commander";
import type { FloatDType } from "../graph/index.js";
import type { Protocol, RunPath } from "../induction/index.js";
import { gaps, seed, wholeBetween, wholeFrom, yesNo } from "./parse.js";

/** The options of every command that runs a model: which one, on what, and what it prints. */
export interface EngineOptions {
  readonly model: string;
  readonly revision?: string;
  readonly checkpoint?: number;
  readonly offline?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly threads: number;
  readonly backend: "auto" | "cpu" | "wasm";
  readonly dtype: FloatDType;
}

/** The options that every measuring command takes. */
export interface LabOptions extends EngineOptions {
  readonly seed: number;
  readonly batch: number;
  readonly path?: RunPath;
  readonly control: Protocol["control"];
  readonly gaps: [number, number];
  readonly lowestId?: number;
  readonly fillers: Protocol["fillers"];
  readonly allowAEqualsB: boolean;
}

/** The options of commands that keep a run in a folder: what its plan chooses has no default. */
export interface PlannedOptions extends Omit<LabOptions, "batch" | "threads"> {
  readonly output?: string;
  readonly batch?: number;
  readonly threads?: number;
  readonly block?: number;
  readonly dryRun?: boolean;
  readonly shard?: string | true;
  readonly workers?: number;
}

/** What the commands that keep nothing measure with, unless told otherwise. */
export const plainChoices = { batch: 64, threads: 2 };

/** The options that fix A and B, as text or by id. */
export interface PairOptions {
  readonly a?: string;
  readonly b?: string;
  readonly aId?: number;
  readonly bId?: number;
}

/** The options that fix one pair, or name a file of them. */
export interface PairsOptions extends PairOptions {
  readonly pairs?: string;
}

/** Adds which model to run, and how to print. */
export function withModelOptions(command: Command): Command {
  return command
    .option(
      "--model <name|dir>",
      "model by name, owner/name on the hub, or a folder with its files",
      "attn-only-2l-mini",
    )
    .option("--revision <name>", "branch, tag or commit of a model on the hub (default: main)")
    .option("--checkpoint <n>", "training checkpoint, by steps or tokens", wholeFrom(0))
    .option("--offline", "take models from the cache only")
    .option("--json", "print one JSON object")
    .option("-q, --quiet", "no progress on stderr");
}

/** Adds what computes, and `--debug`. */
export function withEngineOptions(command: Command, planned = false): Command {
  return command
    .optionsGroup("Engine:")
    .addOption(chosen("--threads <n>", "threads", 256, planned ? undefined : plainChoices.threads))
    .addOption(
      new Option(
        "--backend <name>",
        "cpu: native build; wasm: WASM build; auto: cpu where it loads",
      )
        .choices(["auto", "cpu", "wasm"])
        .default("auto"),
    )
    .addOption(
      new Option("--dtype <type>", "numbers to compute with (float64: cpu only)")
        .choices(["float32", "float64"])
        .default("float32"),
    )
    .option("--debug", "show the stack trace of an error");
}

/** An option for what a plan chooses where it is not given, or that has a default. */
function chosen(flags: string, what: string, most: number, value: number | undefined): Option {
  const option = new Option(
    flags,
    value === undefined ? `${what} (default: by calibration)` : what,
  );
  option.argParser(wholeBetween(1, most));
  return value === undefined ? option : option.default(value);
}

/** Adds the same as {@link withLabOptions} to a command that keeps a run: see {@link PlannedOptions}. */
export function withPlannedOptions(command: Command): Command {
  return withLabOptions(command, true)
    .addOption(chosen("--block <n>", "sequence pairs to a part", 2 ** 20, undefined))
    .optionsGroup("Plan and shares:")
    .option("--dry-run", "write the plan, say what the run would take, and measure nothing more")
    .addOption(
      new Option(
        "--shard [i/n]",
        "measure share i of n, from 0 (alone: that of the Slurm or Kubernetes task)",
      ).conflicts(["dryRun", "workers"]),
    )
    .addOption(
      new Option("--workers <n>", "measure by so many processes on this machine")
        .argParser(wholeBetween(1, 256))
        .conflicts("dryRun"),
    );
}

/** Adds model, seed, output, engine and protocol options to a command. */
export function withLabOptions(command: Command, planned = false): Command {
  const measuring = withModelOptions(command)
    .option("--seed <n>", "seed of all sequences", seed, 0)
    .optionsGroup("Protocol (defaults: the 2023 post):")
    .addOption(
      new Option(
        "--control <kind>",
        "control sequence: context shuffled, or one of the pair replaced",
      )
        .choices(["shuffle", "replace-a", "replace-b"])
        .default("shuffle"),
    )
    .option(
      "--gaps <N,N>",
      "random tokens before the pair, and between it and the last A",
      gaps,
      [10, 10],
    )
    .option(
      "--lowest-id <n>",
      "lowest id drawn at random (default: the model card's, or 4)",
      wholeFrom(0),
    )
    .addOption(
      new Option("--fillers <kind>", "whether fillers may happen to be A or B")
        .choices(["any", "avoid-ab"])
        .default("any"),
    )
    .addOption(
      new Option("--allow-a-equals-b <yes|no>", "whether a random A may equal B")
        .argParser(yesNo)
        .default(true, "yes"),
    );
  const batch = planned ? undefined : plainChoices.batch;
  return withEngineOptions(measuring, planned)
    .addOption(chosen("--batch <n>", "sequence pairs per run of the model", 4096, batch))
    .addOption(
      new Option(
        "--path <name>",
        "how the model gets to the last position: by exact algebra (the default), or through all positions",
      ).choices(["last-token", "plain"]),
    );
}

/** Adds `--a`, `--b`, `--a-id` and `--b-id`. */
export function withPairOptions(command: Command): Command {
  return command
    .option("--a <text>", "token A as text, leading space included")
    .option("--b <text>", "token B as text")
    .addOption(new Option("--a-id <id>", "token A by id").argParser(wholeFrom(0)).conflicts("a"))
    .addOption(new Option("--b-id <id>", "token B by id").argParser(wholeFrom(0)).conflicts("b"));
}

/** Adds `--pairs`, many pairs instead of one. */
export function withPairsOption(command: Command): Command {
  return withPairOptions(command).addOption(
    new Option(
      "--pairs <file.csv>",
      "many pairs: a CSV file with columns a, b or a_id, b_id",
    ).conflicts(["a", "b", "aId", "bId"]),
  );
}
