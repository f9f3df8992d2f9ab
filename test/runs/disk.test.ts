import { execFileSync } from "node:child_process";
import type * as fs from "node:fs/promises";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { LabError } from "../../src/errors.js";
import { readPartIdentity } from "../../src/runs/part-file.js";
import { laterStage, stage, type Stage } from "../../src/runs/index.js";
import { contentOf, fake, type FakeSummary, runAndCount } from "./fake.js";
import { temporaryFolder } from "./temporary-folder.js";

/** Fails the n-th operation that writes, counted from 1, with a system's error. */
const failure = vi.hoisted(() => ({ at: 0, code: "ENOSPC", count: 0 }));

vi.mock("node:fs/promises", async (importOriginal) => {
  const real = await importOriginal<typeof fs>();
  const fails = (): boolean => ++failure.count === failure.at;
  const error = () => Object.assign(new Error(failure.code), { code: failure.code });
  const step = <Args extends unknown[], Result>(act: (...args: Args) => Promise<Result>) => {
    return (...args: Args) => (fails() ? Promise.reject(error()) : act(...args));
  };
  const failing = (file: fs.FileHandle): fs.FileHandle =>
    new Proxy(file, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== "function") return value;
        const call = value.bind(target) as (...args: unknown[]) => Promise<unknown>;
        if (name === "sync" || name === "datasync") return step(call);
        if (name !== "writeFile" && name !== "appendFile") return call;
        return async (content: string | Uint8Array) => {
          if (!fails()) return call(content);
          // A full disk takes a part of it.
          await call(content.slice(0, Math.ceil(content.length / 2)));
          throw error();
        };
      },
    });
  return {
    ...real,
    open: step(async (path: string, flags: string) => failing(await real.open(path, flags))),
    writeFile: step(real.writeFile),
    rename: step(real.rename),
    mkdir: step(real.mkdir),
    link: step(real.link),
  };
});

/** Three small parts: the same files as those of a long run, in a hundredth of the time. */
const small = (): Stage[] => [
  stage("first", fake, { pairs: 20, width: 1, salt: 1 }),
  stage("lists", fake, { pairs: 10, width: 3, salt: 2 }),
  laterStage("again", fake, {
    pairs: 5,
    params: ({ first }) => ({ pairs: 5, width: 1, salt: (first as FakeSummary).last }),
  }),
];
const run = (dir: string) => runAndCount(dir, { plan: small() });

async function failingAt(at: number, code: string, act: () => Promise<unknown>): Promise<unknown> {
  Object.assign(failure, { at, code, count: 0 });
  try {
    return await act().then(
      () => null,
      (error: unknown) => error,
    );
  } finally {
    failure.at = 0;
  }
}

describe("a disk that fails at any operation", () => {
  it.each([
    ["ENOSPC", 1, "expected room on the disk, got none (ENOSPC)"],
    ["EROFS", 7, "expected a place that can be written, got EROFS (a disk that can only be read)"],
    [
      "EACCES",
      7,
      "expected a place that can be written, got EACCES (this user may not write there)",
    ],
  ])("%s: names the file in one line, and the run goes on", async (code, stride, message) => {
    const whole = await temporaryFolder();
    expect(await failingAt(Infinity, code, () => run(whole))).toBe(null);
    const operations = failure.count;
    const alone = await contentOf(whole);
    expect(operations).toBeGreaterThan(40);
    for (let at = 1; at <= operations; at += stride) {
      const dir = await temporaryFolder();
      const error = await failingAt(at, code, () => run(dir));
      expect(error).toBeInstanceOf(LabError);
      const { message: got, exitCode } = error as LabError;
      expect(got.startsWith(dir), got).toBe(true);
      expect([got.slice(got.indexOf(": ") + 2), exitCode]).toEqual([message, 1]);
      // Nothing half-written bears a final name, and no lock is left.
      expect(await readdir(dir)).not.toContain("run.lock");
      for (const name of await readdir(join(dir, "parts")).catch(() => [])) {
        expect(readPartIdentity(await readFile(join(dir, "parts", name)))).not.toBe(null);
      }
      await run(dir);
      expect(await contentOf(dir)).toEqual(alone);
    }
  });
});

/** A small disk of its own, or a line that says why not. */
async function smallDisk(size: string): Promise<string | null> {
  const dir = await temporaryFolder();
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", dir], { stdio: "ignore" });
  } catch {
    console.warn("skipped: a real full disk needs the right to mount one");
    return null;
  }
  onTestFinished(() => void execFileSync("umount", ["-l", dir]));
  return dir;
}

describe("a real disk", () => {
  it("that is full: the run is kept, and goes on when there is room", async ({ skip }) => {
    const disk = (await smallDisk("320k")) ?? skip("no right to mount");
    const dir = join(disk, "run");
    await expect(runAndCount(dir)).rejects.toThrow(
      /^.*part-0000\d\.parquet: expected room on the disk, got none \(ENOSPC\)$/,
    );
    const kept = (await readdir(join(dir, "parts"))).length;
    expect(kept).toBeGreaterThan(0);
    execFileSync("mount", ["-o", "remount,size=20m", disk]);
    expect((await runAndCount(dir)).measured).toBe(6 - kept);
    const alone = await temporaryFolder();
    await runAndCount(alone);
    expect(await contentOf(dir)).toEqual(await contentOf(alone));
  });

  it("that is read-only: says so", async ({ skip }) => {
    const disk = (await smallDisk("1m")) ?? skip("no right to mount");
    await mkdir(join(disk, "run"));
    execFileSync("mount", ["-o", "remount,ro", disk]);
    await expect(run(join(disk, "run"))).rejects.toThrow(
      "expected a place that can be written, got EROFS",
    );
    await expect(run(join(disk, "new"))).rejects.toThrow(
      `${join(disk, "new")}: expected a place that can be written, got EROFS`,
    );
  });
});
