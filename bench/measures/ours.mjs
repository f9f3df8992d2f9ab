/** Our own measurement, `powers.measure`, on a model by either path. */
import { postProtocol, powers, powersSequence } from "induction-lab";
import { loadModel, nodeEngine } from "induction-lab/node";
import { timed } from "./clock.mjs";

/** @import { Lab, RunPath, TokenRef } from "induction-lab" */
/** @import { Time, Variant } from "./clock.mjs" */

/** So many pairs per token and role that every run measures pairs that none has measured before. */
const sequences = 4096;

/**
 * A laboratory with the post's protocol, by the last-token path.
 *
 * @param {string} nameOrDir
 * @param {{ threads: number, runtime: "cpu" | "wasm" }} options
 * @returns {Promise<Lab>}
 */
export async function openLab(nameOrDir, options) {
  const model = await loadModel(nameOrDir, { engine: nodeEngine(options) });
  const protocol = { ...postProtocol(model.config.dVocab), bos: model.bos };
  return { model, protocol, seed: 0, batch: 128, path: "last-token" };
}

/** Tokens that lie evenly in the sampling range. @param {Lab} lab @param {number} count @returns {TokenRef[]} */
export function spreadTokens({ protocol, model }, count) {
  const size = model.config.dVocab - protocol.lowestId;
  const length = Math.min(count, size);
  return Array.from({ length }, (_, i) => ({
    id: protocol.lowestId + Math.floor((i * size) / length),
    text: null,
  }));
}

/**
 * `powers.measure` as a variant: each run takes the next sequence pairs. The work is the sequences
 * that the model reads: both members of a pair count.
 *
 * @param {string} name
 * @param {Lab} lab
 * @param {Variant["clock"]} clock
 * @param {number} pairs in one run, a multiple of the lab's batch
 * @returns {Variant}
 */
export function powersVariant(name, lab, clock, pairs) {
  const params = { tokens: spreadTokens(lab, 64), sequences };
  let from = 0;
  return {
    name,
    work: 2 * pairs,
    clock,
    run() {
      const range = { from, to: from + pairs };
      from += pairs;
      return timed(() => powers.measure(lab, params, range));
    },
  };
}

/** The lab with the batch of 64, 128 or 256 pairs that takes the least CPU time. @param {Lab} lab @returns {Promise<Lab>} */
export async function withBestBatch(lab) {
  let best = { lab, cpu: Infinity };
  for (const batch of [64, 128, 256]) {
    const tried = { ...lab, batch };
    const { run } = powersVariant("calibration", tried, "cpu", 256);
    await run();
    const { cpu } = await run();
    if (cpu < best.cpu) best = { lab: tried, cpu };
  }
  return best.lab;
}

/** Induction sequences with B as the target of each, for the peers. @param {Lab} lab @param {number} count */
export function induction(lab, count) {
  const pairs = spreadTokens(lab, count).map(({ id }) =>
    powersSequence(lab, { token: id, role: "a" }, 0),
  );
  return {
    tokens: pairs.map((pair) => Array.from(pair.induction)),
    targets: pairs.map(({ b }) => b),
  };
}

/** Log-odds of B in these sequences by the lab's path, nats. @param {Lab} lab @param {number} count */
export async function inductionOdds(lab, count) {
  const params = { tokens: spreadTokens(lab, count), sequences: 1 };
  const rows = await powers.measure(lab, params, { from: 0, to: count });
  return Array.from(rows.induction);
}
