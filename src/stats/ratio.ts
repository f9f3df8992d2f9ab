import { momentsOf } from "./moments.js";
import { normalQuantile } from "./normal.js";

/**
 * The ratio mean(x) / mean(y) of paired values with an interval by the delta method: the standard
 * error is that of x − ratio · y, divided by |mean(y)|.
 *
 * Returns `null` below two pairs or where mean(y) is 0. Throws a `RangeError` when the lengths differ.
 */
export function ratioOfMeans(
  xs: ArrayLike<number>,
  ys: ArrayLike<number>,
  level = 0.95,
): { ratio: number; low: number; high: number } | null {
  if (xs.length !== ys.length) {
    throw new RangeError(
      `ratioOfMeans: expected ${xs.length} pairs, got ${ys.length} second values`,
    );
  }
  const n = xs.length;
  const x = momentsOf(Array.from(xs)).mean;
  const y = momentsOf(Array.from(ys)).mean;
  if (n < 2 || y === 0) return null;
  const ratio = x / y;
  const residuals = Array.from(xs, (value, i) => value - ratio * (ys[i] as number));
  const se = Math.sqrt(momentsOf(residuals).m2 / (n - 1) / n) / Math.abs(y);
  const half = normalQuantile((1 + level) / 2) * se;
  return { ratio, low: ratio - half, high: ratio + half };
}
