import { join } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { usageError } from "../errors.js";
import { headsPlan, type HeadsSizes, type Json, runPlan } from "../runs/index.js";
import { headsJson, headsSummary } from "./heads-result.js";
import { headsText } from "./heads-text.js";
import type { Io } from "./io.js";
import type { Described } from "./make-plan.js";
import { labOptionsOf } from "./plan-options.js";
import { plainChoices, type PlannedOptions, withPlannedOptions } from "./options.js";
import { jsonProvenance } from "./output.js";
import { folder, sequenceCount, wholeBetween } from "./parse.js";
import { progressLine } from "./progress.js";
import { aboutModel } from "./report-about.js";
import { optionParameters } from "./run-parameters.js";
import { runPlanned } from "./run-planned.js";
import { sayNotes, type Session, withSession } from "./session.js";

interface HeadsOptions extends PlannedOptions {
  readonly sequences: number;
  readonly scoreSequences: number;
  readonly length: number;
  readonly prefixSequences: number;
  readonly threshold: number;
}

function share(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value >= 0 && value < 1) return value;
  throw new InvalidArgumentError("expected a number from 0 up to 1.");
}

/** Adds `induction heads`. */
export function addHeads(parent: Command, io: Io, command: string, args: readonly string[]): void {
  withPlannedOptions(
    parent
      .command("heads")
      .description(
        "which heads do induction here: detector scores, ablations, circuits, attribution",
      )
      .option("-n, --sequences <n>", "sequence pairs behind ablations", sequenceCount, 512)
      .option(
        "--score-sequences <n>",
        "sequences behind detector scores",
        wholeBetween(2, 1e6),
        128,
      )
      .option("--length <n>", "random tokens that are repeated", wholeBetween(2, 4096), 50)
      .option(
        "--prefix-sequences <n>",
        "sequences behind the prefix-matching score",
        wholeBetween(2, 1e6),
        32,
      )
      .option(
        "--threshold <x>",
        "a head is listed when the lower 95 % limit of its score exceeds this",
        share,
        0.4,
      )
      .option("-o, --output <dir>", "keep the run in a folder, with a report", folder),
  ).action(async (options: HeadsOptions, self: Command) => {
    if (options.output === undefined) {
      checkNothingKept(options);
      await printHeads(io, options, command);
      return;
    }
    await runPlanned(io, options, {
      ...{ args, forms: self.options, command, what: "heads" },
      dir: (name) => join("runs", `heads-${name}-${options.seed}`),
      precision: () => Promise.resolve(null),
      describe: (session, named): Described => {
        checkLengths(session, options);
        const about = {
          ...aboutModel(session, named, session.notes),
          title: `Heads of ${session.model.name}`,
        };
        const { nLayers, nHeads, nCtx } = session.model.config;
        return {
          spec: {
            ...{ kind: "heads", config: { nLayers, nHeads, nCtx }, seed: session.seed },
            ...{ sizes: sizesOf(options), threshold: options.threshold },
            about: about as unknown as Json,
            provenance: jsonProvenance(session) as unknown as Json,
          },
          parameters: {
            experiment: { value: "heads", source: "argument" },
            ...optionParameters(self),
          },
          notes: session.notes,
        };
      },
    });
  });
}

/** What only a run that is kept can take. */
function checkNothingKept(options: HeadsOptions): void {
  for (const name of ["dryRun", "shard", "workers", "block"] as const) {
    if (options[name] === undefined) continue;
    const flag = name === "dryRun" ? "--dry-run" : `--${name}`;
    throw usageError(`${flag}: expected a folder beside it, got none`, "name one with -o");
  }
}

/** Measures and prints, and keeps nothing. */
async function printHeads(io: Io, options: HeadsOptions, command: string): Promise<void> {
  const lab = labOptionsOf(options, plainChoices);
  await withSession(io, lab, async (session) => {
    const { model, seed } = session;
    checkLengths(session, options);
    sayNotes(io, lab, session.notes);
    const plan = headsPlan(model.config, seed, sizesOf(options));
    const progress = options.quiet === true ? undefined : progressLine(io, "heads");
    const summaries = await runPlan(plan, session, progress);
    const summary = await headsSummary(session, summaries, options.threshold);
    const provenance = jsonProvenance(session);
    const about = { command, model: model.name, seed, provenance };
    io.out(options.json === true ? headsJson(summary, about) : headsText(summary));
  });
}

function sizesOf({ sequences, scoreSequences, length, prefixSequences }: HeadsOptions): HeadsSizes {
  return { sequences, scoreSequences, length, prefixSequences };
}

/** Sequences BOS r r must fit into the context. */
function checkLengths({ model }: Session, { length }: HeadsOptions): void {
  const { nCtx } = model.config;
  const longest = Math.floor((nCtx - 1) / 2);
  if (length <= longest) return;
  throw usageError(
    `--length: expected at most ${longest} tokens, got ${length}`,
    `they stand twice behind BOS, and the context of ${model.name} is ${nCtx} tokens`,
  );
}
