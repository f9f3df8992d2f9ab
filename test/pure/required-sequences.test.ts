import { describe, expect, it } from "vitest";
import { crossedEstimates } from "../../src/induction/crossed-estimates.js";
import { ItemStream, shuffle } from "../../src/random/index.js";
import { pooledVariances, powerVariances } from "../../src/runs/pilot-components.js";
import {
  type PowerVariances,
  powerStandardError,
  type StrengthVariances,
} from "../../src/runs/power-standard-error.js";
import {
  sequencesForStandardError,
  sizeForStandardError,
} from "../../src/runs/required-sequences.js";
import { normalQuantile } from "../../src/stats/index.js";

/** Of strengths, from those of members that make them up. */
function withStrengths(members: PowerVariances["members"]): PowerVariances {
  const { induction, control, covariance } = members;
  const of = (part: keyof StrengthVariances) =>
    induction[part] + control[part] - 2 * covariance[part];
  return {
    own: of("own"),
    partner: of("partner"),
    rest: of("rest") + members.chancePairs,
    members,
  };
}

/** About those of the embedded model, A and B. */
const typical = {
  a: withStrengths({
    induction: { own: 4.4, partner: 2.7, rest: 8.4 },
    control: { own: 0.5, partner: 2.3, rest: 5.9 },
    covariance: { own: 0.4, partner: 1.6, rest: 2.2 },
    chancePairs: 2.1,
  }),
  b: withStrengths({
    induction: { own: 2.7, partner: 4.4, rest: 8.4 },
    control: { own: 2.3, partner: 0.5, rest: 5.9 },
    covariance: { own: 1.6, partner: 0.4, rest: 2.2 },
    chancePairs: 2.1,
  }),
};

/** Members whose noise has nothing in common, and controls of little of it. */
const quiet = withStrengths({
  induction: { own: 4, partner: 3, rest: 9 },
  control: { own: 0.5, partner: 0.2, rest: 0.8 },
  covariance: { own: 0, partner: 0, rest: 0 },
  chancePairs: 0,
});

/** Normal numbers of the given variance, one after the other. */
function normals(seed: number): (variance: number) => number {
  const stream = new ItemStream([seed, 16], [0, 0]);
  let item = 0;
  return (variance) =>
    Math.sqrt(variance) * normalQuantile((stream.draw(item++, 2 ** 20) + 0.5) / 2 ** 20);
}

describe("the standard error of both members", () => {
  it("is that of strengths where there is nothing in the control", () => {
    const none = { own: 0, partner: 0, rest: 0 };
    const induction = { own: 4, partner: 9, rest: 12 };
    const members = { induction, control: none, covariance: none, chancePairs: 0 };
    for (const n of [2, 5, 100]) {
      expect(powerStandardError("crossed", { ...induction, members }, n)).toBeCloseTo(
        powerStandardError("crossed", induction, n),
        12,
      );
    }
  });

  it.each([
    [2, 2],
    [8, 8],
    [8, 4],
    [4, 12],
  ])("is what the estimator states: %i induction, %i control", (rounds, controls) => {
    const tokens = 4000;
    const draw = normals(rounds);
    // Two numbers with the covariances of one part of the components.
    const pair = (part: keyof StrengthVariances, members = typical.a.members) => {
      const [x, y, c] = [members.induction[part], members.control[part], members.covariance[part]];
      const first = draw(x);
      return [first, (c / x) * first + draw(y - c ** 2 / x)] as const;
    };
    const a = Array.from({ length: tokens }, () => pair("own"));
    const b = Array.from({ length: tokens }, () => pair("partner"));
    const all = Math.max(rounds, controls);
    const partner = new Int32Array(all * tokens);
    for (let r = 0; r < all; r++) {
      partner.set(shuffle(tokens, new ItemStream([6, 0], [r, 0]), 0), r * tokens);
    }
    const [induction, control] = [
      new Float64Array(partner.length),
      new Float64Array(partner.length),
    ];
    for (const [k, other] of partner.entries()) {
      const rest = pair("rest");
      const sum = (m: 0 | 1) => rest[m] + (a[k % tokens]?.[m] ?? NaN) + (b[other]?.[m] ?? NaN);
      [induction[k], control[k]] = [sum(0), sum(1)];
    }
    const estimates = crossedEstimates({
      ...{ tokens, rounds, controls, partner, induction, control },
    });
    for (const role of ["a", "b"] as const) {
      const stated = Math.sqrt(
        estimates[role].adjusted.reduce((sum, { se }) => sum + (se ?? NaN) ** 2, 0) / tokens,
      );
      const predicted = powerStandardError("crossed", typical[role], rounds, controls);
      expect(Math.abs(stated / predicted - 1)).toBeLessThan(0.03);
    }
  });
});

describe("the size that a standard error takes", () => {
  const worst = (both: { a: PowerVariances; b: PowerVariances }, n: number, controls: number) =>
    Math.max(
      powerStandardError("crossed", both.a, n, controls),
      powerStandardError("crossed", both.b, n, controls),
    );

  it.each([
    ["members that go together", typical],
    ["quiet controls", { a: quiet, b: quiet }],
  ])("crossed, %s: no smaller total does", (_, both) => {
    for (const se of [3, 1.2, 0.7, 0.5]) {
      const { sequences, controls, se: got } = sizeForStandardError("crossed", both, se);
      expect(got).toBe(worst(both, sequences, controls));
      expect(got).toBeLessThanOrEqual(se);
      const fewer = sequences === controls ? 0.95 : 1;
      for (let total = 4; total < fewer * (sequences + controls); total++) {
        for (let n = 2; n <= total - 2; n++) expect(worst(both, n, total - n)).toBeGreaterThan(se);
      }
    }
  });

  it("takes as many controls where members go together, fewer where controls vary little", () => {
    const equal = sizeForStandardError("crossed", typical, 0.4);
    expect(equal.controls).toBe(equal.sequences);
    expect(equal.sequences).toBe(sequencesForStandardError("crossed", [typical.a, typical.b], 0.4));
    const { sequences, controls } = sizeForStandardError("crossed", { a: quiet, b: quiet }, 0.2);
    // The variances of a round are about 9 and 0.8: three to one.
    expect(sequences / controls).toBeGreaterThan(2.7);
    expect(sequences / controls).toBeLessThan(3.6);
  });

  it("post: as many of both, and more of them than crossed", () => {
    const { a, b } = typical;
    const size = sizeForStandardError("post", typical, 0.3);
    expect(size.sequences).toBe(sequencesForStandardError("post", [a, b], 0.3));
    expect(size.controls).toBe(size.sequences);
    expect(size.se).toBe(
      Math.sqrt(Math.max(a.partner + a.rest, b.partner + b.rest) / size.sequences),
    );
    expect(sizeForStandardError("crossed", typical, 0.3).sequences).toBeLessThan(size.sequences);
  });

  it("is quick for a small standard error, and refuses one of 0", () => {
    expect(sizeForStandardError("crossed", typical, 0.003).sequences).toBeGreaterThan(1e6);
    expect(() => sizeForStandardError("crossed", typical, 0)).toThrow("more than 0 nats");
  });
});

describe("the components of both members", () => {
  it("are found in a grid, and what chance pairs add", () => {
    const [rows, columns] = [200, 150];
    const draw = normals(3);
    const effects = (count: number, x: number, y: number) =>
      Array.from({ length: count }, () => {
        const common = draw(1);
        return [common + draw(x - 1), common + draw(y - 1)] as const;
      });
    const [own, partner] = [effects(rows, 4, 2), effects(columns, 3, 5)];
    const chancePairs = Uint8Array.from({ length: rows * columns }, (_, i) =>
      (i * 7) % 22 === 3 ? 1 : 0,
    );
    const rest = Array.from(chancePairs, () => [draw(9), draw(6)] as const);
    const value = (i: number, m: 0 | 1) =>
      (own[Math.floor(i / columns)]?.[m] ?? NaN) +
      (partner[i % columns]?.[m] ?? NaN) +
      (rest[i]?.[m] ?? NaN);
    const induction = Float64Array.from(chancePairs, (_, i) => value(i, 0));
    const control = Float64Array.from(chancePairs, (flag, i) => value(i, 1) + 6 * flag);
    const found = powerVariances({ rows, columns, induction, control, chancePairs });
    const { members } = found;
    // Of 150 and 200 effects a variance is known to within 10 %.
    const close = (got: number, wanted: number, share: number) =>
      expect(Math.abs(got / wanted - 1)).toBeLessThan(share);
    close(members.induction.own, 4, 0.3);
    close(members.induction.partner, 3, 0.3);
    close(members.induction.rest, 9, 0.05);
    close(members.control.own, 2, 0.3);
    close(members.control.partner, 5, 0.3);
    close(members.control.rest, 6, 0.05);
    close(members.covariance.own, 1, 0.5);
    close(members.covariance.partner, 1, 0.7);
    expect(Math.abs(members.covariance.rest)).toBeLessThan(0.2);
    close(members.chancePairs, (36 * 21) / 22 ** 2, 0.1);
    close(found.rest, 15 + members.chancePairs, 0.05);
    expect(JSON.parse(JSON.stringify(found))).toEqual(found);
  });

  it("are pooled where the tokens of one power are the partners of the other", () => {
    const { a, b } = pooledVariances(typical.a, typical.b);
    // These turn into each other already.
    expect(a.members).toEqual(typical.a.members);
    expect(b.own).toBeCloseTo(typical.b.own, 12);
    const louder = { ...typical.b, own: typical.b.own + 2, rest: typical.b.rest + 2 };
    const both = pooledVariances(typical.a, louder);
    expect(both.a.partner).toBeCloseTo(typical.a.partner + 1, 12);
    expect(both.b.own).toBeCloseTo(typical.b.own + 1, 12);
    expect(both.a.own).toBeCloseTo(typical.a.own, 12);
    expect(both.a.rest).toBeCloseTo(typical.a.rest + 1, 12);
    expect(both.b.rest).toBeCloseTo(typical.a.rest + 1, 12);
  });
});
