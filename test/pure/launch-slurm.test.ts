import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import {
  type LaunchJob,
  mergeResources,
  shardResources,
  shardsOf,
  shellCommand,
  shellQuote,
  slurmCommands,
  slurmMergeScript,
  slurmScript,
} from "../../src/runs/launch/index.js";

const scratch = mkdtempSync(join(tmpdir(), "induction-launch-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const job: LaunchJob = {
  name: "induction-sweep",
  dir: "/work/runs/sweep",
  cwd: "/work",
  program: ["induction"],
  args: ["run", "sweep", "-o", "/work/runs/sweep"],
  shards: 8,
  parallel: null,
  secondsPerShard: 3600,
  mergeSeconds: 20,
  memoryBytes: 800 * 2 ** 20,
  cpus: 2,
  command: "induction submit /work/runs/sweep --slurm",
};

/** What a shell makes of a command's words. */
function wordsOf(command: string): string[] {
  const out = execFileSync("bash", ["-c", `printf '%s\\0' ${command}`], { encoding: "utf8" });
  return out.split("\0").slice(0, -1);
}

describe("shell quoting", () => {
  it("gives a shell every word back as it is", () => {
    const words = [
      ...["plain", "a b", "", "it's", '"', "$HOME", "$(id)", "`id`", "\\", "a\nb", "\t", "*", "~"],
      ...["!", "#x", "-n", "é 🙂", "x;y", "a&b", "|", "<>", "{a,b}", "''", "\\'", "%s"],
    ];
    expect(wordsOf(shellCommand(words))).toEqual(words);
  });

  it("leaves words alone that need none", () => {
    expect(shellQuote("/work/runs/sweep-1.0")).toBe("/work/runs/sweep-1.0");
    expect(shellQuote(" Mar")).toBe("' Mar'");
  });
});

it("refuses an option of sbatch that would end its line", () => {
  const option = "--qos=x\ntouch y";
  expect(() => slurmScript(job, { others: [option] })).toThrow("without control characters");
  expect(() => slurmMergeScript(job, { partition: option })).toThrow("without control characters");
});

describe("what a shard asks for", () => {
  it("is the forecast with its safety factors", () => {
    expect(shardResources(job)).toEqual({ minutes: 125, mebibytes: 1280, cpus: 2 });
    expect(mergeResources(job)).toEqual({ minutes: 10, mebibytes: 2048, cpus: 2 });
    const small = { ...job, secondsPerShard: 1, memoryBytes: 1 };
    expect(shardResources(small)).toEqual({ minutes: 10, mebibytes: 1024, cpus: 2 });
  });

  it.each([
    [1, 1],
    [3600, 1],
    [3601, 2],
    [1e9, 1000],
  ])("%d seconds are %d shards of an hour", (seconds, shards) => {
    expect(shardsOf(seconds, 3600)).toBe(shards);
  });
});

describe("the array script", () => {
  const directives = (text: string) => text.split("\n").filter((line) => /^#SBATCH/.test(line));

  it("asks Slurm for what the plan forecasts", () => {
    expect(directives(slurmScript(job))).toEqual([
      "#SBATCH --job-name=induction-sweep",
      "#SBATCH --array=0-7",
      "#SBATCH --output=/work/runs/sweep/logs/%A_%a.log",
      "#SBATCH --open-mode=append",
      "#SBATCH --time=02:05:00",
      "#SBATCH --mem=1280M",
      "#SBATCH --ntasks=1",
      "#SBATCH --cpus-per-task=2",
      "#SBATCH --signal=B:USR1@120",
      "#SBATCH --requeue",
    ]);
  });

  it("takes a throttle, a partition, an account and other options", () => {
    const text = slurmScript(
      { ...job, parallel: 3, secondsPerShard: 100_000 },
      { partition: "cpu", account: "my lab", others: ["--qos=long"] },
    );
    for (const line of [
      "--array=0-7%3",
      "--partition=cpu",
      '"--account=my lab"',
      "--qos=long",
      "--time=2-07:39:00",
    ]) {
      expect(directives(text)).toContain(`#SBATCH ${line}`);
    }
  });

  it("explains its own log and its own time limit, and not the merge's", () => {
    const array = slurmScript(job);
    expect(array).toContain("# One log per task (%A: job, %a: task); a task that is queued again");
    expect(array).toMatch(/^# 2 × the forecast .*Too short is no harm: .* goes on\.$/m);
    const merge = slurmMergeScript(job);
    expect(merge).toContain("# The log (%j: job); one that is queued again goes on in its log.");
    expect(merge).toMatch(/^# 2 × the forecast .*reads all parts anew\.$/m);
  });

  it("says what more than 1001 tasks need", () => {
    expect(slurmScript({ ...job, shards: 1001 })).not.toContain("MaxArraySize");
    expect(slurmScript({ ...job, shards: 1002 })).toMatch(/MaxArraySize is above 1001/);
  });

  it("has all directives before the first command, where sbatch reads them", () => {
    for (const text of [slurmScript(job), slurmMergeScript(job)]) {
      const lines = text.split("\n");
      const first = lines.findIndex((line) => line !== "" && !line.startsWith("#"));
      expect(lines.slice(first).filter((line) => line.startsWith("#SBATCH"))).toEqual([]);
      expect(spawnSync("bash", ["-n"], { input: text }).status).toBe(0);
    }
  });

  it("refuses a path that no script can hold", () => {
    expect(() => slurmScript({ ...job, dir: "/work/a\nb" })).toThrow(/control characters/);
    expect(() => slurmScript({ ...job, dir: "runs/x" })).toThrow(/absolute path/);
  });

  it("is submitted by commands that quote its path", () => {
    const [array, merge] = slurmCommands("/w/it's $x");
    expect(array).toBe(`job=$(sbatch --parsable '/w/it'\\''s $x/slurm/array.sbatch')`);
    expect(merge).toContain('--dependency="afterok:${job%%;*}"');
  });
});

describe("a task, without a Slurm", () => {
  const dir = join(scratch, "it's a $run");
  const program = join(scratch, "program.mjs");
  mkdirSync(dir);
  // Says when it is ready, counts TERM, and ends as a run does.
  writeFileSync(
    program,
    `import { appendFileSync, writeFileSync } from "node:fs";
     const [dir, code] = [process.argv[2], Number(process.argv[3])];
     appendFileSync(dir + "/args", JSON.stringify(process.argv.slice(4)) + "\\n");
     if (code !== 75) process.exit(code);
     process.on("SIGTERM", () => {
       appendFileSync(dir + "/terms", "T");
       setTimeout(() => process.exit(75), 300);
     });
     writeFileSync(dir + "/ready", String(process.pid));
     setTimeout(() => process.exit(9), 20000);`,
  );
  // In place of Slurm's own: notes what was asked of it.
  mkdirSync(join(scratch, "bin"));
  const scontrol = `#!/bin/sh\nprintf '%s\\n' "$*" >>"$NOTES"\n`;
  writeFileSync(join(scratch, "bin/scontrol"), scontrol, { mode: 0o755 });

  async function task(code: number, signal?: "SIGUSR1" | "SIGTERM") {
    for (const name of ["args", "terms", "ready", "notes"])
      rmSync(join(dir, name), { force: true });
    const script = slurmScript({
      ...job,
      dir,
      cwd: scratch,
      program: [process.execPath, program],
      args: [dir, String(code), "--a", " it's $HOME"],
    });
    const child = spawn("bash", ["-s"], {
      env: {
        PATH: `${join(scratch, "bin")}:${process.env.PATH}`,
        NOTES: join(dir, "notes"),
        SLURM_ARRAY_JOB_ID: "17",
        SLURM_ARRAY_TASK_ID: "3",
      },
    });
    child.stdin.end(script);
    const ended = new Promise<number | null>((resolve) => child.on("exit", resolve));
    const read = (name: string) => {
      try {
        return readFileSync(join(dir, name), "utf8");
      } catch {
        return null;
      }
    };
    if (signal !== undefined) {
      await expect.poll(() => read("ready"), { timeout: 10_000 }).toMatch(/^\d+$/);
      child.kill(signal);
      if (signal === "SIGTERM") process.kill(Number(read("ready")), signal);
    }
    return { code: await ended, args: read("args"), terms: read("terms"), scontrol: read("notes") };
  }

  it("gives the program its words and its shard, and its exit code on", async () => {
    const args = `${JSON.stringify(["--a", " it's $HOME", "--shard", "3/8"])}\n`;
    expect(await task(0)).toEqual({ code: 0, args, terms: null, scontrol: null });
    expect(await task(1)).toMatchObject({ code: 1, scontrol: null });
  });

  it("stops the program once when the limit is near, and queues itself again", async () => {
    const ended = await task(75, "SIGUSR1");
    expect(ended).toMatchObject({ code: 75, terms: "T", scontrol: "requeue 17_3\n" });
  });

  it("waits for the program when it is cancelled, and stays cancelled", async () => {
    // As Slurm does it: to the script and to the program.
    const ended = await task(75, "SIGTERM");
    expect(ended).toMatchObject({ code: 75, terms: "T", scontrol: null });
  });
});
