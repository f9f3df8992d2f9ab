import { describe, expect, it } from "vitest";
import { crossedEstimates, type CrossedMembers } from "../../src/induction/crossed-estimates.js";
import type { Estimate } from "../../src/induction/summary.js";
import { ItemStream, shuffle } from "../../src/random/index.js";
import {
  coMomentsOf,
  covariance,
  momentsOf,
  normalQuantile,
  standardDeviation,
  standardError,
  variance,
} from "../../src/stats/index.js";
import { expectEstimates } from "../support/expect-estimates.js";

interface Size {
  readonly tokens: number;
  readonly rounds: number;
  readonly controls: number;
  readonly seed: number;
  /** Probability that B stands directly after A in a control. */
  readonly p?: number;
}

/** Log-odds of both members with effects of A and B, and a control that rises by the strength in chance pairs. */
function randomDesign({ tokens, rounds, controls, seed, p = 0.2 }: Size) {
  const stream = new ItemStream([seed, 14], [0, 0]);
  let item = 0;
  const uniform = () => (stream.draw(item++, 2 ** 20) + 0.5) / 2 ** 20;
  const normals = (sd: number) =>
    Float64Array.from({ length: tokens }, () => sd * normalQuantile(uniform()));
  const [alpha, beta, kappa, lambda] = [normals(1.7), normals(1.8), normals(0.7), normals(1.4)];
  const all = Math.max(rounds, controls);
  const order = new ItemStream([seed, 15], [0, 0]);
  const partner = new Int32Array(all * tokens);
  for (let r = 0; r < all; r++) partner.set(shuffle(tokens, order, r * tokens), r * tokens);
  const controlAB = Uint8Array.from(partner, () => (uniform() < p ? 1 : 0));
  const strength = Array.from(partner, (b, k) => 5 + alpha[k % tokens]! + beta[b]!);
  const both = Array.from(partner, (b, k) => kappa[k % tokens]! + lambda[b]! - 12);
  const noise = () => normalQuantile(uniform());
  const induction = Float64Array.from(both, (x, k) => x + strength[k]! + 3 * noise());
  const control = Float64Array.from(
    both,
    (x, k) => x + 2.4 * noise() + (controlAB[k] === 1 ? strength[k]! : 0),
  );
  const design = { tokens, rounds, controls, partner, controlAB, induction, control };
  // What is not measured is not read.
  induction.fill(NaN, rounds * tokens);
  control.fill(NaN, controls * tokens);
  const power = (effects: Float64Array) => effects.map((x) => (1 - p) * x);
  return { design, powers: { a: power(alpha), b: power(beta) }, mean: 5 * (1 - p) };
}

const mean = (values: readonly number[]) => momentsOf(values).mean;

/** The adjusted means and errors from the definitions, slowly: both members, as A or as B. */
function written(design: Required<CrossedMembers>, role: "a" | "b"): Estimate[] {
  const { tokens, partner, controlAB } = design;
  const members = [
    { values: design.induction, rounds: design.rounds, sign: 1 },
    { values: design.control, rounds: design.controls, sign: -1 },
  ];
  const shared = Math.min(design.rounds, design.controls);
  const rows = [...partner.keys()].map((k) => ({
    ...{ k, round: Math.floor(k / tokens), a: k % tokens, b: partner[k]! },
  }));
  type Row = (typeof rows)[number];
  const distinct = rows.filter(({ a, b }) => a !== b);
  const p = mean(distinct.map(({ k }) => controlAB[k]!));
  const z = ({ a, b, k }: Row) => (a === b ? 0 : controlAB[k]! - p);
  const d = members.map(({ values, rounds }) => {
    const seen = distinct.filter(({ round }) => round < rounds);
    const of = (flag: number) =>
      mean(seen.filter(({ k }) => controlAB[k] === flag).map(({ k }) => values[k]!));
    return of(1) - of(0);
  });
  const clean = (m: number, row: Row) => members[m]!.values[row.k]! - z(row) * d[m]!;
  const measured = (m: number) => rows.filter(({ round }) => round < members[m]!.rounds);
  const factors = (who: "a" | "b", round: number) => {
    const of = (m: number, token: number) =>
      measured(m)
        .filter((row) => row[who] === token)
        .map((row) => clean(m, row));
    const ids = Array.from({ length: tokens }, (_, i) => i);
    const W = [0, 1].map((m) =>
      [0, 1].map((n) =>
        m === n
          ? mean(ids.map((i) => variance(momentsOf(of(m, i)))!))
          : mean(
              ids.map((i) =>
                covariance(coMomentsOf(of(0, i).slice(0, shared), of(1, i).slice(0, shared)))!,
              ),
            ),
      ),
    );
    const noise = (counts: number[], together: number) =>
      [0, 1].map((m) =>
        [0, 1].map((n) =>
          m === n ? W[m]![m]! / counts[m]! : (W[m]![n]! * together) / (counts[0]! * counts[1]!),
        ),
      );
    const counts = members.map(({ rounds }) => rounds);
    const means = [0, 1].map((m) => ids.map((i) => mean(of(m, i))));
    const T = [0, 1].map((m) =>
      [0, 1].map(
        (n) => covariance(coMomentsOf(means[m]!, means[n]!))! - noise(counts, shared)[m]![n]!,
      ),
    );
    expect(T[0]![0]! * T[1]![1]!).toBeGreaterThan(T[0]![1]! ** 2);
    const others = noise(
      counts.map((n) => n - (round < n ? 1 : 0)),
      shared - (round < shared ? 1 : 0),
    );
    const [[e, f], [, g]] = T.map((row, m) => row.map((x, n) => x + others[m]![n]!)) as [
      [number, number],
      [number, number],
    ];
    const det = e * g - f * f;
    return T.map(([s, t]) => [(s! * g - t! * f) / det, (t! * e - s! * f) / det]);
  };
  const all = {
    a: [0, shared].map((r) => factors("a", r)),
    b: [0, shared].map((r) => factors("b", r)),
  };
  const effects = (who: "a" | "b", row: Row): number[] => {
    const seen = [0, 1].map((m) => {
      const rest = measured(m).filter(({ round }) => round !== row.round);
      const own = rest.filter((one) => one[who] === row[who]).map((one) => clean(m, one));
      return mean(own) - mean(rest.map((one) => clean(m, one)));
    });
    const matrix = all[who][row.round < shared ? 0 : 1]!;
    return matrix.map(([s, t]) => s! * seen[0]! + t! * seen[1]!);
  };
  const known = rows.map((row) => ({
    ...row,
    z: z(row),
    ofA: effects("a", row),
    ofB: effects("b", row),
  }));
  const h = ({ ofA, ofB }: (typeof known)[number]) => ofA[0]! + ofB[0]! - ofA[1]! - ofB[1]!;
  const y = members.map(({ values, rounds }, m) => {
    const grand = mean(measured(m).map((row) => clean(m, row)));
    const fit = known.filter(({ a, b, round }) => a !== b && round < rounds);
    // Normal equations of the least squares on z and z · h.
    let [s11, s12, s22, t1, t2] = [0, 0, 0, 0, 0];
    for (const row of fit) {
      const left = values[row.k]! - grand - row.ofA[m]! - row.ofB[m]!;
      const [x1, x2] = [row.z, row.z * h(row)];
      s11 += x1 * x1;
      s12 += x1 * x2;
      s22 += x2 * x2;
      t1 += x1 * left;
      t2 += x2 * left;
    }
    const det = s11 * s22 - s12 * s12;
    const [d1, f1] = [(t1 * s22 - t2 * s12) / det, (s11 * t2 - s12 * t1) / det];
    return known.map((row) => {
      const effect = role === "a" ? row.ofB[m]! : row.ofA[m]!;
      return values[row.k]! - effect - row.z * (d1 + f1 * h(row));
    });
  });
  return Array.from({ length: tokens }, (_, token) => {
    const own = known.filter((row) => row[role] === token).map(({ k }) => k);
    const [x, c] = members.map(({ rounds }, m) => own.slice(0, rounds).map((k) => y[m]![k]!));
    const [long, short, sign] = x!.length >= c!.length ? [x!, c!, 1] : [c!, x!, -1];
    const [L, S] = [long.length, short.length];
    const u = momentsOf(short.map((value, r) => (S / L) * long[r]! - value));
    const se =
      L === S
        ? standardError(u)!
        : Math.sqrt(variance(u)! / S + ((L - S) / L ** 2) * variance(momentsOf(long))!);
    const sd = L === S ? standardDeviation(u)! : se * Math.sqrt(S);
    return { n: S, mean: sign * (mean(long) - mean(short)), se, sd };
  });
}

const expectClose = (got: readonly Estimate[], wanted: readonly Estimate[], digits = 10) =>
  expectEstimates(got, wanted, digits);

describe("crossedEstimates of both members", () => {
  it.each([
    [6, 6],
    [6, 4],
    [4, 6],
    [8, 7],
  ])("is the formula, written out: %i induction, %i control", (rounds, controls) => {
    const { design } = randomDesign({ tokens: 40, rounds, controls, seed: 1 });
    const { a, b, chancePairs } = crossedEstimates(design);
    expectClose(a.adjusted, written(design, "a"));
    expectClose(b.adjusted, written(design, "b"));
    expect(chancePairs!.share).toBeGreaterThan(0.1);
  });

  it("has the plain powers of the strengths, bit for bit", () => {
    const { design } = randomDesign({ tokens: 30, rounds: 5, controls: 5, seed: 2 });
    const strength = design.induction.map((x, k) => x - design.control[k]!);
    const { tokens, rounds, partner } = design;
    const { a, b } = crossedEstimates(design);
    const other = crossedEstimates({ tokens, rounds, partner, strength });
    expect(a.plain).toEqual(other.a.plain);
    expect(b.plain).toEqual(other.b.plain);
  });

  it("takes strengths for induction without a control", () => {
    const { design } = randomDesign({ tokens: 30, rounds: 5, controls: 5, seed: 3 });
    const { tokens, rounds, partner, induction } = design;
    const alone = crossedEstimates({ tokens, rounds, partner, strength: induction });
    const control = new Float64Array(induction.length);
    const members = crossedEstimates({ tokens, rounds, partner, induction, control });
    expectClose(members.a.adjusted, alone.a.adjusted);
    expectClose(members.b.adjusted, alone.b.adjusted);
    expect(members.a.shrinkage[1]).toEqual([0, 0]);
  });

  it("turns the sign when the members change places", () => {
    const { design } = randomDesign({ tokens: 30, rounds: 6, controls: 4, seed: 4 });
    const { tokens, rounds, controls, partner, controlAB, induction, control } = design;
    const { a, b } = crossedEstimates(design);
    const other = crossedEstimates({
      ...{ tokens, partner, controlAB, rounds: controls, controls: rounds },
      ...{ induction: control, control: induction },
    });
    const turned = (list: readonly Estimate[]) => list.map((one) => ({ ...one, mean: -one.mean }));
    expectClose(other.a.adjusted, turned(a.adjusted));
    expectClose(other.b.plain, turned(b.plain));
  });

  it("takes away all of a chance pair whose rise is known", () => {
    const [tokens, rounds] = [40, 4];
    // Nobody meets itself.
    const partner = Int32Array.from({ length: tokens * rounds }, (_, k) => {
      const [round, token] = [Math.floor(k / tokens), k % tokens];
      return (token + 7 * round + 1) % tokens;
    });
    const { controlAB } = randomDesign({ tokens, rounds, controls: rounds, seed: 5 }).design;
    const induction = new Float64Array(partner.length).fill(-6);
    const control = Float64Array.from(controlAB, (flag) => (flag === 1 ? -6 : -12));
    const { a, chancePairs } = crossedEstimates({
      ...{ tokens, rounds, partner, controlAB, induction, control },
    });
    expect(chancePairs!.rises[0]).toBeCloseTo(0, 12);
    expect(chancePairs!.rises[1]).toBeCloseTo(6, 12);
    for (const { mean, se } of a.adjusted) {
      expect(mean).toBeCloseTo(6 * (1 - chancePairs!.share), 10);
      expect(se).toBeCloseTo(0, 10);
    }
  });

  it("leaves chance pairs alone where they are few", () => {
    const { design } = randomDesign({ tokens: 40, rounds: 4, controls: 4, seed: 6, p: 0.03 });
    const { tokens, rounds, partner, induction, control } = design;
    expect(crossedEstimates(design)).toEqual(
      crossedEstimates({ tokens, rounds, partner, induction, control }),
    );
    expect(crossedEstimates(design).chancePairs).toBeNull();
  });

  it("do without the rise where few of the rounds with controls show it, however many do not", () => {
    const { design } = randomDesign({ tokens: 40, rounds: 30, controls: 2, seed: 3, p: 0.1 });
    expect(design.controlAB.reduce((sum, value) => sum + value, 0)).toBeGreaterThan(100);
    expect(crossedEstimates(design).chancePairs).toBeNull();
  });

  it("are exactly 0 where both members are the same to the last bit", () => {
    for (const rounds of [2, 3, 4, 5, 6, 7, 10]) {
      const { design } = randomDesign({ tokens: 40, rounds, controls: rounds, seed: rounds });
      const { a, b } = crossedEstimates({ ...design, control: design.induction });
      for (const { mean, se } of [...a.adjusted, ...b.adjusted]) {
        expect([mean, se]).toEqual([0, 0]);
      }
    }
  });

  it("has no errors where one round is all that is shared", () => {
    const { design } = randomDesign({ tokens: 20, rounds: 5, controls: 1, seed: 7 });
    const { a } = crossedEstimates(design);
    expect(a.adjusted).toBe(a.plain);
    const own = design.induction.filter((_, k) => k % 20 === 3);
    expect(a.plain[3]!.mean).toBeCloseTo(mean([...own]) - design.control[3]!, 12);
    expect(a.plain[3]).toMatchObject({ n: 1, se: null, sd: null });
  });

  it("refuses what was to be measured and was not", () => {
    const { design } = randomDesign({ tokens: 20, rounds: 5, controls: 3, seed: 8 });
    expect(() => crossedEstimates({ ...design, controls: 4 })).toThrow(
      /round 3: .*finite control with A = 0, got NaN/,
    );
    expect(() => crossedEstimates({ ...design, controls: 0 })).toThrow(/positive number of rounds/);
    expect(() => crossedEstimates({ ...design, controlAB: new Uint8Array(3) })).toThrow(
      /controlAB: expected 5 × 20 values, got 3/,
    );
  });

  it.each([
    { rounds: 6, controls: 6 },
    { rounds: 8, controls: 4 },
  ])("states its errors: $rounds induction, $controls control", ({ rounds, controls }) => {
    const sums = { a: [0, 0, 0], b: [0, 0, 0] };
    for (let seed = 100; seed < 130; seed++) {
      const { design, powers, mean } = randomDesign({
        ...{ tokens: 300, rounds, controls, seed, p: 1 / 22 },
      });
      const estimates = crossedEstimates(design);
      for (const role of ["a", "b"] as const) {
        const [effects, others] = [powers[role], powers[role === "a" ? "b" : "a"]];
        const centre = mean + momentsOf(others).mean;
        for (const [i, one] of estimates[role].adjusted.entries()) {
          sums[role][0]! += one.se! ** 2;
          sums[role][1]! += (one.mean - centre - effects[i]!) ** 2;
          sums[role][2]! += (estimates[role].plain[i]!.mean - centre - effects[i]!) ** 2;
        }
      }
    }
    // 9,000 errors each: sampling error of the ratio about 0.01.
    for (const [stated, made, plain] of Object.values(sums) as [number, number, number][]) {
      expect(Math.abs(Math.sqrt(stated / made) - 1)).toBeLessThan(0.035);
      expect(made / plain).toBeLessThan(0.88);
    }
  });
});
