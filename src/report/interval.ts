import type { Estimate } from "../induction/summary.js";
import { type Interval, studentTQuantile } from "../stats/index.js";

/** Student's 95 % interval of a mean, in its unit; `null` below two values. */
export function interval95({ n, mean, se }: Estimate): Interval | null {
  if (se === null || n < 2 || !Number.isFinite(mean)) return null;
  const reach = studentTQuantile(0.975, n - 1) * se;
  return { low: mean - reach, high: mean + reach };
}
