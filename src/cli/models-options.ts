import type { Command } from "commander";
import type { OpenModelOptions } from "../weights/node.js";
import { downloadLine } from "./download-progress.js";
import type { Io } from "./io.js";
import { wholeFrom } from "./parse.js";

/** The options that say which version of a model is meant, and how its files are had. */
export interface VersionOptions {
  readonly revision?: string;
  readonly checkpoint?: number;
  readonly offline?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Adds `--revision`, `--checkpoint`, `--offline`, `--json`, `--quiet` and `--debug`. */
export function withVersionOptions(command: Command): Command {
  return command
    .option("--revision <name>", "branch, tag or commit on the hub (default: main)")
    .option("--checkpoint <n>", "training checkpoint, by steps or tokens", wholeFrom(0))
    .option("--offline", "take what is cached and ask no server")
    .option("--json", "print one JSON object")
    .option("-q, --quiet", "no progress on stderr")
    .option("--debug", "show the stack trace of an error");
}

/** How a model is opened by these options. */
export function openOptions(io: Io, options: VersionOptions): OpenModelOptions {
  return {
    ...(options.revision !== undefined && { revision: options.revision }),
    ...(options.checkpoint !== undefined && { checkpoint: options.checkpoint }),
    hub: {
      ...(options.offline === true && { offline: true }),
      ...(options.quiet !== true && { progress: downloadLine(io) }),
    },
  };
}
