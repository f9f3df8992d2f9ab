/**
 * The speed of `powers` on the embedded model and on a random one of attn-only-2l's size, and the
 * memory of the latter: `npm run bench [-- --quick] [-- --json]`.
 *
 * A sequence is one that the model reads: both members of a pair count. CPU seconds are user and
 * system time of this process with one thread; seconds are those of the clock with two threads.
 */
import { readFileSync, rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { pairCount, postProtocol, powers } from "induction-lab";
import { loadModel, nodeEngine } from "induction-lab/node";
import { runMeasured } from "./peak-memory.mjs";
import { writeRandomModel } from "./random-model.mjs";

/** @import { Lab } from "induction-lab" */

/**
 * @typedef {object} Variant
 * @property {string} model
 * @property {"cpu" | "wasm"} backend
 * @property {number} threads
 * @property {number} tokens tokens measured in one round, as A and as B
 * @property {Lab} lab
 * @property {number[]} rounds sequences per second, or per CPU second
 */

/** Sequence pairs per token and role. */
const sequences = 16;

/** What the project allows, in bytes. */
const memoryLimit = 1.5e9;

const root = fileURLToPath(new URL("..", import.meta.url));

/** @param {string} nameOrDir @param {number} threads @param {Variant["backend"]} runtime @returns {Promise<Lab>} */
async function openLab(nameOrDir, threads, runtime) {
  const model = await loadModel(nameOrDir, { engine: nodeEngine({ threads, runtime }) });
  const protocol = { ...postProtocol(model.config.dVocab), bos: model.bos };
  return { model, protocol, seed: 0, batch: 64 };
}

/** Measures a variant once; its rate per CPU second if it has one thread, else per second. @param {Variant} variant */
async function rate({ lab, threads, tokens }) {
  const { lowestId } = lab.protocol;
  const params = {
    tokens: Array.from({ length: tokens }, (_, i) => ({ id: lowestId + i, text: null })),
    sequences,
  };
  const pairs = pairCount(powers, params);
  const cpuBefore = process.cpuUsage();
  const before = performance.now();
  await powers.measure(lab, params, { from: 0, to: pairs });
  const seconds = (performance.now() - before) / 1e3;
  const { user, system } = process.cpuUsage(cpuBefore);
  return (2 * pairs) / (threads === 1 ? (user + system) / 1e6 : seconds);
}

/** @param {readonly number[]} values */
function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return (Number(low) + Number(high)) / 2;
}

/** @param {string} folder of the large random model @param {boolean} quick */
async function measureRates(folder, quick) {
  const models = [
    { model: "attn-only-2l-mini", at: "attn-only-2l-mini", tokens: quick ? 32 : 128 },
    { model: "random attn-only-2l", at: folder, tokens: quick ? 8 : 32 },
  ];
  /** @type {Variant[]} */
  const variants = [];
  /** @param {typeof models[number]} model @param {number} threads @param {Variant["backend"]} backend */
  const add = async ({ at, ...known }, threads, backend) => {
    const lab = await openLab(at, threads, backend);
    variants.push({ ...known, backend, threads, lab, rounds: [] });
  };
  for (const model of models) {
    for (const threads of [1, 2]) await add(model, threads, "cpu");
    if (model.at === model.model) await add(model, 1, "wasm");
  }
  try {
    for (const variant of variants) await rate({ ...variant, tokens: 8 });
    // All variants in each round, so that a change of the machine's load meets all of them.
    for (let round = 0; round < (quick ? 3 : 7); round++) {
      for (const variant of variants) variant.rounds.push(await rate(variant));
    }
    const info = await /** @type {Variant} */ (variants[0]).lab.model.engine.info();
    return { variants, runtime: info.runtime };
  } finally {
    for (const { lab } of variants) await lab.model.engine.close();
  }
}

/** Peak memory in bytes of the command line on a model. @param {string} folder */
async function measureMemory(folder) {
  const main = join(root, "dist/cli/main.js");
  const args = [main, "powers", "--model", folder, "--range", "4:67", "-n", "16", "--json", "-q"];
  const { code, stderr, peakBytes } = await runMeasured(args);
  if (code !== 0) throw new Error(`powers: expected exit code 0, got ${code}: ${stderr}`);
  return peakBytes;
}

/** @param {readonly (readonly string[])[]} rows */
function table(rows) {
  const widths = rows[0]?.map((_, c) => Math.max(...rows.map((row) => row[c]?.length ?? 0))) ?? [];
  return rows
    .map((row) => row.map((cell, c) => cell.padEnd(widths[c] ?? 0)).join("  "))
    .map((line) => `${line.trimEnd()}\n`)
    .join("");
}

/** @param {number} value */
const digits3 = (value) => Number(value.toPrecision(3)).toLocaleString("en");

function parse() {
  try {
    return parseArgs({ options: { json: { type: "boolean" }, quick: { type: "boolean" } } }).values;
  } catch (error) {
    process.stderr.write(`bench: ${error instanceof Error ? error.message : error}\n`);
    process.exit(2);
  }
}

async function main() {
  const options = parse();
  const folder = await mkdtemp(join(tmpdir(), "induction-bench-"));
  // At exit, so that an interrupted run leaves no 208 MB behind either.
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(75));

  process.stderr.write("making the random model …\n");
  await writeRandomModel(folder);
  process.stderr.write("measuring the peak memory of powers …\n");
  const peak = await measureMemory(folder);
  process.stderr.write("measuring the speed …\n");
  const { variants, runtime } = await measureRates(folder, options.quick === true);

  const machine = {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: availableParallelism(),
    platform: `${process.platform}-${process.arch}`,
    node: process.version,
    runtime,
  };
  const rows = [
    ...variants.map(({ model, backend, threads, rounds }) => ({
      measure: `powers, ${threads === 1 ? "CPU time" : "wall time"}${backend === "wasm" ? ", WASM" : ""}`,
      model,
      threads,
      value: median(rounds),
      unit: threads === 1 ? "sequences/CPU-second" : "sequences/second",
      rounds,
    })),
    {
      measure: "powers, peak memory",
      model: "random attn-only-2l",
      threads: 2,
      value: peak,
      unit: "bytes",
      limit: memoryLimit,
    },
  ];
  if (options.json === true) {
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    const command = ["npm run bench --", ...process.argv.slice(2)].join(" ");
    const result = { schema: "induction-lab/bench/1", version, command, machine, rows };
    process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
    return;
  }
  const lines = rows.map((row) => [
    row.measure,
    row.model,
    String(row.threads),
    "limit" in row ? `${(row.value / 1e9).toFixed(2)} GB` : `${digits3(row.value)} ${row.unit}`,
    "limit" in row
      ? `${row.value <= row.limit ? "within" : "ABOVE"} the limit of ${row.limit / 1e9} GB`
      : `median of ${row.rounds.length}, ${digits3(Math.min(...row.rounds))} to ${digits3(Math.max(...row.rounds))}`,
  ]);
  process.stdout.write(
    `${machine.cpu}, ${machine.cores} cores, ${machine.platform}, Node ${machine.node}, ${machine.runtime}\n\n` +
      table([["measure", "model", "threads", "value", ""], ...lines]),
  );
}

await main();
