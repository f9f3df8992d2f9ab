import { allHeads } from "../../lens/index.js";
import { momentsOf } from "../../stats/index.js";
import { estimateOf } from "../estimate.js";
import type { Experiment } from "../experiment.js";
import { type PairRows, strengthsOf } from "../pair-rows.js";
import { experimentCodes } from "../protocol.js";
import type { Lab } from "../strength-meter.js";
import type { Estimate } from "../summary.js";
import { type Intervention, measureInterventions } from "./ablation-runs.js";

/** Parameters of {@link headAblation}. */
export interface HeadAblationParams {
  readonly sequences: number;
  readonly heads: number;
}

/** What ablating each head does to the induction strength; effects are strength with minus without, nats. */
export interface AblationSummary {
  /** Strength without an intervention. */
  readonly strength: Estimate;
  /** Effects of mean ablation of `hook_z`, head by head. */
  readonly mean: readonly Estimate[];
  /** Effects of zero ablation. */
  readonly zero: readonly Estimate[];
}

/** Every head ablated alone, first by means and then by zeros, layer by layer. */
function singles({ model }: Lab): Intervention[] {
  const heads = allHeads(model.config);
  return (["mean", "zero"] as const).flatMap((kind) =>
    heads.map((head) => ({ heads: [head], kind })),
  );
}

/** Effect of ablating each head on the induction strength of random pairs. */
export const headAblation: Experiment<HeadAblationParams, AblationSummary> = {
  id: "head-ablation",
  units: ({ sequences }) => ({ count: 1, sequences }),
  measure: (lab, _, range) =>
    measureInterventions(lab, experimentCodes.headAblation, range, singles(lab)),
  async summarise({ heads }, pieces) {
    const { strength, effects } = await foldEffects(pieces, 2 * heads);
    const estimates = effects.map((values) => estimateOf(momentsOf(values)));
    return {
      strength: estimateOf(momentsOf(strength)),
      mean: estimates.slice(0, heads),
      zero: estimates.slice(heads),
    };
  },
};

/** Strengths without an intervention, and the paired effect of each intervention, nats, of all rows. */
export async function foldEffects(
  pieces: AsyncIterable<PairRows>,
  interventions: number,
): Promise<{ strength: number[]; effects: number[][] }> {
  const strength: number[] = [];
  const effects: number[][] = Array.from({ length: interventions }, () => []);
  for await (const rows of pieces) {
    const plain = strengthsOf(rows);
    for (const value of plain) strength.push(value);
    effects.forEach((values, i) => {
      const changed = strengthsOf(rows, i + 1);
      for (let row = 0; row < changed.length; row++) {
        values.push((changed[row] as number) - (plain[row] as number));
      }
    });
  }
  return { strength, effects };
}
