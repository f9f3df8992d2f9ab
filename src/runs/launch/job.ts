import { LabError } from "../../errors.js";

/** What a launcher needs to know to run a plan's shards somewhere else. */
export interface LaunchJob {
  /** A short name, for lists of jobs. */
  readonly name: string;
  /** The run's folder, absolute; every machine sees it under this path. */
  readonly dir: string;
  /** Where commands are run, absolute: relative paths among `args` start there. */
  readonly cwd: string;
  /** How to call `induction`: `["induction"]`, or Node and the program's file. */
  readonly program: readonly string[];
  /** The command that the plan is about, without `--shard`: `["run", "sweep", "-o", dir]`. */
  readonly args: readonly string[];
  readonly shards: number;
  /** How many shards may run at once; `null` for as many as the cluster has room for. */
  readonly parallel: number | null;
  /** Estimates of the plan, without any margin: seconds of one shard, seconds of merging. */
  readonly secondsPerShard: number;
  readonly mergeSeconds: number;
  /** Most bytes that one process has in memory, as measured when the plan was made. */
  readonly memoryBytes: number;
  /** CPUs of one shard. */
  readonly cpus: number;
  /** The command that made this, for the comment at the top. */
  readonly command: string;
}

/** What a shard asks a cluster for. */
export interface Resources {
  readonly minutes: number;
  readonly mebibytes: number;
  readonly cpus: number;
}

/** Time limits are at least ten minutes, and else the forecast times this and five minutes: a cluster's CPUs may be half as fast as those of the plan. */
export const timeFactor = 2;

/** Memory limits are what was measured times this: long runs hold a few blocks more than a calibration. */
export const memoryFactor = 1.5;

/** The longest array that a Slurm takes as it is installed: MaxArraySize is 1001, so 1000 is the last index. */
export const mostShards = 1001;

const leastMinutes = 10;
const leastMebibytes = 1024;

/**
 * What one shard asks for: the forecast with its safety factors and five minutes to start, in whole
 * minutes; memory in steps of 256 MiB.
 */
export function shardResources(job: LaunchJob): Resources {
  return resources(job, job.secondsPerShard, leastMebibytes);
}

/** What merging asks for: it holds the tables of the whole run. */
export function mergeResources(job: LaunchJob): Resources {
  return resources(job, job.mergeSeconds, 2 * leastMebibytes);
}

function resources(job: LaunchJob, seconds: number, least: number): Resources {
  const mebibytes = (memoryFactor * job.memoryBytes) / 2 ** 20;
  return {
    minutes: Math.max(leastMinutes, Math.ceil((timeFactor * seconds) / 60) + 5),
    mebibytes: Math.max(least, 256 * Math.ceil(mebibytes / 256)),
    cpus: job.cpus,
  };
}

/** How many shards of about so many seconds a run divides into: 1 to 1000. */
export function shardsOf(seconds: number, secondsPerShard: number): number {
  return Math.min(1000, Math.max(1, Math.ceil(seconds / secondsPerShard)));
}

/**
 * Checks a job for what no launcher can write down.
 *
 * @throws LabError (exit code 2) for a folder whose path has a line break or is not absolute.
 */
export function checkJob({ dir, cwd }: LaunchJob): void {
  for (const path of [dir, cwd]) {
    if (path.startsWith("/") && !/\p{Cc}/u.test(path)) continue;
    throw new LabError(
      `submit: expected an absolute path without control characters, got ${JSON.stringify(path)}`,
      { hint: "give the run another folder", exitCode: 2 },
    );
  }
}
