import { spawn } from "node:child_process";
import {
  appendFile,
  copyFile,
  cp,
  mkdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from "node:fs/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { shardOf } from "../../src/cli/shard-option.js";
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
const fixed = ["--batch", "32", "--threads", "1", "--block", "64"];
/** Nine parts of 64 pairs, and a tenth of less. */
const sweep = ["run", "sweep", "-n", "6", ...fixed];

interface Status {
  readonly state: string;
  readonly stages: readonly { readonly kept: number; readonly missing: readonly object[] }[];
  readonly shards: readonly { readonly index: number; readonly state: string }[];
}

const files = ["tables/powers.parquet", "summary.json", "report.html", "parts.jsonl"];

async function contents(dir: string): Promise<string[]> {
  return Promise.all(files.map((name) => readFile(`${dir}/${name}`, "latin1")));
}

/** A folder of its own for a run in `run`, so that all have the same command line. */
async function place(name: string): Promise<string> {
  await mkdir(at(name));
  return at(name);
}

async function args(): Promise<string[]> {
  return [...sweep, "--model", await tiny, "-o", "run"];
}

describe("a divided run", () => {
  let alone: string[];
  let planned: string;

  /** A folder with the plan and nothing measured. */
  async function fresh(name: string): Promise<string> {
    await cp(planned, at(name), { recursive: true });
    return at(name);
  }

  async function shards(cwd: string, list: readonly string[]): Promise<void> {
    for (const shard of list) {
      const ended = await induction([...(await args()), "--shard", shard, "-q"], cwd);
      expect(ended).toMatchObject({ code: 0, stderr: "" });
    }
  }

  beforeAll(async () => {
    planned = await place("planned");
    expect(await induction([...(await args()), "--dry-run", "-q"], planned)).toMatchObject({
      code: 0,
    });
    const left = await fresh("alone");
    expect((await induction(await args(), left)).code).toBe(0);
    alone = await contents(`${left}/run`);
  });

  it("ends in the same bytes as one that is not, in any order of its shards", async () => {
    const cwd = await fresh("three");
    await shards(cwd, ["2/3", "0/3"]);
    const status = await inductionJsonOf<Status>(["status", "run"], cwd);
    expect(status).toMatchObject({ schema: "induction-lab/status/1", state: "stopped" });
    expect(status.stages[0]).toMatchObject({ id: "powers", parts: 10, kept: 7 });
    expect(status.stages[0]?.missing).toEqual([{ from: 3, to: 5 }]);
    expect((await induction(["status", "run"], cwd)).stdout).toMatch(
      /^stopped: induction run sweep [^]*0\/3 +complete[^]*missing, by numbers of parts: powers: 3 to 5\nabout \d+ s left at [\d,]+ sequences\/s, by the plan's forecast of one process\n$/,
    );
    const early = await induction(["merge", "run"], cwd);
    expect(early.code).toBe(3);
    expect(early.stderr).toMatch(
      /^error: run: expected every part once and whole, got this: parts 3 to 5: not measured: measure what is missing: induction run sweep .*-o run --shard 1\/3\n$/,
    );
    await shards(cwd, ["1/3", "1/3"]);
    expect(await inductionJsonOf<Status>(["status", "run"], cwd)).toMatchObject({
      state: "measured",
    });
    expect((await induction(["status", "run"], cwd)).stdout).toMatch(
      /\nthe shards have nothing left to do: induction merge run makes tables and report\n$/,
    );
    // Without the model: nothing is measured any more.
    await rename(at("tiny"), at("hidden"));
    const merged = await induction(["merge", "run"], cwd);
    await rename(at("hidden"), at("tiny"));
    expect(merged).toMatchObject({ code: 0 });
    expect(merged.stdout).toMatch(/^powers of 97 tokens, 6 sequence pairs .*\nreport: run\/report/);
    expect(await contents(`${cwd}/run`)).toEqual(alone);
    expect(await readJson(`${cwd}/run/manifest.json`)).toMatchObject({ state: "complete" });
    // Again: it is merged already.
    expect((await induction(["merge", "run", "-q"], cwd)).code).toBe(0);
    expect(await contents(`${cwd}/run`)).toEqual(alone);
  });

  it("is the same with more shards than parts, and finished by a plain run", async () => {
    const cwd = await fresh("many");
    const list = Array.from({ length: 13 }, (_, i) => `${12 - i}/13`);
    await shards(cwd, list);
    expect((await induction(await args(), cwd)).code).toBe(0);
    expect(await contents(`${cwd}/run`)).toEqual(alone);
  });

  it("has a command that names its folder as it is called now", async () => {
    const cwd = await fresh("renamed");
    await rename(`${cwd}/run`, `${cwd}/other`);
    const { run } = await inductionJsonOf<{ readonly run: string }>(["status", "other"], cwd);
    expect(run).toMatch(/^induction run sweep -n 6 .* -o other$/);
    expect((await induction(["status", "other"], cwd)).stdout).toContain(`planned: ${run}\n`);
  });

  it("says what a shard did as JSON, too", async () => {
    const cwd = await fresh("json");
    const share = await inductionJsonOf([...(await args()), "--shard", "1/3"], cwd);
    expect(share).toMatchObject({
      ...{ schema: "induction-lab/share/1", folder: "run" },
      ...{ index: 1, of: 3, parts: 3, measured: 3 },
    });
  });

  it("is measured by workers of one machine", async () => {
    const cwd = await fresh("workers");
    const { code, stdout } = await induction([...(await args()), "--workers", "2"], cwd);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^powers of 97 tokens/);
    expect(await contents(`${cwd}/run`)).toEqual(alone);
    const states = (await inductionJsonOf<Status>(["status", "run"], cwd)).shards;
    expect(states.map(({ state }) => state)).toEqual(["complete", "complete"]);
  });

  it("fails with the message of the worker that failed", async () => {
    const cwd = await fresh("failing");
    await shards(cwd, ["1/2"]);
    await writeFile(`${cwd}/run/shards/1-of-2.json`, "{}");
    const { code, stderr } = await induction([...(await args()), "--workers", "2", "-q"], cwd);
    expect(code).toBe(3);
    expect(stderr).toMatch(/^error: run\/shards\/1-of-2.json: expected the state of shard 1\/2/);
  });

  it("comes together from several machines' folders", async () => {
    const [one, other] = [await fresh("one"), await fresh("other")];
    await shards(one, ["0/2"]);
    await shards(other, ["1/2"]);
    const { code } = await induction(["merge", "run", `${other}/run`, "-q"], one);
    expect(code).toBe(0);
    expect(await contents(`${one}/run`)).toEqual(alone);
    // Once more the same, which changes nothing.
    expect((await induction(["merge", "run", `${other}/run`, "-q"], one)).code).toBe(0);

    const third = await place("third");
    const seeded = [...(await args()), "--seed", "1", "--dry-run", "-q"];
    await induction(seeded, third);
    const refused = await induction(["merge", "run", `${third}/run`], one);
    expect(refused.code).toBe(3);
    expect(refused.stderr).toContain("expected a folder of the same plan, got one of another");
  });

  it("names parts that are lost, cut, recorded twice or others', with exit code 3", async () => {
    const cwd = await fresh("damaged");
    await shards(cwd, ["0/2", "1/2"]);
    const part = (i: number) => `${cwd}/run/parts/part-0000${i}.parquet`;
    await rm(part(0));
    await writeFile(part(6), (await readFile(part(6))).subarray(0, 500));
    const [line] = (await readFile(`${cwd}/run/shards/0-of-2.jsonl`, "utf8")).split("\n").slice(1);
    await appendFile(`${cwd}/run/shards/1-of-2.jsonl`, `${line}\n`);
    await copyFile(part(3), `${cwd}/run/parts/part-00055.parquet`);
    const merged = await induction(["merge", "run"], cwd);
    expect(merged).toMatchObject({ code: 3, stdout: "" });
    expect(merged.stderr).toContain("got 4 problems: ");
    expect(merged.stderr).toContain("part-00000.parquet: recorded, but not there");
    expect(merged.stderr).toContain("part-00006.parquet: expected ");
    expect(merged.stderr).toContain("part-00001.parquet: recorded 2 times");
    expect(merged.stderr).toContain("part-00055.parquet: a part of another");
    expect(merged.stderr).toContain("--shard I/N, for each of 0/2, 1/2");
  });

  it("stops after the block under way when it is asked to, with exit code 75", async () => {
    const cwd = await place("stopped");
    const long = [...(await args()), "--block", "32"].with(3, "2000");
    await induction([...long, "--dry-run", "-q"], cwd);
    const child = spawn(process.execPath, [program, ...long, "--shard", "0/2", "-q"], { cwd });
    let stderr = "";
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    const ended = new Promise<number | null>((resolve) => child.on("exit", resolve));
    for (let i = 0; i < 3000 && child.exitCode === null; i++) {
      if (await stat(`${cwd}/run/parts/part-00000.parquet`).catch(() => null)) break;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    child.kill("SIGTERM");
    expect(await ended).toBe(75);
    expect(stderr).toMatch(
      /^stopping after the block under way; .*\ninterrupted: shard 0\/2, \d+ of \d+ parts are kept/,
    );
    const { shards: states } = await inductionJsonOf<Status>(["status", "run"], cwd);
    expect(states).toMatchObject([{ index: 0, state: "interrupted" }]);
  });

  it("of heads ends as one that is not", async () => {
    const few = ["-n", "128", "--score-sequences", "16", "--prefix-sequences", "4"];
    const heads = ["heads", ...few, "--length", "10", "--model", await tiny, "-o", "run", ...fixed];
    const cwd = await place("heads");
    await induction([...heads, "--dry-run", "-q"], cwd);
    const whole = at("heads-whole");
    await cp(cwd, whole, { recursive: true });
    expect((await induction([...heads, "-q"], whole)).code).toBe(0);
    for (const shard of ["1/2", "0/2"]) {
      expect((await induction([...heads, "--shard", shard, "-q"], cwd)).code).toBe(0);
    }
    const { code, stdout } = await induction(["merge", "run", "-q"], cwd);
    expect(code).toBe(0);
    expect(stdout).toContain("induction heads (*)");
    const same = ["summary.json", "report.html"];
    for (const name of same) {
      expect(await readFile(`${cwd}/run/${name}`, "utf8")).toBe(
        await readFile(`${whole}/run/${name}`, "utf8"),
      );
    }
  });
});

async function inductionJsonOf<T>(words: readonly string[], cwd: string): Promise<T> {
  return inductionJson<T>(words, cwd);
}

describe("wrong usage", () => {
  it.each([
    ["3/3", /expected i\/n with 0 <= i < n, got "3\/3"/],
    ["a/b", /expected i\/n with 0 <= i < n, got "a\/b"/],
    ["1", /expected i\/n with 0 <= i < n, got "1"/],
    ["-1/3", /expected i\/n with 0 <= i < n, got "-1\/3"/],
  ])("--shard=%s", async (text, message) => {
    const { code, line } = await refusal(["run", "sweep", `--shard=${text}`]);
    expect([code, line]).toEqual([2, expect.stringMatching(message)]);
  });

  it("--shard without a plan", async () => {
    const dir = at("no-plan");
    const words = ["run", "sweep", "--model", await tiny, "-o", dir];
    const { code, line } = await refusal([...words, "--shard", "0/2"]);
    expect(code).toBe(2);
    expect(line).toContain(
      `--shard: expected a plan in ${dir}, got no plan.json: make one first: `,
    );
    expect(line).toContain(`-o ${dir} --dry-run`);
  });

  it("a shard of another run, and what cannot go together", async () => {
    const dir = at("other");
    const words = [...sweep, "--model", await tiny, "-o", dir];
    await induction([...words, "--dry-run"]);
    const { code, line } = await refusal([...words, "--seed", "5", "--shard", "0/2", "-q"]);
    expect([code, line]).toEqual([2, expect.stringMatching(/seed: 0 in the folder, 5 now/)]);
    expect((await refusal([...words, "--shard", "0/2", "--dry-run"])).code).toBe(2);
    expect((await refusal([...words, "--shard", "0/2", "--workers", "2"])).code).toBe(2);
    expect((await refusal([...words, "--workers", "0"])).code).toBe(2);
    expect((await refusal(["heads", "--shard", "0/2"])).line).toMatch(
      /expected a folder beside it/,
    );
  });

  it("status and merge of what is no run", async () => {
    for (const command of ["status", "merge"]) {
      await mkdir(at("empty"), { recursive: true });
      await writeFile(at("a-file"), "");
      for (const [name, kind] of [
        ["nothing-here", "nothing of that name"],
        ["empty", "a folder without one"],
        ["a-file", "a file"],
      ] as const) {
        const { code, line } = await refusal([command, at(name)]);
        expect(code).toBe(2);
        expect(line).toContain(
          `expected the folder of a run with its plan.json, got ${kind}: give`,
        );
      }
      await mkdir(at(`foreign-${command}`));
      await writeFile(at(`foreign-${command}`, "plan.json"), `{"name":"a plan of others"}`);
      const foreign = await refusal([command, at(`foreign-${command}`)]);
      expect(foreign.line).toMatch(/plan.json: expected a plan of schema .*got another file/);
    }
  });
});

describe("--shard alone", () => {
  it("is the Slurm array task's, or the pod's of an Indexed Job", () => {
    const slurm = {
      ...{ SLURM_ARRAY_TASK_ID: "7", SLURM_ARRAY_TASK_MIN: "5" },
      ...{ SLURM_ARRAY_TASK_COUNT: "4", SLURM_ARRAY_TASK_MAX: "8" },
    };
    expect(shardOf(true, slurm)).toEqual({ index: 2, of: 4 });
    const pod = { JOB_COMPLETION_INDEX: "0", JOB_COMPLETIONS: "3" };
    expect(shardOf(true, pod)).toEqual({ index: 0, of: 3 });
    expect(shardOf("5/6", slurm)).toEqual({ index: 5, of: 6 });
  });

  it("says what is missing", () => {
    expect(() => shardOf(true, {})).toThrow("SLURM_ARRAY_TASK_ID or JOB_COMPLETION_INDEX");
    expect(() => shardOf(true, { SLURM_ARRAY_TASK_ID: "1", SLURM_ARRAY_TASK_MIN: "0" })).toThrow(
      "expected a whole number in SLURM_ARRAY_TASK_COUNT, got none",
    );
    expect(() => shardOf(true, { JOB_COMPLETION_INDEX: "1" })).toThrow(
      "expected a whole number in JOB_COMPLETIONS, got none",
    );
    expect(() => shardOf(true, { JOB_COMPLETION_INDEX: "x", JOB_COMPLETIONS: "3" })).toThrow(
      'in JOB_COMPLETION_INDEX, got "x"',
    );
    expect(() => shardOf(true, { JOB_COMPLETION_INDEX: "3", JOB_COMPLETIONS: "3" })).toThrow(
      "0 <= i < n",
    );
  });
});
