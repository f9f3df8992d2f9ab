import { describe, expect, it } from "vitest";
import { ItemStream } from "../../src/random/index.js";
import {
  momentsOf,
  normalQuantile,
  reliability,
  standardError,
  trueSpread,
} from "../../src/stats/index.js";

describe("reliability and true spread", () => {
  it("follow their formulas", () => {
    // Variance (n − 1) of 1, 3, 5, 7 is 20/3; mean SE² is (1 + 1 + 4 + 4) / 4 = 2.5.
    const estimates = [1, 3, 5, 7].map((mean, i) => ({ mean, se: i < 2 ? 1 : 2 }));
    expect(reliability(estimates)).toBeCloseTo(1 - 2.5 / (20 / 3), 14);
    expect(trueSpread(estimates)).toBeCloseTo(Math.sqrt(20 / 3 - 2.5), 14);
  });

  it("are perfect without noise", () => {
    const estimates = [1, 2, 4].map((mean) => ({ mean, se: 0 }));
    expect(reliability(estimates)).toBe(1);
    expect(trueSpread(estimates)).toBeCloseTo(Math.sqrt(7 / 3), 14);
  });

  it("say that noise explains all: a reliability below 0 and no spread", () => {
    const estimates = [1, 1.1, 0.9].map((mean) => ({ mean, se: 1 }));
    expect(reliability(estimates)).toBeLessThan(0);
    expect(trueSpread(estimates)).toBe(0);
  });

  it("recover the spread that noisy estimates were made with", () => {
    const stream = new ItemStream([14, 3], [0, 0]);
    const normal = (item: number): number =>
      normalQuantile((stream.draw(item, 2 ** 20) + 0.5) / 2 ** 20);
    const truth = 0.8;
    const noise = 2;
    const perToken = 10;
    const estimates = Array.from({ length: 4000 }, (_, token) => {
      const first = token * (perToken + 1);
      const own = truth * normal(first);
      const draws = Array.from({ length: perToken }, (_, k) => own + noise * normal(first + 1 + k));
      const moments = momentsOf(draws);
      return { mean: moments.mean, se: standardError(moments) };
    });
    // Standard errors of these two over 4000 tokens are about 0.013 and 0.012.
    const expected = truth ** 2 / (truth ** 2 + noise ** 2 / perToken);
    expect(Math.abs(trueSpread(estimates)! - truth)).toBeLessThan(0.05);
    expect(Math.abs(reliability(estimates)! - expected)).toBeLessThan(0.05);
  });

  it("are unknown below two estimates, with an unknown error, and where nothing varies", () => {
    const known = { mean: 1, se: 0.1 };
    for (const estimates of [[], [known], [known, { mean: 2, se: null }]]) {
      expect(reliability(estimates)).toBeNull();
      expect(trueSpread(estimates)).toBeNull();
    }
    expect(reliability([known, known])).toBeNull();
    expect(trueSpread([known, known])).toBe(0);
  });

  it("refuse errors that are none and means that are not finite", () => {
    for (const se of [-1, Number.NaN, Infinity]) {
      const estimates = [
        { mean: 1, se },
        { mean: 2, se: 1 },
      ];
      expect(() => reliability(estimates)).toThrow(RangeError);
      expect(() => trueSpread(estimates)).toThrow(RangeError);
    }
    expect(() =>
      reliability([
        { mean: Number.NaN, se: 1 },
        { mean: 2, se: 1 },
      ]),
    ).toThrow(/NaN/);
  });
});
