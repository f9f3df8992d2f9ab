import { join } from "node:path";
import { LabError, usageError } from "../errors.js";
import { openModel } from "../node.js";
import {
  canonicalJson,
  checkFolder,
  lockFolder,
  makeFolder,
  type PlanFile,
  planName,
  readManifest,
  readPlan,
  refuseChanges,
  stagesOf,
  writePlan,
} from "../runs/index.js";
import type { OptionForm } from "./args-without.js";
import { commandLine } from "./command-line.js";
import type { Io } from "./io.js";
import { type Describe, identityOf, makePlan } from "./make-plan.js";
import { labOptionsOf, machineThreads } from "./plan-options.js";
import { openOptions } from "./models-options.js";
import { type LabOptions, plainChoices, type PlannedOptions } from "./options.js";
import { plannedArgs } from "./planned-args.js";
import { type OpenSession, openSession, sayNotes } from "./session.js";

/** A run whose plan is on disk. */
export interface PlannedRun {
  readonly dir: string;
  readonly plan: PlanFile;
  /** The words that start this run. */
  readonly args: readonly string[];
  /** A session that measures as the plan says, if it is open. */
  readonly opened: OpenSession;
}

/**
 * Reads the plan of a command's folder and checks that it is this command's, or makes and writes it.
 *
 * @throws LabError (exit code 2) for a folder with another run or other things, and for a share of a
 *   run that has no plan.
 */
export async function openPlanned(
  io: Io,
  options: PlannedOptions,
  {
    args,
    forms,
    dir: defaultDir,
    describe,
  }: {
    readonly args: readonly string[];
    /** The command's options. */
    readonly forms: readonly OptionForm[];
    readonly dir: (model: string) => string;
    readonly describe: Describe;
  },
): Promise<PlannedRun> {
  const given = options.output !== undefined;
  const dir =
    options.output ?? defaultDir((await openModel(options.model, openOptions(io, options))).name);
  const place = { dir, args: plannedArgs(args, forms, { dir, given }) };
  const existing = await readPlan(dir);
  if (existing === null) {
    if (options.shard !== undefined) {
      throw usageError(
        `--shard: expected a plan in ${dir}, got no ${planName}`,
        `make one first: ${commandLine([...place.args, "--dry-run"])}`,
      );
    }
    if ((await readManifest(dir)) !== null) {
      throw usageError(
        `${dir}: expected the ${planName} of the run that is there, got none`,
        "an earlier version made it, or the file was lost: report and compare read it still; to measure, choose another folder with -o",
      );
    }
  }
  const choices = existing?.choices ?? {
    ...plainChoices,
    threads: machineThreads(options.workers),
  };
  const path = options.path ?? existing?.choices.path;
  let opened = await openSession(io, {
    ...labOptionsOf(options, choices),
    ...(path !== undefined && { path }),
  });
  try {
    const first = describe.describe(
      opened.session,
      commandLine(place.args),
      existing?.precision ?? null,
    );
    const say = () => sayNotes(io, labOptionsOf(options, choices), first.notes);
    if (existing !== null) {
      const block = options.block ?? existing.choices.block;
      const stages = stagesOf(first.spec, block);
      const { command, chosenBy } = existing;
      const identity = identityOf(opened.session, first, { block, command, chosenBy, stages });
      refuseChanges(dir, existing, identity);
      say();
      return { ...place, plan: existing, opened };
    }
    await checkFolder(dir);
    await makeFolder(dir);
    say();
    const lock = await lockFolder(dir);
    try {
      if ((await readPlan(dir)) !== null) {
        throw new LabError(`${dir}: expected to make its ${planName}, got one meanwhile`, {
          hint: "call the same command again",
        });
      }
      // From here on `makePlan` sees to the session.
      const made = await makePlan(io, options, place, describe, opened);
      opened = made.opened;
      await writePlan(dir, made.plan);
      return { ...place, ...made };
    } finally {
      await lock.release();
    }
  } catch (error) {
    await opened.close();
    throw error;
  }
}

/**
 * Opens the model of a plan again, to measure as it says.
 *
 * @throws LabError where it is another model now, another protocol, or another runtime computes.
 */
export async function reopenPlanned(
  io: Io,
  dir: string,
  plan: PlanFile,
  { quiet }: { readonly quiet?: boolean },
): Promise<OpenSession> {
  const { batch, threads, path } = plan.choices;
  // Written by labJson of the same schema.
  const lab = plan.lab as unknown as LabOptions;
  const opened = await openSession(io, { ...lab, batch, threads, path, quiet: quiet === true });
  const { model, engine, protocol } = opened.session;
  const { weights, backend } = plan.fixed;
  const same = canonicalJson(protocol) === canonicalJson(plan.fixed.protocol);
  if (same && model.sha256 === weights && engine.provider === backend) return opened;
  await opened.close();
  if (!same) {
    // What a model card says of it may differ between versions.
    throw new LabError(
      `${join(dir, planName)}: expected the protocol ${canonicalJson(plan.fixed.protocol)}, got ${canonicalJson(protocol)}`,
      { hint: `call the version that made the plan: ${plan.version}` },
    );
  }
  throw new LabError(
    model.sha256 === weights
      ? `${join(dir, planName)}: expected the backend ${String(backend)}, got ${engine.provider}`
      : `${join(dir, planName)}: expected a model with the weights ${String(weights).slice(0, 16)}…, got ${model.sha256.slice(0, 16)}… of ${model.name}`,
    { hint: "call it where the run was planned" },
  );
}
