import { type GraphFeed, type Tensor, tensor, zeros } from "../../graph/index.js";
import { ablate, type Head, type HeadMeans, headMeans } from "../../lens/index.js";
import type { Model } from "../../model/index.js";
import { ItemStream } from "../../random/index.js";
import type { IndexRange } from "../experiment.js";
import type { PairRows } from "../pair-rows.js";
import { type ExperimentCode, drawPair, experimentCodes, sequenceLength } from "../protocol.js";
import { type Drawn, followsInControl, type Lab } from "../strength-meter.js";

/** One intervention of a sweep: heads, and what stands in the place of their outputs. */
export interface Intervention {
  readonly heads: readonly Head[];
  readonly kind: "zero" | "mean";
}

/** Random sequences that the means of the heads' outputs are taken over. */
const meanSequences = 512;

const known = new WeakMap<Model, Map<string, Promise<HeadMeans>>>();

/**
 * Mean output of every head by position, over random sequences of the protocol's length: BOS, then
 * uniform random tokens. A pure function of model, protocol, seed and batch, so that all shards use the same.
 */
export function protocolMeans({ model, protocol, seed, batch }: Lab): Promise<HeadMeans> {
  const { lowestId, highestId, bos } = protocol;
  const length = sequenceLength(protocol);
  const key = JSON.stringify([lowestId, highestId, bos, length, seed, batch]);
  const made = known.get(model) ?? new Map<string, Promise<HeadMeans>>();
  known.set(model, made);
  let means = made.get(key);
  if (means === undefined) {
    means = headMeans(model, randomBatches());
    made.set(key, means);
  }
  return means;

  function* randomBatches(): Generator<Tensor<"int32">> {
    const size = 2 * batch;
    for (let from = 0; from < meanSequences; from += size) {
      const count = Math.min(size, meanSequences - from);
      const ids = new Int32Array(count * length).fill(bos);
      for (let i = 0; i < count; i++) {
        const stream = new ItemStream([seed, experimentCodes.headMeans], [0, from + i]);
        for (let j = 1; j < length; j++) {
          ids[i * length + j] = lowestId + stream.draw(j, highestId - lowestId + 1);
        }
      }
      yield tensor("int32", [count, length], ids);
    }
  }
}

/**
 * Log-odds of B in both members of random pairs, plain and under each intervention: one row per pair,
 * the first column without an intervention. Every pair meets all of them, so that effects are paired.
 */
export async function measureInterventions(
  lab: Lab,
  experiment: ExperimentCode,
  { from, to }: IndexRange,
  interventions: readonly Intervention[],
): Promise<PairRows> {
  const { model, protocol, seed } = lab;
  const count = to - from;
  const width = 1 + interventions.length;
  const drawn: Drawn[] = Array.from({ length: count }, (_, i) => {
    const key = { seed, experiment, unit: 0, k: from + i };
    return { unit: 0, k: from + i, pair: drawPair(protocol, key, {}) };
  });
  const rows: PairRows = {
    unit: new Int32Array(count),
    k: Int32Array.from(drawn, ({ k }) => k),
    a: Int32Array.from(drawn, ({ pair }) => pair.a),
    b: Int32Array.from(drawn, ({ pair }) => pair.b),
    controlAB: Uint8Array.from(drawn, ({ pair }) => (followsInControl(pair) ? 1 : 0)),
    width,
    targets: Int32Array.from({ length: count * width }, (_, i) => {
      return (drawn[Math.floor(i / width)] as Drawn).pair.b;
    }),
    induction: new Float64Array(count * width),
    control: new Float64Array(count * width),
  };
  const means = await protocolMeans(lab);
  // One intervention after the other: those of one layer share a session, which then stays open.
  for (const [column, intervention] of [null, ...interventions].entries()) {
    const feed = intervention === null ? {} : feedsOf(model, intervention, means);
    for (let start = 0; start < count; start += lab.batch) {
      const size = Math.min(lab.batch, count - start);
      const batch = Array.from(
        { length: lab.batch },
        (_, i) => drawn[start + Math.min(i, size - 1)] as Drawn,
      );
      const odds = await logOddsOf(lab, batch, feed);
      for (let i = 0; i < size; i++) {
        rows.induction[(start + i) * width + column] = odds[i] as number;
        rows.control[(start + i) * width + column] = odds[lab.batch + i] as number;
      }
    }
  }
  return rows;
}

/** Zero ablation puts zeros where mean ablation puts means, so that both share the sessions. */
function feedsOf(
  model: Model,
  { heads, kind }: Intervention,
  means: HeadMeans,
): Record<string, GraphFeed> {
  const by = kind === "mean" ? means : means.map(({ shape }) => zeros(model.dtype, shape));
  return ablate(model, heads, "mean", by);
}

async function logOddsOf(
  { model, protocol }: Lab,
  batch: readonly Drawn[],
  feed: Record<string, GraphFeed>,
): Promise<ArrayLike<number>> {
  const length = sequenceLength(protocol);
  const tokens = new Int32Array(2 * batch.length * length);
  const targets = new Int32Array(2 * batch.length);
  for (const [i, { pair }] of batch.entries()) {
    tokens.set(pair.induction, i * length);
    tokens.set(pair.control, (batch.length + i) * length);
    targets[i] = targets[batch.length + i] = pair.b;
  }
  const { logOdds } = await model.run(tensor("int32", [2 * batch.length, length], tokens), {
    fetch: ["logOdds"],
    feed: { targets: tensor("int32", [2 * batch.length, 1], targets), ...feed },
  });
  return logOdds.data as Float32Array;
}
