import { type BinAxis, binIndex, checkAxis } from "./bin-axis.js";

/** Counts of pairs of values in a grid of equal bins, and of the pairs outside it. */
export interface Histogram2D {
  readonly x: BinAxis;
  readonly y: BinAxis;
  /** `[y bin, x bin]`, row-major: index = iy · x.bins + ix. */
  readonly counts: readonly number[];
  /** Pairs with x or y outside its axis. */
  readonly outside: number;
}

/**
 * Histogram of the pairs `(xs[i], ys[i])`; on each axis the rules are those of `histogram`.
 *
 * Throws a `RangeError` when the lengths differ, a value is NaN, or an axis is not made of a
 * positive number of bins between finite lo < hi.
 */
export function histogram2D(
  xs: ArrayLike<number>,
  ys: ArrayLike<number>,
  axes: { readonly x: BinAxis; readonly y: BinAxis },
): Histogram2D {
  const x: BinAxis = { lo: axes.x.lo, hi: axes.x.hi, bins: axes.x.bins };
  const y: BinAxis = { lo: axes.y.lo, hi: axes.y.hi, bins: axes.y.bins };
  checkAxis("histogram2D x", x);
  checkAxis("histogram2D y", y);
  if (xs.length !== ys.length) {
    throw new RangeError(`histogram2D: expected ${xs.length} values of y, got ${ys.length}`);
  }
  const counts = new Array<number>(x.bins * y.bins).fill(0);
  let outside = 0;
  for (let i = 0; i < xs.length; i++) {
    const ix = binIndex("histogram2D x", xs[i]!, x);
    const iy = binIndex("histogram2D y", ys[i]!, y);
    if (ix < 0 || ix >= x.bins || iy < 0 || iy >= y.bins) outside++;
    else counts[iy * x.bins + ix]!++;
  }
  return { x, y, counts, outside };
}
