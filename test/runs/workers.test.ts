import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { memoryNote, runWorkers, workersProgress } from "../../src/cli/workers.js";
import type { PlanFile } from "../../src/runs/index.js";
import { writeShardState } from "../../src/runs/shard-files.js";
import { temporaryFolder } from "./temporary-folder.js";

it("workers of a run that was stopped before they start do not start", async () => {
  const dir = await temporaryFolder();
  const io = { out: () => undefined, err: () => undefined, interactive: false, now: () => 0 };
  const plan = { stages: [{ parts: 3 }, { parts: 4 }] } as unknown as PlanFile;
  const run = { dir, plan, args: [], workers: 2, threads: 1, signal: AbortSignal.abort() };
  await expect(runWorkers(io, run)).rejects.toMatchObject({
    message: "interrupted: 0 of 7 parts are kept",
    exitCode: 75,
  });
  expect(await readdir(dir)).toEqual([]);
});

it("what they were told to leave counts as kept, whoever measured it", async () => {
  const dir = await temporaryFolder();
  const io = { out: () => undefined, err: () => undefined, interactive: false, now: () => 0 };
  const line = (part: number, hash = "p") =>
    `${JSON.stringify({ part, file: `parts/${part}`, plan: hash, stage: "s", from: 0, to: 1, bytes: 1, sha256: "", environment: 0 })}\n`;
  await mkdir(join(dir, "shards"));
  await writeFile(join(dir, "parts.jsonl"), line(0) + line(1));
  await writeFile(join(dir, "shards/1-of-2.jsonl"), line(1) + line(4) + line(5, "another"));
  const plan = { plan: "p", stages: [{ parts: 3 }, { parts: 4 }] } as unknown as PlanFile;
  const run = { dir, plan, args: [], workers: 2, threads: 1, signal: AbortSignal.abort() };
  await expect(runWorkers(io, run)).rejects.toMatchObject({
    message: "interrupted: 3 of 7 parts are kept",
  });
});

it("their progress begins when each that has a share has said where it stands", async () => {
  const dir = await temporaryFolder();
  await mkdir(join(dir, "shards"));
  const plan = { plan: "p", forecast: { stages: [{ sequences: 90 }, { sequences: 10 }] } };
  const started = new Date(1000);
  const state = (index: number, done: number, at: number) =>
    writeShardState(dir, {
      ...{ schema: "induction-lab/shard/1", plan: "p", index, of: 3, state: "running" },
      ...{ started: new Date(at).toISOString(), updated: new Date(at).toISOString() },
      ...{ total: 45, done, rate: 0, environments: [] },
    });
  const progress = (shares: number) =>
    workersProgress(dir, plan as unknown as PlanFile, { workers: 3, shares, started });
  expect(await progress(2)).toBeNull();
  await state(0, 20, 2000);
  // Of an earlier process.
  await state(1, 30, 500);
  expect(await progress(2)).toBeNull();
  await state(1, 30, 2000);
  expect(await progress(2)).toEqual({ done: 50, total: 100 });
  // One of three without a share says nothing.
  expect(await progress(3)).toBeNull();
});

it("more of them than there is memory for are named before they start", () => {
  expect(memoryNote(4, 0.4e9, 2e9)).toBeNull();
  expect(memoryNote(60, 0.4e9, 2e9)).toBe(
    "60 processes take about 24.0 GB, 2.0 GB are free here: fewer --workers take less",
  );
});
