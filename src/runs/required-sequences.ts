/** What strengths vary by over random pairs of tokens, nats²: components of variance. */
export interface StrengthVariances {
  /** Of the effect of the token whose power is measured. */
  readonly own: number;
  /** Of the effect of its partner. */
  readonly partner: number;
  /** Of all else: what the two do together, and the fillers. */
  readonly rest: number;
}

/**
 * Standard error of a token's power, in nats (the root of its mean square over tokens), after `n`
 * sequences.
 *
 * `post`: partners are drawn anew, √((partner + rest) / n). `crossed`: n rounds, of which the partner's
 * effect is taken away as well as the other n − 1 rounds know it. With v = own + rest the variance of the
 * partner's own strengths, what is left of its effect has variance 1 / (1 / partner + (n − 1) / v): the
 * least that a linear estimate leaves, and what the factor c of `crossedEstimates` leaves.
 */
export function powerStandardError(
  design: "post" | "crossed",
  { own, partner, rest }: StrengthVariances,
  n: number,
): number {
  if (design === "post") return Math.sqrt((partner + rest) / n);
  const left = partner === 0 ? 0 : 1 / (1 / partner + (n - 1) / (own + rest));
  return Math.sqrt((left + rest) / n);
}

/**
 * The fewest sequences per token and role (crossed: rounds) with which both powers have at most this
 * standard error, in nats; at least 2, the fewest that show one.
 *
 * @throws RangeError for a standard error that is not above 0.
 */
export function sequencesForStandardError(
  design: "post" | "crossed",
  variances: readonly StrengthVariances[],
  se: number,
): number {
  if (!(se > 0)) throw new RangeError(`standard error: expected more than 0 nats, got ${se}`);
  const enough = (n: number) => variances.every((v) => powerStandardError(design, v, n) <= se);
  let high = 2;
  while (!enough(high)) high *= 2;
  let low = 2;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (enough(middle)) high = middle;
    else low = middle + 1;
  }
  return high;
}
