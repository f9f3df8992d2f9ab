/** The promise of the crossed design: its standard errors and intervals are right, whatever R is. */
import { describe, expect, it } from "vitest";
import { simulateCrossed } from "../../bench/crossed-simulation.mjs";

describe("crossed design with unequal variances", () => {
  it.each([
    { rounds: 4, skewness: 0.5, gain: [0.82, 0.89] },
    { rounds: 8, skewness: 0.5, gain: [0.79, 0.84] },
    { rounds: 8, skewness: 1, gain: [0.79, 0.85] },
    { rounds: 20, skewness: 1, gain: [0.75, 0.81] },
    { rounds: 100, skewness: 1, gain: [0.71, 0.78] },
    { rounds: 4, skewness: 0.5, chance: false, gain: [0.88, 0.95] },
    { rounds: 8, skewness: 0.5, chance: false, gain: [0.84, 0.91] },
  ] as const)(
    "states its errors: $rounds rounds, noise of skewness $skewness",
    ({ gain: [least, most], ...simulation }) => {
      const roles = simulateCrossed({ tokens: 1000, replications: 100, ...simulation });
      for (const { plain, adjusted } of [roles.a, roles.b]) {
        for (const { seRatio, coverage } of [plain, adjusted]) {
          expect(Math.abs(seRatio - 1)).toBeLessThan(0.02);
          expect(coverage).toBeGreaterThan(0.945);
          expect(coverage).toBeLessThan(0.955);
        }
        expect(adjusted.mse / plain.mse).toBeGreaterThan(least);
        expect(adjusted.mse / plain.mse).toBeLessThan(most);
      }
    },
    180_000,
  );

  it.each([
    { rounds: 4, controls: 3, most: 0.99 },
    { rounds: 8, controls: 4, most: 0.99 },
    { rounds: 4, controls: 8, most: 0.98 },
    { rounds: 20, controls: 30, most: 0.96 },
  ])(
    "states its errors: $rounds rounds with an induction sequence, $controls with a control",
    ({ rounds, controls, most }) => {
      const simulation = { tokens: 1000, replications: 100, skewness: 0.5, rounds, controls };
      const roles = simulateCrossed(simulation);
      for (const { plain, adjusted } of [roles.a, roles.b]) {
        for (const { seRatio, coverage } of [plain, adjusted]) {
          expect(Math.abs(seRatio - 1)).toBeLessThan(0.02);
          // The degrees of freedom are those of the smaller number: never too short, somewhat long.
          expect(coverage).toBeGreaterThan(0.945);
          expect(coverage).toBeLessThan(most);
        }
        expect(adjusted.mse / plain.mse).toBeLessThan(0.92);
      }
    },
    180_000,
  );
});
