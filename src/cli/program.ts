import { Command, CommanderError } from "commander";
import { LabError } from "../errors.js";
import { version } from "../version.js";
import { commandLine } from "./command-line.js";
import { addActivations } from "./activations.js";
import { addCompare } from "./compare.js";
import { addHeads } from "./heads.js";
import type { Io } from "./io.js";
import { addMerge } from "./merge.js";
import { addModels } from "./models.js";
import { addNeighbours } from "./neighbours.js";
import { addPowers } from "./powers.js";
import { addReport } from "./report.js";
import { addRun } from "./run.js";
import { addScenarios } from "./scenarios.js";
import { addSequences } from "./sequences.js";
import { addStatus } from "./status.js";
import { addStrength } from "./strength.js";
import { addSubmit } from "./submit.js";
import { usageErrorLine } from "./usage-error-line.js";

/**
 * Runs the command line and returns its exit code: 0 ok, 1 failed, 2 wrong usage, 3 a check failed,
 * 75 interrupted.
 * Results go to `io.out`; everything else, errors in one line, to `io.err`.
 */
export async function main(args: readonly string[], io: Io): Promise<number> {
  const program = new Command("induction")
    .description("measures how induction (…AB…A → B) works inside a transformer")
    .version(version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.out(text),
      writeErr: (text) => io.err(text),
      outputError: (text, write) => write(`${usageErrorLine(text, program, args)}\n`),
    })
    .addHelpText(
      "after",
      "\nExit codes: 0 ok, 1 failed, 2 wrong usage, 3 a check failed, 75 interrupted\n(the same command goes on), 130 stopped at once.\nExample: induction strength --a ' Mar' --b ius -n 1024",
    );
  const command = commandLine(args);
  const adds: ((parent: Command, io: Io, command: string, args: readonly string[]) => void)[] = [
    addRun,
    addStatus,
    addMerge,
    addSubmit,
    addStrength,
    addScenarios,
    addPowers,
    addNeighbours,
    addHeads,
    addCompare,
    addSequences,
    addActivations,
    addReport,
    addModels,
  ];
  for (const add of adds) add(program, io, command, args);
  try {
    await program.parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    report(error, io, args.includes("--debug"));
    return error instanceof LabError ? error.exitCode : 1;
  }
}

function report(error: unknown, io: Io, debug: boolean): void {
  const message = error instanceof Error ? error.message : String(error);
  const hint = error instanceof LabError && error.hint !== undefined ? `: ${error.hint}` : "";
  const stopped = error instanceof LabError && error.exitCode === 75;
  io.err(`${stopped ? "" : "error: "}${message.replace(/\s*\n\s*/g, " ")}${hint}\n`);
  if (!(error instanceof LabError)) io.err("this is a defect of induction-lab: run with --debug\n");
  if (debug && error instanceof Error) {
    io.err(`${error.stack ?? ""}\n`);
    if (error.cause !== undefined) io.err(`cause: ${String(error.cause)}\n`);
  }
}
