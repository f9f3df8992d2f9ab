import type { Command } from "commander";
import { argsWithout } from "./args-without.js";
import { commandLine } from "./command-line.js";

/**
 * The command line that a plan is of, for its folder as it is called now: it may have been moved, or copied.
 *
 * @param program What has the plan's command.
 * @param args The plan's words.
 */
export function planCommand(program: Command, args: readonly string[], dir: string): string {
  const by = program.commands.find((other) => other.name() === args[0]);
  const kept = argsWithout(args, by?.options ?? [], new Set(["--output"]));
  return commandLine([...kept, "-o", dir]);
}
