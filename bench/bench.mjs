/**
 * The speed and the memory of the sweep, beside PyTorch and beside the peak of the machine:
 *
 *     npm run bench -- [--quick] [--full] [--json] [--check]
 *
 * `--quick` takes fewer and shorter rounds, `--full` adds the two designs at the true size. Exit code 1
 * if something could not be measured, 2 for unknown options and, with `--check`, 3 if a floor fails.
 * What is measured, and how to read it: docs/speed.md.
 */
import { readFileSync, rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { measureDesigns } from "./measures/designs.mjs";
import { measureMemory } from "./measures/memory.mjs";
import { measureMerge } from "./measures/merge.mjs";
import { openLab } from "./measures/ours.mjs";
import { findTorch } from "./measures/peers.mjs";
import { limitRow, ratioRow } from "./measures/rows.mjs";
import { measureSpeed } from "./measures/speed.mjs";
import { table } from "./measures/text.mjs";
import { writeRandomModel } from "./random-model.mjs";

/** Progress, with the seconds since the start. @param {string} message */
function say(message) {
  const seconds = Math.round(performance.now() / 1e3);
  process.stderr.write(`${String(seconds).padStart(3)} s  ${message} …\n`);
}

function parse() {
  const flag = /** @type {const} */ ({ type: "boolean", default: false });
  try {
    const { help, ...options } = parseArgs({
      options: { json: flag, quick: flag, full: flag, check: flag, help: flag },
    }).values;
    if (help) {
      process.stdout.write(
        "npm run bench -- [--quick] [--full] [--json] [--check]: see docs/speed.md\n",
      );
      process.exit(0);
    }
    return options;
  } catch (error) {
    process.stderr.write(`bench: ${error instanceof Error ? error.message : error}\n`);
    process.exit(2);
  }
}

/** The two designs on a model. @param {string} nameOrDir @param {{ crossed: number, post: number }} tokens @param {string} where @param {object} bounds */
async function designRow(nameOrDir, tokens, where, bounds) {
  const lab = await openLab(nameOrDir, { threads: 1, runtime: "cpu" });
  try {
    const { ours, post, tokens: count } = await measureDesigns(lab, tokens);
    const over = `${count.toLocaleString("en")} tokens of ${where}`;
    return ratioRow(`crossed design against the post's for the same mean squared SE, ${over}`, {
      ours,
      peer: post,
      unit: "CPU-seconds",
      lessIsBetter: true,
      ...bounds,
    });
  } finally {
    await lab.model.engine.close();
  }
}

/** @param {ReturnType<typeof parse>} options @param {string} scratch */
async function measureAll({ quick, full }, scratch) {
  say("looking for PyTorch");
  const torch = findTorch((reason) => {
    const hint = "its rows stay empty; on Debian: python3-torch and libopenblas0-pthread";
    process.stderr.write(`${reason}: ${hint}\n`);
  });
  say("making the random model");
  const folder = join(scratch, "model");
  await writeRandomModel(folder);
  say("measuring the memory");
  const peak = await measureMemory(folder, quick ? 16 : 64);
  const speed = await measureSpeed({ folder, quick, torch, say });
  say("measuring both designs");
  const share = quick ? { crossed: 1024, post: 256 } : { crossed: Infinity, post: 512 };
  const bounds = { floor: 2.2, target: 3 };
  const designs = [await designRow("attn-only-2l-mini", share, "the embedded model", bounds)];
  if (full) {
    const some = { crossed: 4096, post: 256 };
    designs.push(await designRow(folder, some, "a random model of attn-only-2l's size", {}));
  }
  say("making the shards of a sweep and merging them");
  const merge = await measureMerge(join(scratch, "merge"));
  const rows = [
    ...speed.rows.slice(0, 5),
    ...designs,
    limitRow("memory of the sweep at the true size", peak, 1.2e9, "bytes"),
    limitRow(
      "merge of 64 shards, 1.5 million sequence pairs: time",
      merge?.seconds ?? null,
      10,
      "seconds",
    ),
    limitRow(
      "merge of 64 shards, 1.5 million sequence pairs: memory",
      merge?.peakBytes ?? null,
      5e8,
      "bytes",
    ),
    ...speed.rows.slice(5),
  ];
  const machine = {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: availableParallelism(),
    platform: `${process.platform}-${process.arch}`,
    node: process.version,
    runtime: speed.runtime,
    torch: speed.torch?.torch ?? null,
    blas: speed.torch?.blas ?? null,
    batch: speed.batch,
  };
  return { machine, rows };
}

async function main() {
  const options = parse();
  const scratch = await mkdtemp(join(tmpdir(), "induction-bench-"));
  // At exit, so that an interrupted run leaves no 208 MB behind either.
  process.once("exit", () => rmSync(scratch, { recursive: true, force: true }));
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(75));
  const { machine, rows } = await measureAll(options, scratch);
  if (options.json) {
    const packageFile = fileURLToPath(new URL("../package.json", import.meta.url));
    const { version } = JSON.parse(readFileSync(packageFile, "utf8"));
    const command = ["npm run bench --", ...process.argv.slice(2)].join(" ");
    const result = { schema: "induction-lab/bench/2", version, command, machine, rows };
    process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  } else {
    const { cpu, cores, platform, node, runtime, torch, blas, batch } = machine;
    const peer = torch === null ? "no PyTorch" : `PyTorch ${torch} with ${blas}`;
    process.stdout.write(
      `${cpu}, ${cores} cores, ${platform}, Node ${node}, ${runtime}, ${peer}; batch ${batch}\n\n${table(rows)}`,
    );
  }
  if (options.check && rows.some(({ ok }) => ok === false)) process.exitCode = 3;
}

await main().catch((error) => {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : error}\n`);
  process.exit(1);
});
