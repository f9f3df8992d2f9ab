import { betaFraction, gammaHalfStep } from "./beta.js";
import { checkProbability } from "./check.js";
import { type Moments, standardError } from "./moments.js";
import { type Halves, symmetricCdf, symmetricQuantile } from "./symmetric-quantile.js";

/**
 * P(T ≤ t) of Student's t law with `df` degrees of freedom. Throws a `RangeError` when t is NaN or
 * df is not a finite number of at least 1.
 */
export function studentTCdf(t: number, df: number): number {
  return symmetricCdf("studentTCdf", t, studentTHalves("studentTCdf", df));
}

/**
 * The t with P(T ≤ t) = p, Student's t law with `df` degrees of freedom, to a relative error of
 * 1e-10. Throws a `RangeError` when p is not strictly between 0 and 1 or df is not a finite number
 * of at least 1.
 */
export function studentTQuantile(p: number, df: number): number {
  return symmetricQuantile("studentTQuantile", p, studentTHalves("studentTQuantile", df));
}

/** A confidence interval, in the unit of the estimate. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * Student's confidence interval of the mean at the given level; `null` below two values. Throws a
 * `RangeError` when the level is not strictly between 0 and 1.
 */
export function meanInterval(moments: Moments, level = 0.95): Interval | null {
  checkProbability("meanInterval level", level);
  const error = standardError(moments);
  if (error === null) return null;
  const reach = -studentTQuantile((1 - level) / 2, moments.n - 1) * error;
  return { low: moments.mean - reach, high: moments.mean + reach };
}

/**
 * The halves of Student's law through the regularised incomplete beta function:
 * P(T > t) = ½ I_x(df/2, ½) with x = df / (df + t²) (Abramowitz and Stegun 26.7.1).
 */
function studentTHalves(where: string, df: number): (t: number) => Halves {
  if (!(df >= 1 && Number.isFinite(df))) {
    throw new RangeError(`${where}: expected finite degrees of freedom of at least 1, got ${df}`);
  }
  const a = df / 2;
  const inverseBeta = gammaHalfStep(a) / Math.sqrt(Math.PI);
  return (t) => {
    const scaled = t / Math.sqrt(df);
    const radius = Math.hypot(1, scaled);
    const x = 1 / radius ** 2;
    const y = (scaled / radius) ** 2;
    // log1p keeps the digits of a small t²/df, which a large df multiplies up again.
    const logRadius = scaled < 1 ? Math.log1p(scaled * scaled) / 2 : Math.log(radius);
    const slope = Math.exp(-df * logRadius) * (scaled / radius) * inverseBeta;
    if (x < (a + 1) / (a + 2.5)) {
      const tail = (slope * betaFraction(a, 0.5, x, y)) / 2;
      return { central: 0.5 - tail, tail, slope };
    }
    const central = (slope * betaFraction(0.5, a, y, x)) / 2;
    return { central, tail: 0.5 - central, slope };
  };
}
