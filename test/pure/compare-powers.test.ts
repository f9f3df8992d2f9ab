import { describe, expect, it } from "vitest";
import { comparePowers } from "../../src/induction/compare-powers.js";
import { estimateOf } from "../../src/induction/estimate.js";
import { summarisePowers } from "../../src/induction/powers-summary.js";
import type { PowerRow, PowersSummary } from "../../src/induction/summary.js";
import { ItemStream } from "../../src/random/index.js";
import { momentsOf, normalQuantile } from "../../src/stats/index.js";

/** Standard normal numbers, one after the other. */
function normals(seed: number): () => number {
  const stream = new ItemStream([seed, 77], [0, 0]);
  let item = 0;
  return () => normalQuantile((stream.draw(item++, 2 ** 20) + 0.5) / 2 ** 20);
}

interface Simulation {
  readonly tokens: number;
  readonly n: number;
  readonly seed: number;
  /** Added to the powers of a token in one run, nats. */
  readonly shift?: (token: number) => number;
}

/** Powers of tokens that spread with sd 2 and are measured with a noise of 1 to 4 nats per sequence. */
function simulated({ tokens, n, seed, shift = () => 0 }: Simulation): PowersSummary {
  const truth = normals(5);
  const noise = normals(1000 + seed);
  const rows = Array.from({ length: tokens }, (_, token): PowerRow => {
    const sd = 1 + (token % 4);
    const estimate = () => {
      const power = 5 + 2 * truth() + shift(token);
      return estimateOf(momentsOf(Array.from({ length: n }, () => power + sd * noise())));
    };
    return { token, text: `t${token}`, a: estimate(), b: estimate() };
  });
  return summary(rows, n);
}

function summary(rows: readonly PowerRow[], n: number): PowersSummary {
  return summarisePowers(rows, { design: "post", sequences: n, partners: "all" });
}

const compare = (x: Simulation, y: Simulation, q = 0.05) =>
  comparePowers({ first: simulated(x), second: simulated(y), paired: null }, q);

describe("powers of two runs that differ by chance alone", () => {
  it.each([4, 32])("have z of mean 0 and sd 1 over %s sequences", (n) => {
    const tokens = 3000;
    const { a, b } = compare({ tokens, n, seed: 1 }, { tokens, n, seed: 2 });
    for (const { z, difference, noiseCorrected, correlation, identical } of [a, b]) {
      // Four standard errors of each.
      expect(z.n).toBe(tokens);
      expect(Math.abs(z.mean)).toBeLessThan(4 / Math.sqrt(tokens));
      expect(Math.abs((z.sd as number) - 1)).toBeLessThan(4 / Math.sqrt(2 * tokens) + 0.01);
      expect(Math.abs(difference.mean)).toBeLessThan(4 * (difference.se as number));
      expect(identical).toBe(0);
      expect(correlation?.high).toBeLessThan(1);
      expect(noiseCorrected).toBeGreaterThan(correlation?.r as number);
      expect(noiseCorrected).toBeCloseTo(1, 1);
    }
  });

  it("are said to differ at all in a share of at most q", () => {
    const repeats = 300;
    const found = Array.from({ length: repeats }, (_, i) => {
      const size = { tokens: 25, n: 16 };
      const { a, b } = compare({ ...size, seed: 2 * i }, { ...size, seed: 2 * i + 1 }, 0.1);
      return a.differing + b.differing > 0 ? 1 : 0;
    });
    const share = momentsOf(found).mean;
    // Four standard errors of a share of 0.1.
    expect(share).toBeLessThan(0.1 + 4 * Math.sqrt(0.09 / repeats));
    expect(share).toBeGreaterThan(0.02);
  });
});

describe("planted differences", () => {
  const shift = (token: number) => (token % 10 === 0 ? 5 : 0);

  it("are found, and a share of about q of what is found is false", () => {
    const size = { tokens: 2000, n: 32 };
    const q = 0.1;
    const { rows, a, b } = compare({ ...size, seed: 1, shift }, { ...size, seed: 2 }, q);
    const found = rows.flatMap(({ token, ...of }) => [of.a, of.b].map((d) => ({ token, ...d })));
    const differing = found.filter(({ differs }) => differs);
    expect(differing).toHaveLength(a.differing + b.differing);
    const genuine = differing.filter(({ token }) => shift(token) > 0);
    expect(genuine.length / 400).toBeGreaterThan(0.95);
    expect(genuine.every(({ difference }) => difference > 0)).toBe(true);
    // 90 % of the tokens are null: q · 0.9 is expected, within four standard errors.
    const falseShare = 1 - genuine.length / differing.length;
    expect(falseShare).toBeLessThan(0.9 * q + 4 * Math.sqrt((0.9 * q) / differing.length));
    expect(falseShare).toBeGreaterThan(0.02);
  });
});

describe("powers in pairs", () => {
  const first = simulated({ tokens: 100, n: 8, seed: 1 });

  it("of the same run twice are identical", () => {
    const none = { n: 8, mean: 0, se: 0, sd: 0 };
    const zero = first.rows.map((row) => ({ ...row, a: none, b: none }));
    const { a, rows } = comparePowers({ first, second: first, paired: summary(zero, 8) }, 0.05);
    expect(a).toMatchObject({ identical: 100, differing: 0, noiseCorrected: null });
    expect(a.correlation?.r).toBeCloseTo(1, 12);
    expect(a.correlation?.low).toBeCloseTo(1, 12);
    expect(a.z).toMatchObject({ n: 0, se: null, sd: null });
    expect(rows[0]?.a).toMatchObject({ identical: true, adjusted: 1, differs: false });
  });

  it("take their error from the differences", () => {
    const small = { n: 8, mean: 0.5, se: 0.01, sd: 0.03 };
    const paired = summary(
      first.rows.map((row) => ({ ...row, a: small, b: { ...small, mean: 0 } })),
      8,
    );
    const { a, b } = comparePowers({ first, second: first, paired }, 0.05);
    expect([a.differing, b.differing]).toEqual([100, 0]);
    expect(a.difference.mean).toBeCloseTo(0.5, 12);
  });
});

describe("tokens that only one run has", () => {
  it("are counted and left out; another text is another token", () => {
    const all = simulated({ tokens: 12, n: 4, seed: 1 });
    const second = summary(
      all.rows.slice(2).map((row) => (row.token === 5 ? { ...row, text: "other" } : row)),
      4,
    );
    const first = summary(all.rows.slice(0, 10), 4);
    const comparison = comparePowers({ first, second, paired: null }, 0.05);
    expect(comparison).toMatchObject({ tokens: 7, onlyFirst: 3, onlySecond: 3 });
    expect(comparison.rows.map(({ token }) => token)).toEqual([2, 3, 4, 6, 7, 8, 9]);
  });

  it("may be all of them", () => {
    const all = simulated({ tokens: 4, n: 4, seed: 1 });
    const [first, second] = [summary(all.rows.slice(0, 2), 4), summary(all.rows.slice(2), 4)];
    const { tokens, a } = comparePowers({ first, second, paired: null }, 0.05);
    expect(tokens).toBe(0);
    expect(a).toMatchObject({ correlation: null, noiseCorrected: null, differing: 0 });
  });
});
