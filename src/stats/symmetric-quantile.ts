import { checkProbability } from "./check.js";

/** The two halves of a symmetric law at a point t > 0, each without loss of digits where it is small. */
export interface Halves {
  /** P(0 < T < t). */
  readonly central: number;
  /** P(T > t). */
  readonly tail: number;
  /** t times the density at t. */
  readonly slope: number;
}

const LOWEST_LOG = Math.log(Number.MIN_VALUE);
const HIGHEST_LOG = Math.log(Number.MAX_VALUE);
const TOLERANCE = 1e-14;

/** P(T ≤ t) of a symmetric law. Throws a `RangeError` when t is NaN. */
export function symmetricCdf(where: string, t: number, halves: (t: number) => Halves): number {
  if (Number.isNaN(t)) throw new RangeError(`${where}: expected a number, got NaN`);
  if (t === 0) return 0.5;
  if (!Number.isFinite(t)) return t > 0 ? 1 : 0;
  const { tail } = halves(Math.abs(t));
  return t > 0 ? 1 - tail : tail;
}

/**
 * The t with P(T ≤ t) = p. Newton's method on log probability against log t, where both halves are
 * concave, kept inside a bracket by bisection. Throws a `RangeError` when p is not inside (0, 1).
 */
export function symmetricQuantile(where: string, p: number, halves: (t: number) => Halves): number {
  checkProbability(where, p);
  const tailGoal = Math.min(p, 1 - p);
  const centralGoal = 0.5 - tailGoal;
  if (centralGoal === 0) return 0;
  const useTail = tailGoal < 0.25;
  // The normal law's bounds on its own quantile; a heavier tail only needs a few steps more.
  let logT = Math.log(useTail ? Math.sqrt(-2 * Math.log(2 * tailGoal)) : 2.5 * centralGoal);
  let low = LOWEST_LOG;
  let high = HIGHEST_LOG;
  while (high - low > TOLERANCE) {
    const { central, tail, slope } = halves(Math.exp(logT));
    const excess = useTail ? Math.log(tailGoal / tail) : Math.log(central / centralGoal);
    if (excess > 0) high = logT;
    else low = logT;
    const step = (-excess * (useTail ? tail : central)) / slope;
    const next = logT + step;
    const inside = next > low && next < high;
    const previous = logT;
    logT = inside ? next : (low + high) / 2;
    if (Math.abs(logT - previous) <= TOLERANCE) break;
  }
  const t = Math.exp(logT);
  return p < 0.5 ? -t : t;
}
