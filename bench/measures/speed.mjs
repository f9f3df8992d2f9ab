/** Speed at the true size: our paths, the peers and the peak of the machine in the same rounds. */
import { sequenceLength } from "induction-lab";
import { nodeEngine } from "induction-lab/node";
import { measureRounds } from "./clock.mjs";
import { lastTokenFlops } from "./flops.mjs";
import { squareVariants, unembeddingVariant } from "./gemm.mjs";
import { induction, inductionOdds, openLab, powersVariant, withBestBatch } from "./ours.mjs";
import { peerVariants, startPeer } from "./peers.mjs";
import { ratioRow } from "./rows.mjs";

/** @import { Lab } from "induction-lab" */
/** @import { Variant } from "./clock.mjs" */
/** @import { Peer } from "./peers.mjs" */

/** The most by which log-odds of one model may differ, nats. */
const tolerance = 1e-3;

/** Refuses to time what does not compute the same. @param {Peer} peer @param {Lab} lab */
async function checkAgreement(peer, lab) {
  const sequences = induction(lab, 32);
  for (const path of /** @type {const} */ (["plain", "last-token"])) {
    const ours = await inductionOdds({ ...lab, path }, 32);
    for (const theirs of /** @type {const} */ (["all", "last"])) {
      const { odds } = await peer.odds({ path: theirs, batch: 32, ...sequences });
      const difference = Math.max(...ours.map((value, i) => Math.abs(value - Number(odds[i]))));
      if (difference <= tolerance) continue;
      throw new Error(
        `PyTorch, ${theirs} positions: expected our log-odds (${path}) within ${tolerance} nats, got a difference of ${difference}`,
      );
    }
  }
}

/**
 * @typedef {object} Speed
 * @property {import("./rows.mjs").Row[]} rows
 * @property {Peer["about"] | null} torch
 * @property {string} runtime
 * @property {number} batch sequence pairs per run of the model
 */

/**
 * Measures all rows of speed.
 *
 * @param {{ folder: string, quick: boolean, torch: import("./peers.mjs").Torch | null, say: (message: string) => void }} options
 * @returns {Promise<Speed>}
 */
export async function measureSpeed({ folder, quick, torch, say }) {
  /** @type {(() => unknown)[]} */
  const closing = [];
  /** @param {{ threads: number, runtime: "cpu" | "wasm" }} options */
  const open = async (options) => {
    const opened = await openLab(folder, options);
    closing.push(() => opened.model.engine.close());
    return opened;
  };
  /** @param {number} threads */
  const start = async (threads) => {
    if (torch === null) return null;
    const peer = await startPeer(torch, folder, threads);
    closing.push(peer.close);
    return peer;
  };
  try {
    say("opening the model and the peers");
    const [peer, peer2] = await Promise.all([start(1), start(2)]);
    const first = await open({ threads: 1, runtime: "cpu" });
    if (peer !== null) await checkAgreement(peer, first);
    say("choosing the batch");
    const lab = await withBestBatch(first);
    const { batch } = lab;
    const lab2 = { ...(await open({ threads: 2, runtime: "cpu" })), batch };
    const wasm = { ...(await open({ threads: 1, runtime: "wasm" })), batch };
    const gemms = nodeEngine({ threads: 1, runtime: "cpu" });
    closing.push(() => gemms.close());

    const times = quick ? 1 : 2;
    // Whole batches, whichever was chosen, and enough of them that the first and last count little.
    const pairs = times * 512;
    const sequences = induction(lab, 256);
    /** @type {Variant[]} */
    const variants = [
      powersVariant("ours", lab, "cpu", pairs),
      powersVariant("ours plain", { ...lab, path: "plain" }, "cpu", 256),
      powersVariant("ours wasm", wasm, "cpu", Math.max(128, batch)),
      powersVariant("ours wall", lab2, "wall", pairs),
      powersVariant("ours plain wall", { ...lab2, path: "plain" }, "wall", 256),
      await unembeddingVariant(gemms, lab.model),
      ...(await squareVariants(gemms, peer, quick)),
      ...(peer === null ? [] : peerVariants(peer, sequences, "cpu", { all: 1, last: times })),
      ...(peer2 === null ? [] : peerVariants(peer2, sequences, "wall", { all: 1, last: times })),
    ];
    const rates = await measureRounds(variants, quick ? 3 : 7, say);
    const flops = lastTokenFlops(lab.model.config, sequenceLength(lab.protocol));
    const { runtime } = await lab.model.engine.info();
    return { rows: speedRows(rates, flops), torch: peer?.about ?? null, runtime, batch };
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

/** @param {ReadonlyMap<string, number>} rates @param {number} flops of a sequence */
function speedRows(rates, flops) {
  const of = (/** @type {string} */ name) => /** @type {number} */ (rates.get(name));
  const squares = [...rates].filter(([name]) => name.startsWith("square "));
  const peak = Math.max(...squares.map(([, rate]) => rate)) / 1e9;
  const ours = of("ours");
  const perCpu = "sequences/CPU-second";
  const perSecond = "sequences/second";
  return [
    ratioRow("speed against PyTorch, all positions", {
      ours,
      peer: rates.get("torch all cpu"),
      unit: perCpu,
      floor: 22,
      target: 30,
    }),
    ratioRow("speed against PyTorch, last position", {
      ours,
      peer: rates.get("torch last cpu"),
      unit: perCpu,
      floor: 2,
      target: 2.6,
    }),
    ratioRow("unembedding GEMM against the measured peak", {
      ours: of("unembedding") / 1e9,
      peer: peak,
      unit: "GFLOP/CPU-second",
      floor: 0.8,
      target: 0.9,
    }),
    ratioRow("whole path against the measured peak", {
      ours: (ours * flops) / 1e9,
      peer: peak,
      unit: "GFLOP/CPU-second",
      floor: 0.62,
      target: 0.75,
    }),
    ratioRow("WASM in Node against our native path", {
      ours: of("ours wasm"),
      peer: ours,
      unit: perCpu,
      floor: 0.2,
      target: 0.3,
    }),
    ratioRow("last-token path against our plain path", {
      ours,
      peer: of("ours plain"),
      unit: perCpu,
    }),
    ...["all positions", "last position"].map((which) =>
      ratioRow(`two threads, against PyTorch, ${which}`, {
        ours: of("ours wall"),
        peer: rates.get(`torch ${which.split(" ", 1)[0]} wall`),
        unit: perSecond,
      }),
    ),
    ratioRow("two threads, last-token path against our plain path", {
      ours: of("ours wall"),
      peer: of("ours plain wall"),
      unit: perSecond,
    }),
  ];
}
