/** Means and sums of squared deviations of many tokens at once: `Moments` without an object each. */
export interface TokenMoments {
  readonly mean: Float64Array;
  readonly m2: Float64Array;
}

/** No value of any token yet. */
export function noMoments(tokens: number): TokenMoments {
  return { mean: new Float64Array(tokens), m2: new Float64Array(tokens) };
}

/** `addValue` for one token, `n` counting the new value: the same operations, so the same bits. */
export function foldValue({ mean, m2 }: TokenMoments, token: number, value: number, n: number) {
  const before = mean[token]!;
  const delta = value - before;
  const after = before + delta / n;
  mean[token] = after;
  m2[token]! += delta * (value - after);
}
