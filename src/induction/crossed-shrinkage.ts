/** A matrix with a row and a column for each column of a crossed design: one or two. */
export type SmallMatrix = readonly (readonly number[])[];

/**
 * N: what chance leaves of a token's means when `counts` values of each column were seen, those of
 * `together` rounds at once: W / count, and off the diagonal W · together / (count · count).
 */
export function chanceOfMeans(
  within: SmallMatrix,
  counts: readonly number[],
  together: number,
): number[][] {
  return within.map((row, i) =>
    row.map((value, j) => (value * (i === j ? counts[i]! : together)) / (counts[i]! * counts[j]!)),
  );
}

/**
 * G = T (T + N)⁻¹: effects are best predicted by G times the means seen. Where T + N is singular, by the
 * column alone that varies more; where nothing varies, G = 0.
 */
export function shrinkageFactors(between: SmallMatrix, chance: SmallMatrix): number[][] {
  const sum = between.map((row, i) => row.map((value, j) => value + chance[i]![j]!));
  const [[a = 0, b = 0] = [], [, d = 0] = []] = sum;
  const size = between.length;
  const determinant = a * d - b * b;
  if (size === 2 && determinant > 1e-9 * a * d) {
    return between.map(([s = 0, t = 0]) => [
      (s * d - t * b) / determinant,
      (t * a - s * b) / determinant,
    ]);
  }
  const best = size === 2 && d > a ? 1 : 0;
  const varies = sum[best]![best]!;
  return between.map((row) =>
    row.map((_, j) => (j === best && varies > 0 ? row[best]! / varies : 0)),
  );
}

/** The nearest that can be a covariance matrix: no negative variance, no correlation beyond 1. */
export function properCovariance(matrix: SmallMatrix): number[][] {
  const root = matrix.map((row, i) => Math.sqrt(Math.max(0, row[i]!)));
  return matrix.map((row, i) =>
    row.map((value, j) => {
      if (i === j) return Math.max(0, value);
      // Squares are compared, as roots are rounded: equal columns must stay equal to the last bit.
      const proper = row[i]! > 0 && matrix[j]![j]! > 0 && value ** 2 <= row[i]! * matrix[j]![j]!;
      return proper ? value : Math.sign(value) * root[i]! * root[j]!;
    }),
  );
}
