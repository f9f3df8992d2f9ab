import { usageError } from "../errors.js";
import type { Shard } from "../runs/index.js";

/** The variables of the environment that say which task of how many this is. */
type Environment = Readonly<Record<string, string | undefined>>;

/** How many of an array's tasks, or of a job's pods, this one may be. */
const most = 1_000_000;

/**
 * The share that `--shard` names: `i/n`, from 0, or where it stands alone what the Slurm array task or
 * the pod of an Indexed Job says.
 *
 * @throws LabError (exit code 2) that says what is wrong or missing.
 */
export function shardOf(option: string | true, environment: Environment): Shard {
  if (option !== true) {
    const match = /^(\d+)\/(\d+)$/.exec(option);
    if (match === null) throw wrong(`"${option}"`);
    return checked({ index: Number(match[1]), of: Number(match[2]) }, `"${option}"`);
  }
  return slurm(environment) ?? kubernetes(environment) ?? none();
}

function slurm(environment: Environment): Shard | null {
  const { SLURM_ARRAY_TASK_ID: id } = environment;
  if (id === undefined) return null;
  const first = numberOf(environment, "SLURM_ARRAY_TASK_MIN");
  const of = numberOf(environment, "SLURM_ARRAY_TASK_COUNT");
  const index = numberOf(environment, "SLURM_ARRAY_TASK_ID") - first;
  return checked({ index, of }, `SLURM_ARRAY_TASK_ID ${id} of ${of} from ${first}`);
}

function kubernetes(environment: Environment): Shard | null {
  const { JOB_COMPLETION_INDEX: id } = environment;
  if (id === undefined) return null;
  const of = numberOf(environment, "JOB_COMPLETIONS");
  const index = numberOf(environment, "JOB_COMPLETION_INDEX");
  return checked({ index, of }, `JOB_COMPLETION_INDEX ${id} of ${of}`);
}

function numberOf(environment: Environment, name: string): number {
  const text = environment[name];
  if (text !== undefined && /^\d+$/.test(text)) return Number(text);
  throw usageError(
    `--shard: expected a whole number in ${name}, got ${text === undefined ? "none" : `"${text}"`}`,
    "give the share as --shard i/n",
  );
}

function none(): never {
  throw usageError(
    "--shard: expected i/n, or SLURM_ARRAY_TASK_ID or JOB_COMPLETION_INDEX in the environment, got none of them",
    "give the share as --shard i/n, from --shard 0/n",
  );
}

function checked(shard: Shard, got: string): Shard {
  if (shard.index >= 0 && shard.index < shard.of && shard.of <= most) return shard;
  throw wrong(got);
}

function wrong(got: string): Error {
  return usageError(
    `--shard: expected i/n with 0 <= i < n, got ${got}`,
    "the first of four is --shard 0/4, the last --shard 3/4",
  );
}
