import { headName } from "../../lens/index.js";
import { studentTQuantile } from "../../stats/index.js";
import type { Estimate } from "../summary.js";
import type { AblationSummary } from "./head-ablation.js";
import type { HeadPairSummary } from "./head-pairs.js";
import type { DetectorSummary } from "./head-scores.js";
import type { HeadCircuits, HeadComposition } from "./head-circuits.js";

/** A 95 % interval of a mean; `null` below two sequences. */
export type Interval95 = readonly [low: number, high: number] | null;

/** All that is known of one head. */
export interface HeadRow {
  readonly layer: number;
  readonly head: number;
  /** Such as `L1H6`. */
  readonly name: string;
  /** Mean attention, 0 to 1: see {@link DetectorSummary}. */
  readonly previousToken: number;
  readonly duplicateToken: number;
  readonly induction: number;
  readonly prefixMatching: number;
  readonly intervals: {
    readonly previousToken: Interval95;
    readonly duplicateToken: Interval95;
    readonly induction: Interval95;
    readonly prefixMatching: Interval95;
    readonly ablation: Interval95;
    readonly zeroAblation: Interval95;
    readonly attribution: Interval95;
  };
  /** The same scores of the model with random weights. */
  readonly random: {
    readonly previousToken: number;
    readonly duplicateToken: number;
    readonly induction: number;
  };
  /** Eigenvalue copying score of the full OV circuit, −1 to 1. */
  readonly copying: number;
  /** How often a token is the one that the full OV circuit raises most, of a sample of tokens. */
  readonly copyingTop1: number;
  /** Composition with the previous-token heads of earlier layers, the random baseline subtracted. */
  readonly composition: HeadComposition | null;
  /** Effect of mean ablation on the induction strength, nats. */
  readonly ablation: { readonly mean: number; readonly se: number | null };
  readonly zeroAblation: { readonly mean: number; readonly se: number | null };
  /** Direct logit attribution to B, nats. */
  readonly attribution: { readonly mean: number; readonly se: number | null };
}

/** Which heads do induction, and by what evidence. */
export interface HeadsSummary {
  readonly heads: readonly HeadRow[];
  /** Highest score first. */
  readonly previousTokenHeads: readonly string[];
  readonly inductionHeads: readonly string[];
  /** What the lower 95 % limit of a score must exceed. */
  readonly threshold: number;
  /** Strength of random pairs without an intervention, nats. */
  readonly strength: Estimate;
  readonly pair: HeadPairSummary | null;
  /** Sequences behind the scores, and pairs behind the ablations. */
  readonly n: { readonly scores: number; readonly ablation: number };
  /** Which weights the ablations ran on, in words. */
  readonly weights: string;
  /** What the composition of random matrices of these sizes is; it is subtracted. */
  readonly compositionBaseline: HeadCircuits["baseline"];
}

/** What the experiments on heads gave. */
export interface HeadMeasurements {
  readonly scores: DetectorSummary;
  readonly prefixMatching: readonly Estimate[];
  readonly ablation: AblationSummary;
  readonly attribution: readonly Estimate[];
  readonly pair: HeadPairSummary | null;
}

/** The 95 % interval of an estimate, by Student's t. */
export function interval95({ n, mean, se }: Estimate): Interval95 {
  if (se === null || n < 2) return null;
  const half = studentTQuantile(0.975, n - 1) * se;
  return [mean - half, mean + half];
}

/** The names of the heads whose score's lower limit exceeds the threshold, highest score first. */
export function listedHeads(
  estimates: readonly Estimate[],
  nHeads: number,
  threshold: number,
  also: (index: number) => boolean = () => true,
): string[] {
  return estimates
    .map((estimate, i) => ({ i, estimate, interval: interval95(estimate) }))
    .filter(({ i, interval }) => interval !== null && interval[0] > threshold && also(i))
    .sort((x, y) => y.estimate.mean - x.estimate.mean || x.i - y.i)
    .map(({ i }) => headName({ layer: Math.floor(i / nHeads), head: i % nHeads }));
}

/**
 * One table of all evidence. A head is listed as a previous-token or induction head when the lower 95 %
 * limit of its detector score exceeds the threshold; an induction head also needs an interval of its
 * mean-ablation effect that lies below zero.
 */
export function summariseHeads(
  measured: HeadMeasurements,
  circuits: HeadCircuits,
  options: { readonly nHeads: number; readonly threshold: number; readonly weights: string },
): HeadsSummary {
  const { scores, prefixMatching, ablation, attribution, pair } = measured;
  const { nHeads, threshold, weights } = options;
  const short = ({ mean, se }: Estimate) => ({ mean, se });
  const heads = scores.induction.model.map((induction, i): HeadRow => {
    const at = (list: readonly Estimate[]) => list[i] as Estimate;
    const [previous, duplicate] = [scores.previousToken, scores.duplicateToken];
    const where = { layer: Math.floor(i / nHeads), head: i % nHeads };
    return {
      ...where,
      name: headName(where),
      previousToken: at(previous.model).mean,
      duplicateToken: at(duplicate.model).mean,
      induction: induction.mean,
      prefixMatching: at(prefixMatching).mean,
      intervals: {
        previousToken: interval95(at(previous.model)),
        duplicateToken: interval95(at(duplicate.model)),
        induction: interval95(induction),
        prefixMatching: interval95(at(prefixMatching)),
        ablation: interval95(at(ablation.mean)),
        zeroAblation: interval95(at(ablation.zero)),
        attribution: interval95(at(attribution)),
      },
      random: {
        previousToken: at(previous.random).mean,
        duplicateToken: at(duplicate.random).mean,
        induction: at(scores.induction.random).mean,
      },
      copying: circuits.copying[i] as number,
      copyingTop1: circuits.copyingTop1[i] as number,
      composition: circuits.compositions[i] ?? null,
      ablation: short(at(ablation.mean)),
      zeroAblation: short(at(ablation.zero)),
      attribution: short(at(attribution)),
    };
  });
  return {
    heads,
    previousTokenHeads: listedHeads(scores.previousToken.model, nHeads, threshold),
    inductionHeads: listedHeads(scores.induction.model, nHeads, threshold, (i) => {
      const interval = interval95(ablation.mean[i] as Estimate);
      return interval !== null && interval[1] < 0;
    }),
    threshold,
    strength: ablation.strength,
    pair,
    n: { scores: scores.induction.model[0]?.n ?? 0, ablation: ablation.strength.n },
    weights,
    compositionBaseline: circuits.baseline,
  };
}
