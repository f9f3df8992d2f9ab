import { independentDifference, normalQuantile, pairedDifference } from "../stats/index.js";
import type { Estimate } from "./summary.js";

/** An estimate as comparisons state it. */
export type MeanWithN = Pick<Estimate, "n" | "mean" | "se">;

/** One quantity in two runs, and what separates them; nats unless said otherwise. */
export interface EstimateDifference {
  readonly first: MeanWithN;
  readonly second: MeanWithN;
  /**
   * First minus second. Where pairs were matched it is the mean over them, which the two means need
   * not have between them to the last digit: they may rest on more sequences than were matched.
   */
  readonly difference: number;
  /** Standard error of the difference; `null` where it cannot be known. */
  readonly se: number | null;
  /** difference / se; `null` without an error, or where it is 0. */
  readonly z: number | null;
  /** Two-sided, by Student's t; 1 for identical numbers, `null` where it cannot be known. */
  readonly p: number | null;
  /** Sequence pairs that both runs measured, where the difference is taken pair by pair. */
  readonly pairs: number | null;
  /** All numbers are the same, to the last bit: difference 0 without any spread. */
  readonly identical: boolean;
}

/** A difference with its p-value corrected for how many were tested, and what follows from it. */
export interface TestedDifference extends EstimateDifference {
  /** The corrected p-value; `null` where there is none. */
  readonly adjusted: number | null;
  /** Whether `adjusted` is at most q and the difference above {@link numericalTolerance}. */
  readonly differs: boolean;
}

/**
 * What two backends may differ by in a strength, nats: twice the tolerance of log-odds, 5e-5. A smaller
 * difference of means is no finding, however small its standard error.
 */
export const numericalTolerance = 1e-4;

/**
 * Compares two means: pair by pair where `paired` has the differences of matched sequence pairs, else by
 * Welch's test.
 */
export function compareEstimates(
  first: MeanWithN,
  second: MeanWithN,
  paired: MeanWithN | null,
): EstimateDifference {
  const tested = paired === null ? independentDifference(first, second) : pairedDifference(paired);
  const difference = paired?.mean ?? first.mean - second.mean;
  const se = paired === null ? jointError(first.se, second.se) : paired.se;
  return {
    first: meanOf(first),
    second: meanOf(second),
    difference,
    ...withoutSpread(difference, se),
    ...tested,
    pairs: paired?.n ?? null,
  };
}

/** z, p and whether all is identical, as far as a standard error alone tells. */
function withoutSpread(
  difference: number,
  se: number | null,
): Pick<EstimateDifference, "se" | "z" | "p" | "identical"> {
  if (se !== 0) return { se, z: null, p: null, identical: false };
  // Without any spread Student's t is infinite, unless nothing differs.
  return { se, z: null, p: difference === 0 ? 1 : 0, identical: difference === 0 };
}

/** Adds the corrected p-value and the verdict at level q. */
export function testedDifference(
  difference: EstimateDifference,
  adjusted: number | null,
  q: number,
): TestedDifference {
  const large = Math.abs(difference.difference) > numericalTolerance;
  return { ...difference, adjusted, differs: large && adjusted !== null && adjusted <= q };
}

/** Bonferroni's correction over the differences that could be tested. */
export function bonferroni<T extends EstimateDifference>(
  differences: readonly T[],
  q: number,
): (T & TestedDifference)[] {
  const tests = differences.filter(({ p }) => p !== null).length;
  return differences.map((difference) => {
    const adjusted = difference.p === null ? null : Math.min(1, difference.p * tests);
    return { ...difference, ...testedDifference(difference, adjusted, q) };
  });
}

// p-values below this one are all the same to a normal score, which must stay finite.
const leastP = 1e-300;

/**
 * The z that has the p-value of the difference in a normal law, with the sign of the difference: of
 * differences that are noise alone the standard deviation is 1, however few sequences they rest on.
 * `null` where p is unknown and for identical numbers.
 */
export function normalScore({ difference, p, identical }: EstimateDifference): number | null {
  if (p === null || identical) return null;
  return Math.sign(difference) * -normalQuantile(Math.max(p, leastP) / 2);
}

function meanOf({ n, mean, se }: MeanWithN): MeanWithN {
  return { n, mean, se };
}

function jointError(first: number | null, second: number | null): number | null {
  return first === null || second === null ? null : Math.hypot(first, second);
}
