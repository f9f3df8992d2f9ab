import { describe, expect, it } from "vitest";
import {
  crossedEstimates,
  type CrossedEstimates,
  type CrossedStrengths,
} from "../../src/induction/crossed-estimates.js";
import { estimateOf } from "../../src/induction/estimate.js";
import type { Estimate } from "../../src/induction/summary.js";
import { ItemStream, shuffle } from "../../src/random/index.js";
import { momentsOf, normalQuantile, studentTQuantile } from "../../src/stats/index.js";
import { expectEstimates } from "../support/expect-estimates.js";

/** Effects of the tokens in their roles; what a strength is made of besides is up to the design. */
interface Truth {
  readonly alpha: Float64Array;
  readonly beta: Float64Array;
}

/** Standard normal numbers by number of the draw. */
function normals(seed: number): (item: number) => number {
  const stream = new ItemStream([seed, 12], [0, 0]);
  return (item) => normalQuantile((stream.draw(item, 2 ** 20) + 0.5) / 2 ** 20);
}

function centred(length: number, draw: (item: number) => number): Float64Array {
  const values = Float64Array.from({ length }, (_, i) => draw(i));
  const { mean } = momentsOf(values);
  return values.map((value) => value - mean);
}

/** Random permutations with s = 5 + alpha + beta + noise(a, b) · z. */
function randomDesign(
  { tokens, rounds, seed }: { tokens: number; rounds: number; seed: number },
  { alpha, beta }: Truth,
  noise: (a: number, b: number) => number,
): CrossedStrengths {
  const order = new ItemStream([seed, 13], [0, 0]);
  const normal = normals(seed);
  const partner = new Int32Array(rounds * tokens);
  for (let r = 0; r < rounds; r++) partner.set(shuffle(tokens, order, r * tokens), r * tokens);
  const strength = Float64Array.from(partner, (b, k) => {
    const a = k % tokens;
    const sd = noise(a, b);
    return 5 + alpha[a]! + beta[b]! + (sd === 0 ? 0 : sd * normal(k));
  });
  return { tokens, rounds, partner, strength };
}

/** Noisy strengths with effects of both roles. */
function noisyDesign(size: { tokens: number; rounds: number; seed: number }): CrossedStrengths {
  const effect = normals(size.seed + 1000);
  const alpha = centred(size.tokens, (i) => 1.7 * effect(i));
  const beta = centred(size.tokens, (i) => 1.8 * effect(size.tokens + i));
  return randomDesign(size, { alpha, beta }, () => 3);
}

/** The same pairs with A called B and B called A. */
function swapped({ tokens, rounds, partner, strength }: CrossedStrengths): CrossedStrengths {
  const result = { partner: new Int32Array(partner.length), strength: new Float64Array(strength) };
  for (const [k, b] of partner.entries()) {
    const a = k % tokens;
    result.partner[k - a + b] = a;
    result.strength[k - a + b] = strength[k]!;
  }
  return { tokens, rounds, ...result };
}

const expectClose = (got: readonly Estimate[], wanted: readonly Estimate[], digits = 12) =>
  expectEstimates(got, wanted, digits);

const estimate = (values: Iterable<number>): Estimate => estimateOf(momentsOf(values));
const mean = (values: Iterable<number>): number => momentsOf(values).mean;
const columns = ({ a, b }: CrossedEstimates) => [a.plain, a.adjusted, b.plain, b.adjusted];

describe("crossedEstimates on two tokens in three rounds", () => {
  // Round 0: (0, 0) 1, (1, 1) 4. Round 1: (0, 1) 3, (1, 0) 2. Round 2: (0, 0) 2, (1, 1) 6.
  const { a, b } = crossedEstimates({
    tokens: 2,
    rounds: 3,
    partner: Int32Array.of(0, 1, 1, 0, 0, 1),
    strength: Float64Array.of(1, 4, 3, 2, 2, 6),
  });

  it("takes the mean of each token's strengths", () => {
    expectClose(a.plain, [estimate([1, 3, 2]), estimate([4, 2, 6])]);
    expectClose(b.plain, [estimate([1, 2, 2]), estimate([4, 3, 6])]);
  });

  it("shrinks by the variance components", () => {
    // B: means 5/3 and 13/3, variances 1/3 and 7/3; v = 4/3, tau² = 32/9 − v/3 = 28/9.
    expect(a.shrinkage[0]![0]).toBeCloseTo(28 / 9 / (28 / 9 + 4 / 3 / 2), 14);
    // A: means 2 and 4, variances 1 and 4; v = 5/2, tau² = 2 − v/3 = 7/6.
    expect(b.shrinkage[0]![0]).toBeCloseTo(7 / 6 / (7 / 6 + 5 / 2 / 2), 14);
  });

  it("subtracts the partner's effect in the other rounds", () => {
    // B in the rounds other than 0, 1, 2: token 0 has 2, 1.5, 1.5 and token 1 has 4.5, 5, 3.5.
    const c = 14 / 17;
    expectClose(a.adjusted, [
      estimate([1 + 1.25 * c, 3 - 1.75 * c, 2 + c]),
      estimate([4 - 1.25 * c, 2 + 1.75 * c, 6 - c]),
    ]);
    // A likewise: token 0 has 2.5, 1.5, 2 and token 1 has 4, 5, 3.
    const d = 14 / 29;
    expectClose(b.adjusted, [
      estimate([1 + 0.75 * d, 2 - 1.75 * d, 2 + 0.5 * d]),
      estimate([4 - 0.75 * d, 3 + 1.75 * d, 6 - 0.5 * d]),
    ]);
  });
});

describe("crossedEstimates", () => {
  it.each([
    { tokens: 7, rounds: 5 },
    { tokens: 150, rounds: 2 },
    { tokens: 40, rounds: 9 },
  ])("is the formula, written out: $tokens tokens, $rounds rounds", ({ tokens, rounds }) => {
    const design = noisyDesign({ tokens, rounds, seed: 4 });
    const { partner, strength } = design;
    const all = [...partner.keys()].map((k) => ({
      round: Math.floor(k / tokens),
      a: k % tokens,
      b: partner[k]!,
      value: strength[k]!,
    }));
    const { a, b } = crossedEstimates(design);
    for (const [role, other, got] of [
      ["a", "b", a],
      ["b", "a", b],
    ] as const) {
      const c = got.shrinkage[0]![0]!;
      const adjusted = Array.from({ length: tokens }, (_, token) =>
        estimate(
          all
            .filter((seen) => seen[role] === token)
            .map((seen) => {
              const rest = all.filter(({ round }) => round !== seen.round);
              const ofPartner = rest.filter((one) => one[other] === seen[other]);
              const effect =
                mean(ofPartner.map((one) => one.value)) - mean(rest.map((one) => one.value));
              return seen.value - c * effect;
            }),
        ),
      );
      expect(c).toBeGreaterThan(0);
      expectClose(got.adjusted, adjusted);
    }
  });

  it("states the plain mean bit for bit as moments of the strengths do", () => {
    const { tokens, rounds, partner, strength } = noisyDesign({ tokens: 30, rounds: 8, seed: 5 });
    const { a, b } = crossedEstimates({ tokens, rounds, partner, strength });
    for (let token = 0; token < tokens; token++) {
      expect(a.plain[token]).toEqual(estimate(strength.filter((_, k) => k % tokens === token)));
      expect(b.plain[token]).toEqual(estimate(strength.filter((_, k) => partner[k] === token)));
    }
  });

  it("moves with a constant and keeps its errors", () => {
    const design = noisyDesign({ tokens: 50, rounds: 6, seed: 6 });
    const moved = { ...design, strength: design.strength.map((value) => value + 100) };
    const wanted = columns(crossedEstimates(design)).map((column) =>
      column.map((one) => ({ ...one, mean: one.mean + 100 })),
    );
    for (const [i, column] of columns(crossedEstimates(moved)).entries()) {
      expectClose(column, wanted[i]!, 10);
    }
  });

  it("swaps A and B when the roles are swapped", () => {
    const design = noisyDesign({ tokens: 50, rounds: 6, seed: 7 });
    const { a, b } = crossedEstimates(design);
    const other = crossedEstimates(swapped(design));
    expect(other.a.shrinkage[0]![0]).toBeCloseTo(b.shrinkage[0]![0]!, 12);
    expectClose(other.a.plain, b.plain);
    expectClose(other.a.adjusted, b.adjusted);
    expectClose(other.b.adjusted, a.adjusted);
  });

  it("leaves the mean over tokens as it is", () => {
    const grand = columns(crossedEstimates(noisyDesign({ tokens: 50, rounds: 6, seed: 8 }))).map(
      (column) => mean(column.map((one) => one.mean)),
    );
    for (const value of grand) expect(value).toBeCloseTo(grand[0]!, 12);
  });

  it("is exact where the partners' effects are all that chance adds", () => {
    const beta = centred(60, (i) => Math.sin(i) * 3);
    const truth = { alpha: new Float64Array(60), beta };
    const { a, b } = crossedEstimates(
      randomDesign({ tokens: 60, rounds: 4, seed: 9 }, truth, () => 0),
    );
    expect(a.shrinkage[0]![0]).toBeCloseTo(1, 12);
    for (const [token, { mean, se }] of a.adjusted.entries()) {
      expect(a.plain[token]!.se).toBeGreaterThan(0.05);
      expect(mean).toBeCloseTo(5, 12);
      expect(se).toBeCloseTo(0, 12);
    }
    for (const [token, { mean, se }] of b.plain.entries()) {
      expect(mean).toBeCloseTo(5 + beta[token]!, 12);
      expect(se).toBeCloseTo(0, 12);
    }
  });

  it("leaves (1 − c) of the partners' variance where strengths are a sum of two effects", () => {
    const effect = normals(10);
    const alpha = centred(2000, (i) => 1.7 * effect(i));
    const beta = centred(2000, (i) => 1.8 * effect(2000 + i));
    const { a } = crossedEstimates(
      randomDesign({ tokens: 2000, rounds: 20, seed: 10 }, { alpha, beta }, () => 0),
    );
    const c = 1.8 ** 2 / (1.8 ** 2 + 1.7 ** 2 / 19);
    expect(Math.abs(a.shrinkage[0]![0]! - c)).toBeLessThan(0.01);
    const left = mean(a.adjusted.map(({ sd }) => sd! ** 2)) / 1.8 ** 2;
    expect(left).toBeGreaterThan(0.8 * (1 - c));
    expect(left).toBeLessThan(1.2 * (1 - c));
  });

  it("adjusts next to nothing where partners do not differ", () => {
    const none = new Float64Array(2000);
    const { a } = crossedEstimates(
      randomDesign({ tokens: 2000, rounds: 8, seed: 11 }, { alpha: none, beta: none }, () => 3),
    );
    expect(a.shrinkage[0]![0]).toBeLessThan(0.05);
    for (const [token, { mean }] of a.adjusted.entries()) {
      expect(Math.abs(mean - a.plain[token]!.mean)).toBeLessThan(0.1);
    }
  });

  it("has no errors and nothing to adjust after one round", () => {
    const design = noisyDesign({ tokens: 20, rounds: 1, seed: 12 });
    const { a, b } = crossedEstimates(design);
    expect(a).toEqual({ plain: a.plain, adjusted: a.plain, shrinkage: [[0]] });
    expect(b).toEqual({ plain: b.plain, adjusted: b.plain, shrinkage: [[0]] });
    expect(a.plain[3]).toEqual({ n: 1, mean: design.strength[3], se: null, sd: null });
  });

  it("gives a lone token its mean", () => {
    const partner = new Int32Array(3);
    const { a, b } = crossedEstimates({
      tokens: 1,
      rounds: 3,
      partner,
      strength: Float64Array.of(1, 2, 6),
    });
    for (const column of [a.plain, a.adjusted, b.plain, b.adjusted]) {
      expectClose(column, [estimate([1, 2, 6])]);
    }
  });

  it("refuses what is no crossed design", () => {
    const good = noisyDesign({ tokens: 3, rounds: 2, seed: 13 });
    const withPartner = (...ids: number[]) => ({ ...good, partner: Int32Array.from(ids) });
    expect(() => crossedEstimates({ ...good, rounds: 0 })).toThrow(/positive number of rounds.*0/);
    expect(() => crossedEstimates({ ...good, tokens: 1.5 })).toThrow(/number of tokens.*1\.5/);
    expect(() => crossedEstimates({ ...good, rounds: 3 })).toThrow(/partner: .*3 × 3.*got 6/);
    expect(() => crossedEstimates({ ...good, strength: new Float64Array(5) })).toThrow(
      /strength: .*got 5/,
    );
    expect(() => crossedEstimates(withPartner(0, 1, 2, 2, 1, 2))).toThrow(
      /round 1: .*once as B, got 2 with A = 2/,
    );
    expect(() => crossedEstimates(withPartner(0, 1, 3, 2, 1, 0))).toThrow(/round 0: .*got 3/);
    expect(() => crossedEstimates(withPartner(0, 1, -1, 2, 1, 0))).toThrow(/round 0: .*got -1/);
    const strength = good.strength.with(4, Number.NaN);
    expect(() => crossedEstimates({ ...good, strength })).toThrow(
      /round 1: .*finite strength with A = 1, got NaN/,
    );
  });

  it("states the errors that it makes, with unequal variances", () => {
    const size = { tokens: 400, rounds: 8 };
    const reach = studentTQuantile(0.975, size.rounds - 1);
    const sums = Array.from({ length: 4 }, () => ({ stated: 0, made: 0, covered: 0 }));
    const replications = 40;
    for (let seed = 100; seed < 100 + replications; seed++) {
      const effect = normals(seed + 1000);
      const alpha = centred(size.tokens, (i) => 1.7 * effect(i));
      const beta = centred(size.tokens, (i) => 1.8 * effect(size.tokens + i));
      // Noise variances of 4.5 to 18, by token in either role.
      const scale = (token: number) => 2 ** ((token % 9) / 8 - 0.5);
      const noise = (a: number, b: number) => 3 * Math.sqrt(scale(a) * scale(b + 4));
      const estimates = columns(
        crossedEstimates(randomDesign({ ...size, seed }, { alpha, beta }, noise)),
      );
      for (const [i, column] of estimates.entries()) {
        const effects = i < 2 ? alpha : beta;
        for (const [token, { mean, se }] of column.entries()) {
          const error = mean - 5 - effects[token]!;
          sums[i]!.stated += se! ** 2;
          sums[i]!.made += error ** 2;
          if (Math.abs(error) <= reach * se!) sums[i]!.covered++;
        }
      }
    }
    // 16,000 errors each: sampling errors of about 0.006 and 0.0017.
    for (const { stated, made, covered } of sums) {
      const ratio = Math.sqrt(stated / made);
      expect(ratio).toBeGreaterThan(0.97);
      expect(ratio).toBeLessThan(1.03);
      expect(covered / (replications * size.tokens)).toBeGreaterThan(0.94);
      expect(covered / (replications * size.tokens)).toBeLessThan(0.96);
    }
    const [plainA, adjustedA, plainB, adjustedB] = sums.map(({ made }) => made);
    for (const gain of [adjustedA! / plainA!, adjustedB! / plainB!]) {
      expect(gain).toBeGreaterThan(0.8);
      expect(gain).toBeLessThan(0.9);
    }
  });
});
