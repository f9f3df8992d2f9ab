const LONGEST_FRACTION = 10_000;

/**
 * The continued fraction F of the incomplete beta function, with I_x(a, b) = x^a y^b F / B(a, b) and
 * y = 1 − x: the even part of DLMF 8.17.22, by Lentz's method. It takes y beside x so that neither
 * loses its digits close to 1. Converges quickly for x < (a + 1) / (a + b + 2); from there on use
 * I_x(a, b) = 1 − I_y(b, a).
 *
 * Throws a `RangeError` when it does not converge.
 */
export function betaFraction(a: number, b: number, x: number, y: number): number {
  let numerator = (a / (a + 1)) * (a * y - b * x + 1);
  let inverse = 0;
  let fraction = numerator;
  for (let n = 1; n <= LONGEST_FRACTION; n++) {
    const odd = a + 2 * n - 1;
    const alpha = ((a + n - 1) * (a + b + n - 1) * n * (b - n) * x * x) / (odd * odd);
    const beta =
      n + (n * (b - n) * x) / odd + ((a + n) / (odd + 2)) * (a * y - b * x + 1 + n * (1 + y));
    numerator = beta + alpha / numerator;
    inverse = 1 / (beta + alpha * inverse);
    const change = numerator * inverse;
    fraction *= change;
    if (Math.abs(change - 1) < 4e-16) return 1 / fraction;
  }
  throw new RangeError(`betaFraction: expected to converge, did not for a ${a}, b ${b}, x ${x}`);
}

/** From here on the asymptotic series of gammaHalfStep is good to the last digits of a double. */
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
  const series =
    (-1 / 8 + u * (1 / 192 + u * (-1 / 640 + u * (17 / 14336 - u * (31 / 18432))))) / raised;
  return factor * Math.sqrt(raised) * Math.exp(series);
}
