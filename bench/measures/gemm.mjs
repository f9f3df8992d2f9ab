/** Matrix products in our own runtime, as graphs of the project. */
import { keepValues, named, ops, parameter, Program, tensor } from "induction-lab/graph";
import { chunkLogits, unembedTables } from "../../dist/model/last-token/unembed-chunks.js";
import { weightValues } from "../../dist/model/weight-values.js";
import { timed } from "./clock.mjs";
import { gemmFlops } from "./flops.mjs";

/** @import { Engine, Tensor } from "induction-lab/graph" */
/** @import { Model } from "induction-lab" */
/** @import { Variant } from "./clock.mjs" */
/** @import { Peer } from "./peers.mjs" */

/** Numbers between −½ and ½. @param {number} rows @param {number} columns */
function filled(rows, columns) {
  const data = Float32Array.from({ length: rows * columns }, () => Math.random() - 0.5);
  return tensor("float32", [rows, columns], data);
}

/**
 * A function that computes a product once; only its first row leaves the runtime.
 *
 * @param {Engine} engine
 * @param {Tensor} a
 * @param {Tensor} b laid out for products beforehand
 * @returns {Promise<() => Promise<unknown>>}
 */
async function product(engine, a, b) {
  const whole = ops.matMul(
    parameter("a", a.dtype, a.shape),
    parameter("b", b.dtype, b.shape, { held: true }),
  );
  const row = named("row", ops.slice(whole, 0, 0, 1));
  const parameters = new Map(Object.entries({ a, b }));
  const program = new Program([row], engine, await engine.store(parameters), parameters);
  return () => program.run({ fetch: ["row"], feed: {} });
}

/** @param {string} name @param {number} flops @param {number} repeats @param {() => Promise<unknown>} run @returns {Variant} */
function repeated(name, flops, repeats, run) {
  const all = async () => {
    for (let i = 0; i < repeats; i++) await run();
  };
  return { name, work: flops * repeats, clock: "cpu", run: () => timed(all) };
}

/** Runs of a square product that take about as long as one of 4096. @param {number} n @param {boolean} quick */
const repeatsOf = (n, quick) => (quick ? 1 : Math.max(1, 2048 / n)) * (n < 2048 ? 2 : 1);

/** Square products of our runtime and of PyTorch, in floating-point operations. @param {Engine} engine @param {Peer | null} peer @param {boolean} quick */
export async function squareVariants(engine, peer, quick) {
  /** @type {Variant[]} */
  const variants = [];
  for (const n of quick ? [1024, 2048] : [1024, 2048, 4096]) {
    const repeats = repeatsOf(n, quick);
    const flops = gemmFlops(n, n, n);
    const run = await product(engine, filled(n, n), filled(n, n));
    variants.push(repeated(`square ${n} ours`, flops, repeats, run));
    if (peer !== null) {
      const torch = () => peer.gemm(n, repeats);
      variants.push({ name: `square ${n} torch`, work: flops * repeats, clock: "cpu", run: torch });
    }
  }
  return variants;
}

/** The product of 256 last positions with W_U [d, V] in the native path's chunks. @param {Engine} engine @param {Model} model */
export async function unembeddingVariant(engine, { config, weights }) {
  const { dModel, dVocab } = config;
  const parameters = new Map([...weights, ["x", filled(256, dModel)]]);
  const store = await engine.store(parameters);
  await keepValues(engine, store, unembedTables(config, weightValues(config, "float32")));
  const x = parameter("x", "float32", [256, dModel]);
  const rows = chunkLogits(x, config, "float32").map((logits) => ops.slice(logits, 0, 0, 1));
  const program = new Program([named("row", ops.concat(rows, 1))], engine, store, parameters);
  const run = () => program.run({ fetch: ["row"], feed: {} });
  return repeated("unembedding", gemmFlops(256, dModel, dVocab), 2, run);
}
