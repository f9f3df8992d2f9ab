import { describe, expect, it } from "vitest";
import type { Lab } from "../../src/induction/index.js";
import { crossedEstimates } from "../../src/induction/crossed-estimates.js";
import { ItemStream, shuffle } from "../../src/random/index.js";
import {
  forecast,
  laterStage,
  pilot,
  powerStandardError,
  sequencesForStandardError,
  stage,
  type StrengthVariances,
} from "../../src/runs/index.js";
import { componentsOf } from "../../src/runs/pilot-components.js";
import { normalQuantile } from "../../src/stats/index.js";
import { fake, fakeLab, fakePlan } from "./fake.js";

/** Normal values of the given variance, the same at every start. */
function normals(unit: number, count: number, variance: number): Float64Array {
  const stream = (k: number) => new ItemStream([5, 0], [unit, k]);
  return Float64Array.from({ length: count }, (_, k) => {
    const share = (stream(k).draw(0, 2 ** 20) + 0.5) / 2 ** 20;
    return Math.sqrt(variance) * normalQuantile(share);
  });
}

const variances: StrengthVariances = { own: 4, partner: 9, rest: 12 };

describe("how many sequences a standard error takes", () => {
  it("post: n = variance of a sequence / se²", () => {
    expect(powerStandardError("post", variances, 21)).toBeCloseTo(1, 12);
    expect(sequencesForStandardError("post", [variances], 1)).toBe(21);
    expect(sequencesForStandardError("post", [variances], 0.1)).toBe(2100);
  });

  it.each(["post", "crossed"] as const)("%s: is the fewest that do", (design) => {
    for (const se of [5, 2, 1, 0.37, 0.1, 0.02]) {
      const both = [variances, { own: 9, partner: 4, rest: 12 }];
      const n = sequencesForStandardError(design, both, se);
      const worst = (count: number) =>
        Math.max(...both.map((v) => powerStandardError(design, v, count)));
      expect(n).toBeGreaterThanOrEqual(2);
      expect(worst(n)).toBeLessThanOrEqual(se);
      if (n > 2) expect(worst(n - 1)).toBeGreaterThan(se);
    }
  });

  it("refuses a standard error of 0 or less", () => {
    for (const se of [0, -1, NaN]) {
      expect(() => sequencesForStandardError("post", [variances], se)).toThrow("more than 0 nats");
    }
  });

  it.each([2, 4, 8, 32])("crossed: is what the estimator states, %i rounds", (rounds) => {
    const tokens = 4000;
    const [a, b] = [normals(0, tokens, variances.own), normals(1, tokens, variances.partner)];
    const rest = normals(2, tokens * rounds, variances.rest);
    const partner = Int32Array.from(
      Array.from({ length: rounds }, (_, round) =>
        Array.from(shuffle(tokens, new ItemStream([6, 0], [round, 0]), 0)),
      ).flat(),
    );
    const strength = rest.map(
      (value, i) => value + (a[i % tokens] ?? NaN) + (b[partner[i] ?? -1] ?? NaN),
    );
    const estimates = crossedEstimates({ tokens, rounds, partner, strength });
    const stated = Math.sqrt(
      estimates.a.adjusted.reduce((sum, { se }) => sum + (se ?? NaN) ** 2, 0) / tokens,
    );
    const predicted = powerStandardError("crossed", variances, rounds);
    expect(Math.abs(stated / predicted - 1)).toBeLessThan(0.03);
  });
});

describe("the pilot", () => {
  it("tells the components of variance of a grid apart", () => {
    const [rows, columns] = [300, 200];
    const [own, partner] = [normals(3, rows, 4), normals(4, columns, 9)];
    const grid = normals(5, rows * columns, 12).map(
      (value, i) => value + (own[Math.floor(i / columns)] ?? NaN) + (partner[i % columns] ?? NaN),
    );
    const found = componentsOf(grid, rows, columns);
    expect(found.rest / 12).toBeCloseTo(1, 1);
    // Of 300 and 200 effects a variance is known to within 8 and 10 %.
    expect(Math.abs(found.own / 4 - 1)).toBeLessThan(0.25);
    expect(Math.abs(found.partner / 9 - 1)).toBeLessThan(0.3);
  });

  it("counts as rest what a single row cannot tell apart", () => {
    expect(componentsOf(Float64Array.of(1, 2, 3), 1, 3)).toEqual({ own: 0, partner: 0, rest: 1 });
    expect(componentsOf(Float64Array.of(1), 1, 1)).toEqual({ own: 0, partner: 0, rest: 0 });
  });

  it("takes A and B apart: strengths that A alone decides vary with A alone", async () => {
    const model = {
      dtype: "float32",
      run(
        { shape, data }: { shape: number[]; data: Int32Array },
        { feed }: { feed: { targets: { shape: number[] } } },
      ) {
        const [rows = 0, length = 0] = shape;
        // The last token is A; the second half of a batch are the controls, here at 0.
        const odds = Float32Array.from({ length: rows }, (_, row) =>
          row < rows / 2 ? (data[(row + 1) * length - 1] ?? NaN) / 100 : 0,
        );
        return Promise.resolve({ logOdds: { shape: feed.targets.shape, data: odds } });
      },
    };
    const lab = { ...fakeLab, model, path: "plain" } as unknown as Lab;
    const ids = Array.from({ length: 5000 }, (_, i) => 100 + i);
    const { a, b } = await pilot(lab, ids, ids);
    // Evenly spread over a range of 50 nats: variance 50² / 12.
    expect(Math.abs(a.own / (2500 / 12) - 1)).toBeLessThan(0.05);
    expect(a.partner).toBeCloseTo(0, 6);
    expect(Math.abs(b.partner / (2500 / 12) - 1)).toBeLessThan(0.05);
    expect(b.own).toBeCloseTo(0, 6);
    expect(a.rest).toBeCloseTo(0, 6);
  });
});

describe("the forecast", () => {
  it("goes by what was measured, and by the same experiment for what is not known yet", async () => {
    let [time, measured] = [0, 0];
    const timed: typeof fake = {
      ...fake,
      measure(lab, params, range) {
        time += (range.to - range.from) * params.width;
        measured += range.to - range.from;
        return fake.measure(lab, params, range);
      },
    };
    const plan = [
      stage("narrow", timed, { pairs: 10_000, width: 1, salt: 1 }),
      stage("wide", { ...timed, id: "wide" }, { pairs: 5000, width: 4, salt: 2 }),
      laterStage("again", timed, {
        pairs: 500,
        params: () => ({ pairs: 500, width: 1, salt: 3 }),
      }),
      laterStage(
        "unlike",
        { ...timed, id: "unlike" },
        {
          pairs: 300,
          params: () => ({ pairs: 300, width: 1, salt: 3 }),
        },
      ),
    ];
    const stages = await forecast(plan, fakeLab, { seconds: 2, now: () => time });
    // 1 ms per pair and token read; the last goes as the two measured ones together.
    expect(stages.map(({ id, parts, seconds }) => [id, parts, seconds])).toEqual([
      ["narrow", 3, 10],
      ["wide", 2, 20],
      ["again", 1, 0.5],
      ["unlike", 1, 0.6],
    ]);
    const [narrow, wide] = stages.map(({ bytes, pairs }) => bytes / pairs);
    expect(narrow).toBeGreaterThan(20);
    expect(narrow).toBeLessThan(40);
    expect(wide).toBeGreaterThan(90);
    expect(measured).toBeLessThan(2500);
  });

  it("ends for stages of few pairs", async () => {
    let time = 0;
    const [first] = await forecast(
      [stage("few", fake, { pairs: 3, width: 1, salt: 1 }), ...fakePlan().slice(2)],
      fakeLab,
      { seconds: 0.01, now: () => time++ },
    );
    expect(first).toMatchObject({ pairs: 3, parts: 1 });
  });
});
