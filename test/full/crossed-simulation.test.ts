/** The promise of the crossed design: its standard errors and intervals are right, whatever R is. */
import { describe, expect, it } from "vitest";
import { simulateCrossed } from "../../bench/crossed-simulation.mjs";

describe("crossed design with unequal variances", () => {
  it.each([
    { rounds: 8, skewness: 0.5, gain: [0.82, 0.89] },
    { rounds: 8, skewness: 1, gain: [0.82, 0.89] },
    { rounds: 20, skewness: 1, gain: [0.78, 0.84] },
    { rounds: 256, skewness: 1, gain: [0.74, 0.81] },
  ] as const)(
    "states its errors: $rounds rounds, noise of skewness $skewness",
    ({ rounds, skewness, gain: [least, most] }) => {
      const roles = simulateCrossed({ tokens: 1000, rounds, replications: 100, skewness });
      for (const { plain, adjusted } of [roles.a, roles.b]) {
        for (const { seRatio, coverage } of [plain, adjusted]) {
          expect(seRatio).toBeGreaterThan(0.97);
          expect(seRatio).toBeLessThan(1.03);
          expect(coverage).toBeGreaterThan(0.94);
          expect(coverage).toBeLessThan(0.96);
        }
        expect(adjusted.mse / plain.mse).toBeGreaterThan(least);
        expect(adjusted.mse / plain.mse).toBeLessThan(most);
      }
    },
    180_000,
  );
});
