import { momentsOf, variance } from "./moments.js";

/** An estimated mean with its standard error; `null` where the error is unknown. */
export interface MeanWithError {
  readonly mean: number;
  readonly se: number | null;
}

/** Variance of the estimates (n − 1) and mean(SE²), the part of it that is noise. */
function spreadAndNoise(
  estimates: readonly MeanWithError[],
): { readonly spread: number; readonly noise: number } | null {
  const squares: number[] = [];
  for (const { se } of estimates) {
    if (se === null) return null;
    if (!(se >= 0)) {
      throw new RangeError(`reliability: expected a standard error of at least 0, got ${se}`);
    }
    squares.push(se * se);
  }
  const spread = variance(momentsOf(estimates.map(({ mean }) => mean)));
  return spread === null ? null : { spread, noise: momentsOf(squares).mean };
}

/**
 * Reliability of a table of estimates: 1 − mean(SE²) / variance of the means (n − 1), the share of
 * their variance that is not noise (classical test theory). Below 0 where noise alone would spread
 * them further than they are spread.
 *
 * `null` where it cannot be known: fewer than two estimates, an unknown error, or means that do not
 * vary. Throws a `RangeError` when a mean is not finite or an error is negative or not finite.
 */
export function reliability(estimates: readonly MeanWithError[]): number | null {
  const parts = spreadAndNoise(estimates);
  if (parts === null || parts.spread === 0) return null;
  return 1 - parts.noise / parts.spread;
}

/**
 * Standard deviation of the estimated quantities without the noise of the estimates:
 * √max(0, variance of the means (n − 1) − mean(SE²)).
 *
 * `null` for fewer than two estimates or an unknown error. Throws a `RangeError` when a mean is not
 * finite or an error is negative or not finite.
 */
export function trueSpread(estimates: readonly MeanWithError[]): number | null {
  const parts = spreadAndNoise(estimates);
  return parts === null ? null : Math.sqrt(Math.max(0, parts.spread - parts.noise));
}
