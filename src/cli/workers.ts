import { type ChildProcess, spawn } from "node:child_process";
import { LabError, type ExitCode } from "../errors.js";
import {
  Interrupted,
  type PlanFile,
  plainSource,
  type Progress,
  readShards,
  shardBlocks,
  shardSources,
  stagesOf,
} from "../runs/index.js";
import { formatBytes } from "./bytes.js";
import type { Io } from "./io.js";

/** A run that several processes of this machine measure. */
export interface WorkersRun {
  readonly dir: string;
  readonly plan: PlanFile;
  /** The words that start the run. */
  readonly args: readonly string[];
  readonly workers: number;
  /** Threads of each process. */
  readonly threads: number;
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

/** Milliseconds between two looks at what the shards did. */
const interval = 500;

/** What to know before so many processes start, of `bytes` each; `null` if they fit into what is free. */
export function memoryNote(workers: number, bytes: number, free: number): string | null {
  const all = workers * bytes;
  if (all <= free) return null;
  return `${workers} processes take about ${formatBytes(all)}, ${formatBytes(free)} are free here: fewer --workers take less`;
}

/** How a process ended. */
interface Ended {
  readonly code: number;
  /** Its last line on stderr that is an error. */
  readonly error: string | null;
}

/**
 * Measures a run by shards, one process of this program each.
 *
 * @throws LabError with the message of the first shard that failed; the others are stopped.
 * @throws Interrupted (exit code 75) after `signal` was aborted.
 */
export async function runWorkers(io: Io, run: WorkersRun): Promise<void> {
  const { dir, plan, args, workers, threads, signal, onProgress } = run;
  if (signal.aborted) throw await interrupted(run);
  const children = new Set<ChildProcess>();
  // One signal each: a second one would stop a worker in the middle of its block.
  const told = new Set<ChildProcess>();
  const stop = () => {
    for (const child of children) {
      if (told.has(child)) continue;
      told.add(child);
      child.kill("SIGTERM");
    }
  };
  signal.addEventListener("abort", stop);
  const started = new Date();
  const shares = Math.min(workers, shardBlocks(stagesOf(plan.spec, plan.choices.block)).length);
  let looking = false;
  let last = -1;
  const watch = setInterval(() => {
    if (onProgress === undefined || looking) return;
    looking = true;
    workersProgress(dir, plan, { workers, shares, started })
      .then(
        (progress) => {
          if (progress === null || progress.done === last) return;
          last = progress.done;
          onProgress(progress);
        },
        () => undefined,
      )
      .finally(() => (looking = false));
  }, interval);
  try {
    let failed: Ended | null = null;
    const ends = Array.from({ length: workers }, async (_, i) => {
      const share = ["--shard", `${i}/${workers}`, "--threads", String(threads), "-q"];
      const ended = await runChild(io, children, [...args, ...share]);
      if (ended.code === 0 || failed !== null) return;
      failed = ended;
      stop();
    });
    await Promise.all(ends);
    const first = failed as Ended | null;
    if (signal.aborted || first?.code === 75) throw await interrupted(run);
    if (first !== null) {
      const code = [1, 2, 3].includes(first.code) ? (first.code as ExitCode) : 1;
      throw new LabError(first.error ?? `a worker ended with code ${first.code}`, {
        exitCode: code,
      });
    }
  } finally {
    clearInterval(watch);
    signal.removeEventListener("abort", stop);
  }
}

/** What was kept when all stopped, whoever measured it. */
async function interrupted({ dir, plan }: WorkersRun): Promise<Interrupted> {
  const sources = [await plainSource(dir), ...(await shardSources(dir))];
  const records = sources.flatMap((source) => source.records);
  const kept = new Set(records.filter((one) => one.plan === plan.plan).map(({ part }) => part));
  const parts = plan.stages.reduce((sum, stage) => sum + stage.parts, 0);
  return new Interrupted(kept.size, parts);
}

/** Runs this program once more; what it notes is passed on. */
function runChild(io: Io, children: Set<ChildProcess>, args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const program = process.argv[1] ?? "";
    // A group of its own: Ctrl-C in a terminal reaches this process alone, which passes it on once.
    const child = spawn(process.execPath, [program, ...args], {
      stdio: ["ignore", "ignore", "pipe"],
      detached: true,
    });
    children.add(child);
    let text = "";
    child.stderr.setEncoding("utf8").on("data", (piece: string) => (text += piece));
    // A failure like any other: the other processes must be stopped, and waited for.
    child.on("error", ({ message }) => {
      children.delete(child);
      resolve({ code: 1, error: `a worker did not start: ${message}` });
    });
    child.on("close", (code, signal) => {
      children.delete(child);
      const lines = text.split("\n");
      for (const line of lines) if (line.startsWith("note: ")) io.err(`${line}\n`);
      const error = lines.findLast((line) => line.startsWith("error: "))?.slice("error: ".length);
      const share = args[args.indexOf("--shard") + 1] ?? "";
      const why =
        signal === null
          ? null
          : `shard ${share}: ended by ${signal}${signal === "SIGKILL" ? " (out of memory?)" : ""}; run the same command to go on`;
      resolve({ code: code ?? 1, error: error ?? why });
    });
  });
}

/**
 * What the shards of so many workers did since `started`; `null` until each of the `shares` that have
 * parts has said where it stands.
 */
export async function workersProgress(
  dir: string,
  plan: PlanFile,
  {
    workers,
    shares,
    started,
  }: { readonly workers: number; readonly shares: number; readonly started: Date },
): Promise<Progress | null> {
  const shards = (await readShards(dir)).filter(
    ({ of, state }) => of === workers && state !== null && state.plan === plan.plan,
  );
  const states = shards.flatMap(({ state }) =>
    state !== null && Date.parse(state.updated) >= started.getTime() ? [state] : [],
  );
  // What one that says nothing yet has kept from before would count as measured now.
  if (states.length < shares) return null;
  const known = plan.forecast.stages.reduce((sum, { sequences }) => sum + sequences, 0);
  const done = states.reduce((sum, state) => sum + state.done, 0);
  // Later stages are measured when all shards are done.
  return { done: Math.min(done, known - 1), total: known };
}
