import { join } from "node:path";
import type { PlanFile } from "../runs/index.js";
import {
  type LaunchJob,
  mergeResources,
  shardResources,
  shellCommand,
  type Submitted,
} from "../runs/launch/index.js";
import { counted, jsonHead, jsonText } from "./output.js";
import type { Launch } from "./submit-job.js";

/** What was written for a cluster, and what the cluster said where it was called. */
export interface SubmittedJob {
  readonly job: LaunchJob;
  readonly plan: PlanFile;
  readonly launch: Launch;
  readonly jobs: Submitted | null;
}

/** What `submit --json` prints. */
export function submitJson({ job, plan, launch, jobs }: SubmittedJob, command: string): string {
  return jsonText({
    ...jsonHead("submit", command),
    folder: job.dir,
    plan: plan.plan,
    shards: job.shards,
    secondsPerShard: job.secondsPerShard,
    perShard: shardResources(job),
    merge: mergeResources(job),
    files: Object.keys(launch.files),
    commands: launch.commands,
    jobs,
  });
}

/** What `submit` prints for people. */
export function submitText({ job, launch, jobs }: SubmittedJob): string {
  const { minutes, mebibytes, cpus } = shardResources(job);
  const { shards, secondsPerShard: seconds } = job;
  // Kubernetes' Jobs have no time limit.
  const limited = "slurm/array.sbatch" in launch.files;
  const each = seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.round(seconds / 60)} minutes`;
  return [
    `${counted(shards, "shard")} of about ${each}; each asks for ${counted(cpus, "CPU")} and ${mebibytes} MiB${limited ? `, and has at most ${minutes} minutes` : ""}`,
    ...Object.keys(launch.files).map((name) => `wrote ${join(job.dir, name)}`),
    ...(jobs === null
      ? ["to start:", ...launch.commands.map((line) => `  ${line}`)]
      : [`submitted: array ${jobs.array}, merge ${jobs.merge}`]),
    `to look: induction status ${shellCommand([job.dir])}`,
    "",
  ].join("\n");
}
