import { availableParallelism } from "node:os";
import type { LabOptions, PlannedOptions } from "./options.js";

/** Options with all that a plan chooses. */
export function labOptionsOf(
  options: PlannedOptions,
  choices: { readonly batch: number; readonly threads: number },
): LabOptions {
  const { batch, threads } = choices;
  return { ...options, batch: options.batch ?? batch, threads: options.threads ?? threads };
}

/** Threads for each of so many processes on this machine. */
export function machineThreads(workers = 1): number {
  return Math.min(256, Math.max(1, Math.floor(availableParallelism() / workers)));
}
