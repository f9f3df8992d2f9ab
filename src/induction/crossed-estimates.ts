/**
 * Powers from the crossed design: R rounds, and in each of them a fresh uniform permutation of the V
 * tokens pairs every A with a B, so that each token is A once and B once per round and every measured
 * pair counts for two tokens.
 *
 * For token i as A, with s(r) its strength in round r and j(r) its partner there:
 *
 *     plain       mean of s(r),  se = sd / √R
 *     adjusted    mean of y(r),  se = sd / √R,  y(r) = s(r) − c · e(r) − (Z(r) − p) · D(r)
 *     e(r)        mean strength of j(r) as B in the other R − 1 rounds − that of all tokens in them
 *     c           τ² / (τ² + v / (R − 1))
 *     v           mean over tokens of the variance of their strengths as B (R − 1)
 *     τ²          max(0, variance over tokens of their mean strengths as B (V − 1) − v / R)
 *     Z, p, D     the control that is an induction sequence by chance: see `crossed-chance-pairs.ts`
 *
 * and with the roles exchanged for B. Both means estimate the power over all V partners, the token
 * itself among them. Intervals are Student's, mean ± t · se with R − 1 degrees of freedom.
 *
 * Where induction and control are known apart, s, e, τ² and v are vectors and matrices of the two, and c
 * is the matrix T (T + N)⁻¹ of `crossed-shrinkage.ts`, so that each member's mean helps to predict both;
 * y is then the difference of the two. Unequal numbers of them: see `crossed-combination.ts`. e(r) and the
 * effects in D are made of values less (Z − p) · d.
 *
 * Why sd / √R is right for y, whatever the strengths are made of (no additive model, no equal
 * variances, any c and D): e(r) is made of the other rounds alone, is 0 on average over the tokens, and
 * j(r) is uniform and independent of those rounds. So e(r) has mean 0 given them: the y(r) are
 * unbiased, and two of them are uncorrelated but for a share of order 1 / (R V) of their variance.
 * Likewise Z(r) − p has mean 0 given the other rounds and the pair, and D(r) is made of them: the term is
 * unbiased, and uncorrelated with all that is made of other rounds or of the pair. What is left is the product of
 * two such terms, where each D knows the other's Z through the token itself: with d taken away first, of
 * order (p c / R)² of the variance. Coefficients from all rounds (c, p, d, D's) change y(r) by order 1 / V,
 * nothing that shows beyond some tens of tokens.
 *
 * c is the empirical Bayes factor of James and Stein (1961) and Efron and Morris ("Stein's estimation
 * rule and its competitors", 1973), with variance components by the analysis of variance: the factor
 * that leaves the least variance in y if one factor serves all tokens. Predicting an observation from
 * those that leave it out, to take away what chance explains: Wu and Gagnon-Bartsch, "The LOOP
 * estimator" (2018). A covariate whose mean is known is a control variate.
 */
import { adjustedPowers, plainPowers, risesOf } from "./crossed-adjusted.js";
import { chancePairs, meanRises } from "./crossed-chance-pairs.js";
import { crossedColumns, type CrossedMembers, type CrossedStrengths } from "./crossed-design.js";
import { OtherRounds } from "./crossed-other-rounds.js";
import type { SmallMatrix } from "./crossed-shrinkage.js";
import type { Estimate } from "./summary.js";

export type { CrossedMembers, CrossedStrengths } from "./crossed-design.js";

/** One role's power of every token, in token order, by both estimators; nats. */
export interface CrossedRole {
  /** Mean of the token's strengths. */
  readonly plain: readonly Estimate[];
  /** Mean of what is left of them by the other rounds' knowledge; with one round, `plain`. */
  readonly adjusted: readonly Estimate[];
  /**
   * The factors c on the partners' effects, a row and a column for each column of the design, in rounds
   * that measure all of them; 0 where the effects do not vary or one round is all there is.
   */
  readonly shrinkage: SmallMatrix;
}

/** A powers and B powers of every token. */
export interface CrossedEstimates {
  readonly a: CrossedRole;
  readonly b: CrossedRole;
  /**
   * Share of the controls in which B stands directly after A, and how much that adds to each column,
   * nats; `null` where it is unknown or happens too seldom.
   */
  readonly chancePairs: { readonly share: number; readonly rises: readonly number[] } | null;
}

/**
 * Both powers of every token from a crossed design, plain and adjusted; the head of the file has the
 * formulas. Takes time linear in rounds · tokens, and besides the design memory linear in the tokens; always
 * folds in the order of rounds, then tokens.
 *
 * Throws a LabError when there are no tokens or rounds, an array has another length than rounds · tokens,
 * a round is no permutation, or a measured value is not finite.
 */
export function crossedEstimates(design: CrossedStrengths | CrossedMembers): CrossedEstimates {
  const known = crossedColumns(design);
  const plain = plainPowers(known);
  if (known.shared === 1) {
    const shrinkage = known.columns.map(() => known.columns.map(() => 0));
    return {
      a: { plain: plain.a, adjusted: plain.a, shrinkage },
      b: { plain: plain.b, adjusted: plain.b, shrinkage },
      chancePairs: null,
    };
  }
  const chance = chancePairs(known);
  const rises = chance === null ? known.columns.map(() => 0) : meanRises(known, chance);
  const others = new OtherRounds(known, chance && { chance, rises });
  const adjusted = adjustedPowers(
    known,
    others,
    chance && { chance, rises: risesOf(known, others, chance) },
  );
  const { a, b } = others.factors;
  return {
    a: { plain: plain.a, adjusted: adjusted.a, shrinkage: b },
    b: { plain: plain.b, adjusted: adjusted.b, shrinkage: a },
    chancePairs: chance && { share: chance.share, rises },
  };
}
