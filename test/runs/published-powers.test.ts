import { describe, expect, it } from "vitest";
import { powerSpread } from "../../src/induction/powers-summary.js";
import { isPublishedName, readPublishedPowers } from "../../src/runs/index.js";
import { coMomentsOf, pearson } from "../../src/stats/index.js";

describe("the published powers that ship with the package", async () => {
  const published = await readPublishedPowers("roger-2023");
  const { rows } = published;
  const row = (token: number) => rows.find((one) => one.token === token);
  const figures = (token: number) => {
    const { a, b } = row(token) as (typeof rows)[number];
    return [a.mean, a.se, b.mean, b.se];
  };

  it("are those of the post, digit by digit", () => {
    expect(rows).toHaveLength(10_000);
    expect([rows[0]?.token, rows.at(-1)?.token]).toEqual([4, 10_003]);
    expect(figures(4)).toEqual([3.818, 0.203375, 2.00372, 0.153605]);
    expect(figures(5)).toEqual([5.13335, 0.262901, 5.66799, 0.201026]);
    // Tokens that the post and its table name: top A, bottom A, top B, bottom B, "ien".
    const named: [number, number[]][] = [
      [8968, [12.563, 0.266, 2.809, 0.187]],
      [6085, [-0.523, 0.103, -0.503, 0.058]],
      [199, [5.095, 0.225, 11.215, 0.291]],
      [1231, [-0.124, 0.094, -0.575, 0.05]],
      [1858, [3.64, 0.238, 7.445, 0.269]],
    ];
    for (const [token, expected] of named) {
      for (const [i, value] of figures(token).entries()) {
        expect(value).toBeCloseTo(expected[i] as number, 3);
      }
    }
  });

  it("have the sums, spreads and correlation of the published file", () => {
    const sum = (value: (one: (typeof rows)[number]) => number | null) =>
      rows.reduce((total, one) => total + (value(one) as number), 0);
    expect(sum(({ a }) => a.mean)).toBeCloseTo(52841.5161, 4);
    expect(sum(({ b }) => b.mean)).toBeCloseTo(51506.3272, 4);
    expect(sum(({ a }) => a.se) / 1e4).toBeCloseTo(0.2348, 4);
    expect(sum(({ b }) => b.se) / 1e4).toBeCloseTo(0.2221, 4);
    const [a, b] = (["a", "b"] as const).map((role) => powerSpread(rows.map((one) => one[role])));
    expect(a?.sd).toBeCloseTo(1.6877, 4);
    expect(b?.sd).toBeCloseTo(1.8043, 4);
    expect(a?.reliability).toBeCloseTo(0.9803, 4);
    expect(b?.reliability).toBeCloseTo(0.9842, 4);
    expect(rows.filter((one) => one.a.mean < 0)).toHaveLength(26);
    expect(rows.filter((one) => one.b.mean < 1)).toHaveLength(42);
    const means = (role: "a" | "b") => rows.map((one) => one[role].mean);
    expect(pearson(coMomentsOf(means("a"), means("b")))).toBeCloseTo(-0.3386, 4);
  });

  it("carry what they were measured with, and no texts", () => {
    expect(published).toMatchObject({
      vocabulary: 48_262,
      sequences: 256,
      protocol: { gaps: [10, 10], lowestId: 4, highestId: 48_261, bos: 1, control: "shuffle" },
    });
    expect(rows.every(({ text }) => text === null)).toBe(true);
    expect(row(4)?.a).toMatchObject({ n: 256, sd: 16 * 0.203375 });
  });

  it("have a name", () => {
    expect([isPublishedName("roger-2023"), isPublishedName("runs/roger-2023")]).toEqual([
      true,
      false,
    ]);
  });
});
