/**
 * Memory of the per-head results of one layer, z W_O [1, 1024, heads, d_model], on random weights of
 * GPT-2 small's size: growth of the peak of the process that runs the session, after those of another
 * layer were computed, in units of the result.
 *
 *     node --expose-gc bench/head-results.mjs [--json]
 */
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { headResults, runWithCache } from "induction-lab/lens";
import { loadModel, nodeEngine } from "induction-lab/node";
import { writeRandomModel } from "./random-model.mjs";

const positions = 1024;
const size = /** @type {const} */ ({
  nLayers: 12,
  nHeads: 12,
  dModel: 768,
  dHead: 64,
  nCtx: positions,
  dVocab: 50257,
  activation: "gelu_new",
});

/** @param {"VmHWM" | "VmRSS"} field */
const megabytes = (field) => {
  const status = readFileSync("/proc/self/status", "utf8");
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) / 1024;
};

if (globalThis.gc === undefined) throw new Error("run with node --expose-gc");
const dir = await mkdtemp(join(tmpdir(), "induction-lab-heads-"));
const engine = nodeEngine({ runtime: "cpu", threads: 2 });
try {
  await writeRandomModel(dir, { size });
  const model = await loadModel(dir, { engine });
  const ids = Array.from({ length: positions }, (_, i) => (7919 * i) % size.dVocab);
  const cache = await runWithCache(model, [ids], { names: "blocks.*.attn.hook_z" });
  await headResults(cache, 5);
  globalThis.gc();
  const before = megabytes("VmRSS");
  const results = await headResults(cache, 6);
  const grown = megabytes("VmHWM") - before;
  const output = results.values.data.byteLength / 2 ** 20;
  const ratio = grown / output;
  process.stdout.write(
    process.argv.includes("--json")
      ? `${JSON.stringify({ outputMB: output, grownMB: grown, ratio, floor: 1.2, ok: ratio <= 1.2 })}\n`
      : `per-head results of one layer: ${output.toFixed(1)} MB, peak grows by ${grown.toFixed(1)} MB: ${ratio.toFixed(2)} × (at most 1.2)\n`,
  );
} finally {
  await engine.close();
  await rm(dir, { recursive: true });
}
