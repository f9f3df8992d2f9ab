import { spawn } from "node:child_process";
import { readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import {
  induction,
  inductionJson,
  modelFolder,
  program,
  readJson,
  refusal,
  temporaryFolder,
} from "../support/cli.js";

const at = temporaryFolder();
const tiny = modelFolder(at("tiny"));
const pair = ["--a-id", "30", "--b-id", "31"];

/** Bytes of what a run's numbers are in, by path. */
async function contents(dir: string): Promise<Record<string, string>> {
  const parts = (await readdir(`${dir}/parts`)).map((name) => `parts/${name}`);
  const files = ["tables/powers.parquet", "report.html", "summary.json", ...parts.toSorted()];
  const bytes = await Promise.all(files.map((name) => readFile(`${dir}/${name}`, "base64")));
  return Object.fromEntries(files.map((name, i) => [name, bytes[i] as string]));
}

describe("a run in a folder", () => {
  it("goes on after SIGINT, which ends it with exit code 75", async () => {
    // Relative folders, so that the two commands are the same.
    const fixed = ["--batch", "64", "--threads", "1", "--block", "1024"];
    const args = ["run", "quick", "--model", await tiny, ...pair, ...fixed, "-o", "run"];
    const [stopped, left] = [at("stopped"), at("left")];
    await induction(["models", "ls"]);
    const { mkdir } = await import("node:fs/promises");
    await Promise.all([mkdir(stopped), mkdir(left)]);

    const child = spawn(process.execPath, [program, ...args], { cwd: stopped });
    let stderr = "";
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    const ended = new Promise<number | null>((resolve) => child.on("exit", resolve));
    const first = `${stopped}/run/parts/part-00000.parquet`;
    for (let i = 0; i < 3000 && child.exitCode === null; i++) {
      if (await stat(first).catch(() => null)) break;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    child.kill("SIGINT");
    expect(await ended).toBe(75);
    expect(stderr).toMatch(/interrupted: \d+ of \d+ parts are kept: run the same command to go on/);
    expect(await readJson(`${stopped}/run/manifest.json`)).toMatchObject({ state: "running" });

    expect((await induction(args, stopped)).code).toBe(0);
    expect((await induction(args, left)).code).toBe(0);
    expect(await contents(`${stopped}/run`)).toEqual(await contents(`${left}/run`));
  });

  it("refuses changed parameters in one line that says what changed", async () => {
    const dir = at("changed");
    const args = ["run", "quick", "--limit", "3", "--model", await tiny, ...pair, "-o", dir];
    await inductionJson(args);
    const { code, line } = await refusal([...args, "--seed", "1", "-q"]);
    expect(code).toBe(2);
    expect(line).toMatch(/seed: 0 .*1/);
    expect(line).toMatch(/-o/);
  });

  it("names a damaged part and measures it again", async () => {
    const dir = at("damaged");
    const args = ["run", "quick", "--limit", "3", "--model", await tiny, ...pair, "-o", dir];
    await inductionJson(args);
    const before = await contents(dir);
    const part = `${dir}/parts/part-00001.parquet`;
    const bytes = await readFile(part);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 1;
    await writeFile(part, bytes);
    await rm(`${dir}/parts/part-00002.parquet`);
    const { code, stderr } = await induction(args);
    expect(code).toBe(0);
    expect(stderr).toContain("part-00001.parquet");
    expect(stderr).toContain("part-00002.parquet");
    expect((await contents(dir))["tables/powers.parquet"]).toBe(before["tables/powers.parquet"]);
  });

  it("is drawn again by `induction report`, with PNG files on request", async () => {
    const dir = at("drawn");
    await inductionJson([
      "run",
      "quick",
      "--limit",
      "3",
      "--model",
      await tiny,
      ...pair,
      "-o",
      dir,
    ]);
    const report = await readFile(`${dir}/report.html`, "utf8");
    await rm(`${dir}/report.html`);
    const drawn = await inductionJson<{ figures: string[] }>(["report", dir, "--png"]);
    expect(drawn.figures).toContain("figures/strengths.png");
    expect(await readFile(`${dir}/report.html`, "utf8")).toBe(report);
    const png = await readFile(`${dir}/figures/strengths.png`);
    expect(png.subarray(1, 4).toString()).toBe("PNG");

    await writeFile(`${dir}/summary.json`, "{}");
    const { code, line } = await refusal(["report", dir]);
    expect(code).toBe(1);
    expect(line).toMatch(/summary.json: expected the summary that the run wrote, got .*changed/);
    expect((await refusal(["report", at("tiny")])).line).toMatch(/expected the folder of a run/);
  });

  it("says beforehand what it takes, and keeps its plan alone", async () => {
    const dir = at("dry");
    const args = ["run", "quick", "--model", await tiny, ...pair, "-o", dir, "--se", "0.5"];
    interface Dry {
      readonly stages: { readonly id: string; readonly parts: number }[];
      readonly choices: { readonly batch: number; readonly threads: number };
      readonly precision: { readonly se: number; readonly sequences: number };
      readonly memory: number;
    }
    const dry = await inductionJson<Dry>([...args, "--dry-run"]);
    expect(dry).toMatchObject({ schema: "induction-lab/dry-run/1", precision: { se: 0.5 } });
    expect(dry.stages.map(({ id }) => id)).toEqual([
      ...["scenarios", "powers", "neighbours", "remeasured"],
    ]);
    expect(dry.precision.sequences).toBeGreaterThan(1);
    expect(dry.memory).toBeGreaterThan(5e7);
    expect(await readdir(dir)).toEqual(["plan.json"]);
    // A plan that is there is not made again.
    const text = await readFile(`${dir}/plan.json`, "utf8");
    const { command, ...again } = await inductionJson<Dry & { command: string }>([
      ...[...args, "--dry-run", "--threads", "2"],
    ]);
    expect(command).toContain("--threads 2");
    expect(again).toEqual({ ...dry, command: undefined });
    expect(await readFile(`${dir}/plan.json`, "utf8")).toBe(text);
    expect((await induction([...args, "--dry-run"])).stdout).toMatch(
      /^stage +sequences +parts +MB +time, about\nscenarios .* s\n[^]*standard error of 0.50 nats: [\d,]+ rounds[^]*\nbatch \d+, \d+ threads?, path .*\nmemory: about \d+ MB/,
    );
    const other = dry.choices.batch === 32 ? "64" : "32";
    const { code, line } = await refusal([...args, "--batch", other]);
    expect([code, line]).toEqual([2, expect.stringMatching(`batch: ${dry.choices.batch} in the`)]);
    expect((await refusal([...args.slice(0, -1), "-1"])).code).toBe(2);
    expect((await refusal([...args, "-n", "4"])).code).toBe(2);
  });

  it("names a standard error that can be asked for where one is too small", async () => {
    const args = ["run", "sweep", "--model", await tiny, "--dry-run", "-q"];
    const { code, line } = await refusal([...args, "-o", at("precise"), "--se", "1e-9"]);
    expect(code).toBe(2);
    const se = /expected at least ([\d.]+) nats/.exec(line)?.[1] ?? "";
    const asked = await induction([...args, "-o", at("as precise"), "--se", se]);
    expect(asked).toMatchObject({ code: 0, stderr: "" });
  });
});

describe("neighbours", () => {
  it("prints the ladder from B to random tokens, and the shares of the way", async () => {
    const args = ["neighbours", "-n", "32", "--seed", "3"];
    const json = await inductionJson<{
      sequences: number;
      b: { strength: { mean: number } };
      random: { strength: { mean: number } };
      ranks: { rank: number; strength: { mean: number } }[];
      halfWay: { rank: number; logOdds: { ratio: number; low: number; high: number } }[];
    }>(args);
    expect(json).toMatchObject({ schema: "induction-lab/neighbours/1", sequences: 32, seed: 3 });
    expect(json.ranks.at(-1)?.rank).toBe(1000);
    expect(json.halfWay.map(({ rank }) => rank)).toEqual([1, 5, 15]);
    const way = json.b.strength.mean - json.random.strength.mean;
    for (const { rank, logOdds } of json.halfWay) {
      const near = json.ranks.find((place) => place.rank === rank)?.strength.mean ?? NaN;
      expect(logOdds.ratio).toBeCloseTo((near - json.random.strength.mean) / way, 9);
      expect(logOdds.low).toBeLessThan(logOdds.ratio);
      expect(logOdds.high).toBeGreaterThan(logOdds.ratio);
    }
    const { stdout } = await induction([...args, "-q"]);
    expect(stdout).toMatch(/^B .*\nrank 1 /m);
    expect(stdout).toContain("over 32 sequence pairs");
  });
});
