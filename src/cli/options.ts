import { type Command, Option } from "commander";
import type { FloatDType } from "../graph/index.js";
import type { Protocol } from "../induction/index.js";
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
  readonly control: Protocol["control"];
  readonly gaps: [number, number];
  readonly lowestId?: number;
  readonly fillers: Protocol["fillers"];
  readonly allowAEqualsB: boolean;
}

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
export function withEngineOptions(command: Command): Command {
  return command
    .optionsGroup("Engine:")
    .option("--threads <n>", "threads", wholeBetween(1, 256), 2)
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

/** Adds model, seed, output, engine and protocol options to a command. */
export function withLabOptions(command: Command): Command {
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
  return withEngineOptions(measuring).option(
    "--batch <n>",
    "sequence pairs per run of the model",
    wholeBetween(1, 4096),
    64,
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
