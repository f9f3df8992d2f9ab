import { checkFinite } from "./check.js";

/** Count, means and sums of squared and crossed deviations of pairs (x, y). */
export interface CoMoments {
  readonly n: number;
  readonly meanX: number;
  readonly meanY: number;
  /** Sum of (x − meanX)². */
  readonly m2x: number;
  /** Sum of (y − meanY)². */
  readonly m2y: number;
  /** Sum of (x − meanX)(y − meanY). */
  readonly cxy: number;
}

/** The co-moments of no pairs: the start of every fold, and the neutral element of a merge. */
export const emptyCoMoments: CoMoments = Object.freeze({
  n: 0,
  meanX: 0,
  meanY: 0,
  m2x: 0,
  m2y: 0,
  cxy: 0,
});

/**
 * Co-moments with one more pair (Welford's update, for the cross term too). Throws a `RangeError`
 * when x or y is not finite.
 */
export function addPair(moments: CoMoments, x: number, y: number): CoMoments {
  checkFinite("co-moments x", x);
  checkFinite("co-moments y", y);
  const n = moments.n + 1;
  const dx = x - moments.meanX;
  const dy = y - moments.meanY;
  const meanX = moments.meanX + dx / n;
  const meanY = moments.meanY + dy / n;
  return {
    n,
    meanX,
    meanY,
    m2x: moments.m2x + dx * (x - meanX),
    m2y: moments.m2y + dy * (y - meanY),
    cxy: moments.cxy + dx * (y - meanY),
  };
}

/**
 * Co-moments of the pairs of `first` followed by those of `second` (Chan, Golub and LeVeque 1979).
 * Merge fixed blocks in index order, as with `mergeMoments`, for the same bits every time.
 */
export function mergeCoMoments(first: CoMoments, second: CoMoments): CoMoments {
  if (first.n === 0) return second;
  if (second.n === 0) return first;
  const n = first.n + second.n;
  const dx = second.meanX - first.meanX;
  const dy = second.meanY - first.meanY;
  const share = second.n / n;
  return {
    n,
    meanX: first.meanX + dx * share,
    meanY: first.meanY + dy * share,
    m2x: first.m2x + second.m2x + dx * dx * first.n * share,
    m2y: first.m2y + second.m2y + dy * dy * first.n * share,
    cxy: first.cxy + second.cxy + dx * dy * first.n * share,
  };
}

/**
 * Co-moments of the pairs `(xs[i], ys[i])`, added in their order. Throws a `RangeError` when the
 * lengths differ or a value is not finite.
 */
export function coMomentsOf(xs: ArrayLike<number>, ys: ArrayLike<number>): CoMoments {
  if (xs.length !== ys.length) {
    throw new RangeError(`coMomentsOf: expected ${xs.length} values of y, got ${ys.length}`);
  }
  let moments = emptyCoMoments;
  for (let i = 0; i < xs.length; i++) moments = addPair(moments, xs[i]!, ys[i]!);
  return moments;
}

/** Sample covariance (n − 1); `null` below two pairs. */
export function covariance(moments: CoMoments): number | null {
  return moments.n < 2 ? null : moments.cxy / (moments.n - 1);
}

/** Pearson's correlation, in [−1, 1]; `null` below two pairs or where x or y does not vary. */
export function pearson(moments: CoMoments): number | null {
  // Two roots, because the product of two sums of squares can leave the range of a double.
  const scale = Math.sqrt(moments.m2x) * Math.sqrt(moments.m2y);
  if (moments.n < 2 || scale === 0) return null;
  return Math.max(-1, Math.min(1, moments.cxy / scale));
}
