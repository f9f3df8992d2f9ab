import { describe, expect, it } from "vitest";
import {
  benjaminiHochberg,
  independentDifference,
  pairedDifference,
} from "../../src/stats/index.js";

describe("Benjamini–Hochberg", () => {
  it("gives the adjusted values of the published rule", () => {
    // The fifteen p-values of Benjamini and Hochberg (1995), section 4.1: at q = 0.05 the first four stand.
    const p = [
      0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719,
      0.6528, 0.759, 1,
    ];
    const adjusted = benjaminiHochberg(p);
    expect(adjusted.filter((x) => x <= 0.05)).toHaveLength(4);
    expect(adjusted[3]).toBeCloseTo((0.0095 * 15) / 4, 12);
    expect(adjusted[4]).toBeCloseTo((0.0201 * 15) / 5, 12);
    expect(adjusted[14]).toBe(1);
  });

  it("keeps the input's order, is monotone in p and never below it", () => {
    const p = [0.2, 0.01, 0.9, 0.01, 0.03];
    const adjusted = benjaminiHochberg(p);
    for (const [i, x] of p.entries()) {
      expect(adjusted[i]).toBeGreaterThanOrEqual(x);
      for (const [j, y] of p.entries())
        if (x <= y) expect(adjusted[i]).toBeLessThanOrEqual(adjusted[j] as number);
    }
    expect(benjaminiHochberg([])).toHaveLength(0);
    expect(() => benjaminiHochberg([0.5, 1.5])).toThrow("1.5");
    expect(() => benjaminiHochberg([NaN])).toThrow("NaN");
  });
});

describe("differences of means", () => {
  it("paired", () => {
    expect(pairedDifference({ n: 4, mean: 3, se: 1 })).toMatchObject({ difference: 3, z: 3 });
    // Two-sided Student t with 3 degrees of freedom at 3: 0.0577.
    expect(pairedDifference({ n: 4, mean: 3, se: 1 })?.p).toBeCloseTo(0.05766888562243, 10);
    expect(pairedDifference({ n: 1, mean: 3, se: null })).toBeNull();
    expect(pairedDifference({ n: 5, mean: 0, se: 0 })).toBeNull();
  });

  it("independent, by Welch", () => {
    const d = independentDifference({ n: 10, mean: 5, se: 0.3 }, { n: 20, mean: 4, se: 0.4 });
    expect(d).toMatchObject({ difference: 1, se: 0.5, z: 2 });
    // Degrees of freedom 0.0625 / (0.0081/9 + 0.0256/19) = 27.808…
    expect(d?.p).toBeCloseTo(0.0553, 3);
    expect(
      independentDifference({ n: 1, mean: 5, se: null }, { n: 20, mean: 4, se: 0.4 }),
    ).toBeNull();
  });
});
