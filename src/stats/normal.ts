import { type Halves, symmetricCdf, symmetricQuantile } from "./symmetric-quantile.js";

/** P(Z ≤ z) of the standard normal law. Throws a `RangeError` when z is NaN. */
export function normalCdf(z: number): number {
  return symmetricCdf("normalCdf", z, normalHalves);
}

/**
 * The z with P(Z ≤ z) = p, standard normal, to a relative error of 1e-12. Throws a `RangeError`
 * when p is not strictly between 0 and 1.
 */
export function normalQuantile(p: number): number {
  return symmetricQuantile("normalQuantile", p, normalHalves);
}

/** Where the series for the centre hands over to the continued fraction for the tail. */
const SWITCH = 2.5;
const FRACTION_DEPTH = 160;

/** Series and continued fraction: Abramowitz and Stegun 26.2.11 and 26.2.14. */
function normalHalves(z: number): Halves {
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  const slope = z * density;
  if (z < SWITCH) {
    let term = z;
    let sum = z;
    for (let odd = 3; term > sum * 1e-17; odd += 2) {
      term *= (z * z) / odd;
      sum += term;
    }
    const central = density * sum;
    return { central, tail: 0.5 - central, slope };
  }
  let fraction = z;
  for (let k = FRACTION_DEPTH; k > 0; k--) fraction = z + k / fraction;
  const tail = density / fraction;
  return { central: 0.5 - tail, tail, slope };
}
