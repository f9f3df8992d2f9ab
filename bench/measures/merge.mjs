/** Time and memory of `induction merge` on a crossed sweep of attn-only-2l's vocabulary by 64 shards. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { crossedPartners } from "induction-lab";
import { attnOnly2l, writeRandomModel } from "../random-model.mjs";
import { runCli } from "./memory.mjs";

/** @import { IndexRange, Lab, PairRows } from "induction-lab" */

const shards = 64;
const rounds = 32;

/** A number between −1 and 1 that two whole numbers decide. @param {number} x @param {number} y */
function noise(x, y) {
  const mixed = Math.imul(x ^ Math.imul(y, 0x9e3779b1), 0x85ebca6b);
  return (mixed ^ (mixed >>> 15)) / 2 ** 31;
}

/**
 * The rows of sequence pairs of a crossed sweep, as if measured: strengths have an effect of A, one of
 * B and noise, and B stands after A in one control of 22.
 *
 * @param {Pick<Lab, "protocol" | "seed">} lab
 * @param {readonly number[]} ids of the tokens
 * @param {IndexRange} range
 * @returns {PairRows}
 */
function syntheticRows(lab, ids, { from, to }) {
  const count = to - from;
  const whole = () => new Int32Array(count);
  const [unit, k, a, b] = [whole(), whole(), whole(), whole()];
  const controlAB = new Uint8Array(count);
  const [induction, control] = [new Float64Array(count), new Float64Array(count)];
  let partners = crossedPartners(lab, ids.length, Math.floor(from / ids.length));
  for (let i = 0; i < count; i++) {
    const round = Math.floor((from + i) / ids.length);
    const place = (from + i) % ids.length;
    if (place === 0) partners = crossedPartners(lab, ids.length, round);
    unit[i] = round;
    k[i] = place;
    a[i] = Number(ids[place]);
    b[i] = Number(ids[Number(partners[place])]);
    controlAB[i] = noise(from + i, 3) < 1 / 11 - 1 ? 1 : 0;
    const strength = 5 + 3 * noise(place, 1) + 3 * noise(Number(partners[place]), 2);
    control[i] = Math.fround(3 * noise(from + i, 4) - 9 + Number(controlAB[i]) * strength);
    induction[i] = Math.fround(3 * noise(from + i, 5) - 9 + strength);
  }
  return { unit, k, a, b, controlAB, width: 1, targets: b.slice(), induction, control };
}

/** Fills a run's folder as its shards would. @param {string} dir @param {number} count of the shards */
async function fillShards(dir, count) {
  const [{ readPlan }, { stagesOf }, { executeShard }] = await Promise.all([
    import("../../dist/runs/plan-file.js"),
    import("../../dist/runs/plan-spec.js"),
    import("../../dist/runs/execute-shard.js"),
  ]);
  const plan = await readPlan(dir);
  if (plan === null) throw new Error(`${dir}: expected a plan, got none`);
  const lab = /** @type {Lab} */ (/** @type {unknown} */ (plan.fixed));
  const ids = plan.spec.kind === "preset" ? plan.spec.choices.tokens.ids : [];
  const stages = stagesOf(plan.spec, plan.choices.block).map((stage) => ({
    ...stage,
    /** @param {Parameters<typeof stage.prepare>} given */
    prepare: (...given) => ({
      ...stage.prepare(...given),
      measure: (/** @type {Lab} */ _, /** @type {IndexRange} */ range) =>
        Promise.resolve(syntheticRows(lab, ids, range)),
    }),
  }));
  const engine = /** @type {const} */ ({
    provider: "cpu",
    runtime: "synthetic",
    threads: 1,
    note: null,
  });
  for (let index = 0; index < count; index++) {
    const shard = { index, of: count };
    await executeShard({ dir, plan, stages, shard, lab: () => Promise.resolve({ lab, engine }) });
  }
}

/**
 * Makes the shards of a sweep of 48,262 tokens and 32 rounds, 1.5 million sequence pairs, with
 * synthetic strengths, and merges them: wall time and peak memory of `induction merge`.
 *
 * @param {string} dir a folder to make
 * @returns {Promise<{ seconds: number, peakBytes: number } | null>} `null` if this build has no merge
 */
export async function measureMerge(dir) {
  const command = fileURLToPath(new URL("../../dist/cli/merge.js", import.meta.url));
  if (!existsSync(command)) {
    process.stderr.write("induction merge: expected it in this build, found none: not measured\n");
    return null;
  }
  const [model, run] = [`${dir}/model`, `${dir}/run`];
  const { dVocab } = attnOnly2l;
  const size = { nLayers: 1, nHeads: 1, dModel: 8, dHead: 8, nCtx: 32, dVocab };
  await writeRandomModel(model, { size });
  const what = ["run", "sweep", "--model", model, "-o", run, "-n", String(rounds)];
  await runCli([...what, "--dry-run", "--quiet"]);
  await fillShards(run, shards);
  const { seconds, peakBytes } = await runCli(["merge", run, "--quiet"]);
  return { seconds, peakBytes };
}
