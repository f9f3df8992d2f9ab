import { describe, expect, it } from "vitest";
import {
  comparePublished,
  mostDisagreeing,
  zBounds,
} from "../../src/induction/compare-published.js";
import { simulatePublished } from "../../src/induction/simulate-published.js";
import type { Estimate, PowerRow } from "../../src/induction/summary.js";
import { ItemStream } from "../../src/random/index.js";
import { normalQuantile } from "../../src/stats/index.js";

/** Standard normal numbers, one after the other. */
function normals(seed: number): () => number {
  const stream = new ItemStream([seed, 78], [0, 0]);
  let item = 0;
  return () => normalQuantile((stream.draw(item++, 2 ** 20) + 0.5) / 2 ** 20);
}

const estimate = (mean: number, se: number): Estimate => ({ n: 256, mean, se, sd: 16 * se });

/** What the tokens of a simulated run have besides chance. */
interface Fault {
  readonly shift?: number;
  /** Stated over true standard errors. */
  readonly stated?: number;
}

/** Powers of tokens that spread with sd 2, measured twice with errors of 0.1 to 0.4 nats. */
function simulated(tokens: number, seed: number, { shift = 0, stated = 1 }: Fault = {}) {
  const normal = normals(seed);
  const run: PowerRow[] = [];
  const published: PowerRow[] = [];
  for (let token = 4; token < tokens + 4; token++) {
    const se = 0.1 * (1 + (token % 4));
    const pair = () => {
      const truth = 5 + 2 * normal();
      const [own, theirs] = [truth + shift + se * normal(), truth + 0.2 * normal()];
      return [estimate(own, stated * se), estimate(theirs, 0.2)] as const;
    };
    const [a, b] = [pair(), pair()];
    run.push({ token, text: `t${token}`, a: a[0], b: b[0] });
    published.push({ token, text: null, a: a[1], b: b[1] });
  }
  return comparePublished(run, published, 0.05);
}

describe("the bounds of z", () => {
  it("are 0.05 and 0.03 for 10,000 tokens, and 3.3 sampling errors for few", () => {
    expect(zBounds(10_000)).toEqual({ mean: 0.05, sd: 0.03 });
    expect(zBounds(100).mean).toBeCloseTo(0.33, 12);
    expect(zBounds(200).sd).toBeCloseTo(0.165, 12);
    // Where the sampling error takes over.
    expect(zBounds(4356).mean).toBeCloseTo(0.05, 12);
    expect(zBounds(4000).mean).toBeGreaterThan(0.05);
    expect(zBounds(6050).sd).toBeCloseTo(0.03, 12);
    expect(zBounds(6000).sd).toBeGreaterThan(0.03);
  });
});

describe("powers of a run and published ones", () => {
  it("that differ by chance alone agree, with z of mean 0 and sd 1", () => {
    const { tokens, bounds, agree, a, b } = simulated(10_000, 1);
    expect({ tokens, agree, bounds }).toEqual({
      tokens: 10_000,
      agree: true,
      bounds: { mean: 0.05, sd: 0.03 },
    });
    for (const { z, beyond, largest, noiseCorrected, correlation, difference } of [a, b]) {
      // Four sampling errors of each, on both sides.
      expect(Math.abs(z.mean)).toBeLessThan(0.04);
      expect(Math.abs((z.sd as number) - 1)).toBeLessThan(4 / Math.sqrt(20_000));
      expect(Math.abs(beyond - 0.05)).toBeLessThan(4 * Math.sqrt(0.05 * 0.95 * 1e-4));
      expect(Math.abs(largest - 4.2)).toBeLessThan(1.4);
      expect(noiseCorrected).toBeCloseTo(1, 2);
      expect(correlation?.r).toBeLessThan(0.995);
      expect(Math.abs(difference.mean)).toBeLessThan(4 * (difference.se as number));
    }
  });

  it("of few tokens agree by chance alone nearly always", () => {
    const agreeing = Array.from({ length: 100 }, (_, seed) => simulated(50, seed).agree);
    expect(agreeing.filter((agree) => !agree).length).toBeLessThan(5);
  });

  it.each<[string, Fault, "mean" | "sd", 1 | -1]>([
    ["0.1 nats too high", { shift: 0.1 }, "mean", 1],
    ["0.1 nats too low", { shift: -0.1 }, "mean", -1],
    ["errors 20 % too small", { stated: 0.8 }, "sd", 1],
    ["errors 20 % too large", { stated: 1.2 }, "sd", -1],
  ])("are refused where the run's are %s", (_, fault, which, sign) => {
    const { agree, a, b, bounds } = simulated(10_000, 2, fault);
    expect(agree).toBe(false);
    for (const { within, z } of [a, b]) {
      expect(within[which]).toBe(false);
      const off = which === "mean" ? z.mean : (z.sd as number) - 1;
      expect(sign * off).toBeGreaterThan(bounds[which]);
      if (which === "sd") expect(within.mean).toBe(true);
    }
  });

  it("have the z that one calculates by hand", () => {
    const run: PowerRow[] = [
      { token: 4, text: "x", a: estimate(5, 0.3), b: estimate(1, 0.3) },
      { token: 5, text: "y", a: estimate(4, 0.6), b: estimate(2, 0.3) },
      { token: 9, text: "only here", a: estimate(4, 0.6), b: estimate(2, 0.3) },
    ];
    const published: PowerRow[] = [
      { token: 4, text: null, a: estimate(4, 0.4), b: estimate(1.5, 0.4) },
      { token: 5, text: null, a: estimate(7, 0.8), b: estimate(2, 0.4) },
    ];
    const { tokens, a, b, rows } = comparePublished(run, published, 0.05);
    expect(tokens).toBe(2);
    // A: 1 / 0.5 and −3 / 1; B: −0.5 / 0.5 and 0 / 0.5.
    expect(rows.map((row) => row.a.z)).toEqual([2, -3]);
    expect(a.z).toMatchObject({ n: 2, mean: -0.5 });
    expect(a.z.sd).toBeCloseTo(5 / Math.SQRT2, 12);
    expect(a).toMatchObject({ beyond: 1, largest: 3 });
    expect(b).toMatchObject({ beyond: 0, largest: 1 });
    const worst = mostDisagreeing(rows, 3);
    expect(worst.map(({ token, role, z }) => [token, role, z])).toEqual([
      [5, "a", -3],
      [4, "a", 2],
      [4, "b", -1],
    ]);
    // Four p-values; the two-sided normal p of 3 is 0.0027, that of t a little larger.
    expect(worst[0]?.adjusted).toBeGreaterThan(4 * 0.0027);
    expect(worst[0]?.adjusted).toBeLessThan(4 * 0.0032);
  });

  it("need two tokens in common, and standard errors", () => {
    const row: PowerRow = { token: 4, text: null, a: estimate(1, 0.1), b: estimate(1, 0.1) };
    expect(() => comparePublished([row], [row], 0.05)).toThrow(/expected two tokens, got 1/);
    const sure = { ...row, a: { ...row.a, se: 0 } };
    const rows = [sure, { ...sure, token: 5 }];
    expect(() => comparePublished(rows, rows, 0.05)).toThrow(/expected standard errors above 0/);
  });
});

describe("the comparison on simulated data", () => {
  const normal = normals(9);
  const published = Array.from({ length: 10_000 }, (_, i): PowerRow => {
    const power = () => estimate(5 + 2 * normal(), 0.2 + 0.1 * (i % 2));
    return { token: i + 4, text: null, a: power(), b: power() };
  });
  const cases = simulatePublished(published, 0, 0.05);

  it("finds what was planted, and nothing where chance is alone", () => {
    expect(cases.map(({ found }) => found)).toEqual([true, true, true, true]);
    expect(cases.map(({ comparison }) => comparison.agree)).toEqual([true, false, false, false]);
  });

  it("is a pure function of the seed", () => {
    const numbers = (seed: number) =>
      simulatePublished(published.slice(0, 100), seed, 0.05).map(({ comparison: { a, b } }) => [
        a.z.mean,
        b.z.sd,
      ]);
    expect(numbers(3)).toEqual(numbers(3));
    expect(numbers(3)).not.toEqual(numbers(4));
  });

  it("says where it does not find it: 40 tokens are too few to see 0.1 nats", () => {
    const found = simulatePublished(published.slice(0, 40), 0, 0.05).map((one) => one.found);
    expect(found[1]).toBe(false);
    expect(found[2]).toBe(false);
  });
});
