import { execFile, spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));
const main = join(root, "dist/cli/main.js");
const script = join(root, "test/python/strength.py");
const model = join(root, "models/attn-only-2l-mini");

/** A Python that has PyTorch: Debian's stands in /usr/bin, whatever else comes first on the path. */
const python = ["python3", "/usr/bin/python3"].find(
  (path) => spawnSync(path, ["-c", "import torch"]).status === 0,
);
if (python === undefined)
  console.warn("skipped: the check against PyTorch needs python3 with torch");

interface Result {
  readonly mean: number;
  readonly se: number;
  readonly induction: number;
  readonly control: number;
}

// Weights and token ids alone, by another program in another language, in float64.
describe.skipIf(python === undefined)("PyTorch recomputes from the token ids", () => {
  let dir: string;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "induction-lab-"));
  });
  afterAll(() => rm(dir, { recursive: true, force: true }));

  async function recompute(args: readonly string[]): Promise<Result[]> {
    const file = join(dir, "sequences.json");
    await run(process.execPath, [main, "sequences", ...args, "-q", "-o", file]);
    const { stdout } = await run(python as string, [script, model, file]);
    return JSON.parse(stdout) as Result[];
  }

  async function measure(args: readonly string[]): Promise<unknown> {
    const { stdout } = await run(process.execPath, [main, ...args, "-q", "--json"]);
    return JSON.parse(stdout);
  }

  it("the strength of a pair", async () => {
    const args = ["strength", "--a", " Mar", "--b", "ius", "-n", "100", "--seed", "1"];
    const [theirs] = await recompute(args);
    const ours = (await measure(args)) as {
      strength: { mean: number; se: number };
      logOdds: { induction: { mean: number }; control: { mean: number } };
    };
    expect(Math.abs(ours.strength.mean - (theirs?.mean ?? NaN))).toBeLessThan(2e-5);
    expect(Math.abs(ours.strength.se - (theirs?.se ?? NaN))).toBeLessThan(2e-5);
    expect(Math.abs(ours.logOdds.induction.mean - (theirs?.induction ?? NaN))).toBeLessThan(2e-5);
    expect(Math.abs(ours.logOdds.control.mean - (theirs?.control ?? NaN))).toBeLessThan(2e-5);
  });

  it("the powers of a token", async () => {
    const args = ["powers", "--token-ids", "1850", "-n", "64", "--seed", "2"];
    const [asA, asB] = await recompute(args);
    const ours = (await measure(args)) as { rows: { a: Result; b: Result }[] };
    for (const [mine, theirs] of [
      [ours.rows[0]?.a, asA] as const,
      [ours.rows[0]?.b, asB] as const,
    ]) {
      expect(Math.abs((mine?.mean ?? NaN) - (theirs?.mean ?? NaN))).toBeLessThan(2e-5);
      expect(Math.abs((mine?.se ?? NaN) - (theirs?.se ?? NaN))).toBeLessThan(2e-5);
    }
  });

  it("the four scenarios", async () => {
    const args = ["scenarios", "-n", "40"];
    const theirs = await recompute(args);
    const { scenarios } = (await measure(args)) as { scenarios: { strength: Result }[] };
    expect(scenarios).toHaveLength(4);
    for (const [i, { strength }] of scenarios.entries()) {
      expect(Math.abs(strength.mean - (theirs[i]?.mean ?? NaN))).toBeLessThan(5e-5);
    }
  });

  it("the rounds of the crossed design", async () => {
    const tokens = ["--design", "crossed", "--range", "1000:1039", "-n", "2", "--seed", "5"];
    const rounds = await recompute(["powers", ...tokens]);
    const { a } = (await measure(["powers", ...tokens])) as { a: { mean: number } };
    // Adjustments have mean 0 over tokens: the mean over tokens is that of all strengths.
    const mean = rounds.reduce((sum, round) => sum + round.mean, 0) / rounds.length;
    expect(rounds).toHaveLength(2);
    expect(Math.abs(a.mean - mean)).toBeLessThan(5e-5);
  });
});
