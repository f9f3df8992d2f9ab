import {
  blockFor,
  forecast,
  peakMemory,
  type PlanFile,
  planSchemaName,
  type RunPlan,
  runPlanOf,
  type RunSpec,
  type Stage,
  stagesOf,
  type Trial,
} from "../runs/index.js";
import type { Parameter } from "../runs/index.js";
import { commandLine } from "./command-line.js";
import type { Io } from "./io.js";
import { calibrate } from "./calibrate.js";
import type { PlannedOptions } from "./options.js";
import type { OpenSession, Session } from "./session.js";

/** What a command measures, once the model is known. */
export interface Described {
  readonly spec: RunSpec;
  readonly parameters: Record<string, Parameter>;
  readonly notes: readonly string[];
}

/** The precision that a pilot made a plan for. */
export type Precision = PlanFile["precision"];

/** A command that keeps a run: what it measures depends on the model, and on a pilot where it asks for one. */
export interface Describe {
  /** The command as the run's files name it, and the run's notes, are known only by then. */
  describe(session: Session, command: string, precision: Precision): Described;
  /** Fixes how many sequences a wanted precision takes; `null` where none is wanted. */
  precision(session: Session): Promise<Precision>;
}

/** A folder's run: its place, and the words that start it. */
export interface PlanPlace {
  readonly dir: string;
  readonly args: readonly string[];
}

/**
 * Makes a plan: chooses by calibration what no flag fixes, fixes the number of sequences by a pilot where
 * a precision is wanted, and forecasts what the run takes.
 *
 * @param opened A session with {@link machineThreads}; closed if another number of threads is better.
 * @returns the plan, and a session that measures as it says.
 */
export async function makePlan(
  io: Io,
  options: PlannedOptions,
  { args }: PlanPlace,
  { describe, precision: wanted }: Describe,
  opened: OpenSession,
): Promise<{ readonly plan: PlanFile; readonly opened: OpenSession }> {
  const command = commandLine(args);
  const calibrated = await calibrate(io, options, opened);
  const { trials, best } = calibrated;
  let current = calibrated.opened;
  try {
    const session: Session = { ...current.session, batch: best.batch, path: best.path };
    current = { ...current, session };
    const precision = await wanted(session);
    const described = describe(session, command, precision);
    const block = options.block ?? blockOf(described.spec, best, options.workers);
    const stages = stagesOf(described.spec, block);
    const by = (value: unknown) =>
      value === undefined ? ("calibration" as const) : ("flag" as const);
    const chosenBy = {
      batch: by(options.batch),
      threads: by(options.threads),
      path: options.path === undefined ? ("default" as const) : ("flag" as const),
      block: by(options.block),
    };
    const choices = { batch: best.batch, threads: best.threads, path: best.path, block };
    const identity = identityOf(session, described, { block, command, chosenBy, stages });
    const takes = await forecast(stages, session, { seconds: 1 });
    const sum = (key: "seconds" | "bytes") => takes.reduce((all, stage) => all + stage[key], 0);
    const plan: PlanFile = {
      schema: planSchemaName,
      ...{ version: identity.version, command, args: [...args], plan: identity.plan },
      ...{ model: identity.model, parameters: identity.parameters, fixed: identity.fixed },
      ...{ notes: identity.notes, stages: identity.stages, spec: described.spec },
      lab: labJson(options),
      ...{ choices, chosenBy, calibration: trials.length > 0 ? [...trials] : null, precision },
      forecast: {
        stages: takes,
        seconds: sum("seconds"),
        bytes: sum("bytes"),
        memory: peakMemory(),
      },
    };
    return { plan, opened: current };
  } catch (error) {
    await current.close();
    throw error;
  }
}

/** Pairs of a block, in whole batches: the last one of each block is padded. */
function blockOf(spec: RunSpec, { batch, sequencesPerSecond }: Trial, workers = 1): number {
  const whole = (pairs: number) => Math.ceil(pairs / batch) * batch;
  const usual = whole(blockFor(sequencesPerSecond));
  if (workers === 1) return usual;
  // Several blocks to a worker, so that they end at about the same time.
  const pairs = stagesOf(spec, usual).reduce((sum, stage) => sum + stage.pairs, 0);
  return Math.min(usual, whole(pairs / (4 * workers)));
}

/** What tells a run from all others, with what its plan chose among its parameters. */
export function identityOf(
  session: Session,
  { parameters, notes }: Described,
  about: {
    readonly block: number;
    readonly command: string;
    readonly chosenBy: PlanFile["chosenBy"];
    readonly stages: readonly Stage[];
  },
): RunPlan {
  const { block, command, chosenBy, stages } = about;
  const { batch, path = "last-token", engine } = session;
  const chosen: Record<string, Parameter> = {
    batch: { value: batch, source: chosenBy.batch },
    path: { value: path, source: chosenBy.path },
    block: { value: block, source: chosenBy.block },
  };
  const all = { parameters: { ...parameters, ...chosen }, notes };
  return runPlanOf({ stages, lab: session, provider: engine.provider, block, command, ...all });
}

/** The options that open the model again. */
function labJson(options: PlannedOptions): PlanFile["lab"] {
  const { model, revision, checkpoint, offline, backend, dtype, seed } = options;
  const { control, gaps, lowestId, fillers, allowAEqualsB } = options;
  return {
    ...{ model, backend, dtype, seed, control, gaps, fillers, allowAEqualsB },
    ...(revision !== undefined && { revision }),
    ...(checkpoint !== undefined && { checkpoint }),
    ...(offline !== undefined && { offline }),
    ...(lowestId !== undefined && { lowestId }),
  };
}
