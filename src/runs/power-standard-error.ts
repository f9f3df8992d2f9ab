import {
  chanceOfMeans,
  shrinkageFactors,
  type SmallMatrix,
} from "../induction/crossed-shrinkage.js";

/** What strengths vary by over random pairs of tokens, nats²: components of variance (or covariance). */
export interface StrengthVariances {
  /** Of the effect of the token whose power is measured. */
  readonly own: number;
  /** Of the effect of its partner. */
  readonly partner: number;
  /** Of all else: what the two do together, and the fillers. */
  readonly rest: number;
}

/** The same of the log-odds of both members of a pair, and how they go together. */
export interface MemberVariances {
  readonly induction: StrengthVariances;
  /** Without what a chance pair AB adds to a control: the crossed design takes it away. */
  readonly control: StrengthVariances;
  readonly covariance: StrengthVariances;
  /** What the chance pairs add to the variance of a control, and of a strength. */
  readonly chancePairs: number;
}

/** The components of variance of one power: of strengths, and of the members that they come from. */
export interface PowerVariances extends StrengthVariances {
  readonly members: MemberVariances;
}

/**
 * Standard error of a token's power, in nats (the root of its mean square over tokens), after `n`
 * induction sequences and as many controls, or `controls` of them in the crossed design.
 *
 * `post`: partners are drawn anew, √((partner + rest) / n). `crossed`: n rounds, of which the partner's
 * effect is taken away as well as the other rounds know it. With v = own + rest the variance of the
 * partner's own strengths, what is left of its effect has variance 1 / (1 / partner + (n − 1) / v): the
 * least that a linear estimate leaves, and what the factor c of `crossedEstimates` leaves. Where the
 * members are known apart these are matrices, T − T (T + N)⁻¹ T; unequal numbers as in
 * `crossed-combination.ts`.
 */
export function powerStandardError(
  design: "post" | "crossed",
  variances: StrengthVariances | PowerVariances,
  n: number,
  controls = n,
): number {
  if (design === "post") return Math.sqrt((variances.partner + variances.rest) / n);
  const counts = "members" in variances ? [n, controls] : [n];
  const signs = [1, -1];
  const [shared, all] = [Math.min(...counts), Math.max(...counts)];
  const left = leftOf(
    variances,
    counts.map((count) => count - 1),
    shared - 1,
  );
  const weights = counts.map((count, m) => ((signs[m] as number) * shared) / count);
  const together = left.reduce(
    (sum, row, i) => row.reduce((part, value, j) => part + value * weightOf(i) * weightOf(j), sum),
    0,
  );
  if (shared === all) return Math.sqrt(together / shared);
  const longer = counts.indexOf(all);
  const alone = leftOf(
    variances,
    counts.map((count) => (count === all ? count - 1 : count)),
    shared,
  );
  const further = alone[longer]?.[longer] as number;
  return Math.sqrt(together / shared + ((all - shared) / all ** 2) * further);

  function weightOf(m: number): number {
    return weights[m] as number;
  }
}

/** Covariances of what is left of a round by `counts` other values of each column, `together` at once. */
function leftOf(
  variances: StrengthVariances | PowerVariances,
  counts: readonly number[],
  together: number,
): number[][] {
  const partner = matrixOf(variances, (part) => part.partner);
  const within = matrixOf(variances, (part) => part.own + part.rest);
  const rest = matrixOf(variances, (part) => part.rest);
  const factors =
    together < 1
      ? partner.map((row) => row.map(() => 0))
      : shrinkageFactors(partner, chanceOfMeans(within, counts, together));
  return partner.map((row, i) =>
    row.map((value, j) => {
      const known = partner.reduce((sum, of, k) => sum + (factors[i]?.[k] ?? 0) * (of[j] ?? 0), 0);
      return value - known + (rest[i]?.[j] as number);
    }),
  );
}

function matrixOf(
  variances: StrengthVariances | PowerVariances,
  value: (part: StrengthVariances) => number,
): SmallMatrix {
  if (!("members" in variances)) return [[value(variances)]];
  const { induction, control, covariance } = variances.members;
  return [
    [value(induction), value(covariance)],
    [value(covariance), value(control)],
  ];
}
