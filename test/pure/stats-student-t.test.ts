import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  meanInterval,
  momentsOf,
  normalCdf,
  normalQuantile,
  studentTCdf,
  studentTQuantile,
} from "../../src/stats/index.js";

interface Golden {
  readonly quantiles: readonly { readonly p: number; readonly df: number; readonly t: number }[];
  readonly cdf: readonly { readonly p: number; readonly df: number; readonly t: number }[];
  readonly normalQuantiles: readonly { readonly p: number; readonly z: number }[];
  readonly normalCdf: readonly { readonly p: number; readonly z: number }[];
  readonly meanIntervals: readonly {
    readonly values: readonly number[];
    readonly level: number;
    readonly low: number;
    readonly high: number;
  }[];
}

const golden = JSON.parse(
  readFileSync(new URL("../fixtures/stats/student-t.json", import.meta.url), "utf8"),
) as Golden;

const relative = (value: number, reference: number): number =>
  Math.abs(value - reference) / Math.abs(reference);

describe("normal law", () => {
  it("has the reference's quantiles and probabilities", () => {
    for (const { p, z } of golden.normalQuantiles) {
      expect(relative(normalQuantile(p), z), `p ${p}`).toBeLessThan(1e-12);
    }
    for (const { p, z } of golden.normalCdf) {
      expect(relative(normalCdf(z), p), `z ${z}`).toBeLessThan(1e-13);
    }
  });

  it("joins its two expansions without a step", () => {
    expect(relative(normalCdf(-2.5 - 1e-14), normalCdf(-2.5 + 1e-14))).toBeLessThan(1e-12);
  });

  it("is symmetric and reaches its ends", () => {
    expect(normalQuantile(0.5)).toBe(0);
    expect(normalQuantile(0.75)).toBe(-normalQuantile(0.25));
    expect(normalCdf(0)).toBe(0.5);
    expect(normalCdf(Number.POSITIVE_INFINITY)).toBe(1);
    expect(normalCdf(Number.NEGATIVE_INFINITY)).toBe(0);
    for (const z of [0.1, 1, 3, 9]) expect(normalCdf(z) + normalCdf(-z)).toBeCloseTo(1, 15);
  });
});

describe("Student's t law", () => {
  it.each([1, 2, 3, 7, 19, 255, 4095])("has the reference's values at %i df", (df) => {
    const quantiles = golden.quantiles.filter((row) => row.df === df);
    const cdf = golden.cdf.filter((row) => row.df === df);
    expect(quantiles.length).toBeGreaterThan(10);
    expect(cdf.length).toBeGreaterThan(5);
    for (const { p, t } of quantiles) {
      expect(relative(studentTQuantile(p, df), t), `p ${p}`).toBeLessThan(1e-10);
    }
    for (const { p, t } of cdf) {
      expect(relative(studentTCdf(t, df), p), `t ${t}`).toBeLessThan(1e-10);
    }
  });

  it("has the closed forms of one and two degrees of freedom, far into the tail", () => {
    for (const p of [1e-200, 1e-30, 1e-9, 0.01, 0.2, 0.3, 0.49, 0.499999]) {
      const cauchy = p < 0.25 ? -1 / Math.tan(Math.PI * p) : Math.tan(Math.PI * (p - 0.5));
      expect(relative(studentTQuantile(p, 1), cauchy), `df 1, p ${p}`).toBeLessThan(1e-10);
      const two = (2 * p - 1) / Math.sqrt(2 * p * (1 - p));
      expect(relative(studentTQuantile(p, 2), two), `df 2, p ${p}`).toBeLessThan(1e-10);
    }
  });

  it("approaches the normal law by the Cornish-Fisher terms where df is large", () => {
    for (const df of [1e5, 1e7, 1e10]) {
      for (const p of [1e-6, 0.025, 0.1, 0.24, 0.26, 0.45]) {
        const z = normalQuantile(p);
        const expected =
          z + (z ** 3 + z) / (4 * df) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * df ** 2);
        expect(relative(studentTQuantile(p, df), expected), `df ${df}, p ${p}`).toBeLessThan(1e-11);
      }
    }
  });

  it("returns from the quantile to the probability, whole df or not", () => {
    for (const df of [1, 1.5, 4, 12.7, 100, 3e4]) {
      for (const p of [1e-12, 1e-3, 0.2499, 0.2501, 0.49, 0.51, 0.9, 0.999]) {
        expect(relative(studentTCdf(studentTQuantile(p, df), df), p)).toBeLessThan(1e-11);
      }
    }
  });

  it("is symmetric and reaches its ends", () => {
    expect(studentTQuantile(0.5, 3)).toBe(0);
    expect(studentTQuantile(0.875, 3)).toBe(-studentTQuantile(0.125, 3));
    expect(studentTCdf(0, 3)).toBe(0.5);
    expect(studentTCdf(Number.POSITIVE_INFINITY, 3)).toBe(1);
    expect(studentTCdf(Number.NEGATIVE_INFINITY, 3)).toBe(0);
  });

  it("refuses what has no answer", () => {
    for (const p of [0, 1, -0.1, Number.NaN]) {
      expect(() => studentTQuantile(p, 3)).toThrow(
        `studentTQuantile: expected a number strictly between 0 and 1, got ${p}`,
      );
      expect(() => normalQuantile(p)).toThrow(RangeError);
    }
    for (const df of [0, 0.5, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => studentTQuantile(0.1, df)).toThrow(RangeError);
      expect(() => studentTCdf(1, df)).toThrow(RangeError);
    }
    expect(() => studentTCdf(Number.NaN, 3)).toThrow("studentTCdf: expected a number, got NaN");
    expect(() => normalCdf(Number.NaN)).toThrow(RangeError);
  });
});

describe("meanInterval", () => {
  it.each(golden.meanIntervals)("agrees with the reference at level $level", (row) => {
    const interval = meanInterval(momentsOf(row.values), row.level)!;
    expect(Math.abs(interval.low - row.low)).toBeLessThan(1e-10 * Math.max(1, Math.abs(row.low)));
    expect(Math.abs(interval.high - row.high)).toBeLessThan(1e-10 * Math.max(1, row.high));
  });

  it("is at 95 % where no level is given", () => {
    const moments = momentsOf([1, 2, 4]);
    expect(meanInterval(moments)).toEqual(meanInterval(moments, 0.95));
    expect(meanInterval(moments)).not.toEqual(meanInterval(moments, 0.9));
  });

  it("is unknown below two values, and refuses a level out of range", () => {
    expect(meanInterval(momentsOf([1]))).toBeNull();
    expect(meanInterval(momentsOf([]))).toBeNull();
    for (const level of [0, 1, 95]) {
      expect(() => meanInterval(momentsOf([1, 2]), level)).toThrow(/meanInterval level: expected/);
    }
  });
});
