import type { EngineInfo } from "../graph/index.js";
import type { Lab } from "../induction/index.js";
import { version } from "../version.js";
import { pairsPerBlock } from "./blocks.js";
import type { Json } from "./canonical-json.js";
import { hashOf } from "./hash.js";
import type { Parameter } from "./manifest.js";
import { type PartFormat, partSchema } from "./part-file.js";
import { plannedBlocks } from "./plan.js";
import type { PlanFile } from "./plan-file.js";
import type { Stage } from "./stage.js";

/** What tells a run from all others, and what its manifest says of it: a part of its `plan.json`. */
export type RunPlan = Pick<
  PlanFile,
  "version" | "command" | "model" | "parameters" | "fixed" | "notes" | "plan" | "stages"
>;

/** What a {@link RunPlan} is made from. */
export interface RunPlanOptions {
  readonly stages: readonly Stage[];
  readonly lab: Lab;
  readonly provider: EngineInfo["provider"];
  /** Sequence pairs per block of the stages that have no number of their own. */
  readonly block?: number;
  /** The command line, for people. */
  readonly command: string;
  /**
   * Everything that was chosen and changes the numbers or the files, with its source. A run goes on
   * only where their values are the same.
   */
  readonly parameters: Readonly<Record<string, Parameter>>;
  /** What the manifest should say besides, such as substitutes. */
  readonly notes?: readonly string[];
}

/**
 * What tells a run from all others.
 *
 * @throws RangeError for two stages of one id, and for a stage without sequence pairs.
 */
export function runPlanOf({
  stages,
  lab,
  provider,
  block = pairsPerBlock,
  command,
  parameters,
  notes = [],
}: RunPlanOptions): RunPlan {
  const { model, protocol, seed, batch, path = "last-token" } = lab;
  const fixed: Record<string, Json> = {
    weights: model.sha256,
    processing: [...model.processing],
    seed,
    protocol: { ...protocol },
    dtype: model.dtype,
    backend: provider,
    batch,
    path,
    block,
  };
  const blocks = plannedBlocks(stages);
  const planned = stages.map(({ id, experiment, pairs, block: size = block }) => {
    const own = blocks.filter((one) => one.stage === id);
    const firstPart = own[0]?.part ?? 0;
    return { id, experiment, pairs, parts: own.length, firstPart, block: size };
  });
  const values = Object.entries(parameters).map(([name, { value }]) => [name, value]);
  const params = stages.map((stage) => stage.params);
  return {
    version,
    command,
    model: {
      name: model.name,
      sha256: model.sha256,
      ...(model.origin !== null && { origin: model.origin }),
    },
    parameters: { ...parameters },
    fixed,
    notes: [...notes],
    stages: planned,
    plan: hashOf([partSchema, Object.fromEntries(values), fixed, planned, params]),
  };
}

/** How the parts of a run are written. */
export function formatOf({ fixed }: Pick<RunPlan, "fixed">): PartFormat {
  const { gaps } = fixed.protocol as unknown as Lab["protocol"];
  return { dtype: fixed.dtype as PartFormat["dtype"], pairPosition: 1 + gaps[0] };
}
