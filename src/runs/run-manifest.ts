import { version } from "../version.js";
import type { Json } from "./canonical-json.js";
import { environmentDifference, environmentOf } from "./environment.js";
import type { RunOptions } from "./execute-run.js";
import { hashOf } from "./hash.js";
import { type Manifest, manifestSchemaName } from "./manifest.js";
import { partSchema } from "./part-file.js";
import type { PlannedBlock } from "./plan.js";

/** The manifest of a run that starts, or goes on where `before` was written. */
export function manifestOf(
  { plan, lab, engine, command, parameters, notes = [], now }: RunOptions,
  blocks: readonly PlannedBlock[],
  before: Manifest | null,
): Manifest {
  const { model, protocol, seed, batch } = lab;
  const fixed: Record<string, Json> = {
    weights: model.sha256,
    processing: [...model.processing],
    seed,
    protocol: { ...protocol },
    dtype: model.dtype,
    backend: engine.provider,
    batch,
  };
  const stages = plan.map(({ id, experiment, pairs }) => {
    const own = blocks.filter((block) => block.stage === id);
    return { id, experiment, pairs, parts: own.length, firstPart: (own[0] as PlannedBlock).part };
  });
  const values = Object.entries(parameters).map(([name, { value }]) => [name, value]);
  const params = plan.map((stage) => stage.params);
  const environment = environmentOf(engine);
  const environments = before?.environments ?? [];
  const last = environments.at(-1);
  const same = last !== undefined && environmentDifference(environment, last) === "";
  return {
    schema: manifestSchemaName,
    version,
    command,
    state: "running",
    started: before?.started ?? (now?.() ?? new Date()).toISOString(),
    finished: null,
    model: {
      name: model.name,
      sha256: model.sha256,
      ...(model.origin !== null && { origin: model.origin }),
    },
    parameters: { ...parameters },
    fixed,
    notes: [...notes],
    plan: hashOf([partSchema, Object.fromEntries(values), fixed, stages, params]),
    stages,
    environments: same ? environments : [...environments, environment],
    files: [],
  };
}

/** Tells where a run goes on in another environment than the one that measured so far. */
export function noteEnvironment(
  before: Manifest,
  now: Manifest,
  onNote: (note: string) => void,
): void {
  const [last, next] = [before.environments.at(-1), now.environments.at(-1)];
  if (last === undefined || next === undefined) return;
  const difference = environmentDifference(next, last);
  if (difference === "") return;
  onNote(`the run was measured elsewhere so far (${difference}): last digits may differ`);
}
