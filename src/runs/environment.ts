import { cpus } from "node:os";
import { z } from "zod";
import type { EngineInfo } from "../graph/index.js";
import { version } from "../version.js";

/** The shape of an {@link Environment} in a manifest. */
export const environmentSchema = z.strictObject({
  version: z.string(),
  runtime: z.string(),
  threads: z.int(),
  node: z.string(),
  platform: z.string(),
  arch: z.string(),
  cpu: z.string(),
});

/**
 * What measured, apart from what a run fixes. Between two environments the sequences are the same, and
 * the numbers agree within the tolerances of the tests, not to the last bit.
 */
export type Environment = Readonly<z.infer<typeof environmentSchema>>;

/** This process with an engine. */
export function environmentOf({ runtime, threads }: EngineInfo): Environment {
  const { platform, arch, version: node } = process;
  const cpu = cpus()[0]?.model.trim() ?? "unknown";
  return { version, runtime, threads, node, platform, arch, cpu };
}

/** `version 0.1.0, cpu …`: what differs from another environment; empty if nothing does. */
export function environmentDifference(now: Environment, before: Environment): string {
  return Object.entries(now)
    .filter(([key, value]) => before[key as keyof Environment] !== value)
    .map(([key, value]) => `${key} ${before[key as keyof Environment]}, now ${value}`)
    .join("; ");
}
