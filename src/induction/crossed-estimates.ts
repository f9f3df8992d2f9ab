/**
 * Powers from the crossed design: R rounds, and in each of them a fresh uniform permutation of the V
 * tokens pairs every A with a B, so that each token is A once and B once per round and every measured
 * strength counts for two tokens.
 *
 * For token i as A, with s(r) its strength in round r and j(r) its partner there:
 *
 *     plain       mean of s(r),  se = sd / √R
 *     adjusted    mean of y(r),  se = sd / √R,  y(r) = s(r) − c · e(r)
 *     e(r)        mean strength of j(r) as B in the other R − 1 rounds − that of all tokens in them
 *     c           τ² / (τ² + v / (R − 1))
 *     v           mean over tokens of the variance of their strengths as B (R − 1)
 *     τ²          max(0, variance over tokens of their mean strengths as B (V − 1) − v / R)
 *
 * and with the roles exchanged for B. Both means estimate the power over all V partners, the token
 * itself among them. Intervals are Student's, mean ± t · se with R − 1 degrees of freedom.
 *
 * Why sd / √R is right for y, whatever the strengths are made of (no additive model, no equal
 * variances, any c): e(r) is made of the other rounds alone, is 0 on average over the tokens, and
 * j(r) is uniform and independent of those rounds. So e(r) has mean 0 given them: the y(r) are
 * unbiased, and two of them are uncorrelated but for a share of order 1 / (R V) of their variance.
 * A c from all rounds changes y(r) by order 1 / V, nothing that shows beyond some tens of tokens.
 *
 * c is the empirical Bayes factor of James and Stein (1961) and Efron and Morris ("Stein's estimation
 * rule and its competitors", 1973), with variance components by the analysis of variance: the factor
 * that leaves the least variance in y if one factor serves all tokens. Predicting an observation from
 * those that leave it out, to take away what chance explains: Wu and Gagnon-Bartsch, "The LOOP
 * estimator" (2018).
 */
import { LabError } from "../errors.js";
import { momentsOf, variance } from "../stats/index.js";
import { estimateOf } from "./estimate.js";
import type { Estimate } from "./summary.js";

/** The strengths of a crossed design; tokens are numbered 0 … tokens − 1 within its range. */
export interface CrossedStrengths {
  readonly tokens: number;
  readonly rounds: number;
  /** `[round, token]`, row-major: the B of the pair whose A is this token, a permutation per round. */
  readonly partner: Int32Array;
  /** `[round, token]`: strength of the pair whose A is this token, nats. */
  readonly strength: Float64Array;
}

/** One role's power of every token, in token order, by both estimators; nats. */
export interface CrossedRole {
  /** Mean of the token's strengths. */
  readonly plain: readonly Estimate[];
  /** Mean of the token's strengths less the shrunk effects of its partners; with one round, `plain`. */
  readonly adjusted: readonly Estimate[];
  /** The factor c on the partners' effects, 0 to 1; 0 where they do not vary or R = 1. */
  readonly shrinkage: number;
}

/** A powers and B powers of every token. */
export interface CrossedEstimates {
  readonly a: CrossedRole;
  readonly b: CrossedRole;
}

/**
 * Both powers of every token from a crossed design, plain and adjusted for the partners; the head of
 * the file has the formulas. Takes time and memory linear in rounds · tokens, and always folds in the
 * order of rounds, then tokens.
 *
 * Throws a {@link LabError} when there are no tokens or rounds, an array has another length than
 * rounds · tokens, a round is no permutation, or a strength is not finite.
 */
export function crossedEstimates(design: CrossedStrengths): CrossedEstimates {
  checkDesign(design);
  const { tokens, rounds, partner, strength } = design;
  const asA = noColumn(tokens);
  const asB = noColumn(tokens);
  const roundMeans = new Float64Array(rounds);
  for (let round = 0, k = 0; round < rounds; round++) {
    let sum = 0;
    for (let a = 0; a < tokens; a++, k++) {
      const value = strength[k]!;
      fold(asA, a, value, round + 1);
      fold(asB, partner[k]!, value, round + 1);
      sum += value;
    }
    roundMeans[round] = sum / tokens;
  }
  const plain = { a: estimatesOf(asA, rounds), b: estimatesOf(asB, rounds) };
  if (rounds === 1) {
    return {
      a: { plain: plain.a, adjusted: plain.a, shrinkage: 0 },
      b: { plain: plain.b, adjusted: plain.b, shrinkage: 0 },
    };
  }

  // The factor on a role's own effects; the other role is adjusted with it.
  const ofA = shrinkageOf(asA, rounds);
  const ofB = shrinkageOf(asB, rounds);
  const adjustedA = noColumn(tokens);
  const adjustedB = noColumn(tokens);
  const sumOfMeans = roundMeans.reduce((sum, mean) => sum + mean, 0);
  for (let round = 0, k = 0; round < rounds; round++) {
    const centre = (sumOfMeans - roundMeans[round]!) / (rounds - 1);
    for (let a = 0; a < tokens; a++, k++) {
      const b = partner[k]!;
      const value = strength[k]!;
      const effectA = (rounds * asA.mean[a]! - value) / (rounds - 1) - centre;
      const effectB = (rounds * asB.mean[b]! - value) / (rounds - 1) - centre;
      fold(adjustedA, a, value - ofB * effectB, round + 1);
      fold(adjustedB, b, value - ofA * effectA, round + 1);
    }
  }
  return {
    a: { plain: plain.a, adjusted: estimatesOf(adjustedA, rounds), shrinkage: ofB },
    b: { plain: plain.b, adjusted: estimatesOf(adjustedB, rounds), shrinkage: ofA },
  };
}

/** Means and sums of squared deviations of many tokens at once: `Moments` without an object each. */
interface Column {
  readonly mean: Float64Array;
  readonly m2: Float64Array;
}

function noColumn(tokens: number): Column {
  return { mean: new Float64Array(tokens), m2: new Float64Array(tokens) };
}

/** `addValue` for one token, `n` counting the new value: the same operations, so the same bits. */
function fold({ mean, m2 }: Column, token: number, value: number, n: number): void {
  const before = mean[token]!;
  const delta = value - before;
  const after = before + delta / n;
  mean[token] = after;
  m2[token]! += delta * (value - after);
}

function estimatesOf({ mean, m2 }: Column, n: number): Estimate[] {
  return Array.from(mean, (value, token) => estimateOf({ n, mean: value, m2: m2[token]! }));
}

/** τ² / (τ² + v / (R − 1)) of a role. Pooled over tokens: a poor factor costs precision, never the se. */
function shrinkageOf({ mean, m2 }: Column, rounds: number): number {
  const within = momentsOf(m2).mean / (rounds - 1);
  const between = Math.max(0, (variance(momentsOf(mean)) ?? 0) - within / rounds);
  return between === 0 ? 0 : between / (between + within / (rounds - 1));
}

function checkDesign({ tokens, rounds, partner, strength }: CrossedStrengths): void {
  for (const [name, value] of Object.entries({ tokens, rounds })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new LabError(`crossedEstimates: expected a positive number of ${name}, got ${value}`);
    }
  }
  for (const [name, { length }] of Object.entries({ partner, strength })) {
    if (length !== rounds * tokens) {
      throw new LabError(
        `crossedEstimates ${name}: expected ${rounds} × ${tokens} values, got ${length}`,
      );
    }
  }
  const lastRound = new Int32Array(tokens).fill(-1);
  for (let round = 0, k = 0; round < rounds; round++) {
    for (let a = 0; a < tokens; a++, k++) {
      const b = partner[k]!;
      // Outside the range the entry is undefined, which is no round either.
      if (!(lastRound[b]! < round)) {
        throw new LabError(
          `crossedEstimates round ${round}: expected each of the tokens 0 to ${tokens - 1} once ` +
            `as B, got ${b} with A = ${a}`,
          { hint: "partner holds one permutation of the tokens per round" },
        );
      }
      lastRound[b] = round;
      if (!Number.isFinite(strength[k])) {
        throw new LabError(
          `crossedEstimates round ${round}: expected a finite strength with A = ${a}, got ${strength[k]}`,
        );
      }
    }
  }
}
