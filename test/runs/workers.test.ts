import { readdir } from "node:fs/promises";
import { expect, it } from "vitest";
import { runWorkers } from "../../src/cli/workers.js";
import type { PlanFile } from "../../src/runs/index.js";
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
