/**
 * Activation patching by head and position, many patches in one forward pass, against one full
 * forward pass (all positions unembedded) for each patch, as a notebook does it:
 *
 *     node bench/patching.mjs [--json] [--rounds N]
 *
 * On random weights of GPT-2 small's size, 15 tokens, the heads and positions of one layer: 180 patches
 * by ours, 20 of them the other way. Interleaved rounds; seconds per patch, medians.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { activationPatching, logitDifference, replace } from "induction-lab/lens";
import { loadModel, nodeEngine } from "induction-lab/node";
import { writeRandomModel } from "./random-model.mjs";

const { values } = parseArgs({
  options: { json: { type: "boolean" }, rounds: { type: "string", default: "3" } },
});

/** @param {readonly number[]} numbers */
const median = (numbers) =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? NaN;

const dir = await mkdtemp(join(tmpdir(), "induction-lab-patching-"));
const engine = nodeEngine({ runtime: "cpu", threads: 2 });
try {
  await writeRandomModel(dir, {
    size: {
      nLayers: 12,
      nHeads: 12,
      dModel: 768,
      dHead: 64,
      nCtx: 1024,
      dVocab: 50257,
      activation: "gelu_new",
    },
  });
  const model = await loadModel(dir, { engine });
  const clean = Array.from({ length: 15 }, (_, i) => 1000 + 37 * i);
  const corrupted = clean.with(6, 4242);
  const metric = logitDifference(11, 22);
  const hook = "blocks.6.attn.hook_z";

  const ours = async () => {
    const start = performance.now();
    const table = await activationPatching(model, {
      clean,
      corrupted,
      metric,
      hooks: hook,
      by: ["position", "head"],
    });
    return { seconds: (performance.now() - start) / 1000 / table.values.length, table };
  };
  const { [hook]: source } = await model.run([clean], { fetch: [hook] });
  const naivePatches = 20;
  const naive = async () => {
    const start = performance.now();
    /** @type {number[]} */
    const found = [];
    for (let i = 0; i < naivePatches; i++) {
      const where = { positions: [Math.floor(i / 12)], heads: [i % 12] };
      const { logits } = await model.run([corrupted], {
        fetch: ["logits"],
        feed: { [hook]: replace(source, where) },
      });
      const last = logits.data.subarray(14 * 50257);
      found.push(Number(last[11]) - Number(last[22]));
    }
    return { seconds: (performance.now() - start) / 1000 / naivePatches, found };
  };

  // The same numbers, and everything compiled, before anything is timed.
  const { table } = await ours();
  const { found } = await naive();
  const error = Math.max(...found.map((value, i) => Math.abs(value - Number(table.values[i]))));
  if (!(error < 1e-3)) throw new Error(`the two ways differ by ${error} nats`);

  const times = { ours: /** @type {number[]} */ ([]), naive: /** @type {number[]} */ ([]) };
  for (let round = 0; round < Number(values.rounds); round++) {
    times.ours.push((await ours()).seconds);
    times.naive.push((await naive()).seconds);
  }
  const ratio = median(times.naive) / median(times.ours);
  const result = {
    secondsPerPatch: { ours: median(times.ours), onePassPerPatch: median(times.naive) },
    ratio,
    floor: 3,
    ok: ratio >= 3,
    maxDifference: error,
  };
  process.stdout.write(
    values.json === true
      ? `${JSON.stringify(result, null, 2)}\n`
      : `patches of ${hook}: ${(1000 * median(times.ours)).toFixed(1)} ms each, one full pass per patch ${(1000 * median(times.naive)).toFixed(1)} ms: ${ratio.toFixed(1)} × (floor 3)\n`,
  );
} finally {
  await engine.close();
  await rm(dir, { recursive: true });
}
