import { checkProbability } from "./check.js";
import { normalQuantile } from "./normal.js";
import type { Interval } from "./student-t.js";

/**
 * Confidence interval of a Pearson correlation `r` over `n` pairs, by Fisher's z transform (1915):
 * tanh(atanh r ± z / √(n − 3)). Where |r| = 1 it is that one point, the limit of the transform.
 *
 * `null` below four pairs. Throws a `RangeError` when r is not in [−1, 1], n is no whole number of
 * at least 0, or the level is not strictly between 0 and 1.
 */
export function pearsonInterval(r: number, n: number, level = 0.95): Interval | null {
  if (!(r >= -1 && r <= 1)) {
    throw new RangeError(`pearsonInterval: expected a correlation in [-1, 1], got ${r}`);
  }
  if (!Number.isInteger(n) || n < 0) {
    throw new RangeError(`pearsonInterval: expected a whole number of pairs, got ${n}`);
  }
  checkProbability("pearsonInterval level", level);
  if (n < 4) return null;
  const reach = -normalQuantile((1 - level) / 2) / Math.sqrt(n - 3);
  const z = Math.atanh(r);
  return { low: Math.tanh(z - reach), high: Math.tanh(z + reach) };
}
