import { type Moments, momentsOf, standardError } from "../stats/index.js";
import type { Head } from "./heads.js";

/** A mean over sequences, and what each of them gave. */
export interface SequenceEstimate {
  readonly n: number;
  readonly mean: number;
  /** Sample standard deviation (n − 1) / √n; `null` below two sequences. */
  readonly se: number | null;
  /** One number per sequence, in order. */
  readonly values: Float64Array;
}

/** A score of one head: a mean over sequences. */
export interface HeadEstimate extends Head, SequenceEstimate {}

/** The mean of numbers, one per sequence. Throws a `RangeError` where one is not finite. */
export function sequenceEstimate(values: Float64Array): SequenceEstimate {
  const moments: Moments = momentsOf(values);
  return { n: moments.n, mean: moments.mean, se: standardError(moments), values };
}

/** The estimates of heads from one row of scores [head] for each sequence. */
export function headEstimates(
  heads: readonly Head[],
  rows: readonly Float64Array[],
): HeadEstimate[] {
  return heads.map(({ layer, head }, i) => {
    const values = Float64Array.from(rows, (row) => row[i] as number);
    return { layer, head, ...sequenceEstimate(values) };
  });
}
