import { mkdir, readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Parameter } from "../../src/runs/index.js";
import { stage } from "../../src/runs/index.js";
import { lockFolder } from "../../src/runs/lock.js";
import { fake, fakeLab, fakeRun, runAndCount } from "./fake.js";
import { temporaryFolder } from "./temporary-folder.js";

const { parameters } = fakeRun("");
const changed = (values: Record<string, Parameter>) => ({
  parameters: { ...parameters, ...values },
});
const flag = (value: Parameter["value"]): Parameter => ({ value, source: "flag" });

describe("a folder with another run", () => {
  it("is refused with what differs, and stays as it is", async () => {
    const dir = await temporaryFolder();
    await runAndCount(dir);
    const manifest = await readFile(join(dir, "manifest.json"), "utf8");
    const run = runAndCount(dir, {
      ...changed({ seed: flag(1), gaps: flag([5, 5]) }),
      lab: { ...fakeLab, seed: 1, batch: 32 },
    });
    await expect(run).rejects.toMatchObject({
      message: `${dir}: expected the command of the run that is there, got another (seed: 0 in the folder, 1 now; gaps: [10,10] in the folder, [5,5] now; batch: 64 in the folder, 32 now)`,
      hint: "set back or leave out what differs, choose another folder with -o, or remove this one",
      exitCode: 2,
    });
    expect(await readFile(join(dir, "manifest.json"), "utf8")).toBe(manifest);
    expect(await readdir(dir)).not.toContain("run.lock");
  });

  it("of another preset is refused without all that the two presets fix", async () => {
    const dir = await temporaryFolder();
    const preset = (name: string, n: number) =>
      changed({
        preset: { value: name, source: "argument" },
        scenarioSequences: { value: n, source: "preset" },
      });
    await runAndCount(dir, preset("sweep", 0));
    await expect(runAndCount(dir, preset("quick", 1024))).rejects.toThrow(
      "got another (preset: sweep in the folder, quick now)",
    );
    await expect(runAndCount(dir, preset("sweep", 1024))).rejects.toThrow(
      "got another (scenarioSequences: 0 in the folder, 1024 now)",
    );
  });

  it("is not another run where only sources or the wording of the command differ", async () => {
    const dir = await temporaryFolder();
    await runAndCount(dir);
    const again = { ...changed({ seed: flag(0) }), command: "induction run fake --seed 0" };
    expect(await runAndCount(dir, again)).toEqual({ measured: 0, notes: [] });
  });

  it("names other weights, parameters that come and go, and other stages", async () => {
    const dir = await temporaryFolder();
    await runAndCount(dir);
    const model = { ...fakeLab.model, sha256: "1".repeat(64) } as typeof fakeLab.model;
    await expect(runAndCount(dir, { lab: { ...fakeLab, model } })).rejects.toThrow(
      /weights: 0{40}… in the folder, 1{40}… now/,
    );
    await expect(runAndCount(dir, changed({ extra: flag("x") }))).rejects.toThrow(
      "(extra: none in the folder, x now)",
    );
    const [first, ...rest] = fakeRun("").plan;
    await expect(runAndCount(dir, { plan: rest })).rejects.toThrow(
      "(first: fake of 8202 pairs in the folder, none now)",
    );
    const params = { pairs: 2 * 4096 + 10, width: 1, salt: 99 };
    const salted = { ...stage("first", fake, params), id: first?.id ?? "" };
    await expect(runAndCount(dir, { plan: [salted, ...rest] })).rejects.toThrow(
      "(the tokens or pairs that are measured)",
    );
  });
});

describe("a folder with other things", () => {
  it("is used where nothing is written over", async () => {
    const dir = await temporaryFolder();
    await writeFile(join(dir, "thesis.tex"), "mine");
    await runAndCount(dir);
    expect(await readFile(join(dir, "thesis.tex"), "utf8")).toBe("mine");
  });

  it.each(["report.html", "summary.json", "parts.jsonl"])("is refused: %s", async (name) => {
    const dir = await temporaryFolder();
    await writeFile(join(dir, name), "mine");
    await expect(runAndCount(dir)).rejects.toMatchObject({
      message: `${dir}: expected a new folder or a run, got ${name} without a manifest.json`,
      exitCode: 2,
    });
    expect(await readdir(dir)).toEqual([name]);
  });

  it("is refused: another program's manifest.json", async () => {
    const dir = await temporaryFolder();
    await writeFile(join(dir, "manifest.json"), `{"name":"a web app"}`);
    await expect(runAndCount(dir)).rejects.toMatchObject({
      message: `${join(dir, "manifest.json")}: expected a manifest of schema "induction-lab/manifest/2", got another file`,
      exitCode: 2,
    });
  });

  it("is refused: a file in the folder's place", async () => {
    const dir = join(await temporaryFolder(), "x");
    await writeFile(dir, "mine");
    await expect(runAndCount(dir)).rejects.toThrow(
      `${dir}: expected a place that can be written, got ENOTDIR`,
    );
  });
});

it.each(["../x", "/tmp/x", "parts/x", "manifest.json", "a/../../x"])(
  "writes no file at %s",
  async (path) => {
    const run = runAndCount(await temporaryFolder(), { files: () => ({ [path]: "x" }) });
    await expect(run).rejects.toThrow("expected a path in the run's folder");
  },
);

describe("two processes in one folder", () => {
  const lockOf = (values: object) =>
    JSON.stringify({ pid: process.pid, host: hostname(), started: 0, id: "x", ...values });

  it("the second is refused while the first measures", async () => {
    const dir = await temporaryFolder();
    let second: Promise<unknown> | undefined;
    await runAndCount(dir, {
      onProgress: () => {
        second ??= runAndCount(dir).then(
          () => "ran",
          (error: unknown) => error,
        );
      },
    });
    expect(await second).toMatchObject({
      message: `${join(dir, "run.lock")}: expected to be alone in this folder, got process ${process.pid} on ${hostname()}`,
      exitCode: 1,
    });
    expect(await readdir(dir)).not.toContain("run.lock");
  });

  it("the lock of a living process of this host holds, however old", async () => {
    const dir = await temporaryFolder();
    await writeFile(join(dir, "run.lock"), lockOf({ pid: process.ppid }));
    await utimes(join(dir, "run.lock"), 0, 0);
    await expect(runAndCount(dir)).rejects.toThrow(`got process ${process.ppid}`);
  });

  it.each([
    ["a dead process", { pid: 2 ** 22 + 1 }],
    ["an earlier process of this number", { started: 1 }],
  ])("the lock of %s is taken over", async (_, values) => {
    const dir = await temporaryFolder();
    await writeFile(join(dir, "run.lock"), lockOf(values));
    await runAndCount(dir);
    expect(await readdir(dir)).not.toContain("run.lock");
  });

  it("the lock of another host is taken over when it has been silent", async () => {
    const dir = await temporaryFolder();
    const path = join(dir, "run.lock");
    await writeFile(path, lockOf({ host: "elsewhere", pid: 1 }));
    await expect(runAndCount(dir)).rejects.toThrow("got process 1 on elsewhere");
    const silentSince = new Date(Date.now() - 150_000);
    await utimes(path, silentSince, silentSince);
    await runAndCount(dir);
  });

  it("a lock that cannot be read counts as another host's", async () => {
    const dir = await temporaryFolder();
    await writeFile(join(dir, "run.lock"), "");
    await expect(lockFolder(dir)).rejects.toThrow("got another process");
    await utimes(join(dir, "run.lock"), 0, 0);
    await (await lockFolder(dir)).release();
  });

  it("one whose lock was taken over stops before it writes", async () => {
    const dir = await temporaryFolder();
    const run = runAndCount(dir, {}, (count) => {
      if (count === 3) stolen = writeFile(join(dir, "run.lock"), lockOf({ pid: 1, host: "other" }));
    });
    let stolen: Promise<void> = Promise.resolve();
    await expect(run).rejects.toThrow("expected this process's lock, got another's or none");
    await stolen;
    // The second part may have been on its way to the disk while the third was measured.
    const parts = await readdir(join(dir, "parts"));
    expect(parts).toContain("part-00000.parquet");
    expect(parts).not.toContain("part-00002.parquet");
    expect(JSON.parse(await readFile(join(dir, "run.lock"), "utf8"))).toMatchObject({ pid: 1 });
  });
});

it("makes the folder, with those above it", async () => {
  const dir = join(await temporaryFolder(), "a/b/c");
  await runAndCount(dir);
  await mkdir(dir, { recursive: true });
  expect(await readdir(dir)).toContain("summary.json");
});
