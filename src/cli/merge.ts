import type { Command } from "commander";
import { mergeParts, requirePlan } from "../runs/index.js";
import { finishRun } from "./finish-run.js";
import { interruptSignal } from "./interrupt.js";
import type { Io } from "./io.js";
import { planCommand } from "./plan-command.js";
import { reopenPlanned } from "./planned.js";
import { progressLine } from "./progress.js";
import { withLazySession } from "./run-planned.js";

interface MergeOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Adds `induction merge`. */
export function addMerge(parent: Command, io: Io, command: string): void {
  parent
    .command("merge")
    .description("verify what the shards of a run measured, and make its tables and report")
    .argument("<run>", "the run's folder")
    .argument("[more...]", "folders of the same plan, filled on other machines")
    .option("--json", "print one JSON object")
    .option("-q, --quiet", "no progress on stderr")
    .option("--debug", "show the stack trace of an error")
    .action(async (dir: string, more: string[], options: MergeOptions) => {
      const plan = await requirePlan(dir);
      const merged = await mergeParts(dir, more, {
        plan,
        command: planCommand(parent, plan.args, dir),
      });
      const { environments, sources } = merged;
      if (environments > 1) {
        io.err(`note: the parts come from ${environments} environments: last digits may differ\n`);
      }
      const interrupt = interruptSignal(io);
      try {
        await withLazySession(
          () => reopenPlanned(io, dir, plan, options),
          (session) =>
            finishRun(io, {
              ...{ dir, plan, command, session, sources, signal: interrupt.signal },
              json: options.json === true,
              ...(options.quiet !== true && { onProgress: progressLine(io, "merge") }),
            }),
        );
      } finally {
        interrupt.dispose();
      }
    });
}
