import { allHeads, type Head, headName } from "../../lens/index.js";
import type { ModelConfig } from "../../model/index.js";
import { ItemStream } from "../../random/index.js";
import { momentsOf } from "../../stats/index.js";
import { estimateOf } from "../estimate.js";
import type { Experiment } from "../experiment.js";
import { experimentCodes } from "../protocol.js";
import type { Estimate } from "../summary.js";
import { measureInterventions } from "./ablation-runs.js";
import { type AblationSummary, foldEffects } from "./head-ablation.js";

/** Parameters of {@link headPairs}. */
export interface HeadPairsParams {
  readonly sequences: number;
  /** Pairs to choose the best one from. */
  readonly candidates: readonly (readonly [Head, Head])[];
  /** Pairs drawn at random: what a pair of any heads does. */
  readonly random: readonly (readonly [Head, Head])[];
}

/** The pair of heads whose mean ablation lowers the strength most. */
export interface HeadPairSummary {
  readonly heads: readonly [string, string];
  /** Estimated on the second half of the sequences; it was chosen on the first half. Nats. */
  readonly effect: Estimate;
  /** Mean effect of the random pairs, over the second half: a number for each sequence. */
  readonly randomPairs: Estimate;
  readonly candidates: number;
}

/** Heads whose pairs are tried. */
const triedHeads = 6;
/** Random pairs that a pair is compared with. */
const randomPairs = 8;

/** Pairs of the heads whose own ablation lowers the strength most, and random pairs of all heads. */
export function pairsToTry(
  config: Pick<ModelConfig, "nLayers" | "nHeads">,
  { mean }: AblationSummary,
  { seed, sequences }: { readonly seed: number; readonly sequences: number },
): HeadPairsParams {
  const heads = allHeads(config);
  const byEffect = heads
    .map((head, i) => ({ head, effect: (mean[i] as Estimate).mean }))
    .sort((x, y) => x.effect - y.effect)
    .slice(0, triedHeads)
    .map(({ head }) => head);
  const candidates = byEffect.flatMap((first, i) =>
    byEffect.slice(i + 1).map((second) => [first, second] as const),
  );
  const stream = new ItemStream([seed, experimentCodes.headPairs], [1, 0]);
  const random =
    heads.length < 2
      ? []
      : Array.from({ length: randomPairs }, (_, i) => {
          const first = stream.draw(2 * i, heads.length);
          const second = stream.draw(2 * i + 1, heads.length, (other) => other !== first);
          return [heads[first] as Head, heads[second] as Head] as const;
        });
  return { sequences, candidates, random };
}

/** Mean ablation of pairs of heads; the best one is chosen on half of the sequences, estimated on the other. */
export const headPairs: Experiment<HeadPairsParams, HeadPairSummary | null> = {
  id: "head-pairs",
  units: ({ sequences }) => ({ count: 1, sequences }),
  measure(lab, { candidates, random }, range) {
    const interventions = [...candidates, ...random].map((heads) => ({
      heads,
      kind: "mean" as const,
    }));
    return measureInterventions(lab, experimentCodes.headPairs, range, interventions);
  },
  async summarise({ candidates, random }, pieces) {
    const { strength, effects } = await foldEffects(pieces, candidates.length + random.length);
    const half = Math.floor(strength.length / 2);
    if (candidates.length === 0 || half < 1) return null;
    const chosenBy = (values: readonly number[]) => momentsOf(values.slice(0, half)).mean;
    const tried = effects.slice(0, candidates.length);
    const best = tried.reduce(
      (found, values, i) => (chosenBy(values) < chosenBy(tried[found] as number[]) ? i : found),
      0,
    );
    const [first, second] = candidates[best] as readonly [Head, Head];
    const others = effects.slice(candidates.length);
    const randomMean = Array.from({ length: strength.length - half }, (_, i) =>
      others.reduce((sum, values) => sum + (values[half + i] as number) / others.length, 0),
    );
    return {
      heads: [headName(first), headName(second)],
      effect: estimateOf(momentsOf((tried[best] as number[]).slice(half))),
      randomPairs: estimateOf(momentsOf(randomMean)),
      candidates: candidates.length,
    };
  },
};
