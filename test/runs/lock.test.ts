import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { lockFolder } from "../../src/runs/lock.js";

it("taking a folder removes what a process left that was killed while it took it", async () => {
  const dir = await mkdtemp(join(tmpdir(), "induction-lab-lock-"));
  try {
    const dead = spawnSync(process.execPath, ["-e", ""]).pid;
    const holder = (pid: number) => JSON.stringify({ pid, host: hostname(), started: 0, id: "x" });
    await writeFile(join(dir, "run.lock.dead"), holder(dead));
    await writeFile(join(dir, "run.lock.torn"), "");
    await writeFile(join(dir, "run.lock.alive"), holder(process.ppid));
    await writeFile(join(dir, "other.lock"), "kept");
    const lock = await lockFolder(dir);
    expect((await readdir(dir)).toSorted()).toEqual(["other.lock", "run.lock", "run.lock.alive"]);
    await lock.release();
  } finally {
    await rm(dir, { recursive: true });
  }
});
