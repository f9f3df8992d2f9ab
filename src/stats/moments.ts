import { checkFinite } from "./check.js";

/** Count, mean and sum of squared deviations from the mean: all that a mean and its error need. */
export interface Moments {
  readonly n: number;
  readonly mean: number;
  /** Sum of (value − mean)² over the n values. */
  readonly m2: number;
}

/** The moments of no values: the start of every fold, and the neutral element of a merge. */
export const emptyMoments: Moments = Object.freeze({ n: 0, mean: 0, m2: 0 });

/**
 * Moments with one more value, by Welford's update (1962). Throws a `RangeError` when the value is
 * not finite.
 */
export function addValue(moments: Moments, value: number): Moments {
  checkFinite("moments", value);
  const n = moments.n + 1;
  const delta = value - moments.mean;
  const mean = moments.mean + delta / n;
  return { n, mean, m2: moments.m2 + delta * (value - mean) };
}

/**
 * Moments of the values of `first` followed by those of `second`, by the pairwise update of Chan,
 * Golub and LeVeque (1979).
 *
 * Rounding depends on where the values are cut, so cut them into fixed blocks and merge the blocks
 * in index order: then the result is the same to the last bit, whoever computed which block.
 */
export function mergeMoments(first: Moments, second: Moments): Moments {
  if (first.n === 0) return second;
  if (second.n === 0) return first;
  const n = first.n + second.n;
  const delta = second.mean - first.mean;
  const share = second.n / n;
  return {
    n,
    mean: first.mean + delta * share,
    m2: first.m2 + second.m2 + delta * delta * first.n * share,
  };
}

/**
 * Moments of the values, added in their order (bit for bit a fold of {@link addValue}). Throws a
 * `RangeError` when a value is not finite.
 */
export function momentsOf(values: Iterable<number>): Moments {
  let moments = emptyMoments;
  for (const value of values) moments = addValue(moments, value);
  return moments;
}

/** Sample variance (n − 1); `null` below two values. */
export function variance(moments: Moments): number | null {
  return moments.n < 2 ? null : moments.m2 / (moments.n - 1);
}

/** Sample standard deviation (n − 1); `null` below two values. */
export function standardDeviation(moments: Moments): number | null {
  const squared = variance(moments);
  return squared === null ? null : Math.sqrt(squared);
}

/** Standard error of the mean, standard deviation / √n; `null` below two values. */
export function standardError(moments: Moments): number | null {
  const deviation = standardDeviation(moments);
  return deviation === null ? null : deviation / Math.sqrt(moments.n);
}
