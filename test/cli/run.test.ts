import { mkdtempSync } from "node:fs";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import {
  induction,
  inductionJson,
  modelFolder,
  readJson,
  refusal,
  temporaryFolder,
} from "../support/cli.js";

interface Estimate {
  readonly n: number;
  readonly mean: number;
  readonly se: number | null;
  readonly sd: number | null;
}
interface ScenarioJson {
  readonly scenario: string;
  readonly a?: { readonly id: number };
  readonly b?: { readonly id: number };
  readonly strength: Estimate;
  readonly logOdds: { readonly induction: Estimate; readonly control: Estimate };
}
interface SummaryJson {
  readonly command: string;
  readonly scenarios: readonly ScenarioJson[];
  readonly powers: { readonly rows: readonly { readonly token: number }[] };
}

const at = temporaryFolder();
const tiny = modelFolder(at("tiny"));
const scenarioNames = ["fixed-a-and-b", "fixed-a", "fixed-b", "neither-fixed"];

describe("the scenarios", () => {
  it("are the post's four, with the tokens that the model card names", async () => {
    const result = await inductionJson<{ n: number; scenarios: ScenarioJson[]; notes: string[] }>([
      ...["scenarios", "-n", "16"],
    ]);
    expect(result).toMatchObject({ schema: "induction-lab/scenarios/1", n: 16, seed: 0 });
    expect(result.scenarios.map(({ scenario, a, b }) => [scenario, a?.id, b?.id])).toEqual([
      ["fixed-a-and-b", 1850, 1829],
      ["fixed-a", 1850, undefined],
      ["fixed-b", undefined, 1829],
      ["neither-fixed", undefined, undefined],
    ]);
    for (const { strength, logOdds } of result.scenarios) {
      expect(strength.n).toBe(16);
      expect(strength.mean).toBeCloseTo(logOdds.induction.mean - logOdds.control.mean, 9);
      expect(strength.se).toBeCloseTo((strength.sd as number) / 4, 9);
    }
    expect(result.notes).toHaveLength(3);
  });

  it("take another pair", async () => {
    const options = ["--a-id", "5", "--b-id", "6", "-n", "4", "--model", await tiny];
    const { stdout } = await induction(["scenarios", ...options]);
    expect(stdout).toMatch(/A #5 \(5\), B #6 \(6\)/);
    expect(stdout).toMatch(/A random, B #6 \(6\)/);
    expect(stdout).toMatch(/over 4 sequence pairs each/);
  });
});

describe("a run", () => {
  const flags = [
    ...["--control", "replace-b", "--gaps", "3,4", "--lowest-id", "20"],
    ...["--fillers", "avoid-ab", "--allow-a-equals-b", "no", "--a-id", "30", "--b-id", "31"],
  ];

  it("of the embedded model leaves manifest, summary and report, and names the report", async () => {
    const dir = at("quick");
    const { code, stdout, stderr } = await induction(["run", "quick", "--limit", "20", "-o", dir]);
    expect(code).toBe(0);
    expect(stdout).toContain(`report: ${dir}/report.html`);
    expect(stderr).toMatch(/run: [\d,]+ of [\d,]+ sequences/);
    expect((await readdir(dir)).toSorted()).toEqual([
      ...["figures", "manifest.json", "parts", "parts.jsonl", "plan.json", "report.html"],
      ...["summary.json", "tables"],
    ]);

    const manifest = await readJson<{ files: { file: string }[] }>(`${dir}/manifest.json`);
    expect(manifest).toMatchObject({
      schema: "induction-lab/manifest/2",
      state: "complete",
      model: {
        name: "attn-only-2l-mini",
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      },
      parameters: {
        preset: { value: "quick", source: "argument" },
        limit: { value: 20, source: "flag" },
        lowestId: { value: 3, source: "model card" },
        control: { value: "shuffle", source: "default" },
        scenarioSequences: { value: 1024, source: "preset" },
      },
      fixed: { seed: 0, protocol: { gaps: [10, 10], lowestId: 3, fillers: "any" } },
    });
    expect(manifest.files.map(({ file }) => file)).toEqual(
      expect.arrayContaining([
        ...["summary.json", "report.html", "tables/powers.parquet"],
        ...["figures/neighbours-ladder.svg", "figures/neighbours-ladder.csv"],
      ]),
    );

    const summary = await readJson<SummaryJson>(`${dir}/summary.json`);
    expect(summary.scenarios.map(({ scenario }) => scenario)).toEqual(scenarioNames);
    expect(summary.powers.rows.map(({ token }) => token)).toEqual(
      Array.from({ length: 20 }, (_, i) => i + 3),
    );

    const report = await readFile(`${dir}/report.html`, "utf8");
    expect(report).toMatch(/^<!doctype html>/i);
    expect(report).toContain("attn-only-2l-mini");
    expect(report).toMatch(/seed/i);
    expect(report).toContain("partial: 20 of 8189 tokens");
    expect(report).toContain(`induction run quick --limit 20 -o ${dir}`);
    // Offline: nothing is fetched when it opens.
    expect(report).not.toMatch(/<(script|link|img|iframe)[^>]+(src|href)=/i);
    expect(report).not.toMatch(/@import|url\(\s*['"]?https?:/i);
  });

  it("gives the same bytes again, into the same folder, and prints what it wrote as JSON", async () => {
    const dir = at("again");
    // The same plan: what would be calibrated is given.
    const fixed = ["--batch", "64", "--threads", "1", "--block", "4096"];
    const model = ["--seed", "7", "--model", await tiny];
    const options = ["--limit", "3", "-o", dir, ...model, ...fixed, ...flags];
    const args = ["run", "quick", ...options];
    const files = ["summary.json", "report.html", "parts.jsonl", "tables/powers.parquet"];
    const contents = async () =>
      Promise.all(files.map((name) => readFile(`${dir}/${name}`, "latin1")));

    const printed = await inductionJson<SummaryJson>(args);
    expect(printed).toMatchObject({
      schema: "induction-lab/run/1",
      preset: "quick",
      model: "tiny",
      seed: 7,
      folder: dir,
      report: `${dir}/report.html`,
      powers: { tokens: 3 },
    });
    const first = await contents();
    const { scenarios } = JSON.parse(
      Buffer.from(first[0] as string, "latin1").toString(),
    ) as SummaryJson;
    expect(printed.scenarios.map(({ strength }) => strength)).toEqual(
      scenarios.map(({ strength }) => strength),
    );

    await inductionJson(args);
    expect(await contents()).toEqual(first);
    await rm(dir, { recursive: true });
    await inductionJson(args);
    expect(await contents()).toEqual(first);
  });

  it("measures what `scenarios` and `powers` measure with the same flags", async () => {
    const common = ["--model", await tiny, ...flags];
    const { scenarios, powers } = await inductionJson<{
      scenarios: ScenarioJson[];
      powers: { sequences: number; a: unknown };
      protocol: unknown;
    }>(["run", "quick", "--limit", "3", "-o", at("same"), ...common]);
    const n = String(scenarios[0]?.strength.n);
    const alone = await inductionJson<{ scenarios: ScenarioJson[]; protocol: unknown }>([
      ...["scenarios", "-n", n, ...common],
    ]);
    expect(alone.scenarios.map(({ strength }) => strength)).toEqual(
      scenarios.map(({ strength }) => strength),
    );
    expect(alone.protocol).toEqual({
      ...{ bos: 1, gaps: [3, 4], lowestId: 20, highestId: 100 },
      ...{ fillers: "avoid-ab", allowAEqualsB: false, control: "replace-b" },
    });
    const perToken = ["-n", String(powers.sequences), "--range", "20:22"];
    const some = common.toSpliced(common.indexOf("--a-id"), 4);
    const crossed = ["powers", "--design", "crossed", ...perToken, ...some];
    expect(await inductionJson(crossed)).toMatchObject({ a: powers.a, partners: "restricted" });
    expect(await readJson(at("same", "manifest.json"))).toMatchObject({
      fixed: { protocol: alone.protocol as object },
    });
  });

  it("without -o goes to runs/<preset>-<model>-<seed> of the folder it was called in", async () => {
    const cwd = mkdtempSync(at("cwd-"));
    const options = ["--seed", "4", "--limit", "2", "--model", await tiny, ...flags];
    const { folder } = await inductionJson<{ folder: string }>(["run", ...options], cwd);
    expect(folder).toBe("runs/quick-tiny-4");
    expect(await readdir(`${cwd}/runs/quick-tiny-4`)).toContain("manifest.json");
  });

  it("with wrong usage makes no folder", async () => {
    const dir = at("failed");
    const { code, line } = await refusal(["run", "-o", dir, "--model", await tiny]);
    expect(code).toBe(2);
    expect(line).toMatch(/expected the post's " Fab" to be one token.*choose A with --a-id/);
    await expect(readdir(dir)).rejects.toThrow("ENOENT");
  });

  it.each(["", "/below", "/below/it"])(
    "refuses to write to a regular file%s before it measures anything",
    async (suffix) => {
      await writeFile(at("regular"), "precious");
      const dir = at("regular") + suffix;
      const options = ["-o", dir, "--model", await tiny, ...flags];
      const { code, line } = await refusal(["run", "quick", ...options]);
      expect(code).toBe(1);
      expect(line).toMatch(
        /regular.*: expected a place that can be written, got (EEXIST|ENOTDIR \(a file where a folder has to be\)): choose another with -o$/,
      );
      expect(await readFile(at("regular"), "utf8")).toBe("precious");
    },
  );
});
