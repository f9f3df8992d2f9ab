import { studentTCdf } from "./student-t.js";

/** A mean with its standard error and the number of values behind it. */
interface MeanOf {
  readonly n: number;
  readonly mean: number;
  readonly se: number | null;
}

/** A difference of means with its standard error and the two-sided p-value of no difference. */
export interface Difference {
  readonly difference: number;
  readonly se: number;
  /** difference / se. */
  readonly z: number;
  /** By Student's t. */
  readonly p: number;
}

/** The mean of paired differences against 0; `null` below two pairs or without any spread. */
export function pairedDifference({ n, mean, se }: MeanOf): Difference | null {
  return differenceOf(mean, se, n - 1);
}

/**
 * The difference of two independent means, first minus second, with the degrees of freedom of
 * Welch–Satterthwaite; `null` where a standard error is unknown or both are 0.
 */
export function independentDifference(first: MeanOf, second: MeanOf): Difference | null {
  if (first.se === null || second.se === null) return null;
  const [v, w] = [first.se ** 2, second.se ** 2];
  const df = (v + w) ** 2 / (v ** 2 / (first.n - 1) + w ** 2 / (second.n - 1));
  return differenceOf(first.mean - second.mean, Math.sqrt(v + w), df);
}

function differenceOf(difference: number, se: number | null, df: number): Difference | null {
  if (se === null || se === 0) return null;
  const z = difference / se;
  return { difference, se, z, p: Math.min(1, 2 * studentTCdf(-Math.abs(z), df)) };
}
