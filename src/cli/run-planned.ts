import {
  executeShard,
  type Shard,
  shardBlocks,
  type ShardOptions,
  shardText,
  stagesOf,
} from "../runs/index.js";
import type { OptionForm } from "./args-without.js";
import { finishRun } from "./finish-run.js";
import { interruptSignal } from "./interrupt.js";
import type { Io } from "./io.js";
import type { Describe } from "./make-plan.js";
import { machineThreads } from "./plan-options.js";
import type { PlannedOptions } from "./options.js";
import { counted, jsonHead, jsonText } from "./output.js";
import { planJson, planText } from "./plan-text.js";
import { openPlanned, type PlannedRun, reopenPlanned } from "./planned.js";
import { progressLine } from "./progress.js";
import type { OpenSession } from "./session.js";
import { shardOf } from "./shard-option.js";
import { memoryNote, runWorkers } from "./workers.js";

/** A command that keeps a run. */
export interface PlannedCommand extends Describe {
  /** The words of the command line, the options that they may have, and the line for people. */
  readonly args: readonly string[];
  readonly forms: readonly OptionForm[];
  readonly command: string;
  /** What progress is of. */
  readonly what: string;
  /** The folder of a model's run where `-o` names none. */
  dir(model: string): string;
}

/** Plans a run, and does with it what the options ask for: a dry run, a share of it, or all. */
export async function runPlanned(
  io: Io,
  options: PlannedOptions,
  command: PlannedCommand,
): Promise<void> {
  const shard = options.shard === undefined ? null : shardOf(options.shard, process.env);
  // From the start: a share that is stopped while its model is opened goes on later, too.
  const interrupt = options.dryRun === true ? null : interruptSignal(io);
  const signal = interrupt?.signal ?? new AbortController().signal;
  try {
    const planned = await openPlanned(io, options, { ...command, describe: command });
    try {
      await runOf(io, options, command, { planned, shard, signal });
    } finally {
      await planned.opened.close();
    }
  } finally {
    interrupt?.dispose();
  }
}

interface Planned {
  readonly planned: PlannedRun;
  readonly shard: Shard | null;
  readonly signal: AbortSignal;
}

async function runOf(
  io: Io,
  options: PlannedOptions,
  command: PlannedCommand,
  { planned, shard, signal }: Planned,
): Promise<void> {
  const { dir, plan, args, opened } = planned;
  const { json = false, workers } = options;
  const line = options.quiet === true ? {} : { onProgress: progressLine(io, command.what) };
  const run = { dir, plan, command: command.command, signal, json };
  if (options.dryRun === true) {
    io.out(json ? planJson(plan, command.command, dir) : planText(plan, dir));
  } else if (shard !== null) {
    await measureShard(io, planned, shard, { signal, ...line, command: command.command, json });
  } else if (workers === undefined) {
    await finishRun(io, { ...run, ...line, session: () => Promise.resolve(opened.session) });
  } else {
    await opened.close();
    const note = memoryNote(workers, plan.forecast.memory, process.availableMemory());
    if (note !== null) io.err(`note: ${note}\n`);
    const threads = options.threads ?? Math.min(plan.choices.threads, machineThreads(workers));
    await runWorkers(io, { dir, plan, args, workers, threads, signal, ...line });
    await withLazySession(
      () => reopenPlanned(io, dir, plan, options),
      (session) => finishRun(io, { ...run, ...line, session }),
    );
  }
}

async function measureShard(
  io: Io,
  { dir, plan, opened: { session } }: PlannedRun,
  shard: Shard,
  {
    command,
    json,
    ...options
  }: Pick<ShardOptions, "signal" | "onProgress"> & {
    readonly command: string;
    readonly json: boolean;
  },
): Promise<void> {
  const stages = stagesOf(plan.spec, plan.choices.block);
  const { parts, measured } = await executeShard({
    ...{ dir, plan, stages, shard, ...options },
    lab: () => Promise.resolve({ lab: session, engine: session.engine }),
    onNote: (note) => io.err(`note: ${note}\n`),
  });
  if (json) {
    io.out(jsonText({ ...jsonHead("share", command), folder: dir, ...shard, parts, measured }));
    return;
  }
  const all = shardBlocks(stages).length;
  io.out(
    parts === 0
      ? `shard ${shardText(shard)}: nothing to measure, the run has ${all} parts\n`
      : `shard ${shardText(shard)}: ${counted(parts, "part")}, ${measured} measured now\n`,
  );
}

/** Opens a session when it is first asked for, and frees it in the end. */
export async function withLazySession(
  open: () => Promise<OpenSession>,
  use: (session: () => Promise<OpenSession["session"]>) => Promise<void>,
): Promise<void> {
  let opening: Promise<OpenSession> | null = null;
  try {
    await use(async () => (await (opening ??= open())).session);
  } finally {
    await (opening as Promise<OpenSession> | null)?.then(
      ({ close }) => close(),
      () => undefined,
    );
  }
}
