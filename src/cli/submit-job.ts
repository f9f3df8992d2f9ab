import { basename, resolve } from "node:path";
import { usageError } from "../errors.js";
import type { PlanFile } from "../runs/index.js";
import {
  kubernetesCommands,
  kubernetesManifests,
  type LaunchJob,
  shardsOf,
  slurmCommands,
  slurmMergeScript,
  slurmScript,
} from "../runs/launch/index.js";
import { argsWithout, type OptionForm } from "./args-without.js";

/** The options of `induction submit` itself. */
export interface SubmitOptions {
  readonly slurm?: boolean;
  readonly k8s?: boolean;
  readonly shards?: number;
  readonly timePerShard: number;
  readonly parallel?: number;
  readonly program?: string;
  readonly now?: boolean;
  readonly partition?: string;
  readonly account?: string;
  readonly sbatch?: readonly string[];
  readonly image?: string;
  readonly claim?: string;
  readonly namespace?: string;
  readonly json?: boolean;
}

/** Seconds to merge 100,000 sequence pairs, with room: see docs/scale.md. */
const mergeSecondsPer100000 = 2;

/**
 * The job of a folder's plan. Unless told otherwise it has so many shards that each takes about
 * `timePerShard` minutes, 1 to 1000 and no more than the plan has parts.
 *
 * @param runOptions The options of the command that made the plan.
 */
export function launchJob(
  dir: string,
  plan: PlanFile,
  runOptions: readonly OptionForm[],
  options: SubmitOptions,
  command: string,
): LaunchJob {
  const absolute = resolve(dir);
  const { seconds, memory, stages } = plan.forecast;
  const sum = (key: "parts" | "pairs") => stages.reduce((all, stage) => all + stage[key], 0);
  const wanted = shardsOf(seconds, 60 * options.timePerShard);
  const shards = options.shards ?? Math.max(1, Math.min(sum("parts"), wanted));
  if (shards > sum("parts")) {
    throw usageError(
      `--shards: expected at most ${sum("parts")}, as many as the plan has parts, got ${shards}`,
      "ask for fewer, or make a plan with a smaller --block",
    );
  }
  const here = [process.execPath, resolve(process.argv[1] ?? "")];
  return {
    name: `induction-${basename(absolute)}`,
    dir: absolute,
    cwd: process.cwd(),
    program: options.program?.split(/\s+/) ?? (options.slurm === true ? here : ["induction"]),
    args: [...argsWithout(plan.args, runOptions, new Set(["--output"])), "-o", absolute],
    shards,
    parallel: options.parallel ?? null,
    secondsPerShard: seconds / shards,
    mergeSeconds: (sum("pairs") / 100_000) * mergeSecondsPer100000,
    memoryBytes: memory,
    cpus: plan.choices.threads,
    command,
  };
}

/** What a launcher writes into a run's folder, by name, and the commands that start it. */
export interface Launch {
  readonly files: Readonly<Record<string, string>>;
  readonly commands: readonly string[];
}

/** Slurm's two scripts. */
export function slurmLaunch(job: LaunchJob, { partition, account, sbatch }: SubmitOptions): Launch {
  const site = {
    ...(partition !== undefined && { partition }),
    ...(account !== undefined && { account }),
    ...(sbatch !== undefined && { others: sbatch }),
  };
  return {
    files: {
      "slurm/array.sbatch": slurmScript(job, site),
      "slurm/merge.sbatch": slurmMergeScript(job, site),
    },
    commands: slurmCommands(job.dir),
  };
}

/** Kubernetes' two manifests. */
export function kubernetesLaunch(
  job: LaunchJob,
  { image = "", claim = "", namespace }: SubmitOptions,
): Launch {
  const { shards, merge } = kubernetesManifests(job, {
    image,
    claim,
    ...(namespace !== undefined && { namespace }),
  });
  return {
    files: { "k8s/shards.json": shards, "k8s/merge.json": merge },
    commands: kubernetesCommands(job, namespace),
  };
}
