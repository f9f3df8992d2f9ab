import { usageError } from "../../errors.js";
import {
  checkJob,
  type LaunchJob,
  memoryFactor,
  mergeResources,
  mostShards,
  type Resources,
  shardResources,
  timeFactor,
} from "./job.js";
import { shellCommand, shellQuote } from "./shell-quote.js";

/** What is asked of a Slurm besides what the job itself needs. */
export interface SlurmOptions {
  readonly partition?: string;
  readonly account?: string;
  /** Any other options of sbatch, each one word: `--qos=long`. */
  readonly others?: readonly string[];
}

/** Seconds from the signal to the time limit: more than a block takes, and Slurm may be a minute early. */
const signalSeconds = 120;

/**
 * A batch script for an array of all shards. Two minutes before the time limit the program is told to
 * stop; it finishes its block and exits with 75, and the task puts itself back into the queue.
 *
 * @throws LabError (exit code 2) for a path that cannot stand in a script.
 */
export function slurmScript(job: LaunchJob, options: SlurmOptions = {}): string {
  checkJob(job);
  const { shards, parallel } = job;
  const throttle = parallel === null ? "" : `%${parallel}`;
  return script(job, options, {
    title: `${shards} shards of one run, one to a task; any task may be run again on its own:\n#   sbatch --array=3 ${shellQuote(`${job.dir}/slurm/array.sbatch`)}`,
    name: job.name,
    resources: shardResources(job),
    log: "%A_%a",
    logs: "One log per task (%A: job, %a: task); a task",
    array: [
      ...(shards > mostShards
        ? [
            `# More than ${mostShards} tasks: this needs a Slurm whose MaxArraySize is above ${shards - 1}`,
            "# (the default is 1001; ask: scontrol show config | grep MaxArraySize).",
          ]
        : ["# One task per shard; %N behind it lets N run at once."]),
      `#SBATCH --array=0-${shards - 1}${throttle}`,
    ],
    tooShort: "Too short is no harm: the task is queued again and goes on.",
    call: `${shellCommand([...job.program, ...job.args])} --shard "$SLURM_ARRAY_TASK_ID/${shards}"`,
    task: "${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID",
  });
}

/**
 * A batch script that merges the shards. It is to be submitted with a dependency on the array, whose
 * number only sbatch knows: see {@link slurmCommands}.
 *
 * @throws LabError (exit code 2) for a path that cannot stand in a script.
 */
export function slurmMergeScript(job: LaunchJob, options: SlurmOptions = {}): string {
  checkJob(job);
  return script(job, options, {
    title: "Checks and joins the parts of all shards, and makes tables and report.",
    name: `${job.name}-merge`,
    resources: mergeResources(job),
    log: "merge_%j",
    logs: "The log (%j: job); one",
    array: [],
    tooShort: "Give it more if it is queued again: it reads all parts anew.",
    call: shellCommand([...job.program, "merge", job.dir]),
    task: "$SLURM_JOB_ID",
  });
}

/** The commands that submit both scripts; the second waits for every task of the first to end well. */
export function slurmCommands(dir: string): [string, string] {
  return [
    `job=$(sbatch --parsable ${shellQuote(`${dir}/slurm/array.sbatch`)})`,
    `sbatch --dependency="afterok:\${job%%;*}" --kill-on-invalid-dep=yes ${shellQuote(`${dir}/slurm/merge.sbatch`)}`,
  ];
}

interface Content {
  readonly title: string;
  readonly name: string;
  readonly resources: Resources;
  readonly log: string;
  /** How a comment on the log begins. */
  readonly logs: string;
  /** What a comment on the time limit says of one that is too short. */
  readonly tooShort: string;
  readonly array: readonly string[];
  readonly call: string;
  readonly task: string;
}

function script(job: LaunchJob, options: SlurmOptions, content: Content): string {
  const { title, name, resources, log, logs, tooShort, array, call, task } = content;
  const { minutes, mebibytes, cpus } = resources;
  const site = [
    ...(options.partition === undefined ? [] : [`--partition=${options.partition}`]),
    ...(options.account === undefined ? [] : [`--account=${options.account}`]),
    ...(options.others ?? []),
  ];
  return `#!/bin/bash
# ${title}
# Made by: ${job.command}

#SBATCH --job-name=${directive(name)}
${[...array, ...site.map((option) => `#SBATCH ${directive(option)}`)].join("\n")}
# ${logs} that is queued again goes on in its log.
#SBATCH --output=${directive(`${job.dir.replaceAll("%", "%%")}/logs/${log}.log`)}
#SBATCH --open-mode=append
# ${timeFactor} × the forecast and 5 minutes, at least 10. ${tooShort}
#SBATCH --time=${clock(minutes)}
# ${memoryFactor} × the memory measured when the plan was made, at least 1 GiB (merge: 2).
#SBATCH --mem=${mebibytes}M
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=${cpus}
# ${signalSeconds} s before the time limit, USR1 to this script (B:) and to nothing else.
#SBATCH --signal=B:USR1@${signalSeconds}
# Slurm may queue it again: after a failed node, after preemption, and by scontrol below.
#SBATCH --requeue

near_limit=no
# Slurm's USR1: the time limit is near. The program's own signal for this is TERM.
trap 'near_limit=yes; kill -TERM "$program"' USR1
# When a task is cancelled or requeued, Slurm sends TERM to this script and to the program. The program
# needs it once (a second one ends it at once), and this script waits for it.
trap : TERM

cd -- ${shellQuote(job.cwd)} || exit 1
# In the background, as a shell that waits for a foreground program runs no trap.
${call} &
program=$!

# A trap ends \`wait\`: wait again until the program is gone. The last one gives its exit code.
wait "$program"
while kill -0 "$program" 2>/dev/null; do wait "$program"; done
wait "$program"
code=$?

# 75: stopped after a block, and the same command goes on. Queue it again if it was the time limit that
# stopped it; a task that a person cancelled stays cancelled.
if [ "$code" = 75 ] && [ "$near_limit" = yes ]; then
  echo "time limit: queueing ${task} again"
  scontrol requeue "${task}" || echo "not queued again: submit it by hand"
fi
exit "$code"
`;
}

/** A value in an #SBATCH line, which no shell reads: sbatch itself knows double quotes and backslashes. */
function directive(text: string): string {
  if (/\p{Cc}/u.test(text)) {
    throw usageError(
      `submit: expected options of sbatch without control characters, got ${JSON.stringify(text)}`,
      "a line of a batch script has no place for them",
    );
  }
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `"${text.replace(/["\\]/g, "\\$&")}"`;
}

/** `days-hours:minutes:seconds`, as sbatch reads it. */
function clock(minutes: number): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const [days, hours] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24];
  return `${days > 0 ? `${days}-` : ""}${two(hours)}:${two(minutes % 60)}:00`;
}
