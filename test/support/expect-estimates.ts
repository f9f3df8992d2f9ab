import { expect } from "vitest";
import type { Estimate } from "../../src/induction/index.js";

/** Expects the same counts, and means, standard errors and deviations that agree in so many digits. */
export function expectEstimates(
  got: readonly Estimate[],
  wanted: readonly Estimate[],
  digits: number,
): void {
  expect(got).toHaveLength(wanted.length);
  for (const [token, { n, mean, se, sd }] of wanted.entries()) {
    expect(got[token]!.n).toBe(n);
    expect(got[token]!.mean).toBeCloseTo(mean, digits);
    expect(got[token]!.se).toBeCloseTo(se!, digits);
    expect(got[token]!.sd).toBeCloseTo(sd!, digits);
  }
}
