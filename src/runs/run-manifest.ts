import type { EngineInfo } from "../graph/index.js";
import { type Environment, environmentDifference, environmentOf } from "./environment.js";
import { type Manifest, manifestSchemaName } from "./manifest.js";
import type { RunPlan } from "./run-plan-identity.js";

/** The manifest of a run that starts, or goes on where `before` was written. */
export function manifestOf(plan: RunPlan, before: Manifest | null, now: Date): Manifest {
  const { version, command, model, parameters, fixed, notes, stages } = plan;
  return {
    schema: manifestSchemaName,
    version,
    command,
    state: "running",
    started: before?.started ?? now.toISOString(),
    finished: null,
    model,
    parameters,
    fixed,
    notes,
    plan: plan.plan,
    stages: stages.map(({ id, experiment, pairs, parts, firstPart }) => {
      return { id, experiment, pairs, parts, firstPart };
    }),
    environments: before?.environments ?? [],
    files: [],
  };
}

/** The place of an environment in a list, and the list with it; the last one that is the same counts. */
export function placeOf(
  environment: Environment,
  list: readonly Environment[],
): { readonly place: number; readonly list: readonly Environment[] } {
  const place = list.findLastIndex((one) => environmentDifference(environment, one) === "");
  return place < 0 ? { place: list.length, list: [...list, environment] } : { place, list };
}

/** What a run was measured by so far, against an engine that goes on; `null` if there is no difference. */
export function elsewhere(list: readonly Environment[], engine: EngineInfo): string | null {
  const last = list.at(-1);
  const difference = last === undefined ? "" : environmentDifference(environmentOf(engine), last);
  if (difference === "") return null;
  return `the run was measured elsewhere so far (${difference}): last digits may differ`;
}
