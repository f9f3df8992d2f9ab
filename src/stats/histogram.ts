import { type BinAxis, binIndex, checkAxis } from "./bin-axis.js";

/** Counts of values in equal bins from `lo` to `hi`, and of those outside on either side. */
export interface Histogram {
  readonly lo: number;
  readonly hi: number;
  /** One count per bin; bin i holds [edge i, edge i + 1), the last bin also `hi` itself. */
  readonly counts: readonly number[];
  /** Values less than `lo`, −∞ included. */
  readonly below: number;
  /** Values greater than `hi`, +∞ included. */
  readonly above: number;
}

/**
 * Histogram of the values. Edges and their ties follow numpy's `histogram`; values outside are
 * counted in `below` and `above`.
 *
 * Throws a `RangeError` when a value is NaN, `bins` is no positive integer, or not lo < hi, finite.
 */
export function histogram(values: Iterable<number>, axis: BinAxis): Histogram {
  checkAxis("histogram", axis);
  const counts = new Array<number>(axis.bins).fill(0);
  let below = 0;
  let above = 0;
  for (const value of values) {
    const index = binIndex("histogram", value, axis);
    if (index < 0) below++;
    else if (index >= axis.bins) above++;
    else counts[index]!++;
  }
  return { lo: axis.lo, hi: axis.hi, counts, below, above };
}

/**
 * Histogram of the values of both. Throws a `RangeError` when their edges are not the same.
 */
export function addHistograms(first: Histogram, second: Histogram): Histogram {
  if (
    first.lo !== second.lo ||
    first.hi !== second.hi ||
    first.counts.length !== second.counts.length
  ) {
    throw new RangeError(`addHistograms: expected ${describe(first)}, got ${describe(second)}`);
  }
  return {
    lo: first.lo,
    hi: first.hi,
    counts: first.counts.map((count, index) => count + second.counts[index]!),
    below: first.below + second.below,
    above: first.above + second.above,
  };
}

function describe({ counts, lo, hi }: Histogram): string {
  return `${counts.length} bins from ${lo} to ${hi}`;
}
