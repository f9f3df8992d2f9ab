import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { csvParse } from "d3-dsv";
import { beforeAll, describe, expect, it } from "vitest";
import type { NeighboursComparison } from "../../src/induction/compare-neighbours.js";
import type { RoleComparison } from "../../src/induction/compare-powers.js";
import type { ScenarioComparison } from "../../src/induction/compare-scenarios.js";
import type { SettingDifference } from "../../src/runs/compare-settings.js";
import { induction, modelFolder, readJson, refusal, temporaryFolder } from "../support/cli.js";

interface CompareJson {
  readonly agree: boolean;
  readonly disagreements: readonly string[];
  readonly settings: readonly SettingDifference[];
  readonly notes: readonly string[];
  readonly scenarios: { readonly pairing: string; readonly rows: readonly ScenarioComparison[] };
  readonly powers: {
    readonly pairing: string;
    readonly tokens: number;
    readonly a: RoleComparison;
    readonly b: RoleComparison;
    readonly differing: readonly { readonly token: number; readonly role: string }[];
    readonly rows?: unknown;
  };
  readonly neighbours: NeighboursComparison & { readonly pairing: string };
}

const at = temporaryFolder();

/** Runs `induction run` into a folder of that name. */
async function measure(name: string, ...flags: string[]): Promise<string> {
  // What would be calibrated is given: the runs differ in nothing else.
  const fixed = ["--batch", "64", "--threads", "2", "--block", "4096"];
  const args = ["run", "quick", "--limit", "20", "--quiet", "-o", at(name), ...fixed, ...flags];
  const { code, stderr } = await induction(args);
  expect(code, stderr).toBe(0);
  return at(name);
}

/** Runs `induction compare --json`, which must end with that exit code. */
async function compare(code: number, ...args: string[]): Promise<CompareJson> {
  const ended = await induction(["compare", ...args, "--json", "--quiet"]);
  expect(ended.code, ended.stderr).toBe(code);
  if (code === 0) expect(ended.stderr).toBe("");
  else expect(ended.stderr).toMatch(/^error: [^\n]+: expected runs that agree, got [^\n]+\n$/);
  return JSON.parse(ended.stdout) as CompareJson;
}

const changesOf = ({ settings }: CompareJson) =>
  settings.map(({ name, changes }) => [name, changes]);

/** {@link measure} on the small fixture model, or one like it. */
async function measureTiny(name: string, model: string, ...flags: string[]): Promise<string> {
  return measure(name, "--model", model, "--a-id", "30", "--b-id", "31", ...flags);
}

const tiny = modelFolder(at("tiny"));
let [seed0, seed1, tiny0] = ["", "", ""];
beforeAll(async () => {
  tiny0 = await measureTiny("tiny-0", await tiny);
  seed0 = await measure("seed-0");
  seed1 = await measure("seed-1", "--seed", "1");
  // Two runs of the embedded model, with time to spare where other tests keep both cores busy.
}, 240_000);

describe("two seeds", () => {
  it("agree, with means compared as those of other sequences", async () => {
    const result = await compare(0, seed0, seed1);
    expect(result).toMatchObject({ schema: "induction-lab/compare/1", agree: true, q: 0.05 });
    expect(changesOf(result)).toEqual([["seed", "sequences"]]);
    const { scenarios, powers, neighbours } = result;
    expect([scenarios, powers, neighbours].map(({ pairing }) => pairing)).toEqual(
      Array(3).fill("none"),
    );
    const [x, y] = await Promise.all(
      [seed0, seed1].map((dir) =>
        readJson<{
          scenarios: { scenario: string; strength: { mean: number; se: number } }[];
          powers: { rows: { a: { mean: number } }[] };
        }>(`${dir}/summary.json`),
      ),
    );
    for (const [
      i,
      { scenario, first, second, difference, se, pairs },
    ] of scenarios.rows.entries()) {
      expect(x?.scenarios[i]).toMatchObject({ scenario, strength: first });
      expect(y?.scenarios[i]).toMatchObject({ scenario, strength: second });
      expect(difference).toBeCloseTo(first.mean - second.mean, 12);
      expect(se).toBeCloseTo(Math.hypot(first.se as number, second.se as number), 12);
      expect(pairs).toBeNull();
    }
    expect(powers).toMatchObject({ tokens: 20, onlyFirst: 0, onlySecond: 0, differing: [] });
    expect(powers.rows).toBeUndefined();
    const mean = (rows: readonly { a: { mean: number } }[] = []) =>
      rows.reduce((sum, row) => sum + row.a.mean, 0) / rows.length;
    expect(powers.a.first.mean).toBeCloseTo(mean(x?.powers.rows), 10);
    expect(powers.a.second.mean).toBeCloseTo(mean(y?.powers.rows), 10);
    expect(powers.a.correlation?.r).toBeGreaterThan(0.3);
  });

  it("are a table for people, and one row per token and role in a CSV file", async () => {
    const csv = at("tokens.csv");
    const { code, stdout } = await induction(["compare", seed0, seed1, "--csv", csv]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^first: .*seed-0\s+attn-only-2l-mini, seed 0$/m);
    expect(stdout).toMatch(/^seed\s+0\s+1\s+which sequences, and how many$/m);
    expect(stdout).toMatch(/^A random, B random( +−?[\d.]+ ± [\d.]+){3} +−?[\d.]+ +[\d.]+$/m);
    expect(stdout).toMatch(/^tokens that differ \(q = 0\.05\) +0 +0$/m);
    expect(stdout).toMatch(/the runs agree \(q = 0\.05; .*\)\n$/);
    expect(stdout).not.toMatch(/NaN|undefined|null|not finite/);
    const rows = csvParse(await readFile(csv, "utf8"));
    expect(rows).toHaveLength(40);
    for (const row of rows) {
      expect(Number(row.difference)).toBeCloseTo(Number(row.first) - Number(row.second), 10);
      expect(Number(row.p_adjusted)).toBeGreaterThan(Number(row.p) - 1e-12);
    }
  });
});

describe("one seed", () => {
  it("twice is identical", async () => {
    const { agree, settings, scenarios, powers, neighbours } = await compare(0, seed0, seed0);
    expect({ agree, settings }).toEqual({ agree: true, settings: [] });
    expect(scenarios.pairing).toBe("sequences");
    for (const row of scenarios.rows) {
      expect(row).toMatchObject({ difference: 0, se: 0, z: null, p: 1, pairs: 1024 });
      expect(row.identical).toBe(true);
    }
    expect([powers.a.identical, powers.b.identical]).toEqual([20, 20]);
    expect(neighbours.places.every(({ strength }) => strength.identical)).toBe(true);
    const { stdout } = await induction(["compare", seed0, seed0]);
    expect(stdout).toMatch(/^no setting differs$/m);
    expect(stdout).not.toMatch(/NaN|undefined|null|not finite/);
  });

  it("on two backends differs pair by pair, by less than their tolerance", async () => {
    const wasm = await measureTiny("wasm", await tiny, "--backend", "wasm");
    const result = await compare(0, tiny0, wasm);
    expect(changesOf(result)).toEqual([
      ["backend", "digits"],
      ["runtime", "digits"],
    ]);
    const { scenarios, powers } = result;
    expect([scenarios.pairing, powers.pairing]).toEqual(["sequences", "sequences"]);
    for (const { difference, se, first, identical } of scenarios.rows) {
      expect(Math.abs(difference)).toBeLessThan(1e-4);
      expect(se).toBeLessThan((first.se as number) / 1000);
      expect(identical).toBe(false);
    }
    expect(Math.abs(powers.a.difference.mean)).toBeLessThan(1e-4);
  });

  it("under two controls is another quantity, on the same draws", async () => {
    const other = await measureTiny("replace", await tiny, "--control", "replace-b");
    const result = await compare(3, tiny0, other);
    expect(result.agree).toBe(false);
    expect(changesOf(result)).toEqual([["protocol.control", "quantity"]]);
    expect(result.disagreements).toContain("another quantity: control sequence");
    expect(result.scenarios.pairing).toBe("draws");
    const { stdout, stderr } = await induction(["compare", tiny0, other]);
    expect(stdout).toMatch(/^the runs do not agree: another quantity: control sequence/m);
    expect(stderr).toMatch(/error: .*expected runs that agree, got another quantity/);
  });

  it("with other tokens compares those in common, and says that partners differ", async () => {
    const fewer = await measureTiny("fewer", await tiny, "--limit", "12");
    const { powers, notes, disagreements, scenarios } = await compare(3, tiny0, fewer);
    expect(powers).toMatchObject({ pairing: "none", tokens: 12, onlyFirst: 8, onlySecond: 0 });
    expect(notes.join()).toMatch(/12 tokens are in both runs; 8 only in the first/);
    expect(disagreements.join()).toMatch(/partners are drawn from/);
    expect(scenarios.rows.every(({ identical }) => identical)).toBe(true);
  });
});

describe("two models", () => {
  it("of one vocabulary are compared pair by pair, and differ", async () => {
    const changed = await modelFolder(at("changed"), {
      weights: (tensors) => {
        const { data } = tensors.get("unembed.W_U") as { data: Float32Array };
        for (const [i, value] of data.entries()) data[i] = 2 * value;
      },
    });
    const result = await compare(3, tiny0, await measureTiny("changed-run", changed));
    expect(changesOf(result).slice(0, 2)).toEqual([
      ["weights", "model"],
      ["model", "model"],
    ]);
    expect(result.scenarios.pairing).toBe("sequences");
    expect(result.disagreements.join()).not.toMatch(/quantity/);
    expect(result.scenarios.rows.some(({ differs }) => differs)).toBe(true);
  });
});

describe("what cannot be compared is named", () => {
  it("a damaged part", async () => {
    const dir = at("damaged");
    await cp(seed1, dir, { recursive: true });
    const part = `${dir}/parts/part-00001.parquet`;
    const bytes = await readFile(part);
    bytes[300] = (bytes[300] as number) ^ 1;
    await writeFile(part, bytes);
    const { code, line } = await refusal(["compare", seed0, dir, "--quiet"]);
    expect(code).toBe(1);
    expect(line).toMatch(/damaged\/parts\/part-00001\.parquet: .*SHA-256 differs/);
    await rm(part);
    expect((await refusal(["compare", dir, seed0, "--quiet"])).line).toMatch(
      /part-00001\.parquet: recorded, but not there/,
    );
  });

  it("a changed or missing summary", async () => {
    const dir = at("changed-summary");
    await cp(seed1, dir, { recursive: true });
    await writeFile(`${dir}/summary.json`, "{}");
    const changed = await refusal(["compare", seed0, dir]);
    expect(changed.code).toBe(1);
    expect(changed.line).toMatch(
      /summary\.json: .*changed since: run its command again.*induction/,
    );
    await rm(`${dir}/summary.json`);
    expect((await refusal(["compare", seed0, dir])).line).toMatch(/summary\.json: .*no such file/);
  });

  it("an unfinished run", async () => {
    const dir = at("unfinished");
    await cp(seed1, dir, { recursive: true });
    const manifest = await readFile(`${dir}/manifest.json`, "utf8");
    await writeFile(`${dir}/manifest.json`, manifest.replace('"complete"', '"running"'));
    const { code, line } = await refusal(["compare", dir, seed0]);
    expect(code).toBe(1);
    expect(line).toMatch(/unfinished: expected a finished run, got one that is not complete/);
  });

  it("a folder that is no run, and none at all", async () => {
    for (const dir of [at(), at("nowhere")]) {
      const { code, line } = await refusal(["compare", seed0, dir]);
      expect(code).toBe(1);
      expect(line).toMatch(/expected the folder of a run, got no manifest\.json/);
    }
    await writeFile(at("manifest.json"), '{"schema":"other"}');
    const { code, line } = await refusal(["compare", at(), seed0]);
    expect(code).toBe(1);
    expect(line).toMatch(/manifest\.json: .*got "other": give the folder that induction run wrote/);
    await rm(at("manifest.json"));
  });

  it.each([[["--q", "0"]], [["--q", "1"]], [["--q", "five"]]])(
    "a wrong level: %s",
    async (flags) => {
      const { code, line } = await refusal(["compare", seed0, seed1, ...flags]);
      expect(code).toBe(2);
      expect(line).toMatch(/--q.*Expected a number between 0 and 1/);
    },
  );

  it("one run alone", async () => {
    expect(await refusal(["compare", seed0])).toMatchObject({ code: 2 });
  });

  it("and the help has the exit codes", async () => {
    const { stdout } = await induction(["compare", "--help"]);
    expect(stdout).toMatch(
      /Exit codes: 0 the runs agree, 1 .*damaged.*\n.*3 the runs do not agree/,
    );
  });
});
