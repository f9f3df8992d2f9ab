/** Memory at the size of attn-only-2l: at most 1.2 GB, and 1.5 GB with the WASM build, which has a heap of its own. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runMeasured } from "../../bench/peak-memory.mjs";
import { writeRandomModel } from "../../bench/random-model.mjs";

const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

describe("powers on a random model of attn-only-2l's size", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "induction-memory-"));
    await writeRandomModel(folder);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it.each([
    ["cpu", 1.2e9],
    ["wasm", 1.5e9],
  ] as const)(
    "holds no more than it may: %s",
    async (backend, most) => {
      const args = ["--model", folder, "--range", "4:67", "-n", "16", "--backend", backend];
      const run = await runMeasured([main, "powers", ...args, "--json", "--quiet"]);
      expect(run.stderr).toBe("");
      expect(run.code).toBe(0);
      const result = JSON.parse(run.stdout) as { rows: unknown[]; engine: { provider: string } };
      expect(result.rows).toHaveLength(64);
      expect(result.engine.provider).toBe(backend);
      // More than the weights alone: a peak below would mean that the wrong thing was measured.
      expect(run.peakBytes).toBeGreaterThan(208e6);
      expect(run.peakBytes).toBeLessThanOrEqual(most);
    },
    300_000,
  );
});
