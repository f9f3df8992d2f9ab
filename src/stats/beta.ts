const LONGEST_FRACTION = 100_000;

/**
 * The continued fraction F of the incomplete beta function, with
 * I_x(a, b) = x^a (1 − x)^b F / (a B(a, b)) (DLMF 8.17.22), by Lentz's method. Converges quickly
 * for x < (a + 1) / (a + b + 2); from there on use I_x(a, b) = 1 − I_{1−x}(b, a).
 *
 * Throws a `RangeError` when it does not converge.
 */
export function betaFraction(a: number, b: number, x: number): number {
  let numerator = 1;
  let inverse = 1;
  let fraction = 1;
  for (let k = 1; k <= LONGEST_FRACTION; k++) {
    const m = k >> 1;
    const scale = (a + k - 1) * (a + k);
    const d = k % 2 === 0 ? (m * (b - m) * x) / scale : (-(a + m) * (a + b + m) * x) / scale;
    numerator = 1 + d / numerator;
    inverse = 1 / (1 + d * inverse);
    const change = numerator * inverse;
    fraction *= change;
    if (Math.abs(change - 1) < 2e-16) return 1 / fraction;
  }
  throw new RangeError(`betaFraction: expected to converge, did not for a ${a}, b ${b}, x ${x}`);
}

/** From here on the asymptotic series of gammaHalfStep is exact to a double. */
const SERIES_FROM = 20;

/**
 * Γ(a + ½) / Γ(a) for a > 0. The difference of two log-gammas would lose the digits that matter
 * when a is large, so this sums their asymptotic difference after raising a by the recurrence.
 */
export function gammaHalfStep(a: number): number {
  let factor = 1;
  let raised = a;
  for (; raised < SERIES_FROM; raised++) factor *= raised / (raised + 0.5);
  const u = 1 / (raised * raised);
  const series = (-1 / 8 + u * (1 / 192 + u * (-1 / 640 + u * (17 / 14336)))) / raised;
  return factor * Math.sqrt(raised) * Math.exp(series);
}
