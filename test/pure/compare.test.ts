import { describe, expect, it } from "vitest";
import {
  bonferroni,
  compareEstimates,
  normalScore,
  numericalTolerance,
} from "../../src/induction/compare.js";
import { compareScenarios } from "../../src/induction/compare-scenarios.js";
import type { ScenarioSummary } from "../../src/induction/summary.js";
import { settingDifferences, settingsOf } from "../../src/runs/compare-settings.js";
import type { Manifest } from "../../src/runs/manifest.js";

const first = { n: 10, mean: 5, se: 0.3 };
const second = { n: 20, mean: 4, se: 0.4 };

describe("the difference of two estimates", () => {
  it("of independent runs is Welch's", () => {
    const compared = compareEstimates(first, second, null);
    expect(compared).toMatchObject({ first, second, difference: 1, se: 0.5, z: 2, pairs: null });
    expect(compared.p).toBeCloseTo(0.0553, 3);
    expect(compared.identical).toBe(false);
  });

  it("of matched pairs is the mean of their differences, by Student's t", () => {
    const compared = compareEstimates(first, second, { n: 4, mean: 3, se: 1 });
    expect(compared).toMatchObject({ difference: 3, se: 1, z: 3, pairs: 4 });
    expect(compared.p).toBeCloseTo(0.05766888562243, 10);
  });

  it("of identical numbers is identical, not unknown", () => {
    const same = compareEstimates(first, first, { n: 10, mean: 0, se: 0 });
    expect(same).toMatchObject({ difference: 0, se: 0, z: null, p: 1, identical: true });
    expect(normalScore(same)).toBeNull();
    const apart = compareEstimates(first, second, { n: 10, mean: 1, se: 0 });
    expect(apart).toMatchObject({ difference: 1, z: null, p: 0, identical: false });
    expect(normalScore(apart)).toBeGreaterThan(30);
  });

  it("is not tested without a standard error", () => {
    const one = { n: 1, mean: 5, se: null };
    for (const compared of [
      compareEstimates(one, second, null),
      compareEstimates(one, one, { n: 1, mean: 0, se: null }),
    ]) {
      expect(compared).toMatchObject({ se: null, z: null, p: null, identical: false });
    }
  });

  it("has the normal score of its p-value", () => {
    // Two-sided 0.05 of a normal law, with the sign of the difference.
    const difference = { ...compareEstimates(second, first, null), p: 0.05 };
    expect(normalScore(difference)).toBeCloseTo(-1.959964, 6);
  });
});

describe("Bonferroni's correction", () => {
  it("counts what was tested, and a difference that backends may have is none", () => {
    const z = (mean: number, se: number | null) =>
      compareEstimates({ n: 1000, mean, se }, { n: 1000, mean: 0, se: 0 }, { n: 1000, mean, se });
    const list = bonferroni([z(1, 0.5), z(5, 1), z(1, null), z(numericalTolerance, 1e-6)], 0.05);
    expect(list.map(({ differs }) => differs)).toEqual([false, true, false, false]);
    expect(list[0]?.adjusted).toBeCloseTo(3 * (list[0]?.p as number), 12);
    expect(list[2]?.adjusted).toBeNull();
    expect(list[3]?.adjusted).toBeLessThan(1e-6);
  });
});

describe("scenarios", () => {
  const scenario = (name: ScenarioSummary["scenario"], mean: number, se: number) =>
    ({ scenario: name, strength: { n: 100, mean, se, sd: se * 10 } }) as ScenarioSummary;

  it("are compared by name, those that both runs have", () => {
    const x = [scenario("fixed-a", 5, 0.3), scenario("fixed-b", 4, 0.3)];
    const y = [scenario("neither-fixed", 5, 0.3), scenario("fixed-a", 3, 0.4)];
    const rows = compareScenarios(x, y, null, 0.05);
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({ scenario: "fixed-a", difference: 2, se: 0.5, differs: true });
    const paired = compareScenarios(x, y, [scenario("fixed-a", 2, 4)], 0.05);
    expect(paired[0]).toMatchObject({ se: 4, z: 0.5, pairs: 100, differs: false });
  });
});

describe("settings", () => {
  const manifest = {
    model: { name: "m", sha256: "0" },
    parameters: {
      preset: { value: "quick", source: "argument" },
      seed: { value: 0, source: "default" },
      control: { value: "shuffle", source: "default" },
      backend: { value: "auto", source: "default" },
      powers: { value: { design: "crossed", rounds: 8 }, source: "preset" },
    },
    fixed: { seed: 0, backend: "cpu", protocol: { gaps: [10, 10], control: "shuffle" } },
    environments: [{ runtime: "r 1" }],
  } as unknown as Manifest;

  it("are each value once, as it was used", () => {
    expect(settingsOf(manifest)).toEqual({
      ...{ preset: "quick", "powers.design": "crossed", "powers.rounds": 8, seed: 0 },
      ...{ backend: "cpu", "protocol.gaps": [10, 10], "protocol.control": "shuffle" },
      ...{ model: "m", runtime: "r 1" },
    });
  });

  it("that differ are named, and what they change", () => {
    const other = {
      ...settingsOf(manifest),
      ...{ seed: 1, "protocol.gaps": [3, 4], limit: 20, model: "n" },
    };
    const differences = settingDifferences(settingsOf(manifest), other);
    expect(differences.map(({ name, changes }) => [name, changes])).toEqual([
      ["protocol.gaps", "quantity"],
      ["model", "model"],
      ["seed", "sequences"],
      ["limit", "sequences"],
    ]);
    expect(differences[3]).toMatchObject({ first: null, second: 20 });
    expect(settingDifferences(other, other)).toEqual([]);
  });
});
