import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { HeadRow, HeadsSummary } from "../../src/induction/index.js";
import { induction, inductionJson, refusal } from "../support/cli.js";

let dir = "";
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "induction-lab-heads-"));
});
afterAll(() => rmSync(dir, { recursive: true }));

const few = ["-n", "64", "--score-sequences", "100", "--prefix-sequences", "8"];

describe("induction heads", () => {
  let result: HeadsSummary & { readonly schema: string; readonly ablatedOn: string };
  beforeAll(async () => {
    result = await inductionJson(["heads", ...few]);
  });
  const row = (name: string) => result.heads.find((head) => head.name === name) as HeadRow;

  it("finds the heads of the embedded model that do induction", () => {
    // The model's README names them: a previous-token head in layer 0, two induction heads in layer 1.
    expect(result.schema).toBe("induction-lab/heads/1");
    expect(result.heads).toHaveLength(16);
    expect(result.previousTokenHeads).toEqual(["L0H2"]);
    expect(result.inductionHeads).toEqual(["L1H1", "L1H3"]);
    expect(row("L0H2").previousToken).toBeGreaterThan(0.9);
    for (const name of result.inductionHeads) {
      const {
        induction: score,
        prefixMatching,
        copying,
        ablation,
        attribution,
        intervals,
      } = row(name);
      expect(score).toBeGreaterThan(0.7);
      expect(prefixMatching).toBeGreaterThan(0.7);
      expect(copying).toBeGreaterThan(0.8);
      expect(ablation.mean).toBeLessThan(-1);
      expect(attribution.mean).toBeGreaterThan(1);
      expect(intervals.ablation?.[1]).toBeLessThan(0);
      expect(intervals.induction?.[0]).toBeGreaterThan(0.4);
    }
  });

  it("puts the scores of random weights beside them, which no head of the model is listed by", () => {
    for (const { random } of result.heads) {
      for (const score of Object.values(random)) {
        expect(score).toBeGreaterThan(0);
        expect(score).toBeLessThan(0.2);
      }
    }
  });

  it("says what it rests on", () => {
    expect(result.n).toEqual({ scores: 100, ablation: 64 });
    expect(result.ablatedOn).toContain("processed weights (fold_ln");
    expect(result.pair?.effect.n).toBe(32);
    expect(result.pair?.randomPairs.mean).toBeGreaterThan(result.pair?.effect.mean as number);
    expect(row("L1H1").composition?.k).toBeGreaterThan(row("L1H0").composition?.k as number);
    expect(row("L0H0").composition).toBeNull();
  });

  it("keeps a run in a folder with a report, gives the same numbers, and goes on where it stopped", async () => {
    const folder = join(dir, "run");
    // The batch of the result: a plan might choose another, and last digits of float32 would differ.
    const first = ["heads", ...few, "--batch", "64", "-o", folder];
    const kept = await inductionJson<HeadsSummary>(first);
    expect(kept.heads).toEqual(result.heads);
    expect(kept.pair).toEqual(result.pair);
    const report = readFileSync(join(folder, "report.html"), "utf8");
    expect(report).toContain("L1H3");
    const again = await inductionJson<HeadsSummary>(["heads", ...few, "-o", folder]);
    expect(again.heads).toEqual(result.heads);
    const { code, stderr } = await induction(["heads", "-n", "65", ...few.slice(2), "-o", folder]);
    expect(code).toBe(2);
    expect(stderr).toContain("sequences");
  });

  it("is nothing that two runs can be compared by", async () => {
    const folder = join(dir, "run");
    const { code, stderr } = await induction(["compare", folder, folder]);
    expect(code).toBe(2);
    expect(stderr).toContain("expected two runs with a measurement in common");
  });

  it("runs where the context is short", async () => {
    const fixture = ["--model", "test/fixtures/f-pythia/hf", "--length", "10"];
    const short = await inductionJson<HeadsSummary>(["heads", ...few, ...fixture]);
    expect(short.heads).toHaveLength(4);
  });

  it("prints a table for people", async () => {
    const { code, stdout } = await induction(["heads", ...few, "--threshold", "0.82"]);
    expect(code).toBe(0);
    expect(stdout).toContain("previous-token heads: L0H2");
    expect(stdout).toContain("lower 95 % limit of the score above 0.82");
    expect(stdout).not.toContain("NaN");
  });

  it("refuses what cannot be", async () => {
    expect((await refusal(["heads", "--threshold", "2"])).code).toBe(2);
    expect((await refusal(["heads", "--score-sequences", "1"])).code).toBe(2);
    const { line } = await refusal(["heads", "--length", "4000"]);
    expect(line).toContain("--length: expected at most 127 tokens, got 4000");
  });
});
