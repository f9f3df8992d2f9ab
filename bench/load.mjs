/**
 * Time and memory of loading a model of attn-only-2l's size, 208 MB, from a torch checkpoint:
 *
 *     node bench/load.mjs [--json]
 *
 * Two fresh processes. One reads the weights: its peak must grow by at most 1.3 times their size. The
 * other processes them and hands them to the engine: it must grow by at most 600 MB.
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readSafetensors } from "induction-lab/weights";
import { spawnSync } from "node:child_process";
import { writeRandomModel } from "./random-model.mjs";
import { torchFile } from "./torch-file.mjs";

const self = fileURLToPath(import.meta.url);

/** Megabytes that this process held at its peak. Not rusage's: a child inherits its parent's there. */
const peakMB = () => {
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  return kilobytes === undefined ? NaN : Number(kilobytes) / 1024;
};

/**
 * What one fresh process measures.
 *
 * @param {string} step
 * @param {string} dir
 */
async function measure(step, dir) {
  const { readWeights } = await import("induction-lab/model");
  const { folderFiles, loadModel, nodeEngine } = await import("induction-lab/node");
  const engine = nodeEngine({ runtime: "cpu", threads: 2 });
  await engine.info();
  const before = peakMB();
  const start = performance.now();
  if (step === "read") {
    await readWeights(folderFiles(dir));
  } else {
    const model = await loadModel(dir, { engine });
    await model.run([[1, 2, 3, 4]], { fetch: ["last_logits"] });
  }
  const seconds = (performance.now() - start) / 1000;
  process.stdout.write(JSON.stringify({ seconds, grownMB: peakMB() - before }));
  await engine.close();
}

/** @param {string} step @param {string} dir @returns {{ seconds: number, grownMB: number }} */
function inFreshProcess(step, dir) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [self, step, dir], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

async function main() {
  const dir = await mkdtemp(join(tmpdir(), "induction-lab-load-"));
  try {
    await writeRandomModel(dir);
    const safetensors = join(dir, "model.safetensors");
    const file = readSafetensors(await readFile(safetensors), safetensors);
    const tensors = new Map([...file.entries.keys()].map((key) => [key, file.float(key)]));
    const sizeMB =
      [...tensors.values()].reduce((sum, { data }) => sum + data.byteLength, 0) / 2 ** 20;
    await writeFile(join(dir, "model_final.pth"), torchFile(tensors));
    await rm(safetensors);
    const read = inFreshProcess("read", dir);
    const run = inFreshProcess("run", dir);
    const rows = {
      sizeMB,
      readSeconds: read.seconds,
      readGrowth: read.grownMB / sizeMB,
      loadSeconds: run.seconds,
      loadGrownMB: run.grownMB,
    };
    if (process.argv.includes("--json")) {
      process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
      return;
    }
    process.stdout.write(
      `a torch checkpoint of ${sizeMB.toFixed(0)} MB\n` +
        `read: ${read.seconds.toFixed(2)} s, peak grows by ${rows.readGrowth.toFixed(2)} times the tensors (at most 1.3)\n` +
        `read, processed, run once: ${run.seconds.toFixed(2)} s (at most 3), peak grows by ${run.grownMB.toFixed(0)} MB (at most 600)\n`,
    );
  } finally {
    await rm(dir, { recursive: true });
  }
}

const [step, dir] = process.argv.slice(2);
if (step !== undefined && dir !== undefined) await measure(step, dir);
else await main();
