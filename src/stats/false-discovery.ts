/**
 * Benjamini–Hochberg adjusted p-values (1995): claims with an adjusted value of at most q have an expected
 * share of false ones of at most q. In the order of the input. Throws a `RangeError` for a p-value
 * outside 0 to 1.
 */
export function benjaminiHochberg(pValues: ArrayLike<number>): Float64Array {
  const n = pValues.length;
  for (let i = 0; i < n; i++) {
    const p = pValues[i] as number;
    if (!(p >= 0 && p <= 1)) {
      throw new RangeError(`benjaminiHochberg: expected p-values from 0 to 1, got ${p}`);
    }
  }
  const order = Array.from({ length: n }, (_, i) => i).sort(
    (i, j) => (pValues[j] as number) - (pValues[i] as number),
  );
  const adjusted = new Float64Array(n);
  let least = 1;
  for (const [place, i] of order.entries()) {
    const rank = n - place;
    least = Math.min(least, ((pValues[i] as number) * n) / rank);
    adjusted[i] = least;
  }
  return adjusted;
}
