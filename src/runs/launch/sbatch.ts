import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { codeOf } from "../../disk.js";
import { LabError } from "../../errors.js";

const execute = promisify(execFile);

/** The numbers that Slurm gave to the two jobs. */
export interface Submitted {
  readonly array: string;
  readonly merge: string;
}

/**
 * Submits the scripts of a run's folder: the array, and the merge that depends on it.
 *
 * @throws LabError where `sbatch` is missing or refuses; it says which job is in the queue already.
 */
export async function submitToSlurm(dir: string): Promise<Submitted> {
  const array = await sbatch(
    [`${dir}/slurm/array.sbatch`],
    "install Slurm's commands, or submit from a login node",
  );
  const merge = await sbatch(
    [`--dependency=afterok:${array}`, "--kill-on-invalid-dep=yes", `${dir}/slurm/merge.sbatch`],
    `the array is in the queue as job ${array}: scancel ${array}, or run induction merge after it`,
  );
  return { array, merge };
}

/** @returns The job's number. */
async function sbatch(args: readonly string[], hint: string): Promise<string> {
  try {
    const { stdout } = await execute("sbatch", ["--parsable", ...args]);
    // On several clusters: "number;cluster".
    const job = /^(\d+)(;|$)/m.exec(stdout)?.[1];
    if (job !== undefined) return job;
    throw new LabError(`sbatch: expected a job's number, got ${JSON.stringify(stdout)}`, { hint });
  } catch (cause) {
    if (cause instanceof LabError) throw cause;
    const missing = codeOf(cause) === "ENOENT";
    const said = missing ? "" : String((cause as { stderr?: unknown }).stderr ?? cause).trim();
    throw new LabError(
      missing ? "sbatch: expected it on the PATH, found none" : `sbatch refused: ${said}`,
      { hint, cause },
    );
  }
}
