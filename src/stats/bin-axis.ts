import { checkFinite } from "./check.js";

/** Equal bins between two edges. */
export interface BinAxis {
  readonly lo: number;
  readonly hi: number;
  readonly bins: number;
}

/** Throws a `RangeError` when `bins` is no positive integer, or not lo < hi with a finite width. */
export function checkAxis(where: string, { lo, hi, bins }: BinAxis): void {
  if (!Number.isInteger(bins) || bins < 1) {
    throw new RangeError(`${where}: expected a positive whole number of bins, got ${bins}`);
  }
  checkFinite(`${where} lo`, lo);
  checkFinite(`${where} hi`, hi);
  checkFinite(`${where} hi - lo`, hi - lo);
  if (!(lo < hi)) {
    throw new RangeError(`${where}: expected lo < hi, got lo ${lo} and hi ${hi}`);
  }
}

/** Edge number `index` (0 … bins) of the axis, computed as numpy's `linspace` computes it. */
export function binEdge({ lo, hi, bins }: BinAxis, index: number): number {
  return index === bins ? hi : lo + index * ((hi - lo) / bins);
}

/**
 * The bin that holds the value: −1 below `lo`, `bins` above `hi`, and `hi` itself in the last bin
 * (numpy's rule). Throws a `RangeError` when the value is NaN.
 */
export function binIndex(where: string, value: number, axis: BinAxis): number {
  const { lo, hi, bins } = axis;
  if (Number.isNaN(value)) throw new RangeError(`${where}: expected a number, got NaN`);
  if (value < lo) return -1;
  if (value > hi) return bins;
  const guess = Math.min(Math.floor(((value - lo) / (hi - lo)) * bins), bins - 1);
  // The quotient can round across an edge; the edges themselves decide.
  if (value < binEdge(axis, guess)) return guess - 1;
  if (guess < bins - 1 && value >= binEdge(axis, guess + 1)) return guess + 1;
  return guess;
}
