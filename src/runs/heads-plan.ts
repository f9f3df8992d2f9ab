import {
  headAblation,
  headAttribution,
  type HeadMeasurements,
  headPairs,
  headScores,
  pairsToTry,
  prefixLength,
  prefixMatching,
} from "../induction/index.js";
import { laterStage, stage, type Stage, type Summaries } from "./stage.js";

/** How many sequences the experiments on heads take. */
export interface HeadsSizes {
  /** Sequences BOS r r behind the detector scores, and random tokens in r. */
  readonly scoreSequences: number;
  readonly length: number;
  /** Sequences behind the prefix-matching score. */
  readonly prefixSequences: number;
  /** Sequence pairs behind the ablations, the attribution and the best pair, each. */
  readonly sequences: number;
}

/** The stages that answer which heads do induction. */
export function headsPlan(
  config: { readonly nLayers: number; readonly nHeads: number; readonly nCtx: number },
  seed: number,
  sizes: HeadsSizes,
): Stage[] {
  const { scoreSequences, length, prefixSequences, sequences } = sizes;
  const heads = config.nLayers * config.nHeads;
  const stages = [
    stage("head-scores", headScores, { sequences: scoreSequences, length, heads }),
    stage("prefix-matching", prefixMatching, {
      sequences: prefixSequences,
      length: prefixLength(config.nCtx),
      heads,
    }),
    stage("head-ablation", headAblation, { sequences, heads }),
    stage("head-attribution", headAttribution, { sequences, heads }),
    laterStage("head-pairs", headPairs, {
      pairs: sequences,
      params: (summaries) =>
        pairsToTry(config, headMeasurements(summaries).ablation, { seed, sequences }),
    }),
  ];
  return stages.map((one) => ({ ...one, block: perBlock }));
}

/** A pair meets every head's ablation, in two kinds: blocks are small, so that a stop loses little. */
const perBlock = 128;

/** The summaries of these stages, under their names. */
export function headMeasurements(summaries: Summaries): HeadMeasurements {
  return {
    scores: summaries["head-scores"],
    prefixMatching: summaries["prefix-matching"],
    ablation: summaries["head-ablation"],
    attribution: summaries["head-attribution"],
    pair: summaries["head-pairs"],
  } as HeadMeasurements;
}
